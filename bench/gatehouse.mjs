// Gatehouse as a contender: the published program with its demo realm, its own access file, and clients made through its own admin API.
import { createHash, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { writeFileSync } from 'node:fs';
import { freePort, scratch, start } from './world.mjs';

const here = new URL('.', import.meta.url).pathname;
export const secrets = { password: 'bench-password-1', client: 'bench-secret-of-crm-sync' };

export async function serve(access, env = {}) {
  const port = await freePort();
  const file = join(scratch, 'access.yaml');
  writeFileSync(file, access);
  const child = await start('gatehouse', join(here, '.work/gatehouse/gatehouse'), ['serve', '--demo', '--port', String(port), '--data', join(scratch, 'data'), '--access', file], port, {
    GATEHOUSE_DEMO_PASSWORD: secrets.password, GATEHOUSE_DEMO_SECRET: secrets.client, ...env,
  });
  return { port, child, realm: `http://127.0.0.1:${port}/realms/contact-centre` };
}

export async function token(realm, form) {
  const answer = await fetch(`${realm}/protocol/openid-connect/token`, { method: 'POST', body: new URLSearchParams(form) });
  const body = await answer.json();
  if (!answer.ok) throw new Error(`${answer.status} ${JSON.stringify(body)}`);
  return body;
}

/** A browser in miniature: signs ada in and fetches codes with PKCE. */
export async function browser({ port, realm }) {
  const jar = new Map();
  const visit = async (url, form) => {
    const answer = await fetch(url, { redirect: 'manual', method: form ? 'POST' : 'GET', body: form, headers: { cookie: [...jar].map(one => one.join('=')).join('; ') } });
    for (const cookie of answer.headers.getSetCookie()) { const [pair] = cookie.split(';'); const at = pair.indexOf('='); jar.set(pair.slice(0, at), pair.slice(at + 1)); }
    return answer;
  };
  const page = await (await visit(`${realm}/sign-in`)).text();
  const action = /<form method="post" action="([^"]+)"/.exec(page)[1].replaceAll('&amp;', '&');
  const mark = /name="mark" value="([^"]+)"/.exec(page)[1];
  const signedIn = await visit(`http://127.0.0.1:${port}${action}`, new URLSearchParams({ mark, username: 'ada', password: secrets.password }));
  if (signedIn.status !== 303) throw new Error(`sign-in: ${signedIn.status}`);
  const redirect = 'http://127.0.0.1:53682/callback';
  return async () => {
    const verifier = randomBytes(32).toString('hex');
    const query = new URLSearchParams({ client_id: 'agent-desk', redirect_uri: redirect, response_type: 'code', scope: 'openid', code_challenge: createHash('sha256').update(verifier).digest('base64url'), code_challenge_method: 'S256' });
    const answer = await visit(`${realm}/protocol/openid-connect/auth?${query}`);
    const code = new URL(answer.headers.get('location')).searchParams.get('code');
    return token(realm, { grant_type: 'authorization_code', client_id: 'agent-desk', redirect_uri: redirect, code, code_verifier: verifier });
  };
}

/** A foreign issuer of opaque tokens: answers introspection for one token (RFC 7662). */
async function introspection(known) {
  const port = await freePort();
  const server = createServer((request, answer) => {
    let body = '';
    request.on('data', part => { body += part; });
    request.on('end', () => answer.setHeader('content-type', 'application/json').end(JSON.stringify(new URLSearchParams(body).get('token') === known
      ? { active: true, sub: 'f1d6f2c4', username: 'partner', client_id: 'partner', scope: 'api', exp: Math.floor(Date.now() / 1000) + 3600, realm_access: { roles: ['integration'] } } : { active: false })));
  });
  await new Promise(done => server.listen(port, '127.0.0.1', done));
  server.unref();
  return `http://127.0.0.1:${port}/introspect`;
}

/** The gate with tokens of all three kinds. */
export async function gatehouse(to, foreign) {
  const opaque = `opq_${randomBytes(24).toString('base64url')}`;
  const ours = await serve(`
realm: contact-centre
issuers:
  rsa: { issuer: "${foreign.issuer}", jwks: "${foreign.jwks}", audience: api, algorithms: [RS256] }
  opaque: { introspect: "${await introspection(opaque)}", client: gate, secret-env: BENCH_INTROSPECTION_SECRET }
services:
  cim-customer:
    upstreams: ["http://127.0.0.1:${to}"]
    accept: [token, "issuer:rsa", "issuer:opaque"]
    rules:
      - allow: { roles: [integration, agent] }
`, { BENCH_INTROSPECTION_SECRET: 'secret-of-the-bench' });
  const own = await token(ours.realm, { grant_type: 'client_credentials', client_id: 'crm-sync', client_secret: secrets.client });
  // Access tokens live five minutes: fetched anew for each round.
  const renew = async () => (await token(ours.realm, { grant_type: 'client_credentials', client_id: 'crm-sync', client_secret: secrets.client })).access_token;
  return {
    child: ours.child,
    contenders: [
      { name: 'gatehouse ES256', ...ours, token: own.access_token, renew },
      { name: 'gatehouse RS256', ...ours, token: foreign.token },
      { name: 'gatehouse opaque', ...ours, token: opaque },
    ],
  };
}

/** The token endpoint: client credentials, and one refresh chain per connection. */
export async function gatehouseTokens(connections) {
  const ours = await serve('realm: contact-centre\nservices:\n  none:\n    upstreams: ["http://127.0.0.1:9"]\n    rules: [{ allow: {} }]\n');
  const url = `${ours.realm}/protocol/openid-connect/token`;
  const next = await browser(ours);
  const tokens = [];
  for (let i = 0; i < connections; i++) tokens.push((await next()).refresh_token);
  return {
    child: ours.child,
    credentials: [{ name: 'gatehouse', child: ours.child, url, form: () => ({ grant_type: 'client_credentials', client_id: 'crm-sync', client_secret: secrets.client }) }],
    refresh: [{ name: 'gatehouse (durable)', child: ours.child, url, tokens, client: 'agent-desk' }],
  };
}
