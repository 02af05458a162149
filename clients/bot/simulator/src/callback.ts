import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { PlayedDialog } from './dialog.js';
import type { PlayedToken, PlayedTokens } from './tokens.js';
import { short, type Transcript } from './transcript.js';

const Operations = new Set(['say', 'play', 'drop', 'forward', 'bridge', 'refer', 'prompt', 'transcription/switch', 'recording/start', 'recording/stop']);
const Transfers = new Set(['forward', 'bridge', 'refer']);
const MostBytes = 1024 * 1024;

interface Answer { readonly status: number; readonly json?: unknown; readonly audio?: Buffer }

class Refusal extends Error {
  constructor(readonly status: number, readonly code: string, message: string) {
    super(message);
  }
}

/** The platform's callback API on loopback. It answers as the gateway would, and tells the transcript of every token that is not used as it may be. */
export class Callback {
  readonly #server: Server;
  readonly #dialogs = new Map<string, PlayedDialog>();
  readonly #tokens: PlayedTokens;
  readonly #transcript: Transcript;
  #busy = 0;

  constructor(tokens: PlayedTokens, transcript: Transcript) {
    [this.#tokens, this.#transcript] = [tokens, transcript];
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  async open(port: number): Promise<void> {
    this.#server.listen(port, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Whether a bot's request is being answered now. */
  get busy(): boolean {
    return this.#busy > 0;
  }

  add(dialog: PlayedDialog): void {
    this.#dialogs.set(dialog.id, dialog);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.#busy++;
    let answer: Answer;
    try {
      answer = await this.#serve(request);
    } catch (error) {
      const refusal = error instanceof Refusal ? error : new Refusal(500, 'simulator', String(error));
      answer = { status: refusal.status, json: { type: 'about:blank', title: refusal.message, status: refusal.status, code: refusal.code } };
      if (refusal.status === 401) response.setHeader('www-authenticate', 'Bearer error="invalid_token"');
    } finally {
      this.#busy--;
    }
    const body = answer.audio ?? (answer.json === undefined ? Buffer.alloc(0) : Buffer.from(JSON.stringify(answer.json)));
    if (body.length > 0) response.setHeader('content-type', answer.audio ? 'audio/wav' : answer.status >= 400 ? 'application/problem+json' : 'application/json');
    response.writeHead(answer.status).end(body);
  }

  async #serve(request: IncomingMessage): Promise<Answer> {
    const url = new URL(request.url ?? '/', 'http://platform.invalid');
    const path = url.pathname.split('/').slice(1);
    const body = await readJson(request);
    if ([...url.searchParams.values()].some(value => this.#tokens.find(value))) this.#transcript.fault(`a token stands in the address of ${path.join('/')}: logs and proxies keep it`);
    if (path[0] === 'realms') return this.#renew(request, path);
    const call = path[0] === 'v1' && path[1] === 'call';
    const dialogId = call ? body['dialogId'] : path[0] === 'v1' && (path[1] === 'dialog' || path[1] === 'recording') ? path[3] : undefined;
    if (dialogId === undefined && !call) throw new Refusal(404, 'route.unknown', `${request.method} ${url.pathname} is not of the callback API`);
    const what = call ? path.slice(2).join('/') : path[1] === 'recording' ? 'recording' : 'data';
    const token = this.#check(request, what, dialogId, call ? undefined : path[2]);
    const dialog = this.#dialogs.get(token.dialogId)!;
    return call ? this.#call(dialog, what, body) : path[1] === 'recording' ? this.#recording(dialog, request, path) : this.#dialog(dialog, request, path, body);
  }

  // The whole judgement on a token: everything that follows may rely on it.
  #check(request: IncomingMessage, what: string, dialogId: unknown, reseller: string | undefined): PlayedToken {
    const bearer = /^Bearer ([\x21-\x7e]+)$/.exec(request.headers.authorization ?? '')?.[1];
    const named = typeof dialogId === 'string' ? this.#dialogs.get(dialogId) : undefined;
    const transcript = named?.transcript ?? this.#transcript;
    const refuse = (status: number, code: string, message: string): never => {
      transcript.fault(`${what}: ${message}`);
      named?.hear({ operation: 'refused', body: {} });
      throw new Refusal(status, code, message);
    };
    if (bearer === undefined) return refuse(401, 'credential.missing', 'called without the token of the dialog (Authorization: Bearer)');
    const token = this.#tokens.find(bearer);
    if (!token) return refuse(401, 'dialog.unknown', 'called with a token that the platform never gave');
    if (token.dialogId !== dialogId || (reseller !== undefined && reseller !== named?.resellerToken)) return refuse(403, 'dialog.other', typeof dialogId === 'string' ? 'called with the token of another dialog' : 'called without the id of the dialog');
    const dialog = this.#dialogs.get(token.dialogId)!;
    if (dialog.over) return refuse(401, 'dialog.over', 'called with a token of a dialog that is over');
    if (token.state !== 'live') {
      // The bot could not know before: once is told, twice is not listening.
      if (token.refused++ > 0) return refuse(401, 'dialog.frozen', 'called again with a token that was refused before');
      transcript.tell('platform', `refuses token ${token.number} with 401 (${what})`);
      dialog.hear({ operation: 'refused', body: {} });
      throw new Refusal(401, 'dialog.frozen', 'this token is good no more');
    }
    if (dialog.ended && what !== 'recording' && what !== 'data') return refuse(403, 'dialog.ended', 'called after the end of the dialog');
    return token;
  }

  #call(dialog: PlayedDialog, operation: string, body: Record<string, unknown>): Answer {
    if (!Operations.has(operation)) {
      dialog.transcript.fault(`call/${operation} is no operation of the call API`);
      throw new Refusal(404, 'call.unknown', `call/${operation} is no operation`);
    }
    const { dialogId: _, text, ...more } = body;
    dialog.transcript.calls++;
    dialog.transcript.tell('bot', `${operation}${typeof text === 'string' ? ` "${short(text)}"` : ''}${Object.keys(more).length > 0 ? ` ${short(more)}` : ''}`);
    if (operation.startsWith('recording/')) dialog.recordings.add(typeof body['recordingId'] === 'string' ? body['recordingId'] : 'default');
    if (Transfers.has(operation)) dialog.transfers++;
    dialog.hear({ operation, body });
    if (operation !== 'forward' && operation !== 'bridge') return operation === 'refer' && !dialog.transferSucceeds ? { status: 409, json: { status: 'Failure', reason: 'Busy' } } : { status: 204 };
    return { status: 200, json: dialog.transferSucceeds ? { status: 'Success', ringTime: 4000 } : { status: 'Failure', reason: 'NoAnswer', ringTime: 30_000 } };
  }

  #dialog(dialog: PlayedDialog, request: IncomingMessage, path: string[], body: Record<string, unknown>): Answer {
    const kind = `${request.method} ${path.slice(4).join('/')}`;
    dialog.transcript.calls++;
    switch (kind) {
      case 'POST data':
        Object.assign(dialog.data, body['data']);
        dialog.transcript.tell('bot', `data ${short(body['data'])}`);
        dialog.hear({ operation: 'data', body });
        return { status: 204 };
      case 'GET ':
        dialog.transcript.tell('bot', 'reads the history');
        dialog.hear({ operation: 'history', body });
        return { status: 200, json: { dialogId: dialog.id, data: dialog.data } };
      case 'DELETE ':
        dialog.transcript.tell('bot', 'deletes the history');
        dialog.hear({ operation: 'delete', body });
        return { status: 204 };
      default:
        throw new Refusal(404, 'route.unknown', `${kind} is not of the dialog API`);
    }
  }

  #recording(dialog: PlayedDialog, request: IncomingMessage, path: string[]): Answer {
    if (request.method !== 'GET' || path.length > 5) throw new Refusal(404, 'route.unknown', 'recordings are read');
    const id = path[4] ?? 'default';
    dialog.transcript.calls++;
    if (!dialog.recordings.has(id)) {
      dialog.transcript.tell('bot', `asks for recording ${short(id)}, which is not there`);
      throw new Refusal(404, 'recording.unknown', 'there is no such recording');
    }
    dialog.transcript.tell('bot', `downloads recording ${id}`);
    dialog.hear({ operation: 'recording', body: {} });
    return { status: 200, audio: silence() };
  }

  // POST /realms/{realm}/dialogs/{id}/token: the bot renews with the token it has.
  #renew(request: IncomingMessage, path: string[]): Answer {
    const token = this.#tokens.find(/^Bearer ([\x21-\x7e]+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '');
    const dialog = this.#dialogs.get(path[3] ?? '');
    if (request.method !== 'POST' || path[2] !== 'dialogs' || path[4] !== 'token') throw new Refusal(404, 'route.unknown', 'only renewals are played here: POST /realms/simulated/dialogs/{id}/token');
    if (!token || !dialog || token.dialogId !== dialog.id) {
      (dialog?.transcript ?? this.#transcript).fault('renewal: asked with a token that is not of this dialog');
      throw new Refusal(token ? 403 : 401, token ? 'dialog.other' : 'dialog.unknown', 'this token is not of this dialog');
    }
    if (dialog.over || token.state === 'dead') throw new Refusal(401, dialog.over ? 'dialog.over' : 'dialog.frozen', 'this token is good no more');
    const fresh = this.#tokens.issue(dialog.id);
    dialog.transcript.tell('bot', `renews token ${token.number}: ${fresh.number}`);
    dialog.hear({ operation: 'renew', body: {} });
    return { status: 200, json: { id: dialog.id, state: dialog.ended ? 'ended' : 'alive', token: fresh.text } };
  }
}

async function readJson(request: IncomingMessage): Promise<Record<string, unknown>> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    parts.push(part);
    if ((length += part.length) > MostBytes) throw new Refusal(413, 'body.large', 'the body is too large');
  }
  if (length === 0) return {};
  try {
    const read: unknown = JSON.parse(Buffer.concat(parts).toString('utf8'));
    if (typeof read === 'object' && read !== null && !Array.isArray(read)) return read as Record<string, unknown>;
  } catch { /* told below */ }
  throw new Refusal(400, 'body.json', 'the body is not a JSON object');
}

// A tenth of a second of nothing, as telephones hear it: WAV, 8 kHz, 16 bit.
function silence(): Buffer {
  const samples = Buffer.alloc(1600);
  const head = Buffer.alloc(44);
  head.write('RIFF', 0);
  head.writeUInt32LE(36 + samples.length, 4);
  head.write('WAVEfmt ', 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(8000, 24);
  head.writeUInt32LE(16_000, 28);
  head.writeUInt16LE(2, 32);
  head.writeUInt16LE(16, 34);
  head.write('data', 36);
  head.writeUInt32LE(samples.length, 40);
  return Buffer.concat([head, samples]);
}
