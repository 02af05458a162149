import { TokenError } from './fault.js';
import type { TokenHolder } from './holder.js';
import { Introspector } from './introspector.js';
import { judgeClaims, judgeHead } from './judge.js';
import { IssuerKeys } from './keys.js';
import { judgeRules, type Rules, type TrustRules } from './rules.js';

/** Judges bearer tokens by the issuer's keys, or by asking the issuer. One for a program. */
export class TokenTrust {
  readonly rules: Rules;
  readonly #keys: IssuerKeys;
  readonly #introspector: Introspector | undefined;

  /** Throws a TypeError for rules that cannot be. */
  constructor(given: TrustRules) {
    this.rules = judgeRules(given);
    this.#keys = new IssuerKeys(this.rules);
    this.#introspector = this.rules.introspection && new Introspector(this.rules, this.rules.introspection);
  }

  /** Who holds a token. Throws a {@link TokenError}. */
  async judge(token: string): Promise<TokenHolder> {
    if (this.#introspector) return this.#introspector.judge(token);
    const jws = judgeHead(token, this.rules);
    const { key, known } = await this.#keys.find(jws.kid, jws.algorithm);
    if (!known) throw new TokenError('verifier.unavailable');
    if (!key?.verify(jws.algorithm, jws.input, jws.signature)) throw new TokenError('token.signature');
    return judgeClaims(jws.claims, this.rules, true);
  }
}

/** What the Authorization headers of a request hold: exactly one bearer token (RFC 6750, 2.1). Tokens in addresses and forms count nowhere. Throws a {@link TokenError}. */
export function findToken(authorization: readonly string[]): string {
  const [header] = authorization;
  if (authorization.length > 1) throw new TokenError('credential.conflict');
  if (!header) throw new TokenError('credential.missing');
  if (!/^Bearer /i.test(header)) throw new TokenError('credential.kind');
  const token = header.slice('Bearer '.length).replace(/^ +| +$/g, '');
  if (token.includes(',')) throw new TokenError('credential.conflict');
  if (!/^[A-Za-z0-9._~+/=-]+$/.test(token)) throw new TokenError('token.malformed');
  return token;
}
