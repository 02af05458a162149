import { createHash } from 'node:crypto';
import { ask } from './asking.js';
import { TokenError } from './fault.js';
import type { TokenHolder } from './holder.js';
import { judgeAnswer, longestToken, readJws } from './judge.js';
import type { IntrospectionRules, Rules } from './rules.js';

const mostKept = 10_000;
const mostWaiting = 128;

interface Kept {
  readonly holder: TokenHolder | undefined;
  readonly error: TokenError | undefined;
  readonly until: number;
}

/**
 * Asks the issuer about tokens (RFC 7662). An answer is believed for a short time and never past the token's end; one question serves all who show the same token at once; a flood of strangers' tokens becomes no flood of
 * questions. What is remembered is a digest of a token, never the token.
 */
export class Introspector {
  // Kept apart: guesses push no good one out.
  readonly #accepted = new Map<string, Kept>();
  readonly #refused = new Map<string, Kept>();
  readonly #underWay = new Map<string, Promise<Kept>>();
  readonly #headers: Record<string, string>;

  constructor(private readonly rules: Rules, private readonly asks: Required<IntrospectionRules>) {
    const pair = `${encodeURIComponent(asks.client)}:${encodeURIComponent(asks.secret)}`;
    this.#headers = { 'content-type': 'application/x-www-form-urlencoded', ...(asks.secretInForm ? {} : { authorization: `Basic ${Buffer.from(pair).toString('base64')}` }) };
  }

  async judge(token: string): Promise<TokenHolder> {
    if (token.length > longestToken) throw new TokenError('token.malformed');
    // Another issuer's token is shown to nobody who could use it.
    const issuer = readJws(token)?.claims.issuer;
    if (issuer !== undefined && issuer !== this.rules.issuer) throw new TokenError('token.issuer');
    const digest = createHash('sha256').update(token).digest('base64');
    for (const kept of [this.#accepted.get(digest), this.#refused.get(digest)]) if (kept && kept.until > this.rules.now()) return result(kept);
    let asking = this.#underWay.get(digest);
    if (!asking) {
      if (this.#underWay.size >= mostWaiting) throw new TokenError('verifier.unavailable');
      asking = this.#ask(digest, token).finally(() => this.#underWay.delete(digest));
      this.#underWay.set(digest, asking);
    }
    return result(await asking);
  }

  async #ask(digest: string, token: string): Promise<Kept> {
    const form = new URLSearchParams({ token, token_type_hint: 'access_token', ...(this.asks.secretInForm ? { client_id: this.asks.client, client_secret: this.asks.secret } : {}) });
    const body = await ask(this.rules, this.asks.endpoint, { method: 'POST', headers: this.#headers, body: form.toString() });
    const now = this.rules.now();
    let kept: Kept;
    try {
      if (!body) throw new TokenError('verifier.unavailable');
      const holder = judgeAnswer(body, this.rules);
      kept = { holder, error: undefined, until: Math.min(now + this.asks.cache, holder.expiresAt === undefined ? Infinity : (holder.expiresAt + this.rules.skew) * 1000) };
    } catch (error) {
      if (!(error instanceof TokenError)) throw error;
      kept = { holder: undefined, error, until: now + this.asks.cache };
      // Nothing was decided: asked again the next time.
      if (error.code === 'verifier.unavailable') return kept;
    }
    const into = kept.holder ? this.#accepted : this.#refused;
    if (into.size >= mostKept) {
      for (const [key, one] of into) if (one.until <= now) into.delete(key);
      if (into.size >= mostKept) into.clear();
    }
    into.set(digest, kept);
    return kept;
  }
}

function result({ holder, error }: Kept): TokenHolder {
  if (holder) return holder;
  throw error!;
}
