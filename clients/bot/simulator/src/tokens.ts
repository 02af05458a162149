import { randomBytes } from 'node:crypto';

/** A token that a played platform gave a bot. */
export interface PlayedToken {
  readonly text: string;
  readonly dialogId: string;
  readonly number: number;
  /** Whether it counts: `stale` may still be renewed, `dead` may not. */
  state: 'live' | 'stale' | 'dead';
  /** How often it was refused as dead: the first time may be an accident. */
  refused: number;
}

/** All tokens of a play, of all its dialogs. */
export class PlayedTokens {
  readonly #all = new Map<string, PlayedToken>();

  /** A fresh token of a dialog. It is none of a real gateway's, and says so. */
  issue(dialogId: string): PlayedToken {
    const token: PlayedToken = { text: `gtdialog_played_${randomBytes(24).toString('base64url')}`, dialogId, number: this.#all.size + 1, state: 'live', refused: 0 };
    this.#all.set(token.text, token);
    return token;
  }

  find(text: string): PlayedToken | undefined {
    return this.#all.get(text);
  }

  /** Changes every token of a dialog that counted until now. */
  end(dialogId: string, state: 'stale' | 'dead'): void {
    for (const token of this.#all.values()) if (token.dialogId === dialogId && token.state !== 'dead') token.state = state;
  }
}
