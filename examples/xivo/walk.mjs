// The walk: each step is shown, and ends it when it is not as told.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile, readFile } from 'node:fs/promises';
import WebSocket from 'ws';
import { freePort, start, stopAll, until } from '../around.mjs';
import { Browser, cas, kerberos, openId, xuc } from './world.mjs';

const gatehouse = process.env.GATEHOUSE;
const folder = process.cwd();
const data = `${folder}/data`;
const realm = 'contact-centre';
const say = step => console.log(`ok ${step}`);

// A command of ours; what it must not have in its arguments goes in by its input.
async function command(words, { input = '', env = {} } = {}) {
  const child = spawn(gatehouse, [...words, ...(words[0] === 'xivo' ? [] : words[0] === 'realms' ? ['--data', data] : ['--realm', realm, '--data', data])], { env: { ...process.env, ...env } });
  let [out, err] = ['', ''];
  child.stdout.on('data', text => { out += text; });
  child.stderr.on('data', text => { err += text; });
  child.stdin.end(input);
  const [code] = await once(child, 'close');
  return { code, out, err };
}

async function done(words, options) {
  const { code, out, err } = await command(words, options);
  assert.equal(code, 0, `gatehouse ${words.join(' ')}\n${out}${err}`);
  return out.trim();
}

try {
  // The site as it is: a domain with tickets, a CAS server, an OpenID provider, a XUC server, a file with the shared secret.
  const site = await xuc();
  const page = `${site.url}/ucassistant`;
  const [kdc, casUrl, issuer] = await Promise.all([kerberos(`${folder}/kdc`), cas(`${folder}/cas`), openId(page)]);
  await writeFile(`${folder}/custom.env`, 'PLAY_AUTH_TOKEN=the-value-that-everybody-has-had-for-years\n');
  await writeFile(`${folder}/custom.env.before`, '');
  say('the site stands: Kerberos, CAS, OpenID, XUC');

  // Gatehouse: a realm, its people, the client that stands for XiVO's tokens, the three who vouch.
  await mkdir(data);
  await writeFile(`${data}/gatehouse.json`, JSON.stringify({ facades: { xivo: { realm } } }));
  await done(['realms', 'add', realm]);
  await done(['clients', 'add', 'xivo', '--exchange']);
  await done(['users', 'add', 'alice'], { input: 'walk-on-water-7\n' });
  await done(['providers', 'add', 'desktop', '--kind', 'kerberos', '--set', `keytab=${kdc.keytab}`, '--set', 'service=HTTP/localhost']);
  await done(['providers', 'add', 'cas', '--kind', 'cas', '--set', `url=${casUrl}`, '--set', `services=${page}`, '--map', 'mail -> attribute xivo.ctiLogin', '--map', 'mail -> attribute xivo.profile']);
  await done(['providers', 'add', 'op', '--kind', 'oidc', '--set', `issuer=${issuer}`, '--set', 'clientId=gatehouse', '--secret', 'clientSecret=env:OP_SECRET', '--set', 'tradesIdTokensOf=xivo-web', '--set', `tradesCodesAt=${page}`, '--map', 'groups=agents -> attribute xivo.ctiLogin', '--map', 'groups=agents -> attribute xivo.profile'], { env: { OP_SECRET: 'secret-of-gatehouse' } });
  const port = await freePort();
  const env = { XUC: site.url, RECORDING: site.url, CUSTOM_ENV: `${folder}/custom.env`, CUSTOM_ENV_BEFORE: `${folder}/custom.env.before`, PLAY_UNTIL: new Date(Date.now() + 30 * 86_400_000).toISOString().slice(0, 10) };
  const server = await start(gatehouse, ['serve', '--data', data, '--access', `${folder}/access.yaml`, '--port', String(port)], env, /listens on (http:\S+)/);
  const origin = `http://127.0.0.1:${port}`;
  const auth = `${origin}/xuc/api/2.0/auth`;
  const ask = async (url, options) => {
    const answer = await fetch(url, options);
    const body = await answer.text();
    return { status: answer.status, body: body.startsWith('{') ? JSON.parse(body) : body };
  };
  const login = (name, password) => ask(`${auth}/login`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ login: name, password, softwareType: 'webBrowser' }) });
  const bearer = token => ({ headers: { authorization: `Bearer ${token}` } });
  const fails = (answer, status, error) => assert.deepEqual([answer.status, answer.body.error], [status, error], JSON.stringify(answer));
  say('Gatehouse stands, in six commands and one file');

  // Login: each missing property is told, once the password was right.
  fails(await login('alice', 'wrong'), 401, 'InvalidCredentials');
  assert.match((await login('alice', 'walk-on-water-7')).body.message, /CTI login is not enabled/);
  await done(['users', 'attributes', 'alice', '--set', 'xivo.ctiLogin=true']);
  await until('the next property is told', async () => /No profile is set/.test((await login('alice', 'walk-on-water-7')).body.message));
  await done(['users', 'attributes', 'alice', '--set', 'xivo.profile=Agent']);
  const alice = (await until('alice signs in', async () => { const got = await login('alice', 'walk-on-water-7'); return got.status === 200 && got; })).body;
  assert.deepEqual(Object.keys(alice), ['login', 'token', 'TTL']);
  say('login, and what is missing is told by name');
  const checked = await ask(`${auth}/check`, bearer(alice.token));
  assert.ok(checked.status === 200 && checked.body.token !== alice.token);
  fails(await ask(`${auth}/check`, bearer('nonsense')), 401, 'InvalidToken');
  say('check renews');

  // Kerberos: mina has a ticket of her desktop's, and nothing else.
  fails(await kdc.ask(`${auth}/sso`), 403, 'UserNotFound');
  await done(['users', 'attributes', 'mina', '--set', 'xivo.ctiLogin=true', '--set', 'xivo.profile=Agent']);
  const mina = await until('mina signs in by her ticket', async () => { const got = await kdc.ask(`${auth}/sso`); return got.status === 200 && got.body; });
  assert.equal(mina.login, 'mina');
  fails(await kdc.ask(`${auth}/sso`, 'other.localhost'), 403, 'SsoAuthenticationFailed');
  assert.equal((await fetch(`${auth}/sso`)).headers.get('www-authenticate'), 'Negotiate');
  say('Kerberos, and a ticket for another service is refused');

  // CAS: dwho signs in there for the page; the page trades the ticket.
  const doctor = new Browser();
  const ticketFor = async service => {
    const at = `${casUrl}/login?service=${encodeURIComponent(service)}`;
    const shown = await doctor.go(at, service);
    const there = shown.text ? await doctor.submit(shown, { user: 'dwho', password: 'dwho' }, service) : shown;
    return new URL(there.url).searchParams.get('ticket');
  };
  const ticket = await ticketFor(page);
  const byCas = shown => ask(`${auth}/cas?service=${encodeURIComponent(page)}&ticket=${encodeURIComponent(shown)}`);
  assert.equal((await byCas(ticket)).body.login, 'dwho');
  fails(await byCas(ticket), 401, 'CasServerInvalidTicket');
  fails(await byCas(await ticketFor(`${site.url}/elsewhere`)), 403, 'CasServerInvalidService');
  say('CAS, once, and for the page alone');

  // OpenID: the page's own ID token; then a code that the page was given for us.
  const codeFor = async (client, name) => {
    const browser = new Browser();
    const query = new URLSearchParams({ client_id: client, redirect_uri: page, response_type: 'code', scope: 'openid profile' });
    const asked = await browser.go(`${issuer}/auth?${query}`, page);
    const consent = await browser.submit(asked, { login: name, password: 'anything' }, page);
    const back = consent.text ? await browser.submit(consent, {}, page) : consent;
    return new URL(back.url).searchParams.get('code');
  };
  const redeemed = await ask(`${issuer}/token`, { method: 'POST', headers: { authorization: `Basic ${btoa('xivo-web:secret-of-the-page')}` }, body: new URLSearchParams({ grant_type: 'authorization_code', code: await codeFor('xivo-web', 'oda'), redirect_uri: page }) });
  assert.equal((await ask(`${auth}/oidc?token=${redeemed.body.id_token}`)).body.login, 'oda');
  fails(await ask(`${auth}/oidc?token=${redeemed.body.id_token}`), 401, 'OidcAuthenticationFailed');
  const byCode = async code => ask(`${auth}/oidc`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ redirectUri: page, code }) });
  assert.equal((await byCode(await codeFor('gatehouse', 'olga'))).body.login, 'olga');
  fails(await byCode('made-up'), 401, 'OidcAuthenticationFailed');
  say('OpenID, by token and by code');

  // Behind the gate: the token in XiVO's header; never in the address where that is not declared.
  const contacts = `${origin}/xuc/api/2.0/contact/personal`;
  assert.equal((await ask(contacts, { headers: { 'x-auth-token': alice.token, referer: `${page}?token=${alice.token}&tab=2` } })).status, 200);
  assert.ok(site.last().headers['x-auth-token'].startsWith('eyJ') && site.last().headers['x-auth-token'] !== alice.token);
  assert.equal(site.last().headers.referer, `${page}?tab=2`);
  fails(await ask(contacts), 401, 'BearerNotFound');
  fails(await ask(`${contacts}?token=${alice.token}`), 400, 'credential.in-query');
  fails(await ask(contacts, { headers: { 'x-auth-token': alice.token, authorization: `Bearer ${mina.token}` } }), 400, 'credential.conflict');
  say('the token in a header, swapped; in the address refused');

  // The CTI socket: the token in the query, where a browser cannot do otherwise; it ends with the session.
  const socket = new WebSocket(`ws://127.0.0.1:${port}/xuc/api/2.0/cti?token=${alice.token}`);
  const closed = once(socket, 'close');
  const [greeting] = await once(socket, 'message');
  assert.equal(JSON.parse(greeting).msgType, 'LoggedOn');
  assert.ok(site.last().url.includes('token=eyJ') && !site.last().url.includes(alice.token));
  await done(['users', 'disable', 'alice']);
  assert.equal((await closed)[0], 4401);
  assert.equal((await ask(`${auth}/check`, bearer(alice.token))).status, 401);
  say('a WebSocket by query token, swapped at the edge, ended with its session');

  // The shared secret: one value, then two while it is rotated, then none.
  const records = headers => ask(`${origin}/recording/records/search`, { method: 'POST', headers, body: '{}' });
  const [before, after] = ['the-value-that-everybody-has-had-for-years', 'the-value-that-was-drawn-this-morning'];
  assert.equal((await records({ 'x-auth-token': before })).status, 200);
  assert.equal((await records({ 'x-auth-token': after })).status, 401);
  await writeFile(`${folder}/custom.env.before`, `PLAY_AUTH_TOKEN=${before}\n`);
  await writeFile(`${folder}/custom.env`, `PLAY_AUTH_TOKEN=${after}\n`);
  assert.notEqual((await command(['xivo', 'check', `${folder}/custom.env`, `${folder}/custom.env.before`])).code, 0);
  await until('both values count', async () => (await records({ 'x-auth-token': after })).status === 200 && (await records({ 'x-auth-token': before })).status === 200);
  await writeFile(`${folder}/custom.env.before`, `PLAY_AUTH_TOKEN=${after}\n`);
  await done(['xivo', 'check', `${folder}/custom.env`, `${folder}/custom.env.before`]);
  await until('the old value counts no more', async () => (await records({ 'x-auth-token': before })).status === 401);
  say('the shared token, two values alive, then one');
  const secret = await done(['clients', 'add', 'reports', '--service-account']);
  const { body: { access_token: own } } = await ask(`${origin}/realms/${realm}/protocol/openid-connect/token`, { method: 'POST', body: new URLSearchParams({ grant_type: 'client_credentials', client_id: 'reports', client_secret: secret.split(/\s/).at(-1) }) });
  assert.equal((await records({ authorization: `Bearer ${own}` })).status, 200);
  await writeFile(`${folder}/access.yaml`, (await readFile(`${folder}/access.yaml`, 'utf8')).replace('accept: [token, "legacy:play"]', 'accept: [token]').replace('[reports, "legacy:play"]', '[reports]'));
  await until('the shared token is weaned', async () => (await records({ 'x-auth-token': after })).status === 401);
  assert.equal((await records({ authorization: `Bearer ${own}` })).status, 200);
  say('weaned: a service account of its own in its place');

  // Nothing that was written down holds a token or a secret.
  for (const hidden of [alice.token, mina.token, own, before, after, ticket]) assert.ok(!server.output().includes(hidden));
  assert.ok((await done(['audit', 'list', '--json'])).includes('cti_login_not_enabled'));
  say('refusals are in the audit log, tokens in no log');
} finally {
  stopAll();
}
process.exit(0);
