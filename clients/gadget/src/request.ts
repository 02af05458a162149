/** How a request is made. */
export interface RequestOptions {
  method?: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'HEAD' | 'PATCH';
  headers?: Record<string, string>;
  body?: string;
  signal?: AbortSignal;
}

/** What came back, through the container. */
export interface GadgetAnswer {
  /** Status of the service, or the container's own where it refused: then `refused` says why. */
  status: number;
  ok: boolean;
  headers: Record<string, string[]>;
  text: string;
  /** The container's reason, its code first (`gadget.target: …`); undefined where the service itself answered. */
  refused: string | undefined;
  /** The body as JSON; throws where it is none. */
  json(): unknown;
}

const encode = (fields: Record<string, string>): string => Object.entries(fields).map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join('&');

/** Asks an address through the container's proxy, which must list it for this gadget. `st` is the security token that the desktop gave. */
export async function makeRequest(proxy: string, st: string, url: string, options: RequestOptions = {}): Promise<GadgetAnswer> {
  const form = new URLSearchParams({ url, httpMethod: options.method ?? 'GET', headers: encode(options.headers ?? {}), contentType: 'TEXT', authz: 'none', st });
  if (options.body !== undefined) form.set('postData', options.body);
  const answer = await fetch(proxy, { method: 'POST', body: form, credentials: 'omit', cache: 'no-store', ...(options.signal ? { signal: options.signal } : {}) });
  const text = await answer.text();
  // Shindig's guard stands before the JSON, so that no page can load it as a script.
  const [one] = Object.values(JSON.parse(text.slice(text.indexOf('{'))) as Record<string, { rc: number; body: string; headers?: Record<string, string[]>; errors?: string[] }>);
  if (typeof one?.rc !== 'number' || typeof one.body !== 'string') throw new Error(`The container answered ${answer.status} and nothing that can be read.`);
  return { status: one.rc, ok: one.rc >= 200 && one.rc < 300, headers: one.headers ?? {}, text: one.body, refused: one.errors?.[0], json: () => JSON.parse(one.body) as unknown };
}
