import { findKey, readKeys, type Algorithm, type Key } from './algorithm.js';
import { ask } from './asking.js';
import type { Rules } from './rules.js';
import { strictJson } from './strict.js';

const calm = 10_000;
const fresh = 600_000;

/**
 * The issuer's key set: found by discovery, fetched once for all who wait and at most once in ten seconds, renewed beside the requests after ten minutes. A token with a key that is not known makes it look again, so that
 * a rotation is felt at once; while the issuer is away, known keys go on counting.
 */
export class IssuerKeys {
  #held: { readonly keys: readonly Key[]; readonly at: number } | undefined;
  #fetching: Promise<void> | undefined;
  #triedAt = -Infinity;

  constructor(private readonly rules: Rules) {}

  /** The token's key; and whether any key set was ever had. */
  async find(kid: string | undefined, algorithm: Algorithm): Promise<{ key: Key | undefined; known: boolean }> {
    const key = this.#held && findKey(this.#held.keys, kid, algorithm);
    if (key) {
      if (this.rules.now() - this.#held!.at > fresh) void this.#fetch();
      return { key, known: true };
    }
    await this.#fetch();
    return { key: this.#held && findKey(this.#held.keys, kid, algorithm), known: this.#held !== undefined };
  }

  #fetch(): Promise<void> {
    if (this.#fetching) return this.#fetching;
    if (this.rules.now() - this.#triedAt < calm) return Promise.resolve();
    this.#triedAt = this.rules.now();
    return this.#fetching = this.#fetchNow().finally(() => { this.#fetching = undefined; });
  }

  async #fetchNow(): Promise<void> {
    const address = this.rules.keys ?? await this.#discover();
    const body = address === undefined ? undefined : await ask(this.rules, address);
    const keys = body && readKeys(strictJson(body));
    if (keys) this.#held = { keys, at: this.rules.now() };
  }

  async #discover(): Promise<string | undefined> {
    const { issuer } = this.rules;
    const body = await ask(this.rules, `${issuer.replace(/\/+$/, '')}/.well-known/openid-configuration`);
    const metadata = body && strictJson(body);
    // Metadata of another issuer is a mix-up (RFC 8414, 3.3).
    if (!metadata || metadata['issuer'] !== issuer || typeof metadata['jwks_uri'] !== 'string' || !URL.canParse(metadata['jwks_uri'])) return undefined;
    const { protocol } = new URL(metadata['jwks_uri']);
    return protocol === 'https:' || (protocol === 'http:' && issuer.startsWith('http:')) ? metadata['jwks_uri'] : undefined;
  }
}
