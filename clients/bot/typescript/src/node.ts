import type { IncomingMessage, ServerResponse } from 'node:http';

/** A listener as `http.createServer` takes it. */
export type NodeListener = (request: IncomingMessage, response: ServerResponse) => void;

/** Puts Node's http before a fetch-style handler. Bodies are read up to a byte more than allowed, so that the handler sees that they are too large. */
export function nodeListener(fetch: (request: Request) => Promise<Response>, mostBytes: number): NodeListener {
  return (request, response) => {
    answer(fetch, mostBytes, request, response).catch(() => {
      if (!response.headersSent) response.writeHead(500);
      response.end();
    });
  };
}

async function answer(fetch: (request: Request) => Promise<Response>, mostBytes: number, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    parts.push(part);
    if ((length += part.length) > mostBytes) break;
  }
  const headers = new Headers();
  for (const [name, value] of Object.entries(request.headers)) if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(', ') : value);
  const method = request.method ?? 'GET';
  const bodyless = method === 'GET' || method === 'HEAD';
  // The Host header decides nothing here, so it is not read.
  const path = request.url?.startsWith('/') ? request.url.replace(/^\/+/, '/') : '/';
  const made = await fetch(new Request(`http://bot.invalid${path}`, { method, headers, ...(bodyless ? {} : { body: Buffer.concat(parts) }) }));
  const body = Buffer.from(await made.arrayBuffer());
  response.writeHead(made.status, { ...Object.fromEntries(made.headers), ...(length > mostBytes ? { connection: 'close' } : {}) });
  response.end(body);
}
