/** A request that failed after everything that may be tried was tried. */
export class CallError extends Error {
  /**
   * @param code `connection`, `timeout`, `status`, `answer` (longer than allowed), or why the kit itself refused: `dialog.ended`, `dialog.forgotten`, `dialog.other`, `dialog.token`
   * @param status HTTP status, 0 without an answer
   * @param body the platform's answer: JSON as an object, else text
   */
  constructor(readonly code: string, message: string, readonly status = 0, readonly body?: unknown) {
    super(message);
    this.name = 'CallError';
  }

  /** The platform's reason code (`code` of a problem+json), where it tells one. */
  get reason(): string | undefined {
    const code = (this.body as { code?: unknown } | undefined)?.code;
    return typeof code === 'string' ? code : undefined;
  }
}

/** How requests are sent; everything has a default. */
export interface SendingRules {
  /** How often a request is sent again after its connection failed. Default 3, as CVG's own connector. */
  readonly retries?: number;
  /** Milliseconds before the first repetition; each later wait is twice as long. Default 100. */
  readonly backoff?: number;
  /** Also repeats after 429 and 503 that name seconds in Retry-After, 30 at most. Default false: CVG's own connector never repeats after an answer. */
  readonly retryAfter?: boolean;
  /** Milliseconds a request may take, a bridge's ringing included. Default 120000. A time-out is not repeated: the platform may be at it. */
  readonly timeout?: number;
  /** For tests. */
  readonly fetch?: typeof globalThis.fetch;
  /** For tests: waits so many milliseconds. */
  readonly wait?: (milliseconds: number) => Promise<void>;
}

const LongestWait = 30_000;

/** Sends requests with the retry rule of the kit. Redirects are answers: a token follows nobody to another address. */
export class Sender {
  readonly #rules: SendingRules;

  constructor(rules: SendingRules = {}) {
    this.#rules = rules;
  }

  /**
   * The answer, whatever its status; throws {@link CallError} `connection` or `timeout`.
   * @param streams whether the answer may go on for longer than a request may take, as a recording does
   */
  async send(method: string, url: string, token: string | undefined, json?: unknown, streams = false): Promise<Response> {
    const { retries = 3, backoff = 100, retryAfter = false, timeout = 120_000, fetch = globalThis.fetch, wait = pause } = this.#rules;
    const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
    if (json !== undefined) headers['content-type'] = 'application/json';
    for (let sent = 1; ; sent++) {
      let pauseFor = backoff * 2 ** (sent - 1);
      const limit = new AbortController();
      const timer = setTimeout(() => limit.abort(new DOMException('late', 'TimeoutError')), timeout);
      timer.unref();
      try {
        const answer = await fetch(url, { method, headers, redirect: 'manual', signal: limit.signal, ...(json === undefined ? {} : { body: JSON.stringify(json) }) });
        const named = retryAfter && sent <= retries && (answer.status === 429 || answer.status === 503) ? seconds(answer.headers.get('retry-after')) : undefined;
        if (streams || named !== undefined) clearTimeout(timer);
        if (named === undefined) return answer;
        await answer.body?.cancel();
        pauseFor = named;
      } catch (error) {
        clearTimeout(timer);
        const name = (error as Error | undefined)?.name;
        if (name === 'TimeoutError' || name === 'AbortError') throw new CallError('timeout', `${method} ${url}: no answer within ${timeout} ms`);
        if (sent > retries) throw new CallError('connection', `${method} ${url}: the connection failed ${sent} times`);
      }
      await wait(pauseFor);
    }
  }
}

const MostBytes = 1024 * 1024;

/** Body of an answer, JSON read where it says so; undefined for none. What is longer than 1 MiB is cut off by an error. */
export async function readAnswer(answer: Response): Promise<unknown> {
  const parts: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const part of (answer.body ?? []) as AsyncIterable<Uint8Array>) {
      length += part.length;
      if (length > MostBytes) throw new CallError('answer', 'the answer is longer than 1 MiB', answer.status);
      parts.push(part);
    }
  } catch (error) {
    throw error instanceof CallError ? error : new CallError('connection', 'the connection failed within the answer', answer.status);
  }

  if (length === 0) return undefined;
  const text = Buffer.concat(parts).toString('utf8');
  try {
    return /json/i.test(answer.headers.get('content-type') ?? '') ? JSON.parse(text) : text;
  } catch {
    return text;
  }
}

function seconds(text: string | null): number | undefined {
  const milliseconds = text !== null && /^[0-9]{1,5}$/.test(text) ? Number(text) * 1000 : undefined;
  return milliseconds !== undefined && milliseconds <= LongestWait ? milliseconds : undefined;
}

function pause(milliseconds: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, milliseconds));
}
