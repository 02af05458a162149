// A real Chromium at the agent desktop of the demo: argv origin, password, folder for pictures.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const [origin, password, folder] = process.argv.slice(2);
const say = step => console.log(`ok ${step}`);
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] });
const faults = [];
let tempting = false; // While gadgets try what they may not, the console says so.

async function open(options = {}) {
  const context = await browser.newContext({ locale: 'en-GB', viewport: { width: 1180, height: 580 }, ...options });
  context.setDefaultTimeout(20_000);
  context.on('page', page => {
    page.on('console', message => { if (message.type() === 'error' && !tempting && !/status of (400|401|403|404|409|503)/.test(message.text())) faults.push(`${page.url()}: ${message.text()}`); });
    page.on('pageerror', error => faults.push(`${page.url()}: ${error.message}`));
  });
  return context;
}

// In the page's own world a policy would refuse the tool; playwright's has none.
async function inspect(page, what) {
  for (const frame of page.frames()) {
    await frame.evaluate(`(() => { const policy = globalThis.trustedTypes?.createPolicy?.('axe-' + Math.random(), { createScript: text => text, createHTML: text => text }); })()`).catch(() => {});
    await frame.evaluate(axe);
    const { violations } = await frame.evaluate(() => globalThis.axe.run(document, { iframes: false, preload: false, resultTypes: ['violations'] }));
    const bad = violations.filter(one => ['serious', 'critical'].includes(one.impact)).map(one => `${one.id}: ${one.nodes.map(node => node.html).join(' | ')}`);
    assert.deepEqual(bad, [], `${what} ${frame.url()}`);
  }
}
const focused = page => page.evaluate(() => `${document.activeElement?.tagName}#${document.activeElement?.id}.${document.activeElement?.className} ${document.activeElement?.textContent?.slice(0, 40)}`);
const tabTo = async (page, fits) => { for (let i = 0; i < 30; i++) { if (fits(await focused(page))) return; await page.keyboard.press('Tab'); } assert.fail(`the keyboard does not get there; last at ${await focused(page)}`); };
const gadget = (page, id) => page.frameLocator(`iframe[name="gadget-${id}"]`);
const shot = (page, name) => folder ? page.screenshot({ path: join(folder, `${name}.png`) }) : undefined;

async function ready(page) {
  await gadget(page, 'customers').locator('h2', { hasText: 'Mina Okafor' }).waitFor();
  await gadget(page, 'queues').locator('li').first().waitFor();
}

try {
  // Without single sign-on, by the keyboard alone: name, then what this person is asked for.
  const context = await open();
  const page = await context.newPage();
  await page.goto(`${origin}/desk`);
  await page.waitForSelector('#username');
  await inspect(page, 'the first form');
  assert.match(await focused(page), /INPUT#username/);
  await page.keyboard.type('alice');
  await page.keyboard.press('Enter');
  await page.waitForSelector('#password');
  assert.match(await focused(page), /INPUT#password/);
  await inspect(page, 'the second form');
  await page.keyboard.type('not-the-password');
  await page.keyboard.press('Tab');
  await page.keyboard.type('1001');
  await page.keyboard.press('Enter');
  assert.match(await page.textContent('[role=alert]'), /wrong/);
  assert.equal(await page.inputValue('#username'), 'alice');
  await page.keyboard.type(password);
  await page.keyboard.press('Tab');
  await page.keyboard.type('1001');
  await shot(page, 'desk-sign-in');
  await page.keyboard.press('Enter');
  await ready(page);
  say('signed in by the keyboard, without single sign-on');

  // What the gadgets hold, and what they cannot reach.
  await page.evaluate(() => { localStorage.setItem('of-the-desk', 'x'); sessionStorage.setItem('of-the-desk', 'x'); document.cookie = 'of-the-desk=x'; });
  for (const id of ['customers', 'queues']) {
    const frame = page.frames().find(one => one.name() === `gadget-${id}`);
    const found = await frame.evaluate(() => {
      const token = finesse.gadget.Config.authToken, claims = JSON.parse(atob(token.split('.')[1].replace(/-/g, '+').replace(/_/g, '/')));
      const quietly = look => { try { return String(look()); } catch (wrong) { return wrong.name; } };
      return { claims, header: finesse.utilities.Utilities.getAuthHeaderString(finesse.gadget.Config) === `Bearer ${token}`, origin: self.origin, top: quietly(() => top.document), storages: quietly(() => top.localStorage), title: quietly(() => parent.document.title), cookie: quietly(() => document.cookie), storage: quietly(() => `${localStorage.length} ${localStorage.getItem('of-the-desk')} ${sessionStorage.getItem('of-the-desk')}`), kept: JSON.parse(sessionStorage.ssoTokenObject).token === token,  id: finesse.gadget.Config.id, pref: new gadgets.Prefs().getString('id'), password: JSON.stringify(finesse.gadget.Config) };
    });
    assert.deepEqual([found.claims.gadget, found.claims.aud, found.header, found.origin, found.top, found.storages, found.title, found.cookie, found.storage, found.kept], [id, 'customers', true, 'null', 'SecurityError', 'SecurityError', '', '', '0 null null', true]);
    assert.equal(found.id, found.pref);
    assert.ok(!found.password.includes(password) && !found.password.includes(Buffer.from(`alice:${password}`).toString('base64')));
    tempting = true;
    const elsewhere = await frame.evaluate(([own, token]) => Promise.all([`${own}/realms/contact-centre/protocol/openid-connect/userinfo`, `${own}/finesse/api/User/alice`, `${own}/gadgets/tokens`].map(url => fetch(url, { method: url.endsWith('tokens') ? 'POST' : 'GET', headers: { Authorization: `Bearer ${token}` } }).then(answer => answer.status, () => 'refused by the browser'))), [origin, await frame.evaluate(() => finesse.gadget.Config.authToken)]);
    assert.deepEqual(elsewhere, Array(3).fill('refused by the browser'));
    tempting = false;
    const refused = await frame.evaluate(url => new Promise(resolve => gadgets.io.makeRequest(url, resolve, {})), 'http://169.254.169.254/latest/meta-data/');
    assert.equal(refused.rc, 403);
  }
  say('gadgets hold their own tokens in an origin of their own');

  // A forged word to the desktop and to a gadget.
  const before = await page.textContent('#title-customers');
  await page.evaluate(() => { postMessage({ gatehouse: 1, gadget: 'customers', type: 'title', title: 'forged' }, '*'); });
  const [evil] = page.frames().filter(one => one.name() === 'gadget-queues');
  await evil.evaluate(() => { parent.postMessage({ gatehouse: 1, gadget: 'customers', type: 'title', title: 'forged by a neighbour' }, '*'); top.frames[0].postMessage({ gatehouse: 1, type: 'config', config: { authToken: 'forged' }, st: 'x', expiresAt: 9e15 }, '*'); });
  await evil.evaluate(() => gadgets.window.setTitle('after the forger'));
  await page.waitForFunction(() => document.getElementById('title-queues').textContent === 'after the forger');
  assert.equal(await page.textContent('#title-customers'), before);
  assert.notEqual(await page.frames().find(one => one.name() === 'gadget-customers').evaluate(() => finesse.gadget.Config.authToken), 'forged');
  await evil.evaluate(() => gadgets.window.setTitle('Queues'));
  say('forged messages change nothing');

  // The keyboard again: the skip link, the state, the gadgets' buttons, into a gadget and out.
  await page.evaluate(() => document.activeElement.blur());
  await page.keyboard.press('Tab');
  assert.match(await focused(page), /\.skip/);
  await tabTo(page, at => /Ready/.test(at) && !/Not/.test(at));
  await page.keyboard.press('Enter');
  await page.waitForSelector('[data-state=READY][aria-pressed=true]');
  await tabTo(page, at => /widen/.test(at));
  await page.keyboard.press('Enter');
  await page.waitForSelector('.gadget.wide');
  await page.keyboard.press('Enter');
  await tabTo(page, at => /IFRAME/.test(at));
  await page.keyboard.press('Tab');
  say('everything by the keyboard');

  for (const scheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme: scheme });
    await inspect(page, scheme);
    await page.evaluate(() => document.activeElement.blur());
    await shot(page, `desk-${scheme}`);
  }
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize({ width: 320, height: 640 });
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'the page is wider than the screen');
  await shot(page, 'desk-small');
  await page.setViewportSize({ width: 1180, height: 580 });
  say('axe finds nothing serious, light and dark');

  // Signing out: the token of before is worth nothing.
  const held = await page.frames().find(one => one.name() === 'gadget-customers').evaluate(() => finesse.gadget.Config.authToken);
  await page.click('.out');
  await page.waitForSelector('h1:has-text("You are signed out")');
  const after = await fetch(`${origin}/gadgets/tokens`, { method: 'POST', headers: { Authorization: `Bearer ${held}` } });
  assert.equal(after.status, 401);
  say('signed out');
  await context.close();

  // Single sign-on, in three tabs: one token for all of them, renewed once.
  {
    const context = await open();
    const asked = [];
    const cut = [];
    context.on('request', request => { if (request.url().includes('/desktop/sso/token')) asked.push(request.method()); if (request.url().includes('/gadgets/tokens')) cut.push(request.method()); });
    const tabs = [await context.newPage()];
    await tabs[0].goto(`${origin}/desk`);
    await tabs[0].fill('#username', 'sam');
    await tabs[0].keyboard.press('Enter');
    await tabs[0].waitForURL(/\/sign-in/);
    await tabs[0].fill('#username', 'sam');
    await tabs[0].fill('#password', password);
    await tabs[0].click('button[type=submit]');
    await tabs[0].waitForSelector('h1:has-text("Where do you sit?")');
    await inspect(tabs[0], 'the seat');
    await tabs[0].fill('#extension', '1002');
    await tabs[0].keyboard.press('Enter');
    await ready(tabs[0]);
    assert.match(await tabs[0].textContent('.who'), /Extension 1002/);
    const fetched = asked.filter(method => method === 'GET').length;
    for (let i = 1; i < 3; i++) { tabs.push(await context.newPage()); await tabs[i].goto(`${origin}/desk`); await ready(tabs[i]); }
    assert.equal(asked.filter(method => method === 'GET').length, fetched, 'the other tabs take over the token of the first');
    assert.equal(cut.length, 1, 'and those of its gadgets');
    const posts = asked.filter(method => method === 'POST').length;
    say('single sign-on in three tabs');

    const tokens = () => Promise.all(tabs.map(tab => tab.frames().find(one => one.name() === 'gadget-customers').evaluate(() => finesse.gadget.Config.authToken)));
    const first = await tokens();
    // Three quarters of a minute, as the demo's settings of this test say; the gadgets' own tokens follow, and end with the agent's of which they were cut: a later end is a new one's.
    const end = token => JSON.parse(atob(token.split('.')[1].replaceAll('-', '+').replaceAll('_', '/'))).exp;
    await Promise.all(tabs.map((tab, i) => tab.frames().find(one => one.name() === 'gadget-customers').waitForFunction(old => JSON.parse(atob(finesse.gadget.Config.authToken.split('.')[1].replaceAll('-', '+').replaceAll('_', '/'))).exp > old, end(first[i]), { timeout: 90_000 })));
    assert.equal(asked.filter(method => method === 'POST').length, posts + 1);
    // Once, or a second time where the first came just before the agent's renewal; without sharing each tab would ask by itself.
    assert.ok(cut.length <= 3, `one renewal of the gadgets' tokens, too: ${cut.length}`);
    const same = await tokens();
    assert.deepEqual(new Set(same).size, 1);
    say('renewed once for three tabs');

    // Who reloads the page means now; the other tabs hear of it and ask nothing.
    await tabs[2].reload();
    await ready(tabs[2]);
    assert.equal(cut.length, 3);
    const [newest] = (await tokens()).slice(2);
    await Promise.all(tabs.map(tab => tab.frames().find(one => one.name() === 'gadget-customers').waitForFunction(token => finesse.gadget.Config.authToken === token, newest)));
    assert.equal(cut.length, 3);
    say('a reload fetches anew, for all tabs');

    await tabs[1].click('.out');
    await Promise.all(tabs.map(tab => tab.waitForSelector('.card')));
    say('signed out in all tabs');
    await context.close();
  }
  // By password, in two tabs: each proves it, and the second takes over the first one's token, and its gadgets'.
  {
    const context = await open(), asked = [], tabs = [];
    context.on('request', request => { if (/\/gadgets\/(session|tokens)/.test(request.url())) asked.push(request.url().split('/').at(-1).split('?')[0]); });
    for (let i = 0; i < 2; i++) {
      const tab = await context.newPage();
      tabs.push(tab);
      await tab.goto(`${origin}/desk`);
      await tab.fill('#username', 'alice');
      await tab.keyboard.press('Enter');
      await tab.fill('#password', password);
      await tab.fill('#extension', '1001');
      await tab.keyboard.press('Enter');
      await ready(tab);
    }
    assert.deepEqual(asked, ['session', 'tokens']);
    await tabs[0].click('.out');
    await Promise.all(tabs.map(tab => tab.waitForSelector('.card')));
    say('two tabs by password share');
    await context.close();
  }
  assert.deepEqual(faults, []);
  say('a quiet console');
} finally {
  await browser.close();
}
