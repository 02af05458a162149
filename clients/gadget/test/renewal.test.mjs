import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ended, Renewal } from '../dist/index.js';

// A browser: what its tabs share.
function browser({ locks = true, channel = true, storage = true } = {}) {
  const channels = new Set(), held = new Map(), stored = new Map();
  return {
    messages: [],
    tab() {
      const self = this;
      return {
        locks: locks ? { request: (name, work) => { const next = (held.get(name) ?? Promise.resolve()).then(work); held.set(name, next.catch(() => {})); return next; } } : undefined,
        channel: channel ? name => {
          const own = { name, onmessage: null, postMessage(data) { self.messages.push(data); for (const one of channels) if (one !== own && one.name === name) setTimeout(() => one.onmessage?.({ data: structuredClone(data) }), 1); }, close() { channels.delete(own); } };
          channels.add(own);
          return own;
        } : undefined,
        storage: storage ? { getItem: key => stored.get(key) ?? null, setItem: (key, value) => stored.set(key, value), removeItem: key => stored.delete(key) } : undefined,
      };
    },
    // What another page of the origin could say.
    shout(name, data) { for (const one of channels) if (one.name === name) one.onmessage?.({ data }); },
  };
}

const life = 2000; // ms
function server() {
  let count = 0;
  const made = () => { const issuedAt = Date.now(); return { token: `token-${++count}`, refreshToken: 'r', issuedAt, expiresAt: issuedAt + life }; };
  return { fetches: 0, renewals: 0, async fetch() { this.fetches++; return made(); }, async renew(old) { this.renewals++; this.last = old; await new Promise(resolve => setTimeout(resolve, 20)); return made(); } };
}
const tabOf = (where, from, more = {}) => new Renewal({ name: 'alice', fetch: () => from.fetch(), renew: old => from.renew(old), shared: where.tab(), ...more });
const next = (renewal, name) => new Promise(resolve => { const off = renewal.on(name, value => { off(); resolve(value); }); });

for (const [what, parts] of [['locks', {}], ['a lease in localStorage', { locks: false }]]) {
  test(`three tabs renew once, with ${what}`, async () => {
    const where = browser(parts), from = server();
    const tabs = [];
    for (let i = 0; i < 3; i++) { tabs.push(tabOf(where, from)); await tabs[i].start(); }
    assert.equal(from.fetches, 1, 'the second and third tab take over what the first has');
    assert.deepEqual(new Set(tabs.map(tab => tab.current.token)), new Set(['token-1']));
    const expiring = [];
    tabs.forEach((tab, i) => tab.on('expiring', () => expiring.push(i)));
    const begun = Date.now();
    const renewed = await Promise.all(tabs.map(tab => next(tab, 'renewed')));
    assert.ok(Date.now() - begun < life, 'before it is over');
    assert.deepEqual(renewed.map(one => one.token), ['token-2', 'token-2', 'token-2']);
    assert.equal(from.renewals, 1);
    assert.ok(expiring.length >= 1);
    tabs.forEach(tab => tab.stop());
  });
}

test('many tabs that are told "stale" at once renew once', async () => {
  const where = browser(), from = server();
  const tabs = Array.from({ length: 5 }, () => tabOf(where, from));
  await Promise.all(tabs.map(tab => tab.start()));
  assert.equal(from.fetches, 1);
  await Promise.all(tabs.flatMap(tab => [tab.renewNow(), tab.renewNow()]));
  assert.equal(from.renewals, 1);
  tabs.forEach(tab => tab.stop());
});

test('it renews when three quarters are over, not before', async () => {
  const where = browser(), from = server(), tab = tabOf(where, from);
  await tab.start();
  await next(tab, 'expiring');
  const part = (Date.now() - tab.current.issuedAt) / life;
  assert.ok(part >= 0.72 && part < 1, `${part}`);
  tab.stop();
});

test('a tab that was closed in the middle keeps nobody from renewing', async () => {
  const where = browser(), from = server(), [one, two] = [tabOf(where, from), tabOf(where, from)];
  await one.start();
  await two.start();
  one.stop();
  assert.equal((await next(two, 'renewed')).token, 'token-2');
  two.stop();
});

test('without anything that tabs share each renews its own', async () => {
  const where = browser({ locks: false, channel: false, storage: false }), from = server(), [one, two] = [tabOf(where, from), tabOf(where, from)];
  await one.start();
  await two.start();
  await Promise.all([next(one, 'renewed'), next(two, 'renewed')]);
  assert.deepEqual([from.fetches, from.renewals], [2, 2]);
  one.stop();
  two.stop();
});

test('who signs out in one tab is signed out in all', async () => {
  const where = browser(), from = server(), [one, two] = [tabOf(where, from), tabOf(where, from)];
  await one.start();
  await two.start();
  const heard = next(two, 'ended');
  one.end('signed out');
  assert.deepEqual(await heard, { reason: 'signed out' });
  assert.deepEqual([one.current, two.current], [undefined, undefined]);
});

test('a refusal ends it, a failure is tried again', async () => {
  const where = browser();
  let failures = 0;
  const from = server(), tab = tabOf(where, from, { renew: async old => { if (failures++ === 0) throw new TypeError('fetch failed'); return from.renew(old); }, at: 0.1 });
  await tab.start();
  assert.equal((await Promise.race([next(tab, 'renewed'), next(tab, 'ended')])).token, 'token-2');
  tab.stop();
  const refused = tabOf(browser(), server(), { renew: async () => { throw new Ended('The session has ended.'); } });
  await refused.start();
  assert.deepEqual(await next(refused, 'ended'), { reason: 'The session has ended.' });
  const nobody = tabOf(browser(), server(), { fetch: async () => { throw new Ended('Nobody is signed in.'); } });
  await assert.rejects(nobody.start(), Ended);
  nobody.stop();
});

test('what is no word of a tab is not heard', async () => {
  const where = browser(), from = server(), tab = tabOf(where, from);
  await tab.start();
  for (const data of [null, 1, 'ended', {}, { type: 'have' }, { type: 'have', tokens: null }, { type: 'have', tokens: { token: 7, issuedAt: 1e15, expiresAt: 1e15 } }, { type: 'have', tokens: { token: 'forged', issuedAt: '9', expiresAt: 1e15 } }, { type: 'have', tokens: { token: 'old', issuedAt: 1, expiresAt: 2 } }, { type: 'ended' }, { type: 'ended', reason: {} }])
    where.shout('gatehouse-renewal:alice', data);
  assert.equal(tab.current.token, 'token-1');
  tab.stop();
});

test('while a call is held, tokens are renewed in time and told when it ends', async () => {
  const where = browser(), from = server(), tab = tabOf(where, from), heard = [];
  await tab.start();
  for (const name of ['deferred', 'renewed']) tab.on(name, tokens => heard.push([name, tokens.token]));
  const release = tab.hold();
  assert.equal((await next(tab, 'deferred')).token, 'token-2');
  assert.equal(tab.current.token, 'token-2');
  assert.deepEqual(heard, [['deferred', 'token-2']]);
  release();
  release();
  assert.deepEqual(heard, [['deferred', 'token-2'], ['renewed', 'token-2']]);
  tab.hold()();
  assert.equal(heard.length, 2);
  await new Promise(resolve => setTimeout(resolve, 20)); // The renewal that was under way is done.
  await tab.renewNow();
  assert.deepEqual(heard.at(-1), ['renewed', 'token-3']);
  tab.stop();
});
