/** Why a request is refused. The codes are Gatehouse's own (docs/errors.md), so that a client reads one list. */
export type FaultCode =
  | 'credential.missing' | 'credential.kind' | 'credential.conflict'
  | 'token.malformed' | 'token.type' | 'token.issuer' | 'token.signature' | 'token.expired' | 'token.early' | 'token.audience' | 'token.revoked'
  | 'verifier.unavailable' | 'scope.missing' | 'rule.denied';

const known: Record<FaultCode, readonly [status: number, title: string]> = {
  'credential.missing': [401, 'No credential was sent.'],
  'credential.kind': [401, 'This kind of credential does not count here.'],
  'credential.conflict': [400, 'More than one credential was sent.'],
  'token.malformed': [401, 'The token cannot be read.'],
  'token.type': [401, 'This is not an access token.'],
  'token.issuer': [401, 'The token is from another issuer.'],
  'token.signature': [401, "The token's signature is wrong."],
  'token.expired': [401, 'The token has expired.'],
  'token.early': [401, 'The token is not valid yet.'],
  'token.audience': [401, 'The token is meant for another audience.'],
  'token.revoked': [401, 'The token was revoked.'],
  'verifier.unavailable': [503, 'The credential cannot be checked right now.'],
  'scope.missing': [403, 'A scope is missing.'],
  'rule.denied': [403, 'You may not do this.'],
};

/** A refusal, with its HTTP status; its message is for people and holds nothing that a client sent. */
export class TokenError extends Error {
  readonly status: number;

  constructor(readonly code: FaultCode) {
    super(known[code][1]);
    this.name = 'TokenError';
    this.status = known[code][0];
  }

  /** RFC 6750's word for it; undefined where the RFC wants none. */
  get error(): string | undefined {
    if (this.status === 400) return 'invalid_request';
    if (this.status === 403) return 'insufficient_scope';
    return this.status === 401 && this.code.startsWith('token.') ? 'invalid_token' : undefined;
  }
}
