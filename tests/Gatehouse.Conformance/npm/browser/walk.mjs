// A real Chromium against a running Gatehouse: argv origin, realm, user name, password.
import assert from 'node:assert/strict';
import { chromium } from 'playwright-core';

const [origin, realm, username, password] = process.argv.slice(2);
const say = step => console.log(`ok ${step}`);
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] });
const faults = [];

async function open(options = {}) {
  const context = await browser.newContext({ locale: 'en-US', ...options });
  context.setDefaultTimeout(20_000);
  context.on('page', page => {
    page.on('console', message => { if (message.type() === 'error' && !/status of (400|401|403|404|503)/.test(message.text())) faults.push(`${page.url()}: ${message.text()}`); });
    page.on('pageerror', error => faults.push(`${page.url()}: ${error.message}`));
  });
  return context;
}

const focused = page => page.evaluate(() => document.activeElement?.id || document.activeElement?.tagName + ':' + document.activeElement?.textContent);

try {
  // Keyboard alone: from a protected address to the form, in, and back to where it began.
  {
    const context = await open();
    const page = await context.newPage();
    await page.goto(`${origin}/cim-customer/customers`);
    assert.match(page.url(), new RegExp(`/realms/${realm}/sign-in`));
    assert.equal(await focused(page), 'username');
    await page.keyboard.type(username);
    await page.keyboard.press('Tab');
    assert.equal(await focused(page), 'password');
    await page.keyboard.type('not-the-password');
    await page.keyboard.press('Enter');
    assert.match(await page.textContent('[role=alert]'), /wrong/);
    assert.equal(await page.inputValue('#username'), username);
    assert.equal(await page.inputValue('#password'), '');
    assert.equal(await focused(page), 'password');
    assert.match(await page.title(), /^Error: /);
    await page.keyboard.type(password);
    await page.keyboard.press('Enter');
    await page.waitForURL(`${origin}/cim-customer/customers`);
    assert.match(await page.textContent('body'), /Mina Okafor/);
    say('keyboard sign-in');

    // A script of that page: with the session it may, without it the answer is a status, not a page.
    const own = await page.evaluate(async () => (await fetch('/cim-customer/customers')).status);
    assert.equal(own, 200);
    await page.goto(`${origin}/realms/${realm}/sign-out`);
    await page.keyboard.press('Tab');
    while (!/BUTTON/.test(await focused(page)) && await page.evaluate(() => document.activeElement?.tagName) !== 'BUTTON') await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.waitForURL(/signed-out/);
    await page.goto(`${origin}/ccm/agents/1`); // a public address, from whose page a script calls a protected one
    const after = await page.evaluate(async () => { const answer = await fetch('/cim-customer/customers'); return [answer.status, answer.headers.get('content-type')]; });
    assert.deepEqual(after, [401, 'application/problem+json']);
    say('keyboard sign-out');
    await context.close();
  }

  // Ten tabs at once, each from its own address: all arrive where they started.
  {
    const context = await open();
    const tabs = await Promise.all(Array.from({ length: 10 }, () => context.newPage()));
    await Promise.all(tabs.map((tab, i) => tab.goto(`${origin}/cim-customer/customers?tab=${i}`)));
    await tabs[3].fill('#username', username);
    await tabs[3].fill('#password', password);
    await tabs[3].click('button[type=submit]');
    await tabs[3].waitForURL(`${origin}/cim-customer/customers?tab=3`);
    for (const [i, tab] of tabs.entries()) {
      if (i === 3) continue;
      if (i % 2) await tab.reload();
      else { await tab.fill('#username', username); await tab.fill('#password', password); await tab.click('button[type=submit]'); }
      await tab.waitForURL(`${origin}/cim-customer/customers?tab=${i}`);
    }
    say('ten tabs');
    await context.close();
  }

  // Without scripts, in three languages, in both schemes, down to 320 px, at 200 % text.
  for (const [locale, lang, word] of [['en-US', 'en', 'Sign in'], ['de-DE', 'de', 'Anmelden'], ['fr-FR', 'fr', 'Se connecter']]) {
    for (const colorScheme of ['light', 'dark']) {
      const context = await open({ locale, colorScheme, viewport: { width: 320, height: 640 } });
      const page = await context.newPage();
      for (const path of [`/realms/${realm}/sign-in`, `/realms/${realm}/sign-out`, `/realms/${realm}/signed-out`, `/realms/${realm}/protocol/openid-connect/auth?client_id=nobody`]) {
        await page.goto(origin + path);
        const seen = await page.evaluate(() => {
          const luminance = color => { const [r, g, b] = color.match(/[\d.]+/g).map(Number).map(c => (c /= 255) <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
          const ground = element => { for (let at = element; at; at = at.parentElement) { const color = getComputedStyle(at).backgroundColor; if (!/, 0\)$|transparent/.test(color)) return color; } return 'rgb(255,255,255)'; };
          const thin = [];
          for (const element of document.querySelectorAll('h1, p, label, button, a, input')) {
            if (!element.offsetParent || (element.tagName !== 'INPUT' && !element.textContent.trim())) continue;
            const [a, b] = [luminance(getComputedStyle(element).color), luminance(ground(element))].sort((x, y) => y - x);
            if ((a + 0.05) / (b + 0.05) < 4.5) thin.push(`${element.tagName} ${element.textContent.trim().slice(0, 30)} ${((a + 0.05) / (b + 0.05)).toFixed(2)}`);
          }
          return {
            lang: document.documentElement.lang, wide: document.documentElement.scrollWidth - innerWidth, headings: document.querySelectorAll('h1').length, main: document.querySelectorAll('main').length, title: document.title, thin,
            unlabelled: [...document.querySelectorAll('input:not([type=hidden])')].filter(input => !input.labels?.length).map(input => input.name), scripts: document.scripts.length,
          };
        });
        assert.equal(seen.lang, lang, path);
        assert.ok(seen.wide <= 0, `${path} is ${seen.wide} px too wide in ${lang}`);
        assert.deepEqual([seen.headings, seen.main, seen.unlabelled, seen.scripts, seen.thin], [1, 1, [], 0, []], `${path} ${lang} ${colorScheme}`);
        assert.ok(seen.title.length > 3);
      }
      await page.goto(`${origin}/realms/${realm}/sign-in`);
      assert.equal((await page.textContent('button[type=submit]')).trim(), word);
      await context.close();
    }
  }
  {
    const context = await open({ javaScriptEnabled: false });
    const page = await context.newPage();
    await page.goto(`${origin}/cim-customer/customers`);
    await page.fill('#username', username);
    await page.fill('#password', password);
    await page.click('button[type=submit]');
    await page.waitForURL(`${origin}/cim-customer/customers`);
    await context.close();
  }
  say('without scripts, small, in three languages, light and dark');
  assert.deepEqual(faults, []);
  say('a quiet console');
} finally {
  await browser.close();
}
