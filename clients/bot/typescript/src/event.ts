import { isPathName, isToken, readCallback } from './text.js';

/** The events of CVG's Bot API, by the last segment of their address. */
export const EventKinds = ['session', 'message', 'answer', 'inactivity', 'recording', 'terminated'] as const;
export type EventKind = (typeof EventKinds)[number];

/** What every event tells. */
export interface EventHead {
  readonly dialogId: string;
  readonly projectToken: string;
  readonly resellerToken: string;
  /** Where to call back, without slashes at its end. */
  readonly callback: string;
  /** The dialog's token; undefined only where {@link EventRules.tokenOptional} allows it, and at the end of a dialog that is over. Handlers use the dialog instead. */
  readonly authToken?: string;
  /** When the platform made the event, unix milliseconds. */
  readonly timestamp?: number;
  readonly language?: string;
  /** The whole body, for members this kit does not name. */
  readonly body: Readonly<Record<string, unknown>>;
}

export type Lists = Readonly<Record<string, readonly string[]>>;

export interface SessionEvent extends EventHead {
  readonly kind: 'session';
  readonly callType?: string;
  readonly customSipHeaders: Lists;
  readonly customDialogData: Lists;
}

export interface MessageEvent extends EventHead {
  readonly kind: 'message';
  readonly type: 'SPEECH' | 'DTMF' | (string & {});
  readonly text: string;
  /** 0 to 100. */
  readonly confidence?: number;
  readonly vendor?: string;
}

export interface AnswerEvent extends EventHead {
  readonly kind: 'answer';
  /** Kind of answer to a prompt: `Number`, `MultipleChoice`, `Timeout`. Its value stands in `body.type`. */
  readonly answer: string;
}

export interface InactivityEvent extends EventHead {
  readonly kind: 'inactivity';
  /** How long nobody spoke, milliseconds. */
  readonly duration?: number;
}

export interface RecordingEvent extends EventHead {
  readonly kind: 'recording';
  readonly recordingId: string;
  readonly status?: string;
}

export interface TerminatedEvent extends EventHead {
  readonly kind: 'terminated';
}

export type BotEvent = SessionEvent | MessageEvent | AnswerEvent | InactivityEvent | RecordingEvent | TerminatedEvent;

/** How strictly events are read. */
export interface EventRules {
  /** Lets events without a token pass (a platform that does not send them yet). Default: refused. */
  readonly tokenOptional?: boolean;
  /** The only addresses to call back (scheme, host, port), plain http included. Default: any https address, and http on loopback. */
  readonly callbacks?: readonly string[];
  /** The token from the header `X-Dialog-Token`, where the gateway puts it there. */
  readonly headerToken?: string;
}

/** An event that is none. `member` is the first member that is wrong: `body`, `kind` or a name of the wire. */
export class EventError extends Error {
  constructor(readonly member: string, message = `${member} is required`) {
    super(message);
    this.name = 'EventError';
  }
}

/** Most bytes of an event's body. */
export const MostBytes = 256 * 1024;
const MostDepth = 32;

/** Reads the body of an event; throws {@link EventError} for anything that is not one. */
export function parseEvent(kind: string, rawBody: Uint8Array | string, rules: EventRules = {}): BotEvent {
  const body = readObject(rawBody);
  // When a dialog is over there is no token any more, and its end is told all the same.
  const head = readHead(body, kind === 'terminated' ? { ...rules, tokenOptional: true } : rules);
  switch (kind) {
    case 'session':
      return { kind, ...head, ...given('callType', text(body, 'callType', 64)), customSipHeaders: lists(body, 'customSipHeaders'), customDialogData: lists(body, 'customDialogData') };
    case 'message': {
      const said = text(body, 'text', MostBytes);
      if (said === undefined) throw new EventError('text');
      const confidence = number(body, 'confidence');
      if (confidence !== undefined && confidence > 100) throw new EventError('confidence', 'confidence is 0 to 100');
      return { kind, ...head, type: text(body, 'type', 64) ?? 'SPEECH', text: said, ...given('confidence', confidence), ...given('vendor', text(body, 'vendor', 64)) };
    }
    case 'answer': {
      const type = body['type'];
      const answer = isObject(type) ? text(type, 'name', 64) : undefined;
      if (!answer) throw new EventError('type', 'type.name is required');
      return { kind, ...head, answer };
    }
    case 'inactivity':
      return { kind, ...head, ...given('duration', number(body, 'duration')) };
    case 'recording': {
      const id = text(body, 'recordingId', 50) ?? 'default';
      if (!isPathName(id)) throw new EventError('recordingId', 'recordingId is not one');
      return { kind, ...head, recordingId: id, ...given('status', text(body, 'status', 64)) };
    }
    case 'terminated':
      return { kind, ...head };
    default:
      throw new EventError('kind', 'this event is not known');
  }
}

function readHead(body: Record<string, unknown>, rules: EventRules): EventHead {
  const dialogId = required(body, 'dialogId');
  if (!isPathName(dialogId)) throw new EventError('dialogId', 'dialogId is 1 to 64 of A-Z, a-z, 0-9, ".", "_", ":", "-"');
  const callback = readCallback(required(body, 'callback'));
  if (!callback) throw new EventError('callback', 'callback is not an address');
  const listed = rules.callbacks?.some(one => readCallback(one)?.origin === callback.origin);
  if (!(listed ?? (callback.secure || callback.loopback))) throw new EventError('callback', rules.callbacks ? 'callback is not one of the allowed addresses' : 'callback is not https');
  const context = body['projectContext'];
  if (!isObject(context)) throw new EventError('projectContext');
  const tokens = (['resellerToken', 'projectToken'] as const).map(name => {
    if (!isPathName(context[name])) throw new EventError('projectContext', `The ${name} is required in projectContext!`);
    return context[name];
  });
  const authToken = readToken(body['authToken'], rules);
  const timestamp = number(body, 'timestamp');
  if (timestamp !== undefined && !Number.isSafeInteger(timestamp)) throw new EventError('timestamp', 'timestamp is not a whole number');
  return {
    dialogId, resellerToken: tokens[0]!, projectToken: tokens[1]!, callback: callback.address,
    ...given('authToken', authToken), ...given('timestamp', timestamp), ...given('language', text(body, 'language', 35)), body,
  };
}

function readToken(inBody: unknown, rules: EventRules): string | undefined {
  const inHeader = rules.headerToken;
  for (const one of [inBody ?? undefined, inHeader]) if (one !== undefined && !isToken(one)) throw new EventError('authToken', 'authToken is not a token');
  // Two tokens that differ: which one a reader takes would be chance.
  if (inBody != null && inHeader !== undefined && inBody !== inHeader) throw new EventError('authToken', 'authToken and X-Dialog-Token differ');
  const token = (inBody ?? inHeader) as string | undefined;
  if (token === undefined && rules.tokenOptional !== true) throw new EventError('authToken');
  return token;
}

function readObject(rawBody: Uint8Array | string): Record<string, unknown> {
  const bytes = typeof rawBody === 'string' ? Buffer.from(rawBody, 'utf8') : rawBody;
  let value: unknown;
  try {
    if (bytes.length > MostBytes) throw new RangeError('too large');
    const json = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    if (tooDeep(json)) throw new RangeError('too deep');
    value = JSON.parse(json);
  } catch {
    throw new EventError('body', 'body is not valid json.');
  }
  if (!isObject(value)) throw new EventError('body', 'body is not valid json.');
  return value;
}

function tooDeep(json: string): boolean {
  let depth = 0;
  for (let at = 0, quoted = false; at < json.length; at++) {
    const c = json[at];
    if (quoted) {
      if (c === '\\') at++;
      else if (c === '"') quoted = false;
    } else if (c === '"') quoted = true;
    else if (c === '{' || c === '[') { if (++depth > MostDepth) return true; }
    else if (c === '}' || c === ']') depth--;
  }
  return false;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function required(body: Record<string, unknown>, name: string): string {
  const value = body[name];
  if (value === undefined || value === null || value === '') throw new EventError(name);
  if (typeof value !== 'string') throw new EventError(name, `${name} is not a text`);
  return value;
}

function text(body: Record<string, unknown>, name: string, most: number): string | undefined {
  const value = body[name];
  if (value === undefined || value === null) return undefined;
  // Half of a surrogate pair is JSON by the grammar and no text.
  if (typeof value !== 'string' || value.length > most || !value.isWellFormed()) throw new EventError(name, `${name} is not a text of at most ${most} characters`);
  return value;
}

function number(body: Record<string, unknown>, name: string): number | undefined {
  const value = body[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'number' || !Number.isFinite(value) || value < 0) throw new EventError(name, `${name} is not a number from 0`);
  return value;
}

function lists(body: Record<string, unknown>, name: string): Lists {
  const value = body[name];
  if (value === undefined || value === null) return {};
  if (!isObject(value) || !Object.entries(value).every(([key, list]) => key.isWellFormed() && Array.isArray(list) && list.every(one => typeof one === 'string' && one.isWellFormed()))) throw new EventError(name, `${name} is not a map of lists of texts`);
  return value as Record<string, string[]>;
}

function given<N extends string, V>(name: N, value: V | undefined): Partial<Record<N, V>> {
  return (value === undefined ? {} : { [name]: value }) as Partial<Record<N, V>>;
}
