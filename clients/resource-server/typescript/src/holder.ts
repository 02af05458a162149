import type { JsonObject } from './strict.js';

/** Who holds a token that counts, and what it says of them. */
export interface TokenHolder {
  /** `sub`; of a client's own token its service account. */
  readonly subject: string;
  /** User name. */
  readonly name: string | undefined;
  /** Client that the token was made for. */
  readonly client: string | undefined;
  /** The gadget that the token was made for; undefined for a person's own. It is cut to some back ends and roles: ask before doing for it what only the person should. */
  readonly gadget: string | undefined;
  /** The agent's extension, where a desktop signed in with one. */
  readonly extension: string | undefined;
  /** Roles: of the realm as `agent`, of a client as `crm/reader`. */
  readonly roles: readonly string[];
  /** Groups, as paths. */
  readonly groups: readonly string[];
  /** Scopes. */
  readonly scopes: readonly string[];
  /** When the token ends, in seconds since 1970; undefined where the issuer does not say. */
  readonly expiresAt: number | undefined;
  /** All claims, as they stand. */
  readonly claims: JsonObject;
}

/** Claims whose registered members have their type. */
export interface Claims {
  readonly all: JsonObject;
  readonly issuer: string | undefined;
  readonly audience: readonly string[];
  readonly expiresAt: number | undefined;
  readonly notBefore: number | undefined;
  readonly issuedAt: number | undefined;
}

/** Reads a claims set (RFC 7519, 4) strictly: a registered claim of the wrong type refuses the whole set. */
export function readClaims(all: JsonObject): Claims | undefined {
  const [issuer, audience, expiresAt, notBefore, issuedAt] = [all['iss'], texts(all['aud']), seconds(all['exp']), seconds(all['nbf']), seconds(all['iat'])];
  if ([issuer, all['sub'], all['jti']].some(one => one !== undefined && typeof one !== 'string') || audience === undefined || expiresAt === null || notBefore === null || issuedAt === null) return undefined;
  return { all, issuer: issuer as string | undefined, audience, expiresAt, notBefore, issuedAt };
}

/** The holder; undefined where there is no subject. */
export function readHolder({ all, expiresAt }: Claims): TokenHolder | undefined {
  const subject = text(all['sub']);
  if (!subject) return undefined;
  // A realm role with a slash would pass for a client's.
  const roles = new Set(names(all['realm_access']).filter(role => !role.includes('/')));
  const clients = all['resource_access'];
  if (isObject(clients)) for (const [client, access] of Object.entries(clients)) for (const role of names(access)) roles.add(`${client}/${role}`);
  return {
    subject, name: text(all['preferred_username']) ?? text(all['username']) ?? text(all['upn']), client: text(all['azp']) ?? text(all['client_id']), gadget: text(all['gadget']), extension: text(all['extension']),
    roles: sorted(roles), groups: sorted(texts(all['groups']) ?? []), scopes: sorted((text(all['scope']) ?? '').split(' ').filter(Boolean)), expiresAt, claims: all,
  };
}

const text = (value: unknown): string | undefined => typeof value === 'string' ? value : undefined;
const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
const names = (access: unknown): string[] => isObject(access) && Array.isArray(access['roles']) ? access['roles'].filter((role): role is string => typeof role === 'string' && role.length > 0) : [];
const sorted = (values: Iterable<string>): string[] => [...new Set(values)].sort((a, b) => a < b ? -1 : a > b ? 1 : 0);

function texts(value: unknown): string[] | undefined {
  if (value === undefined) return [];
  if (typeof value === 'string') return [value];
  return Array.isArray(value) && value.every(one => typeof one === 'string') ? value : undefined;
}

// Year 9999: later instants are issued by nobody in good faith.
function seconds(value: unknown): number | null | undefined {
  if (value === undefined) return undefined;
  return typeof value === 'number' && value >= 0 && value <= 253402300799 ? Math.floor(value) : null;
}
