// A real Chromium against a running Gatehouse: argv origin, realm, user name, password.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { chromium } from 'playwright-core';

const [origin, realm, username, password] = process.argv.slice(2);
const say = step => console.log(`ok ${step}`);
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] });
const faults = [];

// An application of its own, to arrive at: the demo's client agent-desk may be sent back to any port of the loopback.
const application = createServer((request, response) => response.setHeader('content-type', 'text/html').end('<!doctype html><title>Arrived</title><h1>Arrived</h1>'));
await new Promise(resolve => application.listen(0, '127.0.0.1', resolve));
const callback = `http://127.0.0.1:${application.address().port}/callback`;
const authorize = state => `${origin}/realms/${realm}/protocol/openid-connect/auth?client_id=agent-desk&redirect_uri=${encodeURIComponent(callback)}&response_type=code&scope=openid&state=${state}&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256`;
const signIn = async page => { await page.fill('#username', username); await page.fill('#password', password); await page.click('button[type=submit]'); };

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
    assert.doesNotMatch(await page.evaluate(() => document.referrer), /sign-in/, 'the page behind the gate is told the address of the form, with its interaction');
    say('keyboard sign-in');

    // A script of that page: with the session it may, without it the answer is a status, not a page.
    const own = await page.evaluate(async () => (await fetch('/cim-customer/customers')).status);
    assert.equal(own, 200);
    await page.goto(`${origin}/realms/${realm}/sign-out`);
    await page.keyboard.press('Tab');
    while (!/BUTTON/.test(await focused(page)) && await page.evaluate(() => document.activeElement?.tagName) !== 'BUTTON') await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.waitForURL(/signed-out/);
    const led = await page.goto(`${origin}/cim-customer/customers`);
    assert.equal((await led.request().redirectedFrom().response()).status(), 302);
    assert.match(page.url(), /sign-in\?back=/);
    await page.goto(`${origin}/ccm/agents/1`); // a public address, from whose page a script calls a protected one
    const after = await page.evaluate(async () => { const answer = await fetch('/cim-customer/customers', { redirect: 'manual' }); return [answer.type, answer.status, answer.headers.get('content-type'), (await answer.json()).code]; });
    assert.deepEqual(after, ['basic', 401, 'application/problem+json', 'credential.missing']);
    say('keyboard sign-out');
    await context.close();
  }

  // Ten tabs at once, each from its own address: all arrive where they started.
  {
    const context = await open();
    const tabs = await Promise.all(Array.from({ length: 10 }, () => context.newPage()));
    await Promise.all(tabs.map((tab, i) => tab.goto(`${origin}/cim-customer/customers?tab=${i}`)));
    await signIn(tabs[3]);
    await tabs[3].waitForURL(`${origin}/cim-customer/customers?tab=3`);
    for (const [i, tab] of tabs.entries()) {
      if (i === 3) continue;
      if (i % 2) await tab.reload();
      else await signIn(tab);
      await tab.waitForURL(`${origin}/cim-customer/customers?tab=${i}`);
    }
    say('ten tabs');
    await context.close();
  }

  // Ten applications' requests at once, signed in one after the other: each comes back with its own state.
  {
    const context = await open();
    const tabs = await Promise.all(Array.from({ length: 10 }, () => context.newPage()));
    await Promise.all(tabs.map((tab, i) => tab.goto(authorize(`tab-${i}`))));
    const codes = new Set();
    for (const [i, tab] of tabs.entries()) {
      await signIn(tab);
      await tab.waitForURL(url => url.href.startsWith(callback));
      const query = new URL(tab.url()).searchParams;
      assert.equal(query.get('state'), `tab-${i}`);
      codes.add(query.get('code'));
    }
    assert.equal(codes.size, 10);
    say('ten applications');
    await context.close();
  }

  // In three languages, in both schemes, on a desk and down to 320 px: WCAG 2.2 AA, 1.3.1, 1.4.3, 1.4.10, 1.4.11, 2.5.8, 3.1.1.
  for (const [locale, lang, word] of [['en-US', 'en', 'Sign in'], ['de-AT', 'de', 'Anmelden'], ['fr-CA', 'fr', 'Se connecter']]) {
    for (const [colorScheme, width] of [['light', 320], ['dark', 320], ['light', 1280], ['dark', 1280]]) {
      if (lang !== 'en' && (width > 320 || colorScheme === 'dark')) continue; // Longer words matter where it is narrow.
      const context = await open({ locale, colorScheme, viewport: { width, height: 640 } });
      const page = await context.newPage();
      const see = async path => {
        if (path) await page.goto(origin + path);
        const seen = await page.evaluate(look);
        const what = `${path ?? page.url()} ${lang} ${colorScheme} ${width}`;
        assert.equal(seen.lang, lang, what);
        assert.ok(seen.wide <= 0, `${what} is ${seen.wide} px too wide`);
        assert.deepEqual([seen.headings, seen.main, seen.unlabelled, seen.scripts, seen.faint, seen.small], [1, 1, [], 0, [], []], what);
        assert.ok(seen.title.length > 3);
      };
      for (const path of [`/realms/${realm}/sign-out`, `/realms/${realm}/signed-out`, `/realms/${realm}/sign-in`]) await see(path);
      assert.equal((await page.textContent('button[type=submit]')).trim(), word);
      await page.fill('#username', `a-person-with-a-very-long-name-${colorScheme}-${width}-${lang}@an-application-with-a-very-long-name.example`);
      await page.fill('#password', 'not-the-password');
      await page.click('button[type=submit]');
      await page.waitForSelector('[role=alert]');
      await see(null);
      await see(`/realms/${realm}/protocol/openid-connect/auth?client_id=nobody`);
      assert.match(await page.textContent('code'), /^[a-z]+\.[a-z.-]+$/);
      await page.goto(authorize('look'));
      await see(null);
      await signIn(page);
      await page.waitForURL(url => url.href.startsWith(callback));
      await see(`/realms/${realm}/signed-in`);
      await see(`/realms/${realm}/sign-out`);
      await context.close();
    }
  }
  {
    const context = await open({ javaScriptEnabled: false });
    const page = await context.newPage();
    await page.goto(`${origin}/cim-customer/customers`);
    await signIn(page);
    await page.waitForURL(`${origin}/cim-customer/customers`);
    await page.goto(`${origin}/realms/${realm}/sign-out`);
    await page.click('button[type=submit]');
    await page.waitForURL(/signed-out/);
    await context.close();
  }
  say('without scripts, small, in three languages, light and dark');
  assert.deepEqual(faults, []);
  say('a quiet console');
} finally {
  await browser.close();
  application.close();
}

// Runs in the page. Text against what is painted behind it (of a gradient, each of its colours), the edges of fields against their card, the size of what is pressed.
function look() {
  const numbers = text => text.match(/[\d.]+/g).map(Number);
  const luminance = ([r, g, b]) => { const [x, y, z] = [r, g, b].map(v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * x + 0.7152 * y + 0.0722 * z; };
  const contrast = (a, b) => { const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x); return (high + 0.05) / (low + 0.05); };
  const grounds = element => {
    for (let at = element; at; at = at.parentElement) {
      const style = getComputedStyle(at), color = numbers(style.backgroundColor);
      if (style.backgroundImage !== 'none') return style.backgroundImage.match(/rgba?\([^)]*\)/g).map(numbers);
      if (color.length < 4 || color[3] === 1) return [color];
    }
    return [[255, 255, 255]];
  };
  const faint = [];
  const hold = (element, color, least, what) => { for (const ground of grounds(element)) { const is = contrast(numbers(color), ground); if (is < least) faint.push(`${what}: ${is.toFixed(2)}`); } };
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let text; (text = texts.nextNode());) if (text.data.trim()) hold(text.parentElement, getComputedStyle(text.parentElement).color, 4.5, text.data.trim());
  const inputs = [...document.querySelectorAll('input:not([type=hidden])')];
  for (const input of inputs) {
    hold(input, getComputedStyle(input).color, 4.5, `text of ${input.id}`);
    hold(input.parentElement, getComputedStyle(input).borderTopColor, 3, `edge of ${input.id}`);
  }
  return {
    lang: document.documentElement.lang, wide: document.documentElement.scrollWidth - innerWidth, headings: document.querySelectorAll('h1').length, main: document.querySelectorAll('main').length, title: document.title, faint,
    unlabelled: inputs.filter(input => !input.labels?.[0]?.innerText.trim()).map(input => input.name), scripts: document.scripts.length,
    small: [...document.querySelectorAll('button, .button, input:not([type=hidden])')].filter(element => element.getBoundingClientRect().height < 24).map(element => element.id || element.textContent),
  };
}
