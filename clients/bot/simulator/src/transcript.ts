/** What happened, a line at a time, as a person reads it. */
export class Transcript {
  readonly faults: string[] = [];
  calls = 0;
  readonly #write: (line: string) => void;
  readonly #elapsed: () => number;
  readonly #prefix: string;

  constructor(write: (line: string) => void, elapsed: () => number, prefix = '') {
    [this.#write, this.#elapsed, this.#prefix] = [write, elapsed, prefix];
  }

  /** Somebody did something; who is `person`, `platform` or `bot`. */
  tell(who: string, what: string): void {
    const seconds = Math.floor(this.#elapsed() / 1000);
    const two = (number: number) => String(number).padStart(2, '0');
    const hours = Math.floor(seconds / 3600);
    const time = `${hours > 0 ? `${two(hours)}:` : ''}${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
    this.#write(`${time.padStart(8)}  ${this.#prefix}${who.padEnd(8)}  ${what}`);
  }

  /** The bot did something wrong: the play goes on, and ends with exit code 1. */
  fault(what: string): void {
    this.faults.push(what);
    this.tell('WRONG', what);
  }
}

/** A text as one short line, whatever is in it. */
export function short(value: unknown, most = 100): string {
  const text = (typeof value === 'string' ? value : JSON.stringify(value) ?? '').replace(/gtdialog_[A-Za-z0-9_-]+/g, 'gtdialog_…').replace(/[\x00-\x1f\x7f-\x9f]/g, ' ');
  return text.length > most ? `${text.slice(0, most)}…` : text;
}
