import type { IncomingMessage, ServerResponse } from 'node:http';
import { TokenError } from './fault.js';
import type { TokenHolder } from './holder.js';
import type { TrustRules } from './rules.js';
import { findToken, TokenTrust } from './trust.js';

/** What a route asks of the holder; what is left out asks nothing. */
export interface Need {
  /** One of these. */
  readonly roles?: readonly string[];
  /** All of these. */
  readonly scopes?: readonly string[];
  /** False refuses tokens of gadgets. */
  readonly gadgets?: boolean;
}

/** A request that passed: who holds its token stands in `request.holder`. */
export type Held<R = IncomingMessage> = R & { holder: TokenHolder };

/** Express' middleware; node:http takes it as well. */
export type Middleware = (request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void) => void;

/** `const protect = createProtection({ issuer, audiences: ['crm'] }); app.get('/calls', protect({ roles: ['agent'] }), …)` */
export function createProtection(rules: TrustRules): (need?: Need) => Middleware {
  const trust = new TokenTrust(rules);
  return (need = {}) => (request, response, next) => {
    judge(trust, request, need).then(holder => {
      (request as Held).holder = holder;
      next();
    }, (error: unknown) => {
      if (error instanceof TokenError) refuse(response, error, trust.rules.realm, need, request.method);
      else next(error);
    });
  };
}

async function judge(trust: TokenTrust, request: IncomingMessage, need: Need): Promise<TokenHolder> {
  // Node joins nothing here and keeps the first of two Authorization headers: only the raw list shows that there were two.
  const sent = request.rawHeaders.filter((_, i) => i % 2 === 1 && request.rawHeaders[i - 1]?.toLowerCase() === 'authorization');
  const holder = await trust.judge(findToken(sent));
  if (need.scopes?.some(scope => !holder.scopes.includes(scope))) throw new TokenError('scope.missing');
  if ((need.roles && !need.roles.some(role => holder.roles.includes(role))) || (need.gadgets === false && holder.gadget !== undefined)) throw new TokenError('rule.denied');
  return holder;
}

/** Writes a refusal: RFC 6750's challenge and problem+json (RFC 9457). */
export function refuse(response: ServerResponse, error: TokenError, realm: string, need: Need = {}, method?: string): void {
  const body = JSON.stringify({ type: `urn:gatehouse:error:${error.code}`, title: error.message, status: error.status, code: error.code });
  const scope = error.code === 'scope.missing' ? `, scope="${need.scopes?.join(' ') ?? ''}"` : '';
  response.writeHead(error.status, {
    ...(error.status === 503 ? { 'retry-after': '5' } : { 'www-authenticate': `Bearer realm="${realm}"${error.error === undefined ? '' : `, error="${error.error}", error_description="${error.message}"`}${scope}` }),
    'content-type': 'application/problem+json', 'content-length': Buffer.byteLength(body), 'cache-control': 'no-store',
  });
  response.end(method === 'HEAD' ? undefined : body);
}
