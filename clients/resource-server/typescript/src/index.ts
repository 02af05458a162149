export { algorithms, findKey, readKeys, type Algorithm, type Key } from './algorithm.js';
export { createProtection, refuse, type Held, type Middleware, type Need } from './express.js';
export { TokenError, type FaultCode } from './fault.js';
export type { TokenHolder } from './holder.js';
export { judgeAnswer, judgeClaims, judgeHead } from './judge.js';
export { judgeRules, type IntrospectionRules, type Rules, type TrustRules } from './rules.js';
export { findToken, TokenTrust } from './trust.js';
