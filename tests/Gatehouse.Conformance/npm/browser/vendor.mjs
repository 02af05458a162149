// A real Chromium at the demo's desktop with gadgets in the shape of Finesse's: argv origin, password, ids of all gadgets as JSON, how long samples are watched (ms; 0: only our own gadget is looked at).
import assert from 'node:assert/strict';
import { chromium } from 'playwright-core';

const [origin, password, list, watched] = process.argv.slice(2);
const say = step => console.log(`ok ${step}`);
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] });

async function enter(page) {
  page.setDefaultTimeout(20_000);
  await page.goto(`${origin}/desk`);
  await page.fill('#username', 'alice');
  await page.keyboard.press('Enter');
  await page.fill('#password', password);
  await page.fill('#extension', '1001');
  await page.keyboard.press('Enter');
  await page.waitForSelector('.gadget');
}
const frameOf = (page, id) => page.frames().find(one => one.name() === `gadget-${id}`);

try {
  const context = await browser.newContext({ locale: 'en-GB' });
  const page = await context.newPage(), faults = [];
  page.on('pageerror', error => faults.push(error.message));
  if (Number(watched) === 0) {
    await enter(page);
    await page.frameLocator('iframe[name="gadget-shaped"]').locator('#out.done').waitFor();
    const seen = await frameOf(page, 'shaped').evaluate(() => ({ ...shaped }));
    assert.deepEqual(seen.connects, [{ hub: true, success: true, error: '', load: true, config: true }], 'onConnect comes once, after the handlers of the load');
    assert.deepEqual(seen.tabs, ['desk'], 'the gadget is in front');
    assert.deepEqual(seen.connections, ['connected']);
    assert.equal(seen.visible, true);
    assert.equal(seen.basic.rc, 200);
    assert.match(seen.basic.text, /^Bearer eyJ/, 'what an old library makes of the missing password leaves as the gadget\'s token');
    assert.deepEqual([seen.own, seen.library, seen.fullHeaders, seen.mid, seen.up], ['Bearer', true, 'GET_FULL_HEADERS', 'shaped', `${new URL(origin).protocol}//${new URL(origin).hostname}`]);
    assert.deepEqual(seen.echo, [{ topic: 'shaped.news', data: { a: 1 }, extra: 'extra' }]);
    assert.equal(seen.completed, true);
    say('a gadget of the vendor\'s shape starts by onConnect');
    await page.frameLocator('iframe[name="gadget-late"]').locator('#out.done').waitFor();
    assert.equal(await frameOf(page, 'late').evaluate(() => self.starts), 1);
    say('also where it is assigned late');

    // A preference is there again after a reload, and its neighbour has none of it.
    assert.equal(seen.team, 'blue');
    await frameOf(page, 'shaped').evaluate(() => { const prefs = new gadgets.Prefs(); prefs.set('team', 'green & "gold"'); prefs.set('undeclared', 'x'); prefs.set('authorization', 'secret'); });
    await page.waitForFunction(() => Object.keys(localStorage).some(key => key.startsWith('gatehouse-prefs:') && localStorage[key].includes('green')));
    const stored = await page.evaluate(() => Object.entries(localStorage).filter(([key]) => key.startsWith('gatehouse-prefs:')));
    assert.deepEqual(stored.map(([key, value]) => [key.split(':').at(-1), JSON.parse(value)]), [['shaped', { team: 'green & "gold"' }]]);
    await frameOf(page, 'late').evaluate(() => { for (let i = 0; i < 200; i++) top.postMessage({ gatehouse: 1, gadget: 'late', type: 'pref', name: `p${i}`, value: 'x'.repeat(2000) }, '*'); });
    await frameOf(page, 'late').evaluate(() => gadgets.window.setTitle('flooded'));
    await page.waitForFunction(() => document.getElementById('title-late').textContent === 'flooded');
    assert.ok(await page.evaluate(() => Object.entries(localStorage).filter(([key]) => key.endsWith(':late')).every(([, value]) => value.length <= 16 * 1024)));
    const again = await context.newPage();
    await enter(again);
    await again.frameLocator('iframe[name="gadget-shaped"]').locator('#out.done').waitFor();
    assert.deepEqual(await frameOf(again, 'shaped').evaluate(() => [shaped.team, shaped.filled]), ['green & "gold"', 'green & "gold"']);
    assert.equal(await frameOf(again, 'late').evaluate(() => new gadgets.Prefs().getString('team')), 'blue');
    say('preferences are kept');
    assert.deepEqual(faults, []);
  } else {
    await page.addInitScript(() => {
      if (self === top) return;
      self.seen = { called: 0, started: 0, errors: [] };
      addEventListener('error', event => { if (event.message) self.seen.errors.push(event.message); });
      // A start is the gadget's own handler, called and come to its end.
      const hook = new MutationObserver(() => {
        const settings = self.gadgets?.HubSettings, slot = settings && Object.getOwnPropertyDescriptor(settings, 'onConnect');
        if (!slot) return;
        hook.disconnect();
        Object.defineProperty(settings, 'onConnect', { configurable: true, get: slot.get, set: handler => slot.set(function (...all) { self.seen.called++; handler.apply(this, all); self.seen.started++; }) });
      });
      hook.observe(document, { childList: true, subtree: true });
    });
    await enter(page);
    await page.waitForTimeout(Number(watched));
    let [started, called] = [0, 0];
    const ids = JSON.parse(list);
    for (const id of ids) {
      const seen = await frameOf(page, id)?.evaluate(() => self.seen).catch(() => undefined);
      if (seen?.called) called++;
      if (seen?.started === 1) started++;
      console.log(`   ${id}: ${seen?.started === 1 ? 'started' : seen?.called ? 'called' : 'not called'} ${seen?.errors.length ? seen.errors[0] : ''}`);
    }
    console.log(`samples: ${ids.length} of them, ${called} called, ${started} came to the end of it`);
  }
} finally {
  await browser.close();
}
