// A real Chromium with a Kerberos ticket, and one without: argv origin (by the service's name), realm, krb5.conf, credential cache, folder for screenshots.
import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const [origin, realm, config, cache, folder] = process.argv.slice(2);
const say = step => console.log(`ok ${step}`);
const host = new URL(origin).hostname;

// A profile of its own: in private windows, which playwright's contexts are, Chromium shows no tickets. And one that has met such a site before: on Linux it loads the library from its next start on.
function open(ticket, ...more) {
  const profile = mkdtempSync(join(tmpdir(), 'gatehouse-chromium-'));
  writeFileSync(join(profile, 'Local State'), JSON.stringify({ net: { received_http_auth_negotiate_headers: true } }));
  const env = { ...process.env, KRB5_CONFIG: config, KRB5CCNAME: ticket ? cache : 'FILE:/nonexistent/ccache' };
  return chromium.launchPersistentContext(profile, { locale: 'en-US', executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', ...more], env });
}

{
  const browser = await open(true, `--auth-server-allowlist=${host}`);
  const page = await browser.newPage();
  await page.goto(`${origin}/realms/${realm}/sign-in`);
  assert.match(page.url(), /\/signed-in$/);
  say('signed in without a key pressed');
  await page.goto(`${origin}/realms/${realm}/sign-in/why-no-ticket`);
  assert.match(await page.textContent('[role=status]'), /that fits/);
  say('the page sees a ticket that fits');
  await browser.close();
}

// The site is not on the list, or there is no ticket: the form, once, and a page that tells why.
for (const [name, ticket, more] of [['not trusted', true, []], ['no ticket', false, [`--auth-server-allowlist=${host}`]]]) {
  const browser = await open(ticket, ...more);
  const page = await browser.newPage();
  let asked = 0;
  page.on('request', request => { if (request.url().endsWith('/sign-in')) asked++; });
  await page.goto(`${origin}/realms/${realm}/sign-in`);
  assert.ok(await page.isVisible('#password'));
  assert.ok(asked <= 2, `${asked} requests`);
  await page.click('text=Why was I not signed in');
  assert.match(await page.textContent('[role=status]'), /sent no ticket|NTLM|no Kerberos ticket/);
  for (const scheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme: scheme });
    if (folder) await page.screenshot({ path: join(folder, `why-${name.replace(' ', '-')}-${scheme}.png`) });
  }
  await page.setViewportSize({ width: 320, height: 640 });
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'the page is wider than the screen');
  await page.setViewportSize({ width: 1280, height: 720 });
  await page.click('a.button');
  await page.fill('#username', 'alice');
  assert.ok(await page.isVisible('#password'));
  say(`the form where there is ${name}`);
  await browser.close();
}
