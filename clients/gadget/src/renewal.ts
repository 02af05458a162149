import { Emitter } from './emitter.js';

/** Tokens and when they are over. */
export interface Tokens {
  token: string;
  refreshToken?: string;
  /** When it was given, in ms since 1970. */
  issuedAt: number;
  /** When it is over, in ms since 1970. */
  expiresAt: number;
  [more: string]: unknown;
}

/** Thrown by `fetch` and `renew` when there is nothing to wait for: the session is over, or nobody is signed in. Any other error is tried again until the token is over. */
export class Ended extends Error {}

/** What a renewal tells. */
export interface RenewalEvents {
  /** Three quarters of the token's life are over; it is being renewed. */
  expiring: Tokens;
  /** There are new tokens, whichever tab fetched them. */
  renewed: Tokens;
  /** There are new tokens, in `current`; `renewed` comes when what `hold` is for has ended: a call, for one. */
  deferred: Tokens;
  /** No more tokens come. */
  ended: { reason: string };
}

/** The parts of a browser that tabs share; all of them may be missing. */
interface Shared {
  locks?: Pick<LockManager, 'request'> | undefined;
  channel?: ((name: string) => Pick<BroadcastChannel, 'postMessage' | 'close'> & { onmessage: ((event: MessageEvent) => void) | null }) | undefined;
  storage?: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'> | undefined;
}

/** How tokens are obtained and renewed. */
export interface RenewalOptions {
  /** Tabs with the same name share tokens: one for each agent and desktop. */
  name: string;
  fetch(): Promise<Tokens>;
  renew(old: Tokens): Promise<Tokens>;
  /** After which part of its life a token is renewed. */
  at?: number;
  /** The browser; another only in tests. */
  shared?: Shared;
  now?: () => number;
}

type Said = { type: 'ask'; after: number } | { type: 'have'; tokens: Tokens } | { type: 'ended'; reason: string };

const hearing = 150;
const longestTimer = 2 ** 31 - 1;

/**
 * One renewal for all tabs of a browser. Each tab watches the clock; whoever holds the lock first asks the others whether somebody has newer tokens, renews where nobody has, and tells the others. Frames of gadgets ask nobody: they are told by their tab.
 * Without Web Locks a lease in localStorage stands in; without BroadcastChannel tokens cannot be shared, and each tab renews its own.
 */
export class Renewal extends Emitter<RenewalEvents> {
  readonly #options: RenewalOptions;
  readonly #shared: Shared;
  readonly #now: () => number;
  readonly #channel: ReturnType<NonNullable<Shared['channel']>> | undefined;
  readonly #heard = new Set<() => void>();
  #tokens: Tokens | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #over = false;
  #holds = 0;
  #put = false;
  #busy: Promise<void> | undefined;

  constructor(options: RenewalOptions) {
    super();
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#shared = options.shared ?? ofBrowser();
    this.#channel = this.#shared.channel?.(`gatehouse-renewal:${options.name}`);
    if (this.#channel) this.#channel.onmessage = event => this.#hear(event.data);
  }

  /** The tokens at hand; undefined before `start` and after the end. */
  get current(): Tokens | undefined { return this.#tokens; }

  /** Takes over what another tab has, or fetches, and watches from then on. Throws what `fetch` threw. */
  async start(): Promise<Tokens> {
    await this.#alone(async () => {
      if (await this.#ask(this.#now())) return;
      this.#take(await this.#options.fetch(), true);
    });
    if (!this.#tokens) throw new Ended('Nobody is signed in.');
    return this.#tokens;
  }

  /** Renews now, before it is due: a service said that the token does not count. Tabs that ask at once cause one renewal. */
  renewNow(): Promise<void> { return this.#busy ??= this.#renew(true).finally(() => { this.#busy = undefined; }); }

  /** A call is under way, which handing a new token to its media would disturb: `renewed` waits until the answer is called, and `deferred` says so. Tokens are renewed in time all the same, and the newest are in `current`. */
  hold(): () => void {
    this.#holds++;
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      if (--this.#holds > 0 || !this.#put) return;
      this.#put = false;
      if (this.#tokens) this.emit('renewed', this.#tokens);
    };
  }

  /** It is over, here and in all tabs: the agent signed out. */
  end(reason: string): void {
    if (this.#over) return;
    this.#say({ type: 'ended', reason });
    this.#finish(reason);
  }

  /** Stops watching; the other tabs go on. */
  stop(): void {
    this.#over = true;
    clearTimeout(this.#timer);
    this.#channel?.close();
  }

  #take(tokens: Tokens, tell: boolean): void {
    if (this.#over) return;
    const first = this.#tokens === undefined;
    this.#tokens = tokens;
    for (const done of [...this.#heard]) done();
    if (tell) this.#say({ type: 'have', tokens });
    const due = tokens.issuedAt + (tokens.expiresAt - tokens.issuedAt) * (this.#options.at ?? 0.75);
    this.#wait(due - this.#now());
    if (first) return;
    if (this.#holds > 0) this.#put = true;
    this.emit(this.#holds > 0 ? 'deferred' : 'renewed', tokens);
  }

  #wait(time: number): void {
    clearTimeout(this.#timer);
    // A timer of more than 24 days fires at once.
    this.#timer = setTimeout(() => { if (time > longestTimer) this.#wait(time - longestTimer); else void (this.#busy ??= this.#renew(false).finally(() => { this.#busy = undefined; })); }, Math.max(0, Math.min(time, longestTimer)));
  }

  async #renew(forced: boolean): Promise<void> {
    const old = this.#tokens;
    if (!old || this.#over) return;
    this.emit('expiring', old);
    try {
      await this.#alone(async () => {
        // Another tab was first: its word came while this one waited for the lock, or comes when it is asked.
        if (this.#tokens !== old || await this.#ask(old.issuedAt + 1)) return;
        this.#take(await this.#options.renew(old), true);
      });
    } catch (wrong) {
      if (this.#over || this.#tokens !== old) return;
      if (wrong instanceof Ended) this.end(wrong.message);
      else if (this.#now() >= old.expiresAt) this.end('The token could not be renewed in time.');
      // A server that restarts is back in seconds; many tabs and many agents do not come back at the same moment.
      else if (!forced || old.expiresAt - this.#now() < 60_000) this.#wait(Math.min(2000 + Math.random() * 3000, Math.max(500, old.expiresAt - this.#now())));
    }
  }

  /** Whether another tab has tokens that were given at or after an instant, and are not over. */
  #ask(after: number): Promise<boolean> {
    if (!this.#channel) return Promise.resolve(false);
    const had = this.#tokens;
    return new Promise(resolve => {
      const done = (): void => { clearTimeout(late); this.#heard.delete(done); resolve(this.#tokens !== had); };
      const late = setTimeout(done, hearing);
      this.#heard.add(done);
      this.#say({ type: 'ask', after: had ? after : 0 });
    });
  }

  #say(message: Said): void { this.#channel?.postMessage(message); }

  #hear(data: unknown): void {
    const said = readSaid(data);
    if (!said || this.#over) return;
    const mine = this.#tokens;
    if (said.type === 'ask') { if (mine && mine.issuedAt >= said.after && mine.expiresAt > this.#now()) this.#say({ type: 'have', tokens: mine }); }
    else if (said.type === 'ended') this.#finish(said.reason);
    else if (said.tokens.expiresAt > this.#now() && (!mine || said.tokens.issuedAt > mine.issuedAt)) this.#take(said.tokens, false);
  }

  #finish(reason: string): void {
    if (this.#over) return;
    this.stop();
    this.#tokens = undefined;
    this.emit('ended', { reason });
  }

  async #alone(work: () => Promise<void>): Promise<void> {
    const name = `gatehouse-renewal:${this.#options.name}`;
    if (this.#shared.locks) await this.#shared.locks.request(name, work);
    else if (this.#shared.storage && this.#channel) await leased(this.#shared.storage, name, this.#now, work);
    else await work();
  }
}

// A lease: written, and still one's own after everybody else who wrote at the same moment has written, too. It ends by itself where its tab was closed.
async function leased(storage: NonNullable<Shared['storage']>, name: string, now: () => number, work: () => Promise<void>): Promise<void> {
  const mine = `${Math.random()}`.slice(2), pause = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms));
  const holder = (): string | undefined => { const [owner, until] = (storage.getItem(name) ?? '').split(':'); return owner && Number(until) > now() ? owner : undefined; };
  for (;;) {
    if (holder() === undefined) {
      storage.setItem(name, `${mine}:${now() + 15_000}`);
      await pause(30 + Math.random() * 30);
      if (holder() === mine) break;
    }
    await pause(50 + Math.random() * 50);
  }
  try { await work(); } finally { if (holder() === mine) storage.removeItem(name); }
}

function readSaid(data: unknown): Said | undefined {
  if (typeof data !== 'object' || data === null) return undefined;
  const said = data as { type?: unknown; after?: unknown; tokens?: Partial<Tokens>; reason?: unknown };
  if (said.type === 'ask' && typeof said.after === 'number') return { type: 'ask', after: said.after };
  if (said.type === 'ended' && typeof said.reason === 'string') return { type: 'ended', reason: said.reason };
  const tokens = said.tokens;
  return said.type === 'have' && typeof tokens === 'object' && tokens !== null && typeof tokens.token === 'string' && typeof tokens.issuedAt === 'number' && typeof tokens.expiresAt === 'number' ? { type: 'have', tokens: tokens as Tokens } : undefined;
}

function ofBrowser(): Shared {
  // In a frame of an opaque origin even looking at these throws.
  const quietly = <T>(look: () => T): T | undefined => { try { return look(); } catch { return undefined; } };
  return {
    locks: quietly(() => navigator.locks),
    channel: quietly(() => (typeof BroadcastChannel === 'function' ? (name: string) => new BroadcastChannel(name) : undefined)),
    storage: quietly(() => localStorage),
  };
}
