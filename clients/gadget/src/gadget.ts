import { getAuthHeaderString, type GadgetConfig } from './config.js';
import { Emitter } from './emitter.js';
import { claims, fits, readDesktopMessage } from './messages.js';
import { makeRequest, type GadgetAnswer, type RequestOptions } from './request.js';

/** What a gadget hears. */
export interface GadgetEvents {
  /** The token is nearly over; the desktop is renewing it. */
  expiring: { expiresAt: number };
  /** There is a new token, in `config`. */
  renewed: { config: GadgetConfig; expiresAt: number };
  /** There is a new token, in `config`; `renewed` comes when what `hold` is for has ended: a call, for one. */
  deferred: { expiresAt: number };
  /** The agent signed out, or the session is over. */
  ended: { reason: string };
}

/** How to find the desktop. */
export interface ConnectOptions {
  /** The desktop's origin. Left out in a page that Gatehouse renders, which knows it. */
  desktop?: string;
  /** How long to wait for the desktop, in ms. */
  patience?: number;
  /** The window; another one only in tests. */
  window?: Window;
}

/** A gadget's side of the desktop that holds it. */
export interface Gadget {
  /** What the desktop told; kept up to date. */
  readonly config: GadgetConfig;
  on<Name extends keyof GadgetEvents>(name: Name, listener: (value: GadgetEvents[Name]) => void): () => void;
  /** Asks an address through the container, with the gadget's own token unless a header says otherwise. What was refused because the token was just over is asked again, once. */
  makeRequest(url: string, options?: RequestOptions): Promise<GadgetAnswer>;
  /** A call is under way, which handing a new token to its media would disturb: `renewed` waits until the answer is called, and `deferred` says so. Requests go on with the newest token. */
  hold(): () => void;
  publish(topic: string, data: unknown): void;
  subscribe(topic: string, listener: (topic: string, data: unknown) => void): () => void;
  setHeight(height?: number): void;
  setTitle(title: string): void;
  /** Stops listening. */
  close(): void;
}

/** Meets the desktop. It listens to one window, the one that holds this, at one origin, and takes nothing else for the desktop's word. Rejects where no desktop answers in time. */
export async function connect(options: ConnectOptions = {}): Promise<Gadget> {
  const gadget = new Connection(options);
  await gadget.met;
  return gadget;
}

interface Boot { desktop: string; gadget: string; proxy: string; st?: string; config?: Record<string, string> }

class Connection extends Emitter<GadgetEvents> implements Gadget {
  readonly config: GadgetConfig = {};
  readonly met: Promise<void>;
  readonly #window: Window;
  // Where the container renders, `parent` is a stand-in for what Finesse's gadgets look at.
  readonly #parent: Window;
  readonly #desktop: string;
  readonly #proxy: string;
  readonly #topics = new Set<{ pattern: string; listener: (topic: string, data: unknown) => void }>();
  readonly #waiting = new Set<() => void>();
  #st = '';
  #name = '';
  #holds = 0;
  #put = 0; // When the token is over whose `renewed` was put off.
  #forged = 0;

  constructor(options: ConnectOptions) {
    super();
    this.#window = options.window ?? window;
    this.#parent = (this.#window as { gatehouseDesktop?: Window }).gatehouseDesktop ?? this.#window.parent;
    const boot = JSON.parse(this.#window.document.getElementById('gatehouse-gadget')?.textContent ?? 'null') as Boot | null;
    const desktop = options.desktop ?? boot?.desktop;
    if (!desktop || new URL(desktop).origin !== desktop) throw new TypeError('The desktop is named by its origin, as https://desk.example.org.');
    this.#desktop = desktop;
    this.#proxy = boot?.proxy ?? `${desktop}/gadgets/makeRequest`;
    this.#name = boot?.gadget ?? '';
    this.#window.addEventListener('message', this.#hear);
    if (boot?.config && boot.st) {
      Object.assign(this.config, boot.config);
      this.#st = boot.st;
    }
    this.met = this.#st ? Promise.resolve() : this.#fresh(options.patience ?? 10_000).then(came => { if (!came) { this.close(); throw new Error(`No desktop at ${desktop} answers.`); } });
    this.#say({ type: 'ready' });
  }

  async makeRequest(url: string, options: RequestOptions = {}): Promise<GadgetAnswer> {
    const send = (): Promise<GadgetAnswer> => {
      const own = Object.keys(options.headers ?? {}).some(name => name.toLowerCase() === 'authorization');
      return makeRequest(this.#proxy, this.#st, url, own || !this.config.authToken ? options : { ...options, headers: { ...options.headers, Authorization: getAuthHeaderString(this.config) } });
    };
    const answer = await send();
    if (answer.status !== 401) return answer;
    const fresh = this.#fresh(5000);
    this.#say({ type: 'stale' });
    return (await fresh) ? send() : answer;
  }

  hold(): () => void {
    this.#holds++;
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      if (--this.#holds > 0 || !this.#put) return;
      const expiresAt = this.#put;
      this.#put = 0;
      if (this.config.authToken !== undefined) this.emit('renewed', { config: this.config, expiresAt });
    };
  }

  publish(topic: string, data: unknown): void { this.#say({ type: 'publish', topic, data }); }

  subscribe(pattern: string, listener: (topic: string, data: unknown) => void): () => void {
    const one = { pattern, listener };
    this.#topics.add(one);
    this.#say({ type: 'subscribe', topic: pattern });
    return () => void this.#topics.delete(one);
  }

  setHeight(height?: number): void { this.#say({ type: 'height', height: height ?? Math.ceil(this.#window.document.documentElement.getBoundingClientRect().height) }); }

  setTitle(title: string): void { this.#say({ type: 'title', title }); }

  close(): void { this.#window.removeEventListener('message', this.#hear); }

  #say(message: object): void {
    if (this.#parent !== this.#window) this.#parent.postMessage({ gatehouse: 1, gadget: this.#name, ...message }, this.#desktop);
  }

  #fresh(patience: number): Promise<boolean> {
    return new Promise(resolve => {
      const done = (): void => { clearTimeout(late); this.#waiting.delete(done); resolve(true); };
      const late = setTimeout(() => { this.#waiting.delete(done); resolve(false); }, patience);
      this.#waiting.add(done);
    });
  }

  readonly #hear = (event: MessageEvent): void => {
    if (event.source !== this.#parent || event.origin !== this.#desktop) {
      // The desktop tells who looks after it; the first few are enough.
      if (claims(event.data) && this.#parent !== this.#window && this.#forged++ < 20) this.#say({ type: 'forged', origin: event.origin });
      return;
    }
    const message = readDesktopMessage(event.data);
    if (message?.type === 'config') {
      const before = this.config.authToken;
      Object.assign(this.config, message.config);
      this.#st = message.st;
      for (const done of [...this.#waiting]) done();
      if (before !== undefined && before !== this.config.authToken) {
        if (this.#holds > 0) this.emit('deferred', { expiresAt: this.#put = message.expiresAt });
        else this.emit('renewed', { config: this.config, expiresAt: message.expiresAt });
      }
    } else if (message?.type === 'expiring') this.emit('expiring', { expiresAt: message.expiresAt });
    else if (message?.type === 'ended') {
      delete this.config.authToken;
      this.#st = '';
      this.emit('ended', { reason: message.reason });
    } else if (message?.type === 'publish') {
      for (const one of [...this.#topics]) if (fits(one.pattern, message.topic)) one.listener(message.topic, message.data);
    }
  };
}
