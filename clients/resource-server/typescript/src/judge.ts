import { algorithms, type Algorithm } from './algorithm.js';
import { TokenError } from './fault.js';
import { readClaims, readHolder, type Claims, type TokenHolder } from './holder.js';
import type { Rules } from './rules.js';
import { strictBase64Url, strictJson } from './strict.js';

/** Longest token, in characters. */
export const longestToken = 16 * 1024;

/** A compact JWS (RFC 7515, 7.1), read and not yet believed. */
export interface Jws {
  readonly algorithm: Algorithm;
  readonly kid: string | undefined;
  readonly type: string | undefined;
  readonly claims: Claims;
  readonly input: Buffer;
  readonly signature: Buffer;
}

/** Reads a token strictly; undefined for what cannot be read. Header members that bring a key of their own (jwk, jku, x5c) are looked at by nobody: only the issuer's keys count. */
export function readJws(token: string): Jws | undefined {
  if (token.length > longestToken) return undefined;
  const parts = token.split('.');
  if (parts.length !== 3 || parts.some(part => part.length === 0)) return undefined;
  const [head, payload, signature] = parts.map(strictBase64Url);
  if (!head || !payload || !signature) return undefined;
  const header = strictJson(head);
  const all = strictJson(payload);
  const claims = all && readClaims(all);
  if (!header || !claims) return undefined;
  const { alg, kid, typ } = header;
  if (typeof alg !== 'string' || !Object.hasOwn(algorithms, alg) || (kid !== undefined && typeof kid !== 'string') || (typ !== undefined && typeof typ !== 'string')) return undefined;
  // We understand no extension, so whatever is marked critical is refused; b64 (RFC 7797) changes what is signed even unmarked.
  if (Object.hasOwn(header, 'crit') || Object.hasOwn(header, 'b64')) return undefined;
  return { algorithm: alg as Algorithm, kid, type: typ?.toLowerCase().replace(/^application\//, ''), claims, input: Buffer.from(`${parts[0]}.${parts[1]}`, 'ascii'), signature };
}

/** A token's header and issuer against the rules, before its signature. Throws a {@link TokenError}. */
export function judgeHead(token: string, rules: Rules): Jws {
  const jws = readJws(token);
  if (!jws) throw new TokenError('token.malformed');
  if (jws.type === undefined || !rules.types.includes(jws.type)) throw new TokenError('token.type');
  if (jws.claims.issuer !== rules.issuer) throw new TokenError('token.issuer');
  if (!rules.algorithms.includes(jws.algorithm)) throw new TokenError('token.signature');
  return jws;
}

/** Times and audience of claims that are the issuer's own words. Throws a {@link TokenError}. */
export function judgeClaims(claims: Claims, rules: Rules, mustEnd: boolean): TokenHolder {
  const at = Math.floor(rules.now() / 1000);
  if (claims.expiresAt === undefined && mustEnd) throw new TokenError('token.malformed');
  if (claims.expiresAt !== undefined && claims.expiresAt <= at - rules.skew) throw new TokenError('token.expired');
  if (Math.max(claims.notBefore ?? 0, claims.issuedAt ?? 0) - at > rules.skew) throw new TokenError('token.early');
  if (!rules.anyAudience && !claims.audience.some(one => rules.audiences.includes(one))) throw new TokenError('token.audience');
  const holder = readHolder(claims);
  if (!holder) throw new TokenError('token.malformed');
  return holder;
}

/** What an answer of the introspection endpoint says (RFC 7662, 2.2). Throws a {@link TokenError}. */
export function judgeAnswer(body: Uint8Array, rules: Rules): TokenHolder {
  const all = strictJson(body);
  const claims = all && readClaims(all);
  if (!claims) throw new TokenError('verifier.unavailable');
  if (claims.all['active'] !== true) throw new TokenError('token.revoked');
  // Refresh tokens and ID tokens are active too, and no access tokens.
  for (const name of ['token_type', 'typ']) {
    const kind = claims.all[name];
    if (kind !== undefined && !(typeof kind === 'string' && kind.toLowerCase() === 'bearer')) throw new TokenError('token.type');
  }
  if (claims.issuer !== undefined && claims.issuer !== rules.issuer) throw new TokenError('token.issuer');
  return judgeClaims(claims, rules, false);
}
