// The walk: each step is shown, and ends it when it is not as told.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { chromium } from 'playwright-core';
import { freePort, start, stopAll, until } from '../around.mjs';
import { saml, thirdParty } from './world.mjs';

const gatehouse = process.env.GATEHOUSE;
const folder = process.cwd();
const data = `${folder}/data`;
const realm = 'contact-centre';
const say = step => console.log(`ok ${step}`);

// A command of ours; what it must not have in its arguments goes in by its input.
async function done(words, input = '') {
  const child = spawn(gatehouse, [...words, ...(words[0] === 'realms' ? ['--data', data] : ['--realm', realm, '--data', data])]);
  let [out, err] = ['', ''];
  child.stdout.on('data', text => { out += text; });
  child.stderr.on('data', text => { err += text; });
  child.stdin.end(input);
  const [code] = await once(child, 'close');
  assert.equal(code, 0, `gatehouse ${words.join(' ')}\n${out}${err}`);
  return out.trim();
}

const ask = async (url, options) => {
  const answer = await fetch(url, options);
  const text = await answer.text();
  return { status: answer.status, text, json: () => JSON.parse(text) };
};
const element = (xml, name) => new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1];

let browser;
try {
  // The site: a SAML provider for those who have single sign-on, a third party's service.
  const [provider, service] = await Promise.all([saml(`${folder}/idp`), thirdParty()]);
  say('the site stands: a SAML provider, a third party\'s service');

  // Gatehouse: a realm, the desktop's client, the third party's, the provider, and olga, who has a password here.
  await mkdir(data);
  const lastDay = new Date(Date.now() + 90 * 86_400_000).toISOString().slice(0, 10);
  await writeFile(`${data}/gatehouse.json`, JSON.stringify({ facades: { finesse: { realm, mode: 'HYBRID', seats: 'mobility', domain: 'example.org', withoutPkce: [`crm until ${lastDay}`] }, gadgets: { realm, passwords: true, list: [{ id: 'customers', spec: `${service.url}/gadget.xml`, audiences: ['crm'], targets: [`${service.url}/customers`] }] } } }));
  await done(['realms', 'add', realm]);
  await done(['clients', 'add', 'finesse', '--exchange', '--audience', 'crm']);
  const secret = (await done(['clients', 'add', 'crm', '--redirect-uri', `${service.url}/back`])).split(/\s/).at(-1);
  await done(['users', 'add', 'olga'], 'walk-on-water-7\n');
  await done(['providers', 'add', 'company', '--kind', 'saml', '--title', 'Company sign-in', '--set', `metadataUrl=${provider.metadata}`, '--set', 'requireEncrypted=true', '--set', 'allowCbc=true']);
  const port = await freePort();
  const server = await start(gatehouse, ['serve', '--data', data, '--access', `${folder}/access.yaml`, '--port', String(port)], { CRM: service.url }, /listens on (http:\S+)/);
  const origin = `http://127.0.0.1:${port}`;
  const api = `${origin}/finesse/api`;
  await provider.trust((await ask(`${origin}/realms/${realm}/broker/company/endpoint/descriptor`)).text);
  Object.assign(service.state, { origin, secret });
  say('Gatehouse stands, in five commands and one file');

  // Who signs in how, before anybody did: olga with her password, others by SSO.
  const system = (await ask(`${api}/SystemInfo`)).text;
  assert.deepEqual([element(system, 'systemAuthMode'), element(system, 'status')], ['HYBRID', 'IN_SERVICE']);
  for (const [name, mode] of [['olga', 'NON_SSO'], ['mina', 'SSO'], ['nobody', 'SSO']]) assert.equal(element((await ask(`${api}/UserAuthMode/${name}`)).text, 'authMode'), mode);
  say('HYBRID: each person has a way of their own');

  browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] });
  const open = async () => { const context = await browser.newContext({ locale: 'en-US' }); context.setDefaultTimeout(20_000); return context; };
  const token = `${origin}/desktop/sso/token?return_refresh_token=true&cc_username=`;
  const body = async page => JSON.parse(await page.evaluate(() => document.body.innerText));
  const viaSaml = async (page, name) => {
    await page.click('text=Company sign-in');
    await page.fill('input[name=username]', name);
    await page.fill('input[name=password]', `${name}-password`);
    await page.press('input[name=password]', 'Enter');
  };
  const sit = async (page, extension) => { await page.fill('#extension', extension); await page.press('#extension', 'Enter'); };

  // SSO: mina's browser goes to the desktop's address, through the SAML provider, to the question where she sits, and back.
  const minas = await open();
  const page = await minas.newPage();
  await page.goto(token + 'mina');
  await viaSaml(page, 'mina');
  await page.waitForURL(/\/seat\?/);
  await sit(page, '1573');
  await page.waitForURL(/\/desktop\/sso\/token/);
  const mina = await body(page);
  assert.deepEqual([mina.user_id, mina.user_principal, mina.realm], ['mina', 'mina@example.org', 'example.org']);
  const bearer = { headers: { authorization: `Bearer ${mina.token}` } };
  const own = (await ask(`${api}/User/mina`, bearer)).text;
  assert.deepEqual([element(own, 'extension'), element(own, 'loginName'), element(own, 'firstName')], ['1573', 'mina', 'Mina']);
  say('SSO by SAML in a real browser, with an extension');

  // The test page tells the desktop's own origin, and nobody else who happens to hold it.
  await page.goto(`${origin}/realms/${realm}/signed-in`);
  const heard = await page.evaluate(at => new Promise(resolve => { addEventListener('message', event => resolve([event.origin, event.data])); open(at, 'test'); }), `${origin}/desktop/sso/test`);
  assert.deepEqual(heard, [origin, { status: 'true', errorMessage: '' }]);
  const stranger = await minas.newPage();
  await stranger.goto(`${service.url}/`);
  const told = await stranger.evaluate(at => new Promise(resolve => { addEventListener('message', event => resolve(event.data)); const other = open(at, 'test'); const wait = setInterval(() => { if (!other || other.closed) resolve('closed'); }, 50); setTimeout(() => { clearInterval(wait); resolve('nothing'); }, 2000); }), `${origin}/desktop/sso/test`);
  assert.equal(told, 'nothing');
  await stranger.close();
  say('the SSO test tells the desktop alone');

  // Without SSO: olga opens the desktop in her browser, by name, password and extension. The one that mina has is refused in plain words.
  const olgas = await open();
  const desk = await olgas.newPage();
  await desk.goto(`${origin}/desk`);
  await desk.fill('#username', 'olga');
  await desk.press('#username', 'Enter');
  for (const extension of ['1573', '1574']) {
    await desk.fill('#password', 'walk-on-water-7');
    await desk.fill('#extension', extension);
    await desk.press('#extension', 'Enter');
    if (extension === '1573') await desk.waitForSelector('[role=alert]');
  }
  const olgasGadget = desk.frameLocator('iframe[name="gadget-customers"]');
  await olgasGadget.locator('text=olga: Okafor & Daughters').waitFor();
  assert.match(await desk.textContent('header'), /olga.*1574/s);
  // Her gadget has a token, and her password stands nowhere in what it was given.
  const held = await desk.frames().find(one => one.name() === 'gadget-customers').evaluate(() => JSON.stringify(finesse.gadget.Config));
  assert.ok(JSON.parse(held).authToken && !held.includes('walk-on-water-7') && !held.includes(btoa('olga:walk-on-water-7')));
  say('without SSO the real desktop in a real browser, with a gadget that has no password');

  // What the desktop sends is Finesse's own: her password with each request, and no session of a browser.
  const other = await olgas.newPage();
  await other.goto(`${origin}/crm/agent.html`);
  const call = (user, password, method = 'GET', xml) => other.evaluate(async ([url, authorization, method, body]) => {
    const answer = await fetch(url, { method, body, headers: { authorization, ...(body ? { 'content-type': 'application/xml' } : {}) } });
    return { status: answer.status, text: await answer.text() };
  }, [`${api}/User/${user}`, `Basic ${btoa(`${user}:${password}`)}`, method, xml]);
  const login = extension => `<User><state>LOGIN</state><extension>${extension}</extension></User>`;
  assert.deepEqual(['extension', 'state'].map(name => element(own, name)), ['1573', 'NOT_READY']);
  assert.equal(element((await call('olga', 'wrong')).text, 'ErrorType'), 'Authorization Failure');
  const busy = await call('olga', 'walk-on-water-7', 'PUT', login('1573'));
  assert.deepEqual([busy.status, element(busy.text, 'ErrorType')], [400, 'Device Busy']);
  assert.equal((await call('olga', 'walk-on-water-7', 'PUT', login('1574'))).status, 202);
  const seated = (await call('olga', 'walk-on-water-7')).text;
  assert.deepEqual([element(seated, 'extension'), element(seated, 'state')], ['1574', 'NOT_READY']);
  say('Basic with each request; a seat claimed twice is refused');

  // The other way round: neither gets in by the other's door.
  assert.equal(element((await call('mina', 'mina-password')).text, 'ErrorType'), 'Authorization Failure');
  const wrong = await olgas.newPage();
  await wrong.goto(token + 'olga');
  await wrong.fill('#username', 'olga');
  await wrong.fill('#password', 'walk-on-water-7');
  await wrong.press('#password', 'Enter');
  await wrong.waitForURL(/\/desktop\/sso\/token/);
  assert.equal((await body(wrong)).error, 'AUTH_ERROR');
  assert.equal((await ask(`${api}/User/olga`, bearer)).status, 401);
  say('nobody gets in by another\'s door');

  // The same seat on the page, in plain words; another one will do.
  const omars = await open();
  const third = await omars.newPage();
  await third.goto(token + 'omar');
  await viaSaml(third, 'omar');
  await third.waitForURL(/\/seat\?/);
  await sit(third, '1574');
  await third.waitForSelector('[role=alert]');
  assert.match(await third.textContent('[role=alert]'), /Somebody else is signed in at extension 1574/);
  await sit(third, '1575');
  await third.waitForURL(/\/desktop\/sso\/token/);
  assert.equal((await body(third)).user_id, 'omar');
  say('a busy seat is told in plain words');

  // The third party's service: its SDK redeems a code without PKCE, and validates each bearer at the identity service.
  const state = 'YWJj';
  await page.goto(`${origin}/ids/v1/oauth/authorize?${new URLSearchParams({ client_id: 'crm', redirect_uri: `${service.url}/back`, response_type: 'code', state })}`);
  assert.ok(page.url().startsWith(`${service.url}/back?code=`) && page.url().endsWith(`state=${state}`));
  const valid = await body(page);
  assert.deepEqual([valid.user_id, valid.upn, valid.extension, valid.usage], ['mina', 'mina@example.org', '1573', 'access']);
  const customers = await ask(`${service.url}/customers`, bearer);
  assert.deepEqual([customers.status, customers.json().agent, customers.json().extension], [200, 'mina', '1573']);
  assert.equal((await ask(`${service.url}/customers`, { headers: { authorization: 'Bearer made-up' } })).status, 401);
  say('a third party validates the token at the identity service');

  // Her desktop, in three tabs: the gadget calls its service through the container with a token of its own, which the service has validated.
  await minas.clock.install();
  const renewals = [];
  minas.on('request', request => { if (request.method() === 'POST' && request.url().includes('/desktop/sso/token')) renewals.push(request.url()); });
  const tabs = await Promise.all([1, 2, 3].map(() => minas.newPage()));
  const inGadget = tab => tab.frameLocator('iframe[name="gadget-customers"]');
  for (const tab of tabs) {
    await tab.goto(`${origin}/desk`);
    await inGadget(tab).locator('text=mina: Okafor & Daughters').waitFor();
  }
  assert.notEqual(await tabs[0].frames().find(one => one.name() === 'gadget-customers').evaluate(() => finesse.gadget.Config.authToken), mina.token);
  assert.match(service.last().headers.authorization, /^Bearer eyJ/);
  const narrow = { headers: { authorization: service.last().headers.authorization } };
  assert.equal((await ask(`${api}/User/mina`, narrow)).status, 401);
  say('a gadget calls its service with a token that is good for nothing else');

  // Three quarters of the token's life later, by the browser's clock: each tab says until when it is good now.
  const says = tab => tab.textContent('[role=status]');
  const before = await Promise.all(tabs.map(says));
  await minas.clock.fastForward('00:46:00');
  await until('all tabs have the next token', async () => (await Promise.all(tabs.map(says))).every((text, i) => text && text !== before[i]));
  assert.equal(renewals.length, 1);
  for (const tab of tabs) await tab.close();
  say('three tabs renew once');

  // Renewal as the vendor's clients do it: the refresh token stays.
  const renew = { method: 'POST', body: new URLSearchParams({ token: mina.token, 'refresh-token': mina.refresh_token }) };
  const [first, second] = [(await ask(`${origin}/desktop/sso/token`, renew)).json(), (await ask(`${origin}/desktop/sso/token`, renew)).json()];
  assert.ok(first.token !== mina.token && second.token !== first.token && !('refresh_token' in first));
  say('renewal, with one refresh token for the shift');

  // She signs out: every token of hers is nothing at once, here and at the third party's, and her seat is free.
  await page.goto(`${origin}/realms/${realm}/sign-out`);
  await page.click('button[type=submit]');
  await page.waitForURL(/signed-out/);
  for (const old of [mina.token, first.token]) {
    const as = { headers: { authorization: `Bearer ${old}` } };
    assert.equal(element((await ask(`${api}/User/mina`, as)).text, 'ErrorType'), 'Authorization Failure');
    assert.equal((await ask(`${service.url}/customers`, as)).status, 401);
  }
  assert.equal((await ask(`${origin}/desktop/sso/token`, renew)).status, 401);
  assert.equal((await call('olga', 'walk-on-water-7', 'PUT', login('1573'))).status, 202);
  say('after sign-out nothing counts, and the seat is free');

  // Nothing that was written down holds a token or a secret.
  for (const hidden of [mina.token, mina.refresh_token, first.token, secret, 'walk-on-water-7', 'mina-password']) assert.ok(!server.output().includes(hidden));
  const audit = await done(['audit', 'list', '--json']);
  for (const code of ['device_busy', 'finesse_mode', 'authorization_failure']) assert.ok(audit.includes(code), code);
  say('refusals are in the audit log, tokens in no log');
} finally {
  await browser?.close();
  stopAll();
}
process.exit(0);
