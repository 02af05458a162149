// A real Chromium at the page that asks for the code of a second factor: argv origin, realm, user, password, folder for pictures.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const [origin, realm, user, password, folder] = process.argv.slice(2);
const say = step => console.log(`ok ${step}`);
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

// RFC 6238, as an authenticator app does it.
const step = () => Math.floor(Date.now() / 30_000);
function codeOf(secret, at) {
  const bits = [...secret].map(letter => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from(bits.match(/.{8}/g).map(byte => parseInt(byte, 2)));
  const moving = Buffer.alloc(8);
  moving.writeBigUInt64BE(BigInt(at));
  const hash = createHmac('sha1', key).update(moving).digest();
  return String((hash.readUInt32BE(hash[19] & 15) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

const post = async (path, body) => {
  const answer = await fetch(origin + path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  return { status: answer.status, body: await answer.json() };
};

// An app is registered and confirmed by Expertflow's calls.
const half = await post('/agent-manager/agent/login', { username: user, password });
assert.ok(half.body.data, JSON.stringify(half));
const secret = half.body.data.otpSecret;
const confirmed = await post('/agent-manager/agent/validate-otp', { username: user, password, otp: codeOf(secret, step() - 1) });
assert.equal(confirmed.status, 200, JSON.stringify(confirmed));

// Keys that are pressed before the page has put its own focus go nowhere.
const focus = (page, id) => page.waitForFunction(wanted => document.activeElement?.id === wanted, id);
async function passwordBy(page) {
  await focus(page, 'username');
  await page.keyboard.type(user);
  await page.keyboard.press('Tab');
  await page.keyboard.type(password);
  await page.keyboard.press('Enter');
  await page.waitForURL('**/sign-in/code?**');
  await focus(page, 'code');
}

const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] });
try {
  for (const [colorScheme, locale, lang, width] of [['light', 'en-GB', 'en', 1180], ['dark', 'de-DE', 'de', 320], ['light', 'fr-FR', 'fr', 320], ['dark', 'en-GB', 'en', 1180]]) {
    const context = await browser.newContext({ colorScheme, locale, viewport: { width, height: 580 } });
    context.setDefaultTimeout(20_000);
    const page = await context.newPage();
    await page.goto(`${origin}/realms/${realm}/sign-in`);
    await passwordBy(page);
    assert.equal(await page.evaluate(() => `${document.documentElement.lang} ${document.activeElement.id} ${document.documentElement.scrollWidth <= innerWidth}`), `${lang} code true`);
    await page.evaluate(() => globalThis.trustedTypes?.createPolicy?.('axe', { createScript: text => text, createHTML: text => text })).catch(() => {});
    await page.evaluate(axe);
    const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
    assert.deepEqual(violations.filter(one => ['serious', 'critical'].includes(one.impact)).map(one => `${one.id}: ${one.nodes.map(node => node.html).join(' | ')}`), []);
    if (folder) await page.screenshot({ path: join(folder, `code-${colorScheme}-${lang}.png`) });
    await context.close();
  }
  say('the code page in three languages, light and dark');

  const context = await browser.newContext({ locale: 'en-GB' });
  context.setDefaultTimeout(20_000);
  const page = await context.newPage();
  await page.goto(`${origin}/realms/${realm}/sign-in`);
  await passwordBy(page);
  await page.keyboard.type('000000');
  await page.keyboard.press('Enter');
  await page.waitForSelector('[role=alert]');
  await focus(page, 'code');
  assert.match(await page.title(), /^Error: /);
  await page.keyboard.type(codeOf(secret, step()));
  await page.keyboard.press('Enter');
  await page.waitForURL('**/signed-in');
  say('signed in with a code by the keyboard');
} finally {
  await browser.close();
}
