import { constants, createPublicKey, verify, type JsonWebKey, type KeyObject } from 'node:crypto';

/** Signature algorithms of RFC 7518, 3: the closed list. HMAC and `none` are not on it. */
export const algorithms = {
  RS256: { kty: 'RSA', hash: 'sha256', pss: false }, RS384: { kty: 'RSA', hash: 'sha384', pss: false }, RS512: { kty: 'RSA', hash: 'sha512', pss: false },
  PS256: { kty: 'RSA', hash: 'sha256', pss: true }, PS384: { kty: 'RSA', hash: 'sha384', pss: true }, PS512: { kty: 'RSA', hash: 'sha512', pss: true },
  ES256: { kty: 'EC', hash: 'sha256', crv: 'P-256', bytes: 64 }, ES384: { kty: 'EC', hash: 'sha384', crv: 'P-384', bytes: 96 }, ES512: { kty: 'EC', hash: 'sha512', crv: 'P-521', bytes: 132 },
} as const;

export type Algorithm = keyof typeof algorithms;

/** A public key of the issuer. The key says which algorithms fit, never the token alone (RFC 8725, 3.1). */
export interface Key {
  readonly kid: string | undefined;
  readonly supports: (algorithm: Algorithm) => boolean;
  readonly verify: (algorithm: Algorithm, input: Buffer, signature: Buffer) => boolean;
}

const privates = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];

/** Keys of a set (RFC 7517, 5). What is odd is left out, since one odd key must not silence an issuer; a set that gives a private part away is refused as a whole. Undefined for what is no set. */
export function readKeys(set: unknown): Key[] | undefined {
  const list = (set as { keys?: unknown } | null)?.keys;
  if (!Array.isArray(list) || list.length > 64) return undefined;
  const keys: Key[] = [];
  for (const one of list as unknown[]) {
    if (typeof one !== 'object' || one === null || Array.isArray(one)) return undefined;
    if (privates.some(name => Object.hasOwn(one, name))) return undefined;
    const key = readKey(one as Record<string, unknown>);
    if (key) keys.push(key);
  }
  return keys;
}

function readKey(jwk: Record<string, unknown>): Key | undefined {
  const { kty, crv, use, alg, kid, key_ops: operations } = jwk;
  if ((use !== undefined && use !== 'sig') || (operations !== undefined && !(Array.isArray(operations) && operations.includes('verify'))) || (kid !== undefined && typeof kid !== 'string') || (alg !== undefined && typeof alg !== 'string')) return undefined;
  if (kty !== 'RSA' && kty !== 'EC') return undefined;
  let object: KeyObject;
  try {
    // Only what a public key is made of: nothing else of the member list is looked at.
    const { n, e, x, y } = jwk as JsonWebKey;
    object = createPublicKey({ format: 'jwk', key: kty === 'RSA' ? { kty, n: n!, e: e! } : { kty, crv: crv as string, x: x!, y: y! } });
  } catch {
    return undefined;
  }
  if (kty === 'RSA' && (object.asymmetricKeyDetails?.modulusLength ?? 0) < 2048) return undefined;
  const bytes = Math.ceil((object.asymmetricKeyDetails?.modulusLength ?? 0) / 8);
  const supports = (name: Algorithm): boolean => {
    const algorithm = algorithms[name];
    return (alg === undefined || alg === name) && algorithm.kty === kty && (!('crv' in algorithm) || algorithm.crv === crv);
  };
  return {
    kid: kid as string | undefined,
    supports,
    verify(name, input, signature) {
      const algorithm = algorithms[name];
      if (!supports(name) || signature.length !== ('bytes' in algorithm ? algorithm.bytes : bytes)) return false;
      try {
        return 'bytes' in algorithm ? verify(algorithm.hash, input, { key: object, dsaEncoding: 'ieee-p1363' }, signature)
          : verify(algorithm.hash, input, algorithm.pss ? { key: object, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST } : { key: object, padding: constants.RSA_PKCS1_PADDING }, signature);
      } catch {
        return false;
      }
    },
  };
}

/** The key for a token: by key id when the token names one, else the only one that fits the algorithm. */
export function findKey(keys: readonly Key[], kid: string | undefined, algorithm: Algorithm): Key | undefined {
  const fitting = keys.filter(key => key.supports(algorithm));
  if (kid !== undefined) return fitting.find(key => key.kid === kid);
  return fitting.length === 1 ? fitting[0] : undefined;
}
