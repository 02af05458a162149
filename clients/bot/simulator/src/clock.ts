/** Time of the played world: it goes on as ours does, and jumps where a script says so, so that an hour of silence takes no time. */
export class PlayClock {
  readonly #began = performance.now();
  readonly #start = Date.now();
  #ahead = 0;

  /** Unix milliseconds of the played world. */
  now(): number {
    return Math.round(this.#start + this.elapsed());
  }

  /** Milliseconds since the play began. */
  elapsed(): number {
    return performance.now() - this.#began + this.#ahead;
  }

  jump(milliseconds: number): void {
    this.#ahead += milliseconds;
  }
}
