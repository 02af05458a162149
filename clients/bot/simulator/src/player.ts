import { randomUUID } from 'node:crypto';
import { signEvent } from '@gatehouse/bot';
import type { Callback } from './callback.js';
import type { PlayClock } from './clock.js';
import type { PlayedDialog } from './dialog.js';
import type { Step } from './script.js';
import { short } from './transcript.js';

/** How a dialog is played. */
export interface Play {
  readonly bot: string;
  readonly botToken: string;
  /** `whsec_…`; without it events are not signed. */
  readonly secret: string | undefined;
  /** Real milliseconds the bot has for an answer, and for what the script expects of it. */
  readonly patience: number;
  readonly headroom: number;
  /** Silence after which a dialog decays. */
  readonly decay: number;
  readonly hardLimit: number;
  readonly language: string;
  readonly tokenIn: 'body' | 'header';
}

interface Sent { readonly kind: string; readonly body: string; readonly headers: Record<string, string> }

/** Plays one dialog against a bot: the person on the phone and the platform in one. */
export class Player {
  readonly #play: Play;
  readonly #callback: Callback;
  readonly #clock: PlayClock;
  readonly #dialog: PlayedDialog;
  #last: Sent | undefined;
  #lastRecording = 'default';

  constructor(play: Play, callback: Callback, clock: PlayClock, dialog: PlayedDialog) {
    [this.#play, this.#callback, this.#clock, this.#dialog] = [play, callback, clock, dialog];
  }

  /** Plays all steps; what the bot does wrong stands in the dialog's transcript. */
  async run(steps: readonly Step[]): Promise<void> {
    for (const [at, step] of steps.entries()) {
      const coming = steps.slice(at).find(one => one.do === 'transfer');
      this.#dialog.transferSucceeds = coming?.do !== 'transfer' || coming.succeeds;
      const goesOn = await this.#step(step);
      // The bot hung up: the platform tells it that the dialog is over.
      if (goesOn && !this.#dialog.ended && this.#dialog.asked.some(one => one.operation === 'drop')) await this.#end('the bot hung up');
      if (!goesOn) return;
    }
  }

  async #step(step: Step): Promise<boolean> {
    const { transcript } = this.#dialog;
    const live = () => {
      if (this.#dialog.ended) transcript.tell('platform', `leaves out ${step.do}: the dialog has ended`);
      return !this.#dialog.ended;
    };
    switch (step.do) {
      case 'start':
        return await this.#start(step.callType);
      case 'say':
      case 'dtmf':
        if (!live()) return true;
        transcript.tell('person', step.do === 'say' ? `"${short(step.text)}"` : `types ${step.text}`);
        await this.#event('message', { type: step.do === 'say' ? 'SPEECH' : 'DTMF', text: step.text, ...(step.do === 'say' ? { confidence: 97, vendor: 'GOOGLE' } : {}) });
        return true;
      case 'answer':
        if (live()) await this.#event('answer', { type: { name: step.name, ...(step.value === undefined ? {} : { value: /^[0-9]{1,15}$/.test(step.value) ? Number(step.value) : step.value }) } });
        return true;
      case 'silence':
        if (!live()) return true;
        this.#clock.jump(step.milliseconds);
        transcript.tell('person', `is silent for ${step.milliseconds / 1000} s`);
        if (step.milliseconds >= this.#play.decay) await this.#end(`silent for longer than ${this.#play.decay / 1000} s: the dialog decays`);
        else await this.#event('inactivity', { duration: step.milliseconds });
        return true;
      case 'transfer': {
        const { transfers } = this.#dialog;
        if (transfers === 0 && !live()) return true;
        if (await this.#dialog.until(() => this.#dialog.transfers > 0, this.#play.patience)) {
          this.#dialog.transfers--;
          transcript.tell('platform', step.succeeds ? 'somebody took the call' : 'nobody took the call');
        } else transcript.fault('transfer: the bot asked for none (call/forward, call/bridge or call/refer)');
        return true;
      }
      case 'expect':
        if (!await this.#dialog.until(() => this.#dialog.asked.some(one => one.operation === step.operation), this.#play.patience)) transcript.fault(`expect:${step.operation}: the bot did not since the last event`);
        return true;
      case 'stale':
      case 'freeze':
        this.#dialog.tokens.end(this.#dialog.id, step.do === 'stale' ? 'stale' : 'dead');
        transcript.tell('platform', step.do === 'stale' ? 'the tokens so far must be renewed' : 'the tokens so far are frozen');
        return true;
      case 'again':
        await this.#again();
        return true;
      case 'forge':
        await this.#forge();
        return true;
      case 'hangup':
        if (live()) {
          transcript.tell('person', 'hangs up');
          await this.#end();
        }
        return true;
      case 'recording':
        if (this.#dialog.over) transcript.tell('platform', 'leaves out recording: the dialog is over');
        else {
          this.#lastRecording = step.id ?? [...this.#dialog.recordings].at(-1) ?? 'default';
          this.#dialog.recordings.add(this.#lastRecording);
          await this.#event('recording', { recordingId: this.#lastRecording, status: 'AVAILABLE' });
        }
        return true;
      case 'expire':
        this.#clock.jump(this.#dialog.ended ? this.#play.headroom : this.#play.hardLimit + this.#play.headroom);
        transcript.tell('platform', this.#dialog.ended ? 'the headroom is over: no token counts any more' : 'the hard limit and the headroom are over: no token counts any more');
        this.#dialog.finish();
        return true;
    }
  }

  async #start(callType: string): Promise<boolean> {
    this.#dialog.transcript.tell('person', callType === 'OUTBOUND' ? 'takes the call' : 'calls');
    const said = await this.#event('session', { callType, customSipHeaders: {}, local: '+4972100', remote: '+4917612345' });
    if (said === undefined) return false;
    const action = readAction(said);
    if (action === 'ACCEPT') return true;
    this.#dialog.transcript.fault(action === undefined ? `the answer to /session is not {"action":"ACCEPT"}: ${short(said)}` : `the bot answered ${short(action)} to /session: nothing to play`);
    return false;
  }

  async #end(why?: string): Promise<void> {
    if (why !== undefined) this.#dialog.transcript.tell('platform', why);
    this.#dialog.end();
    await this.#event('terminated', {});
  }

  // Body of the bot's answer; undefined when it gave none that counts.
  async #event(kind: string, more: Record<string, unknown>): Promise<string | undefined> {
    const dialog = this.#dialog;
    dialog.asked = [];
    const token = dialog.tokens.issue(dialog.id);
    const inBody = this.#play.tokenIn === 'body';
    const body = JSON.stringify({
      dialogId: dialog.id, projectContext: { projectToken: dialog.projectToken, resellerToken: dialog.resellerToken }, callback: `${this.#callback.url}/v1`,
      ...(inBody ? { authToken: token.text } : {}), timestamp: this.#clock.now(), language: this.#play.language, ...more,
    });
    this.#last = { kind, body, headers: { authorization: `Bearer ${this.#play.botToken}`, ...this.#id(), ...(inBody ? {} : { 'x-dialog-token': token.text }) } };
    dialog.transcript.tell('platform', `/${kind}, token ${token.number}`);
    const { status, text } = await this.#send(this.#last, this.#play.secret);
    if (status === 200 && (kind === 'session' || text === '')) return text;
    if (status === 204 && kind !== 'session') return text;
    dialog.transcript.fault(status === 0 ? `/${kind}: ${text}` : `/${kind}: the bot answered ${status}, not ${kind === 'session' ? '200 with {"action":"ACCEPT"}' : '204'}: ${short(text)}`);
    return undefined;
  }

  // An event's time is the played one; its signature's is the real one, by which the bot judges it.
  async #send(sent: Sent, secret: string | undefined, altered = sent.body): Promise<{ status: number; text: string }> {
    const now = Math.floor(Date.now() / 1000);
    const signature = secret === undefined ? {} : { 'webhook-timestamp': String(now), 'webhook-signature': signEvent(secret, sent.headers['webhook-id'] ?? '', now, sent.body) };
    try {
      const answer = await fetch(`${this.#play.bot}/${sent.kind}`, { method: 'POST', redirect: 'manual', headers: { 'content-type': 'application/json', ...sent.headers, ...signature }, body: altered, signal: AbortSignal.timeout(this.#play.patience) });
      return { status: answer.status, text: (await answer.text()).slice(0, 10_000) };
    } catch (error) {
      return { status: 0, text: (error as Error).name === 'TimeoutError' ? `the bot did not answer within ${this.#play.patience / 1000} s` : `the bot cannot be reached at ${this.#play.bot}` };
    }
  }

  #id(): Record<string, string> {
    return this.#play.secret === undefined ? {} : { 'webhook-id': `evt_${randomUUID()}` };
  }

  async #again(): Promise<void> {
    const dialog = this.#dialog;
    if (!this.#last || this.#play.secret === undefined) {
      dialog.transcript.tell('platform', 'leaves out again: events without a signature have no id');
      return;
    }
    const before = dialog.asked.length;
    dialog.transcript.tell('platform', `/${this.#last.kind} once more, with the same id`);
    const { status, text } = await this.#send(this.#last, this.#play.secret);
    if (status !== 200 && status !== 204) dialog.transcript.fault(`again: the bot answered ${status === 0 ? text : status} to an event it had before`);
    if (dialog.asked.length > before) dialog.transcript.fault(`again: the bot acted twice on one event (${dialog.asked.slice(before).map(one => one.operation).join(', ')})`);
  }

  async #forge(): Promise<void> {
    const { transcript } = this.#dialog;
    const sent: Sent = { kind: 'message', body: (this.#last?.body ?? '{}').replace(/"authToken":"[^"]*"/, '"authToken":"gtdialog_forged"').replace(/}$/, ',"type":"SPEECH","text":"forged"}'), headers: { authorization: `Bearer ${this.#play.botToken}`, ...this.#id() } };
    const tries: (readonly [string, Promise<{ status: number; text: string }>])[] = [['a wrong bot token', this.#send({ ...sent, headers: { ...sent.headers, authorization: 'Bearer forged' } }, this.#play.secret)]];
    if (this.#play.secret !== undefined) {
      tries.push(['no signature', this.#send(sent, undefined)]);
      tries.push(['the signature of another secret', this.#send(sent, `whsec_${Buffer.alloc(32, 1).toString('base64')}`)]);
      tries.push(['an altered body', this.#send(sent, this.#play.secret, `${sent.body} `)]);
    }
    for (const [how, answer] of tries) {
      const { status } = await answer;
      if (status === 401) transcript.tell('bot', `refuses an event with ${how}`);
      else transcript.fault(`forge: the bot answered ${status} to an event with ${how}, not 401`);
    }
  }
}

function readAction(text: string): string | undefined {
  try {
    const action = (JSON.parse(text) as { action?: unknown }).action;
    return typeof action === 'string' ? action : undefined;
  } catch {
    return undefined;
  }
}
