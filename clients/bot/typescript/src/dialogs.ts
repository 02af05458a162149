import { Dialog } from './dialog.js';
import type { BotEvent } from './event.js';
import { Sender, type SendingRules } from './sending.js';
import { readCallback } from './text.js';

/** How dialogs are held; everything has a default. */
export interface DialogRules extends SendingRules {
  /** The realm's address at the gateway, as `https://gateway.example/realms/contact-centre`, where a token is renewed. Default: none, and a token that died stays dead. */
  readonly issuer?: string;
  /** Milliseconds that a dialog is remembered after its end (the project's headroom). Default one hour. */
  readonly headroom?: number;
  /** Milliseconds without an event after which a dialog is forgotten though nobody said that it ended. Default 24 hours, the longest a dialog may last. */
  readonly silence?: number;
  /** What may be called after the end: of `call`, `data`, `history`, `delete`, `recording`. Default: all but `call`. The gateway's own answer counts as well. */
  readonly after?: readonly string[];
  /** Most dialogs held; beyond it the one that ended first, else the one silent the longest, is forgotten. Default 10000. */
  readonly capacity?: number;
  /** For tests: the clock, unix milliseconds. */
  readonly now?: () => number;
}

/** The dialogs of a bot, each with its newest token. In memory alone: a token dies with its dialog, and the next event brings one. */
export class Dialogs {
  readonly #live = new Map<string, Dialog>();
  readonly #ended = new Map<string, Dialog>();
  readonly #dueAt = new WeakMap<Dialog, number>();
  readonly #headroom: number;
  readonly #silence: number;
  readonly #capacity: number;
  readonly #now: () => number;
  readonly #keeping: ConstructorParameters<typeof Dialog>[1];

  constructor(rules: DialogRules = {}) {
    ({ headroom: this.#headroom = 3_600_000, silence: this.#silence = 86_400_000, capacity: this.#capacity = 10_000, now: this.#now = Date.now } = rules);
    const issuer = rules.issuer === undefined ? undefined : readCallback(rules.issuer);
    if (rules.issuer !== undefined && !(issuer?.secure || issuer?.loopback)) throw new TypeError('The issuer is an https address (or http on loopback).');
    this.#keeping = { sender: new Sender(rules), issuer: issuer?.address, after: new Set(rules.after ?? ['data', 'history', 'delete', 'recording']), forgotten: dialog => this.#forgotten(dialog) };
  }

  /** How many dialogs are held. */
  get size(): number {
    return this.#live.size + this.#ended.size;
  }

  /** The dialog of this id, unless it is unknown or forgotten. */
  get(id: string): Dialog | undefined {
    this.#sweep();
    return this.#live.get(id) ?? this.#ended.get(id);
  }

  /** Takes an event: begins its dialog or goes on with it, and holds the token it brings. */
  accept(event: BotEvent): Dialog {
    const dialog = this.get(event.dialogId) ?? new Dialog(event, this.#keeping);
    const was = dialog.ended;
    dialog.hear(event);
    if (!dialog.ended) {
      this.#live.delete(dialog.id); // to the end of the line: the longest silent stand first
      this.#live.set(dialog.id, dialog);
      this.#dueAt.set(dialog, this.#now() + this.#silence);
    } else if (!was) {
      this.#live.delete(dialog.id);
      this.#ended.set(dialog.id, dialog);
      this.#dueAt.set(dialog, this.#now() + this.#headroom);
    }
    const first = this.#ended.values().next().value ?? this.#live.values().next().value;
    if (this.size > this.#capacity && first) this.#forget(first);
    return dialog;
  }

  #sweep(): void {
    for (const line of [this.#ended, this.#live]) {
      for (const dialog of line.values()) {
        if (!this.#forgotten(dialog)) break;
        this.#forget(dialog);
      }
    }
  }

  #forgotten(dialog: Dialog): boolean {
    return this.#now() >= (this.#dueAt.get(dialog) ?? Number.NEGATIVE_INFINITY);
  }

  #forget(dialog: Dialog): void {
    this.#live.delete(dialog.id);
    this.#ended.delete(dialog.id);
    this.#dueAt.delete(dialog);
    dialog.forget();
  }
}
