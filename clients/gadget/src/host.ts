import { Emitter } from './emitter.js';
import { claims, fits, readGadgetMessage } from './messages.js';

/** A gadget in its frame. */
export interface HostedGadget {
  id: string;
  frame: HTMLIFrameElement;
  /** Origin of the frame's page: "null" for one that is sandboxed, as all that the container renders are. */
  origin?: string;
}

/** What a desktop hears of its gadgets. */
export interface HostEvents {
  ready: { id: string };
  /** A gadget's token does not count any more. */
  stale: { id: string };
  height: { id: string; height: number };
  title: { id: string; title: string };
  pref: { id: string; name: string; value: string };
  /** Somebody spoke in this form who may not, and was not listened to: from an unknown window (`from` is empty), or a gadget from another origin or in another's name. `at` is who heard it: "desktop", or a gadget. */
  forged: { origin: string; claimed: string; from: string; at: string };
}

/** A desktop's side of the gadgets that it holds: knows each by its window, and takes no word from any other. */
export class GadgetHost extends Emitter<HostEvents> {
  readonly #gadgets = new Map<string, { gadget: HostedGadget; topics: Set<string> }>();

  constructor(readonly window: Window = globalThis.window) {
    super();
    window.addEventListener('message', this.#hear);
  }

  add(gadget: HostedGadget): void { this.#gadgets.set(gadget.id, { gadget, topics: new Set() }); }

  remove(id: string): void { this.#gadgets.delete(id); }

  /** Gives a gadget what it may hold: its config with its own token, and its security token. */
  give(id: string, config: Record<string, string>, st: string, expiresAt: number): void { this.#tell(id, { type: 'config', config, st, expiresAt }); }

  /** Tells all gadgets that a renewal is due. */
  expiring(expiresAt: number): void { for (const id of this.#gadgets.keys()) this.#tell(id, { type: 'expiring', expiresAt }); }

  /** Tells all gadgets that it is over. */
  ended(reason: string): void { for (const id of this.#gadgets.keys()) this.#tell(id, { type: 'ended', reason }); }

  /** Publishes to the gadgets that subscribed. */
  publish(topic: string, data: unknown, from?: string): void {
    for (const [id, { topics }] of this.#gadgets) if (id !== from && [...topics].some(pattern => fits(pattern, topic))) this.#tell(id, { type: 'publish', topic, data });
  }

  close(): void { this.window.removeEventListener('message', this.#hear); }

  // An opaque origin cannot be named as a target; the window is the very frame's, and a frame that was led elsewhere is not "null" any more only to whoever asks it: so it is told nothing but its own, narrow token.
  #tell(id: string, message: object): void {
    const { gadget } = this.#gadgets.get(id) ?? {};
    gadget?.frame.contentWindow?.postMessage({ gatehouse: 1, ...message }, gadget.origin && gadget.origin !== 'null' ? gadget.origin : '*');
  }

  readonly #hear = (event: MessageEvent): void => {
    const claimed = claims(event.data);
    if (!claimed) return;
    let from = '';
    for (const [id, { gadget, topics }] of this.#gadgets) {
      if (event.source === null || event.source !== gadget.frame.contentWindow) continue;
      from = id;
      if (event.origin !== (gadget.origin ?? 'null') || ![id, ''].includes(claimed.gadget)) break;
      const message = readGadgetMessage(event.data);
      if (!message) return;
      if (message.type === 'subscribe') { if (topics.size < 100) topics.add(message.topic); }
      else if (message.type === 'publish') this.publish(message.topic, message.data, id);
      else if (message.type === 'ready') this.emit('ready', { id });
      else if (message.type === 'stale') this.emit('stale', { id });
      else if (message.type === 'height') this.emit('height', { id, height: message.height });
      else if (message.type === 'forged') this.emit('forged', { origin: message.origin.slice(0, 255), claimed: '', from: '', at: id });
      else if (message.type === 'title') this.emit('title', { id, title: message.title });
      else this.emit('pref', { id, name: message.name, value: message.value });
      return;
    }
    this.emit('forged', { origin: event.origin.slice(0, 255), claimed: claimed.gadget, from, at: 'desktop' });
  };
}
