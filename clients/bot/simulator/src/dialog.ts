import { randomUUID } from 'node:crypto';
import type { PlayedTokens } from './tokens.js';
import type { Transcript } from './transcript.js';

/** What a bot asked for, as `say` or `recording/start`. */
export interface Asked {
  readonly operation: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** A dialog as the played platform knows it. */
export class PlayedDialog {
  readonly id = randomUUID();
  readonly projectToken = randomUUID();
  readonly resellerToken = randomUUID();
  readonly data: Record<string, string> = {};
  readonly recordings = new Set<string>();
  /** What the bot asked since the last event. */
  asked: Asked[] = [];
  /** Transfers the bot asked for that no step of the script has met yet. */
  transfers = 0;
  /** Whether somebody takes the next transfer. */
  transferSucceeds = true;
  ended = false;
  over = false;
  #heard: (() => void)[] = [];

  constructor(readonly tokens: PlayedTokens, readonly transcript: Transcript) {}

  /** Notes what the bot asked and wakes who waits for it. */
  hear(asked: Asked): void {
    this.asked.push(asked);
    const heard = this.#heard;
    this.#heard = [];
    for (const wake of heard) wake();
  }

  /** Waits until the condition holds; false when it does not within so many real milliseconds. */
  async until(condition: () => boolean, milliseconds: number): Promise<boolean> {
    const deadline = performance.now() + milliseconds;
    while (!condition()) {
      const left = deadline - performance.now();
      if (left <= 0) return false;
      let timer: NodeJS.Timeout | undefined;
      await new Promise<void>(resolve => {
        this.#heard.push(resolve);
        timer = setTimeout(resolve, left);
      });
      clearTimeout(timer);
    }
    return true;
  }

  /** The call is over; the headroom begins. */
  end(): void {
    this.ended = true;
  }

  /** The headroom is over too. */
  finish(): void {
    this.ended = this.over = true;
    this.tokens.end(this.id, 'dead');
  }
}
