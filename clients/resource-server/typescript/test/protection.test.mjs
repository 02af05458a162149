// The middleware in front of Express and node:http, with an issuer of the test's own.
import assert from 'node:assert/strict';
import { generateKeyPairSync, sign } from 'node:crypto';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import express from 'express';
import { createProtection, judgeRules, TokenError, TokenTrust } from '@gatehouse/resource-server';

const pair = () => generateKeyPairSync('ec', { namedCurve: 'P-256' });
const b64 = value => Buffer.from(JSON.stringify(value)).toString('base64url');
const listen = async handler => {
  const server = createServer(handler).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, url: `http://127.0.0.1:${server.address().port}` };
};

class Issuer {
  pairs = new Map([['one', pair()]]);
  asked = [];
  answer = { active: true, sub: 'x', aud: 'crm' };
  down = false;
  now = 1_790_000_000_000;

  async open() {
    Object.assign(this, await listen(async (request, response) => {
      let body = '';
      for await (const part of request) body += part;
      this.asked.push({ url: request.url, body, authorization: request.headers.authorization });
      if (this.down) return void response.writeHead(500).end();
      if (request.url === '/away') return void response.writeHead(302, { location: 'http://127.0.0.1:9/' }).end();
      const keys = [...this.pairs].map(([kid, one]) => ({ ...one.publicKey.export({ format: 'jwk' }), kid, use: 'sig' }));
      response.setHeader('content-type', 'application/json').end(JSON.stringify(request.url === '/jwks' ? { keys } : request.url === '/introspect' ? this.answer : { issuer: this.url, jwks_uri: `${this.url}/jwks` }));
    }));
    return this;
  }

  token(kid = 'one', more = {}) {
    const at = Math.floor(this.now / 1000);
    const input = `${b64({ alg: 'ES256', typ: 'at+jwt', kid })}.${b64({ iss: this.url, sub: 'alice-id', preferred_username: 'alice', aud: 'crm', exp: at + 300, iat: at, scope: 'calls.read', realm_access: { roles: ['agent'] }, ...more })}`;
    return `${input}.${sign('sha256', Buffer.from(input), { key: this.pairs.get(kid).privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
  }

  rules(more = {}) { return { issuer: this.url, audiences: ['crm'], now: () => this.now, realm: 'crm', ...more }; }

  asks(more = {}) { return this.rules({ introspection: { endpoint: `${this.url}/introspect`, client: 'a b', secret: 's:ö', ...more } }); }

  count(url) { return this.asked.filter(one => one.url === url).length; }
}

const code = promise => promise.then(() => 'passed', error => { assert.ok(error instanceof TokenError, error?.stack); return error.code; });

describe('protection', () => {
  let issuer, service;
  before(async () => {
    issuer = await new Issuer().open();
    const protect = createProtection(issuer.rules());
    const app = express();
    app.get('/calls', protect({ roles: ['agent', 'supervisor'], scopes: ['calls.read'] }), (request, response) => response.json({ for: request.holder.name }));
    app.get('/write', protect({ scopes: ['calls.read', 'calls.write'] }), (_, response) => response.json({}));
    app.get('/admin', protect({ roles: ['admin'] }), (_, response) => response.json({}));
    app.get('/people', protect({ gadgets: false }), (_, response) => response.json({}));
    service = await listen(app);
  });
  after(() => { issuer.server.close(); service.server.close(); });

  const ask = async (path, token, method = 'GET') => {
    const answer = await fetch(service.url + path, { method, headers: token === undefined ? {} : { authorization: `Bearer ${token}` } });
    const text = await answer.text();
    if (!answer.ok) assert.equal(answer.headers.get('content-type'), 'application/problem+json');
    return { status: answer.status, body: text ? JSON.parse(text) : undefined, challenge: answer.headers.get('www-authenticate') };
  };

  test('who may passes, and the route knows who it is', async () => assert.deepEqual((await ask('/calls', issuer.token())).body, { for: 'alice' }));
  test('nothing sent is asked for without an error', async () => assert.deepEqual(await ask('/calls'), { status: 401, body: { type: 'urn:gatehouse:error:credential.missing', title: 'No credential was sent.', status: 401, code: 'credential.missing' }, challenge: 'Bearer realm="crm"' }));
  test('a wrong token is invalid_token', async () => assert.match((await ask('/calls', `${issuer.token()}AA`)).challenge, /^Bearer realm="crm", error="invalid_token"/));
  test('a missing scope is named', async () => {
    const { status, body, challenge } = await ask('/write', issuer.token());
    assert.deepEqual([status, body.code], [403, 'scope.missing']);
    assert.match(challenge, /error="insufficient_scope".*scope="calls.read calls.write"$/);
  });
  test('a missing role is refused', async () => assert.deepEqual([(await ask('/admin', issuer.token())).status, (await ask('/admin', issuer.token())).body.code], [403, 'rule.denied']));
  test('a gadget is refused where people alone may', async () => {
    assert.equal((await ask('/people', issuer.token('one', { gadget: 'popup' }))).status, 403);
    assert.equal((await ask('/people', issuer.token())).status, 200);
  });
  test('HEAD has no body', async () => assert.deepEqual([(await ask('/calls', 'x.y.z', 'HEAD')).status, (await ask('/calls', 'x.y.z', 'HEAD')).body], [401, undefined]));
  test('two Authorization headers are a conflict', async () => {
    const socket = connect(Number(new URL(service.url).port), '127.0.0.1');
    socket.write(`GET /calls HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer ${issuer.token()}\r\nauthorization: Bearer ${issuer.token()}\r\n\r\n`);
    let text = '';
    for await (const part of socket) text += part;
    assert.match(text, /^HTTP\/1\.1 400 /);
    assert.match(text, /credential\.conflict/);
  });
});

describe('keys', () => {
  test('a new key is felt by its first token, an unknown one does not ask each time, and an outage is not ours', async () => {
    const issuer = await new Issuer().open();
    const trust = new TokenTrust(issuer.rules());
    await Promise.all(Array.from({ length: 20 }, () => trust.judge(issuer.token())));
    assert.equal(issuer.count('/jwks'), 1);
    issuer.pairs.set('two', pair());
    assert.equal(await code(trust.judge(issuer.token('two'))), 'token.signature');
    issuer.now += 10_000;
    assert.equal((await trust.judge(issuer.token('two'))).name, 'alice');
    assert.equal(issuer.count('/jwks'), 2);
    const stranger = issuer.token('two').replace(/^[^.]+/, b64({ alg: 'ES256', typ: 'at+jwt', kid: 'three' }));
    for (let i = 0; i < 50; i++) assert.equal(await code(trust.judge(stranger)), 'token.signature');
    assert.equal(issuer.count('/jwks'), 2);
    issuer.down = true;
    issuer.now += 700_000;
    assert.equal((await trust.judge(issuer.token())).name, 'alice');
    assert.equal(await code(new TokenTrust(issuer.rules()).judge(issuer.token())), 'verifier.unavailable');
    issuer.server.close();
  });
  test('metadata of another issuer is a mix-up', async () => {
    const issuer = await new Issuer().open();
    const trust = new TokenTrust(issuer.rules({ issuer: `${issuer.url}/` }));
    assert.equal(await code(trust.judge(issuer.token('one', { iss: `${issuer.url}/` }))), 'verifier.unavailable');
    issuer.server.close();
  });
});

describe('introspection', () => {
  test('one question serves all who ask at once and the next ten seconds; a sign-out is felt then', async () => {
    const issuer = await new Issuer().open();
    const trust = new TokenTrust(issuer.asks());
    await Promise.all(Array.from({ length: 20 }, () => trust.judge('opaque')));
    await trust.judge('opaque');
    assert.equal(issuer.count('/introspect'), 1);
    assert.equal(Buffer.from(issuer.asked[0].authorization.slice(6), 'base64').toString(), 'a%20b:s%3A%C3%B6');
    assert.equal(issuer.asked[0].body, 'token=opaque&token_type_hint=access_token');
    issuer.answer = { active: false };
    issuer.now += 9_999;
    await trust.judge('opaque');
    issuer.now += 1;
    assert.equal(await code(trust.judge('opaque')), 'token.revoked');
    assert.equal(await code(trust.judge('opaque')), 'token.revoked');
    assert.equal(issuer.count('/introspect'), 2);
    issuer.server.close();
  });
  test('another issuer\'s token and a huge one are shown to nobody', async () => {
    const issuer = await new Issuer().open();
    const trust = new TokenTrust(issuer.asks());
    assert.equal(await code(trust.judge(issuer.token('one', { iss: 'https://elsewhere.example' }))), 'token.issuer');
    assert.equal(await code(trust.judge('x'.repeat(20_000))), 'token.malformed');
    assert.equal(issuer.asked.length, 0);
    issuer.server.close();
  });
  test('no answer, a redirect and a wrong secret are no refusal, and nothing is remembered of them', async () => {
    const issuer = await new Issuer().open();
    const trust = new TokenTrust(issuer.asks());
    issuer.down = true;
    assert.equal(await code(trust.judge('opaque')), 'verifier.unavailable');
    issuer.down = false;
    assert.equal((await trust.judge('opaque')).subject, 'x');
    assert.equal(await code(new TokenTrust(issuer.asks({ endpoint: `${issuer.url}/away` })).judge('opaque')), 'verifier.unavailable');
    issuer.server.close();
  });
  test('an answer is not believed past the token\'s end, and a flood of guesses pushes no good one out', async () => {
    const issuer = await new Issuer().open();
    const trust = new TokenTrust(issuer.asks({ cache: 300_000 }));
    issuer.answer = { active: true, sub: 'x', aud: 'crm', exp: issuer.now / 1000 + 10 };
    await trust.judge('good');
    issuer.answer = { active: false };
    for (let i = 0; i < 300; i++) await code(trust.judge(`guess-${i}`));
    await trust.judge('good');
    issuer.now += 70_000;
    assert.equal(await code(trust.judge('good')), 'token.revoked');
    issuer.server.close();
  });
  test('the secret may stand in the form', async () => {
    const issuer = await new Issuer().open();
    await new TokenTrust(issuer.asks({ secretInForm: true })).judge('opaque');
    assert.equal(issuer.asked[0].authorization, undefined);
    assert.match(issuer.asked[0].body, /client_id=a\+b&client_secret=s%3A%C3%B6$/);
    issuer.server.close();
  });
});

describe('rules', () => {
  const good = { issuer: 'https://sso.example/realms/r', audiences: ['crm'] };
  const asks = { endpoint: 'https://sso.example/introspect', client: 'crm', secret: 'top-secret' };
  for (const [name, more] of Object.entries({
    'no issuer': { issuer: '' }, 'no audience': { audiences: [] }, 'plain HTTP': { issuer: 'http://sso.example' }, 'no address': { issuer: 'sso' }, 'keys in plain HTTP': { keys: 'http://sso.example/jwks' }, HMAC: { algorithms: ['HS256'] }, none: { algorithms: ['none'] },
    'an hour of skew': { skew: 3600 }, 'a realm that ends the quotes': { realm: 'a"b' }, 'introspection in plain HTTP': { introspection: { ...asks, endpoint: 'http://sso.example/introspect' } }, 'no secret': { introspection: { ...asks, secret: '' } }, 'an hour of belief': { introspection: { ...asks, cache: 3_600_000 } },
    'a password in the address': { issuer: 'https://user:pass@sso.example/' },
  })) test(`${name} keeps the program from starting`, () => assert.throws(() => judgeRules({ ...good, ...more }), error => error instanceof TypeError && !error.message.includes('top-secret')));
  for (const more of [{}, { audiences: [], anyAudience: true }, { issuer: 'http://127.0.0.1:8080/realms/r' }, { issuer: 'http://localhost/realms/r' }, { issuer: 'http://sso.example', plainHttp: true }, { issuer: 'sso', keys: 'https://sso.example/jwks' }, { issuer: 'sso', introspection: asks }])
    test(`${JSON.stringify(more)} may be`, () => judgeRules({ ...good, ...more }));
});
