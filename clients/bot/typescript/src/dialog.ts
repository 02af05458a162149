import { CallError, readAnswer, type Sender } from './sending.js';
import { isPathName, isToken } from './text.js';
import type { BotEvent } from './event.js';

/** What a dialog needs of those that hold it. */
export interface DialogKeeping {
  readonly sender: Sender;
  readonly issuer: string | undefined;
  readonly after: ReadonlySet<string>;
  readonly forgotten: (dialog: Dialog) => boolean;
}

/** What an operation answered. */
export interface CallAnswer {
  readonly status: number;
  /** JSON of the answer; undefined for 204. A bridge tells `status`: `Success` or `Failure`. */
  readonly body: unknown;
}

/** A stream of a recording. */
export interface Download {
  readonly contentType: string;
  readonly stream: ReadableStream<Uint8Array>;
}

const Operation = /^call(?:\/[A-Za-z0-9-]{1,40}){1,4}$/;

/** One dialog: where to call back and the newest token to do it with. The token stays inside; printing a dialog shows none. */
export class Dialog {
  readonly id: string;
  readonly projectToken: string;
  readonly resellerToken: string;
  readonly #keeping: DialogKeeping;
  #callback: string;
  #token: string | undefined;
  #order = Number.NEGATIVE_INFINITY;
  #ended = false;
  #renewal: Promise<boolean> | undefined;

  /** @internal */
  constructor(event: BotEvent, keeping: DialogKeeping) {
    [this.id, this.projectToken, this.resellerToken, this.#keeping, this.#callback] = [event.dialogId, event.projectToken, event.resellerToken, keeping, event.callback];
  }

  /** Whether the platform said that the dialog is over. */
  get ended(): boolean {
    return this.#ended;
  }

  /** An operation of the call API, as `call/say` with `{ text: 'Hello' }`; the dialog's id is added. Throws {@link CallError}. */
  async call(operation: string, body: Readonly<Record<string, unknown>> = {}): Promise<CallAnswer> {
    if (!Operation.test(operation)) throw new TypeError(`'${operation}' is no operation: it is written as call/say or call/recording/start.`);
    if (body['dialogId'] !== undefined && body['dialogId'] !== this.id) throw new CallError('dialog.other', 'the body names another dialog');
    return await this.#read(await this.#send('call', 'POST', `/${operation}`, { ...body, dialogId: this.id }));
  }

  /** Says a text. */
  async say(text: string): Promise<CallAnswer> {
    return await this.call('call/say', { text });
  }

  /** Hangs up. */
  async end(): Promise<CallAnswer> {
    return await this.call('call/drop');
  }

  /** Keeps data with the dialog's history. */
  async data(data: Readonly<Record<string, string>>): Promise<CallAnswer> {
    return await this.#read(await this.#send('data', 'POST', `${this.#path()}/data`, { data }));
  }

  /** The dialog's history. */
  async history(): Promise<CallAnswer> {
    return await this.#read(await this.#send('history', 'GET', this.#path()));
  }

  /** Deletes the dialog's history. */
  async delete(): Promise<CallAnswer> {
    return await this.#read(await this.#send('delete', 'DELETE', this.#path()));
  }

  /** Downloads a recording, also after the dialog's end while the project's headroom lasts. Read the stream or cancel it. */
  async recording(id = 'default'): Promise<Download> {
    if (!isPathName(id) || id.length > 50) throw new TypeError('A recording id is 1 to 50 of A-Z, a-z, 0-9, ".", "_", ":", "-".');
    const answer = await this.#send('recording', 'GET', `/recording/${this.resellerToken}/${this.id}/${id}`, undefined, true);
    if (!answer.ok || !answer.body) await this.#read(answer);
    return { contentType: answer.headers.get('content-type') ?? 'application/octet-stream', stream: answer.body ?? new ReadableStream({ start: c => c.close() }) };
  }

  /** Changes the token for a fresh one at the issuer. True when it did; several who ask at once share one request. */
  async renew(): Promise<boolean> {
    return await (this.#renewal ??= this.#renew().finally(() => { this.#renewal = undefined; }));
  }

  /** @internal Takes what an event brings: its token counts unless the event is older than the one we have. */
  hear(event: BotEvent): void {
    if (event.kind === 'terminated') this.#ended = true;
    const order = event.timestamp ?? this.#order;
    if (order < this.#order) return;
    this.#order = order;
    this.#callback = event.callback;
    if (event.authToken !== undefined) this.#token = event.authToken;
  }

  /** @internal */
  forget(): void {
    this.#token = undefined;
  }

  toJSON(): { id: string; ended: boolean } {
    return { id: this.id, ended: this.#ended };
  }

  #path(): string {
    return `/dialog/${this.resellerToken}/${this.id}`;
  }

  async #send(name: string, method: string, path: string, json?: unknown, streams = false): Promise<Response> {
    if (this.#keeping.forgotten(this)) throw new CallError('dialog.forgotten', 'the dialog is over and forgotten');
    if (this.#ended && !this.#keeping.after.has(name)) throw new CallError('dialog.ended', `the dialog has ended: ${name} is not allowed any more`);
    const used = this.#token;
    const answer = await this.#keeping.sender.send(method, this.#callback + path, used, json, streams);
    if (answer.status !== 401 || used === undefined) return answer;
    // An event may have brought a newer token meanwhile; else the issuer is asked, once.
    if (this.#token === used && !(this.#keeping.issuer !== undefined && await this.renew())) return answer;
    if (this.#token === undefined) return answer;
    await answer.body?.cancel();
    return await this.#keeping.sender.send(method, this.#callback + path, this.#token, json, streams);
  }

  async #read(answer: Response): Promise<CallAnswer> {
    const body = await readAnswer(answer);
    if (!answer.ok) throw new CallError('status', `the platform answered ${answer.status}`, answer.status, body);
    return { status: answer.status, body };
  }

  async #renew(): Promise<boolean> {
    const { issuer, sender } = this.#keeping;
    const used = this.#token;
    if (issuer === undefined || used === undefined) return false;
    try {
      const answer = await sender.send('POST', `${issuer}/dialogs/${this.id}/token`, used, {});
      const token = ((await readAnswer(answer)) as { token?: unknown } | undefined)?.token;
      if (!answer.ok || !isToken(token)) return false;
      if (this.#token === used) this.#token = token; // else an event was quicker, and its token is as new
      return true;
    } catch (error) {
      if (error instanceof CallError) return false;
      throw error;
    }
  }
}
