import { createHash, timingSafeEqual } from 'node:crypto';
import type { Dialog } from './dialog.js';
import { Dialogs, type DialogRules } from './dialogs.js';
import { EventError, MostBytes, parseEvent, type AnswerEvent, type BotEvent, type EventRules, type InactivityEvent, type MessageEvent, type RecordingEvent, type SessionEvent, type TerminatedEvent } from './event.js';
import { nodeListener, type NodeListener } from './node.js';
import { secretKey, verifyEvent } from './signature.js';

type Heard<E> = (dialog: Dialog, event: E) => unknown;

/** What a bot is made of. At least one of `botToken` and `secrets` is needed: a bot that believes everybody is not made. */
export interface BotRules extends DialogRules, Omit<EventRules, 'headerToken'> {
  /** What the platform sends as `Authorization: Bearer`; several while it changes. */
  readonly botToken?: string | readonly string[];
  /** Secrets that sign events (`whsec_…`); several while they rotate. With them, an event without a right signature is refused. */
  readonly secrets?: readonly string[];
  /** Where the events arrive: `/session` and its kin below it. Default `/`. */
  readonly path?: string;
  /** A dialog begins. Returning `false` answers REJECT instead of ACCEPT. */
  readonly onSession?: Heard<SessionEvent>;
  readonly onMessage?: Heard<MessageEvent>;
  readonly onAnswer?: Heard<AnswerEvent>;
  readonly onInactivity?: Heard<InactivityEvent>;
  readonly onRecording?: Heard<RecordingEvent>;
  readonly onTerminated?: Heard<TerminatedEvent>;
  /** What a handler threw, or why an event was refused. Never holds a token. */
  readonly onError?: (error: unknown) => void;
}

/** A bot, ready to be served. */
export interface Bot {
  readonly dialogs: Dialogs;
  /** Answers a request in fetch's form (Deno, Bun, Hono, workers with Node's crypto). */
  readonly fetch: (request: Request) => Promise<Response>;
  /** Answers a request of Node's http: `http.createServer(bot.node)`. */
  readonly node: NodeListener;
}

const Remembered = 10_000;

/** Makes a bot that answers CVG's events as CVG expects: 200 ACCEPT to a session, 204 to the rest, 401, 415 and 400 with CVG's words. */
export function createBot(rules: BotRules): Bot {
  const tokens = (typeof rules.botToken === 'string' ? [rules.botToken] : rules.botToken ?? []).map(token => sha256(`Bearer ${token}`));
  const secrets = rules.secrets ?? [];
  if (tokens.length === 0 && secrets.length === 0) throw new TypeError('A bot needs a botToken or secrets: otherwise anybody may send it events.');
  if ([rules.botToken ?? []].flat().includes('')) throw new TypeError('The bot token is empty.');
  secrets.forEach(secretKey);
  const dialogs = new Dialogs(rules);
  const now = rules.now ?? Date.now;
  const prefix = `/${rules.path ?? ''}/`.replace(/\/{2,}/g, '/');
  const answers = new Map<string, Promise<Response>>();

  async function fetch(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (!pathname.startsWith(prefix)) return plain(404, 'there is no bot at this address');
    if (request.method !== 'POST') return plain(405, 'events are posted', { allow: 'POST' });
    const bearer = sha256(request.headers.get('authorization') ?? '');
    if (tokens.length > 0 && !tokens.map(token => timingSafeEqual(token, bearer)).includes(true)) return plain(401, 'bot token is invalid!');
    if (!/^application\/json(?:\s*;.*)?$/i.test(request.headers.get('content-type') ?? '')) return plain(415, 'content-type is not supported. Please use application/json');
    const body = await readBody(request);
    if (!body) return plain(413, 'the event is too large');
    if (secrets.length === 0) return await answer(request, pathname.slice(prefix.length), body);
    const verdict = verifyEvent(request.headers, body, secrets, Math.floor(now() / 1000));
    if (!verdict.ok) return plain(401, `event signature is invalid: ${verdict.fault}`);
    // Sent again, since our answer was lost: the same answer, and no second greeting.
    const known = answers.get(verdict.id);
    if (known) return (await known).clone();
    const made = answer(request, pathname.slice(prefix.length), body);
    answers.set(verdict.id, made);
    const oldest = answers.keys().next();
    if (answers.size > Remembered && !oldest.done) answers.delete(oldest.value);
    const given = await made;
    if (!given.ok) answers.delete(verdict.id); // what failed may be tried again
    return given.clone();
  }

  async function answer(request: Request, kind: string, body: Uint8Array): Promise<Response> {
    let event: BotEvent;
    try {
      const headerToken = request.headers.get('x-dialog-token');
      event = parseEvent(kind, body, { ...rules, ...(headerToken === null ? {} : { headerToken }) });
    } catch (error) {
      rules.onError?.(error);
      if (!(error instanceof EventError)) return plain(500, 'the bot failed');
      return plain(error.member === 'kind' ? 404 : 400, error.message);
    }
    try {
      const said = await tell(dialogs.accept(event), event);
      if (event.kind !== 'session') return new Response(null, { status: 204 });
      return Response.json({ action: said === false ? 'REJECT' : 'ACCEPT' });
    } catch (error) {
      rules.onError?.(error);
      return plain(500, 'the bot failed');
    }
  }

  async function tell(dialog: Dialog, event: BotEvent): Promise<unknown> {
    switch (event.kind) {
      case 'session': return await rules.onSession?.(dialog, event);
      case 'message': return await rules.onMessage?.(dialog, event);
      case 'answer': return await rules.onAnswer?.(dialog, event);
      case 'inactivity': return await rules.onInactivity?.(dialog, event);
      case 'recording': return await rules.onRecording?.(dialog, event);
      case 'terminated': return await rules.onTerminated?.(dialog, event);
    }
  }

  return { dialogs, fetch, node: nodeListener(fetch, MostBytes) };
}

function plain(status: number, text: string, headers: Record<string, string> = {}): Response {
  return new Response(text, { status, headers: { 'content-type': 'text/plain; charset=utf-8', ...headers } });
}

// Hashes have one length: comparing them tells nothing of the token's.
function sha256(text: string): Uint8Array {
  return createHash('sha256').update(text).digest();
}

async function readBody(request: Request): Promise<Uint8Array | undefined> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of (request.body ?? []) as AsyncIterable<Uint8Array>) {
    length += part.length;
    if (length > MostBytes) return undefined;
    parts.push(part);
  }
  return Buffer.concat(parts);
}
