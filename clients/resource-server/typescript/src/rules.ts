import { isIP } from 'node:net';
import { algorithms, type Algorithm } from './algorithm.js';

/** How the issuer is asked about a token (RFC 7662). */
export interface IntrospectionRules {
  /** `…/protocol/openid-connect/token/introspect`, or the Finesse identity service's `…/ids/v1/oauth/introspect`. */
  readonly endpoint: string;
  /** This service's client id there. */
  readonly client: string;
  /** Its secret. Never in a file that is committed. */
  readonly secret: string;
  /** How long an answer is believed, in milliseconds: how late a sign-out may be felt. Default 10,000. */
  readonly cache?: number;
  /** Send the client's secret in the form instead of in Authorization, for servers that read it only there. */
  readonly secretInForm?: boolean;
}

/** Whose tokens count, and for whom they must be meant. */
export interface TrustRules {
  /** The issuer, as `iss` has it to the letter. */
  readonly issuer: string;
  /** One of these must stand in `aud`: the name of this service as the issuer knows it. */
  readonly audiences?: readonly string[];
  /** Take tokens that are meant for other services too. Whoever runs one of those can then use what it was shown here. */
  readonly anyAudience?: boolean;
  /** Algorithms that count (RFC 8725, 3.1). Default ES256, RS256, PS256. */
  readonly algorithms?: readonly Algorithm[];
  /** Types that count, in lower case and without `application/`. Default `at+jwt` (RFC 9068). */
  readonly types?: readonly string[];
  /** How far the clocks may differ, in seconds. Default 60. */
  readonly skew?: number;
  /** Address of the key set; left out to find it by discovery at the issuer. */
  readonly keys?: string;
  /** Ask the issuer about each token instead of judging it by keys. */
  readonly introspection?: IntrospectionRules;
  /** Reach the issuer in plain HTTP although it is not on this machine. For tests. */
  readonly plainHttp?: boolean;
  /** The realm that refusals name. Default `api`. */
  readonly realm?: string;
  /** For tests and site certificates. */
  readonly fetch?: typeof fetch;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

/** Rules that were judged, with their defaults. */
export interface Rules {
  readonly issuer: string;
  readonly audiences: readonly string[];
  readonly anyAudience: boolean;
  readonly algorithms: readonly Algorithm[];
  readonly types: readonly string[];
  readonly skew: number;
  readonly keys: string | undefined;
  readonly introspection: Required<IntrospectionRules> | undefined;
  readonly realm: string;
  readonly fetch: typeof fetch;
  readonly now: () => number;
}

/** Throws a TypeError for rules that cannot be: at the start, and not at the first request. */
export function judgeRules(given: TrustRules): Rules {
  const rules: Rules = {
    issuer: given.issuer, audiences: given.audiences ?? [], anyAudience: given.anyAudience ?? false, algorithms: given.algorithms ?? ['ES256', 'RS256', 'PS256'], types: given.types ?? ['at+jwt'], skew: given.skew ?? 60, keys: given.keys,
    introspection: given.introspection && { cache: 10_000, secretInForm: false, ...given.introspection }, realm: given.realm ?? 'api', fetch: given.fetch ?? fetch, now: given.now ?? Date.now,
  };
  if (!rules.issuer) throw new TypeError("The issuer is missing: as 'iss' has it, such as https://sso.example/realms/contact-centre.");
  if (rules.audiences.length === 0 && !rules.anyAudience) throw new TypeError('No audience is named: a token that was made for any other service would count here. Name this service as the issuer knows it, or say anyAudience.');
  for (const one of rules.algorithms) if (!Object.hasOwn(algorithms, one)) throw new TypeError(`The algorithm '${one}' is not one of ${Object.keys(algorithms).join(', ')}.`);
  if (!(rules.skew >= 0 && rules.skew <= 300)) throw new TypeError('Clocks may differ by five minutes at most.');
  if (!/^[\x20-\x7e]*$/.test(rules.realm) || /["\\]/.test(rules.realm)) throw new TypeError('The realm stands in a header between quotes: plain letters, digits and signs.');
  const asks = rules.introspection;
  if (asks && (!asks.client || !asks.secret || !(asks.cache >= 0 && asks.cache <= 300_000))) throw new TypeError('Introspection needs a client with its secret, and believes an answer for five minutes at most.');
  for (const address of [asks || rules.keys ? undefined : rules.issuer, rules.keys, asks?.endpoint]) if (address !== undefined) checkAddress(address, given.plainHttp ?? false);
  return rules;
}

function checkAddress(text: string, plainHttp: boolean): void {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && !url.username && !url.password && !url.hash && (url.protocol === 'https:' || (url.protocol === 'http:' && (plainHttp || isLocal(url.hostname))))) return;
  throw new TypeError(`'${text}' must be https: in plain HTTP whoever sits on the network makes tokens count.`);
}

const isLocal = (host: string): boolean => host === 'localhost' || host === '[::1]' || (isIP(host) === 4 && host.startsWith('127.'));
