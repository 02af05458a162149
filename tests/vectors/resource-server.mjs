// Makes tests/vectors/resource-server.json anew: node tests/vectors/resource-server.mjs > tests/vectors/resource-server.json
// Each run makes keys of its own and forgets their private parts, so all tokens change. What is expected stands here.
import { constants, createHmac, generateKeyPairSync, sign } from 'node:crypto';

const now = 1_790_000_000;
const issuer = 'https://sso.example/realms/contact-centre';
const pairs = {
  es: generateKeyPairSync('ec', { namedCurve: 'P-256' }), es384: generateKeyPairSync('ec', { namedCurve: 'P-384' }), rs: generateKeyPairSync('rsa', { modulusLength: 2048 }), ps: generateKeyPairSync('rsa', { modulusLength: 2048 }),
  weak: generateKeyPairSync('rsa', { modulusLength: 1024 }), stranger: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
};
const jwk = (name, more = {}) => ({ ...pairs[name].publicKey.export({ format: 'jwk' }), kid: name, use: 'sig', ...more });
const keys = [jwk('es', { alg: 'ES256' }), jwk('es384'), jwk('rs'), jwk('ps', { alg: 'PS256' }), jwk('weak'), { ...jwk('rs'), kid: 'for-encryption', use: 'enc' }, { kty: 'OKP', kid: 'odd', crv: 'Ed25519', x: 'AA' }];

const b64 = value => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
const signers = {
  ES256: (name, input) => sign('sha256', input, { key: pairs[name].privateKey, dsaEncoding: 'ieee-p1363' }), ES384: (name, input) => sign('sha384', input, { key: pairs[name].privateKey, dsaEncoding: 'ieee-p1363' }),
  RS256: (name, input) => sign('sha256', input, pairs[name].privateKey), PS256: (name, input) => sign('sha256', input, { key: pairs[name].privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }),
  HS256: (name, input) => createHmac('sha256', pairs[name].publicKey.export({ type: 'spki', format: 'pem' })).update(input).digest(), none: () => Buffer.alloc(0),
};
const claims = { iss: issuer, sub: 'f1d6f2c4-6f3e-4a43-9a6f-1b1f6f2b7c11', aud: ['crm', 'account'], exp: now + 300, iat: now - 5, jti: 'a.1', azp: 'agent-desk', preferred_username: 'alice', scope: 'openid calls.read', realm_access: { roles: ['agent'] } };
const token = ({ alg = 'ES256', with: name = 'es', header = {}, body = claims, raw }) => {
  const input = `${b64({ alg, typ: 'at+jwt', kid: name, ...header })}.${raw === undefined ? b64(body) : b64(raw)}`;
  return `${input}.${signers[alg in signers ? alg : 'ES256'](name, Buffer.from(input)).toString('base64url')}`;
};
const holder = (more = {}) => ({ subject: claims.sub, name: 'alice', client: 'agent-desk', roles: ['agent'], groups: [], scopes: ['calls.read', 'openid'], expiresAt: now + 300, ...more });
const without = (...names) => Object.fromEntries(Object.entries(claims).filter(([name]) => !names.includes(name)));
const good = token({});
const edit = (text, at, to) => text.split('.').map((part, i) => i === at ? to(part) : part).join('.');

const tokens = [
  { name: 'ES256', token: good, holder: holder() },
  { name: 'RS256', token: token({ alg: 'RS256', with: 'rs' }), holder: holder() },
  { name: 'PS256', token: token({ alg: 'PS256', with: 'ps' }), holder: holder() },
  { name: 'type with application/ and in capitals', token: token({ header: { typ: 'application/AT+JWT' } }), holder: holder() },
  { name: 'no key id, and one key alone fits', token: token({ header: { kid: undefined } }), holder: holder() },
  { name: 'no key id, and the other RSA keys are for something else', token: token({ alg: 'RS256', with: 'rs', header: { kid: undefined } }), holder: holder() },
  { name: 'one audience as a text', token: token({ body: { ...claims, aud: 'crm' } }), holder: holder() },
  { name: 'expired within the skew', token: token({ body: { ...claims, exp: now - 59 } }), holder: holder({ expiresAt: now - 59 }) },
  { name: 'begins within the skew', token: token({ body: { ...claims, iat: now + 60, nbf: now + 60 } }), holder: holder() },
  { name: 'another audience, where any will do', token: token({ body: { ...claims, aud: 'wfm' } }), rules: { anyAudience: true }, holder: holder() },
  { name: 'typ JWT where the rules say so', token: token({ header: { typ: 'JWT' } }), rules: { types: ['at+jwt', 'jwt'] }, holder: holder() },
  { name: 'ES384 where the rules say so', token: token({ alg: 'ES384', with: 'es384' }), rules: { algorithms: ['ES384'] }, holder: holder() },
  { name: 'roles of realm and clients, groups, extension', token: token({ body: { ...claims, realm_access: { roles: ['supervisor', 'agent', 'agent', 'crm/admin', 7, ''] }, resource_access: { crm: { roles: ['reader'] }, wfm: { roles: ['planner', ''] }, odd: 'no', none: {} }, groups: ['/teams/north', '/a'], extension: '2001' } }), holder: holder({ roles: ['agent', 'crm/reader', 'supervisor', 'wfm/planner'], groups: ['/a', '/teams/north'], extension: '2001' }) },
  { name: 'a gadget\'s token', token: token({ body: { ...claims, gadget: 'crm-popup', aud: 'crm', scope: 'gadget' } }), holder: holder({ gadget: 'crm-popup', scopes: ['gadget'] }) },
  { name: 'a service account', token: token({ body: { ...without('realm_access', 'scope'), client_id: 'crm-sync', azp: undefined, preferred_username: 'service-account-crm-sync' } }), holder: { ...holder({ name: 'service-account-crm-sync', client: 'crm-sync', roles: [], scopes: [] }) } },
  { name: 'roles of the wrong types are none', token: token({ body: { ...claims, realm_access: ['agent'], resource_access: 'agent', groups: 7 } }), holder: holder({ roles: [] }) },
  { name: 'a key in the header is looked at by nobody', token: token({ header: { jwk: pairs.stranger.publicKey.export({ format: 'jwk' }) } }), holder: holder() },

  { name: 'expired', token: token({ body: { ...claims, exp: now - 60 } }), fault: 'token.expired' },
  { name: 'not yet by nbf', token: token({ body: { ...claims, nbf: now + 61 } }), fault: 'token.early' },
  { name: 'not yet by iat', token: token({ body: { ...claims, iat: now + 61 } }), fault: 'token.early' },
  { name: 'another audience', token: token({ body: { ...claims, aud: ['wfm', 'account'] } }), fault: 'token.audience' },
  { name: 'audience in capitals', token: token({ body: { ...claims, aud: 'CRM' } }), fault: 'token.audience' },
  { name: 'no audience', token: token({ body: without('aud') }), fault: 'token.audience' },
  { name: 'another issuer', token: token({ body: { ...claims, iss: 'https://evil.example/realms/contact-centre' } }), fault: 'token.issuer' },
  { name: 'issuer with a slash more', token: token({ body: { ...claims, iss: `${issuer}/` } }), fault: 'token.issuer' },
  { name: 'no issuer', token: token({ body: without('iss') }), fault: 'token.issuer' },
  { name: 'an ID token', token: token({ header: { typ: 'JWT' } }), fault: 'token.type' },
  { name: 'no type', token: token({ header: { typ: undefined } }), fault: 'token.type' },
  { name: 'alg none', token: token({ alg: 'none' }), fault: 'token.malformed' },
  { name: 'alg none with a signature', token: edit(good, 0, () => b64({ alg: 'none', typ: 'at+jwt', kid: 'es' })), fault: 'token.malformed' },
  { name: 'alg NONE', token: token({ header: { alg: 'nOnE' } }), fault: 'token.malformed' },
  { name: 'HS256 with the public key for a secret', token: token({ alg: 'HS256', with: 'rs' }), fault: 'token.malformed' },
  { name: 'alg in small letters', token: token({ header: { alg: 'es256' } }), fault: 'token.malformed' },
  { name: 'alg is no text', token: token({ header: { alg: ['ES256'] } }), fault: 'token.malformed' },
  { name: 'an algorithm that the rules leave out', token: token({ alg: 'ES384', with: 'es384' }), fault: 'token.signature' },
  { name: 'an algorithm that the key is not for', token: token({ alg: 'RS256', with: 'ps' }), fault: 'token.signature' },
  { name: 'an unknown key', token: token({ header: { kid: 'yesterday' } }), fault: 'token.signature' },
  { name: 'a key for encryption', token: token({ alg: 'RS256', with: 'rs', header: { kid: 'for-encryption' } }), fault: 'token.signature' },
  { name: 'a key that is too short', token: token({ alg: 'RS256', with: 'weak' }), fault: 'token.signature' },
  { name: 'a stranger\'s key under a known name', token: token({ with: 'stranger', header: { kid: 'es' } }), fault: 'token.signature' },
  { name: 'a stranger\'s key in the header', token: token({ with: 'stranger', header: { kid: 'es', jwk: pairs.stranger.publicKey.export({ format: 'jwk' }) } }), fault: 'token.signature' },
  { name: 'a stranger\'s key by address', token: token({ with: 'stranger', header: { jku: 'https://evil.example/jwks', kid: 'stranger' } }), fault: 'token.signature' },
  { name: 'payload tampered with', token: edit(good, 1, () => b64({ ...claims, realm_access: { roles: ['admin'] } })), fault: 'token.signature' },
  { name: 'header tampered with', token: edit(good, 0, () => b64({ alg: 'ES256', typ: 'at+jwt', kid: 'es', x: 1 })), fault: 'token.signature' },
  { name: 'signature of another token', token: edit(good, 2, () => token({ body: { ...claims, jti: 'a.2' } }).split('.')[2]), fault: 'token.signature' },
  { name: 'signature of zeros (CVE-2022-21449)', token: edit(good, 2, () => Buffer.alloc(64).toString('base64url')), fault: 'token.signature' },
  { name: 'signature in DER', token: (() => { const input = good.split('.').slice(0, 2).join('.'); return `${input}.${sign('sha256', Buffer.from(input), pairs.es.privateKey).toString('base64url')}`; })(), fault: 'token.signature' },
  { name: 'signature cut short', token: edit(good, 2, part => Buffer.from(part, 'base64url').subarray(0, 63).toString('base64url')), fault: 'token.signature' },
  { name: 'critical header', token: token({ header: { crit: ['exp'], exp: now + 300 } }), fault: 'token.malformed' },
  { name: 'empty critical header', token: token({ header: { crit: [] } }), fault: 'token.malformed' },
  { name: 'b64 unmarked', token: token({ header: { b64: false } }), fault: 'token.malformed' },
  { name: 'no signature', token: good.split('.').slice(0, 2).join('.') + '.', fault: 'token.malformed' },
  { name: 'two parts', token: good.split('.').slice(0, 2).join('.'), fault: 'token.malformed' },
  { name: 'five parts', token: `${good}.AA.AA`, fault: 'token.malformed' },
  { name: 'padded', token: `${good}=`, fault: 'token.malformed' },
  { name: 'odd last bits', token: edit(good, 1, part => { const bits = Buffer.from(part, 'base64url'); const made = bits.length % 3 === 0 ? b64({ ...claims, pad: '' }) + '' : part; return made.slice(0, -1) + String.fromCharCode(made.charCodeAt(made.length - 1) + 1); }), fault: 'token.malformed' },
  { name: 'opaque', token: 'gtrefresh_abcdefgh', fault: 'token.malformed' },
  { name: 'payload is no JSON', token: token({ raw: '{"iss":' }), fault: 'token.malformed' },
  { name: 'payload is a list', token: token({ raw: '[]' }), fault: 'token.malformed' },
  { name: 'a claim twice', token: token({ raw: JSON.stringify(claims).replace('{', '{"sub":"admin",') }), fault: 'token.malformed' },
  { name: 'a claim twice, once in disguise', token: token({ raw: JSON.stringify(claims).replace('{', '{"s\\u0075b" \n :"admin",') }), fault: 'token.malformed' },
  { name: 'a header member twice', token: (() => { const input = `${b64('{"alg":"ES256","typ":"at+jwt","kid":"es","alg":"ES256"}')}.${b64(claims)}`; return `${input}.${signers.ES256('es', Buffer.from(input)).toString('base64url')}`; })(), fault: 'token.malformed' },
  { name: 'no end', token: token({ body: without('exp') }), fault: 'token.malformed' },
  { name: 'an end in words', token: token({ body: { ...claims, exp: String(now + 300) } }), fault: 'token.malformed' },
  { name: 'an end beyond all time', token: token({ raw: JSON.stringify(claims).replace(`"exp":${now + 300}`, '"exp":1e300') }), fault: 'token.malformed' },
  { name: 'no subject', token: token({ body: without('sub') }), fault: 'token.malformed' },
  { name: 'subject is a number', token: token({ body: { ...claims, sub: 7 } }), fault: 'token.malformed' },
  { name: 'audience is an object', token: token({ body: { ...claims, aud: { crm: true } } }), fault: 'token.malformed' },
  { name: 'half a surrogate', token: token({ raw: JSON.stringify(claims).replace('"alice"', '"\\ud800"') }), fault: 'token.malformed' },
  { name: 'nested too deep', token: token({ body: { ...claims, deep: JSON.parse('['.repeat(20) + ']'.repeat(20)) } }), fault: 'token.malformed' },
  { name: 'huge', token: token({ body: { ...claims, pad: 'x'.repeat(16_000) } }), fault: 'token.malformed' },
];

const headers = [
  { name: 'one token', authorization: ['Bearer abc'], token: 'abc' },
  { name: 'scheme in any case', authorization: ['bEARER   abc '], token: 'abc' },
  { name: 'nothing', authorization: [], fault: 'credential.missing' },
  { name: 'an empty header', authorization: [''], fault: 'credential.missing' },
  { name: 'two headers', authorization: ['Bearer a', 'Bearer a'], fault: 'credential.conflict' },
  { name: 'two tokens in one header', authorization: ['Bearer a, Bearer b'], fault: 'credential.conflict' },
  { name: 'a name and password', authorization: ['Basic YWxpY2U6eA=='], fault: 'credential.kind' },
  { name: 'no scheme', authorization: ['abc'], fault: 'credential.kind' },
  { name: 'a scheme alone', authorization: ['Bearer '], fault: 'token.malformed' },
  { name: 'a blank inside', authorization: ['Bearer a b'], fault: 'token.malformed' },
  { name: 'signs that no token has', authorization: ['Bearer a"b'], fault: 'token.malformed' },
];

const active = { active: true, token_type: 'Bearer', typ: 'Bearer', ...claims };
const answers = [
  { name: 'active', body: active, holder: holder() },
  { name: 'without issuer, end and types, as others answer', body: { active: true, sub: 'x', aud: 'crm', username: 'bob', client_id: 'portal' }, holder: { subject: 'x', name: 'bob', client: 'portal', roles: [], groups: [], scopes: [] } },
  { name: 'a Finesse agent by principal name', body: { ...active, preferred_username: undefined, upn: 'agent1@cc.example', extension: '1001' }, holder: holder({ name: 'agent1@cc.example', extension: '1001' }) },
  { name: 'inactive', body: { active: false }, fault: 'token.revoked' },
  { name: 'active in words', body: { ...active, active: 'true' }, fault: 'token.revoked' },
  { name: 'no word of it', body: { sub: 'x', aud: 'crm' }, fault: 'token.revoked' },
  { name: 'a refresh token', body: { ...active, typ: 'Refresh' }, fault: 'token.type' },
  { name: 'an ID token', body: { ...active, typ: 'ID' }, fault: 'token.type' },
  { name: 'bound to a key that is not shown', body: { ...active, token_type: 'DPoP' }, fault: 'token.type' },
  { name: 'another issuer', body: { ...active, iss: 'https://evil.example' }, fault: 'token.issuer' },
  { name: 'another audience', body: { ...active, aud: 'wfm' }, fault: 'token.audience' },
  { name: 'no audience', body: { ...active, aud: undefined }, fault: 'token.audience' },
  { name: 'over all the same', body: { ...active, exp: now - 60 }, fault: 'token.expired' },
  { name: 'not begun', body: { ...active, nbf: now + 61 }, fault: 'token.early' },
  { name: 'nobody', body: { ...active, sub: undefined }, fault: 'token.malformed' },
  { name: 'not JSON', text: '<html>', fault: 'verifier.unavailable' },
  { name: 'active twice', text: '{"active":false,"active":true,"sub":"x","aud":"crm"}', fault: 'verifier.unavailable' },
];

const rows = list => `[\n${list.map(one => `    ${JSON.stringify(one)}`).join(',\n')}\n  ]`;
console.log(`{\n  "now": ${now},\n  "rules": ${JSON.stringify({ issuer, audiences: ['crm'] })},\n  "keys": ${JSON.stringify({ keys })},\n  "tokens": ${rows(tokens)},\n  "headers": ${rows(headers)},\n  "answers": ${rows(answers)}\n}`);
