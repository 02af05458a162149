// npm's oidc-provider as an upstream identity provider, in a real browser: argv origin, realm, gatehouse executable, data folder, the guide's own command that adds one.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { once } from 'node:events';
import { createServer } from 'node:http';
import Provider from 'oidc-provider';
import { chromium } from 'playwright-core';

const [origin, realm, gatehouse, data, guide] = process.argv.slice(2);
// Not the synchronous call: the provider lives in this process and must go on answering.
const run = async (words, env = {}) => (await promisify(execFile)(gatehouse, [...words, '--realm', realm, '--data', data], { env: { ...process.env, ...env } })).stdout;
const say = step => console.log(`ok ${step}`);
const port = await (async () => { const probe = createServer().listen(0, '127.0.0.1'); await once(probe, 'listening'); const { port: free } = probe.address(); probe.close(); await once(probe, 'close'); return free; })();
const issuer = `http://127.0.0.1:${port}`;

// Its own development pages take any login name; the person's claims are made of it.
const provider = new Provider(issuer, {
  clients: [{ client_id: 'gatehouse', client_secret: 'secret-of-the-walk', redirect_uris: [`${origin}/realms/${realm}/broker/npm/endpoint`, `${origin}/realms/${realm}/broker/hq/endpoint`] }],
  claims: { openid: ['sub'], profile: ['preferred_username', 'given_name', 'family_name'], email: ['email', 'email_verified'] },
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, preferred_username: `${id}.upstream`, given_name: 'Noor', family_name: 'Haddad', email: `${id}@npm.example`, email_verified: true, groups: ['agents'] }) }),
  features: { devInteractions: { enabled: true } },
  pkce: { required: () => true },
  cookies: { keys: ['key-of-the-walk'] },
});
let server;
const start = async () => { server = createServer(provider.callback()).listen(port, '127.0.0.1'); await once(server, 'listening'); };
const stop = async () => { server.closeAllConnections(); server.close(); await once(server, 'close'); };
await start();

await run(['providers', 'add', 'npm', '--kind', 'oidc', '--title', 'Npm provider', '--set', `issuer=${issuer}`, '--set', 'clientId=gatehouse', '--secret', 'clientSecret=env:WALK_SECRET', '--trust-email', '--map', 'preferred_username=noor* -> role agent'], { WALK_SECRET: 'secret-of-the-walk' });
const told = await run(['providers', 'test', 'npm']);
assert.match(told, /It answers/);
say('provider added and tested by the command line');

// The guide's command as it stands, but for the address.
const shell = promisify(execFile);
await shell('bash', ['-c', `${guide.replace(/https:\/\/sso\.example\/realms\/hq/, issuer).replace(/^gatehouse/, '"$GATEHOUSE"')} --realm ${realm} --data ${data}`], { env: { ...process.env, GATEHOUSE: gatehouse, HQ_SECRET: 'secret-of-the-walk' } });
assert.match(await run(['providers', 'test', 'hq']), /It answers/);
const test = (await run(['providers', 'test', 'hq', '--browser'])).trim();
say("the guide's command");

const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] });
try {
  const context = await browser.newContext();
  context.setDefaultTimeout(20_000);
  const page = await context.newPage();
  const leave = async () => {
    await page.goto(`${origin}/cim-customer/customers`);
    // The running server hears of the new provider by its feed.
    for (let tries = 0; tries < 100 && await page.getByRole('link', { name: 'Npm provider' }).count() === 0; tries++) await page.reload();
    await page.getByRole('link', { name: 'Npm provider' }).click();
  };
  await leave();
  assert.ok(page.url().startsWith(issuer), page.url());

  // It dies while the person is there, and the browser comes back to nobody; afterwards all is as before.
  await stop();
  await leave().catch(() => {});
  await page.goto(`${origin}/cim-customer/customers`);
  await start();
  await leave();
  await page.fill('input[name=login]', 'noor');
  await page.fill('input[name=password]', 'anything');
  await page.click('button[type=submit]');
  await page.waitForSelector('button[type=submit]');
  await page.click('button[type=submit]');
  await page.waitForURL(`${origin}/cim-customer/customers`);
  assert.match(await page.textContent('body'), /noor\.upstream/);
  say('sign-in at the real provider');

  // The test of the guide's provider: hops and claims, and nobody is signed in.
  const tester = await (await browser.newContext()).newPage();
  await tester.goto(origin + test);
  await tester.fill('input[name=login]', 'tess');
  await tester.fill('input[name=password]', 'anything');
  await tester.click('button[type=submit]');
  await tester.waitForSelector('button[type=submit]');
  await tester.click('button[type=submit]');
  await tester.waitForSelector('dl');
  assert.match(await tester.textContent('main'), /It vouches for tess\.upstream[\s\S]*Nobody was signed in[\s\S]*tess@npm\.example/);
  await assert.rejects(run(['users', 'show', 'tess.upstream', '--json']));
  say('the test in a browser');

  const user = JSON.parse(await run(['users', 'show', 'noor.upstream', '--json'])).user;
  assert.deepEqual([user.firstName, user.lastName, user.email, user.emailVerified], ['Noor', 'Haddad', 'noor@npm.example', true]);
  say('a user made of the claims');
} finally {
  await browser.close();
  server.closeAllConnections();
  server.close();
}
