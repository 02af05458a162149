import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { connect, finesseSso, gadgetTokens, getAuthHeaderString, GadgetHost, makeRequest, readDesktopMessage, readGadgetMessage, Ended } from '../dist/index.js';

const desktop = 'https://desk.example';
const settle = () => new Promise(resolve => setTimeout(resolve, 5));

// Two windows, as far as messages go.
function frame({ boot = null, parent } = {}) {
  const listeners = new Set(), said = [];
  const made = {
    said, parent: parent ?? { postMessage: (message, target) => said.push({ message, target }) },
    document: { getElementById: id => (id === 'gatehouse-gadget' && boot ? { textContent: JSON.stringify(boot) } : null), documentElement: { getBoundingClientRect: () => ({ height: 123.4 }) } },
    addEventListener: (_, listener) => listeners.add(listener), removeEventListener: (_, listener) => listeners.delete(listener),
    get listening() { return listeners.size; },
    hear(data, { source = made.parent, origin = desktop } = {}) { for (const one of listeners) one({ data, source, origin }); },
  };
  return made;
}
const config = (authToken, more = {}) => ({ gatehouse: 1, type: 'config', config: { authToken, id: '1001', ...more }, st: `st-of-${authToken}`, expiresAt: 5 });

test('the bundle is under 10 KB gzipped, and names no other package', () => {
  const bundle = readFileSync(new URL('../dist/gadget.min.js', import.meta.url));
  assert.ok(gzipSync(bundle, { level: 9 }).length < 10 * 1024, `${gzipSync(bundle).length} bytes`);
  assert.doesNotMatch(bundle.toString(), /\bimport\b|\brequire\(/);
  assert.equal(JSON.parse(readFileSync(new URL('../package.json', import.meta.url))).dependencies, undefined);
});

test('the header is Bearer with a token, Basic without', () => {
  assert.equal(getAuthHeaderString({ authToken: 'a', authorization: 'b' }), 'Bearer a');
  assert.equal(getAuthHeaderString({ authorization: 'b' }), 'Basic b');
  assert.throws(() => getAuthHeaderString({}));
});

test('a gadget meets its desktop, and hears of each renewal', async () => {
  const window = frame(), meeting = connect({ desktop, window });
  assert.deepEqual(window.said[0], { message: { gatehouse: 1, gadget: '', type: 'ready' }, target: desktop });
  window.hear(config('one'));
  const gadget = await meeting, heard = [];
  for (const name of ['expiring', 'renewed', 'ended']) gadget.on(name, value => heard.push([name, value.reason ?? value.expiresAt]));
  window.hear({ gatehouse: 1, type: 'expiring', expiresAt: 5 });
  window.hear(config('two'));
  assert.equal(gadget.config.authToken, 'two');
  window.hear({ gatehouse: 1, type: 'ended', reason: 'signed out' });
  assert.deepEqual(heard, [['expiring', 5], ['renewed', 5], ['ended', 'signed out']]);
  assert.equal(gadget.config.authToken, undefined);
  gadget.close();
  assert.equal(window.listening, 0);
});

test('a forged message is nobody\'s word', async () => {
  const window = frame(), meeting = connect({ desktop, window });
  window.hear(config('one'));
  const gadget = await meeting;
  const evil = { postMessage() {} };
  for (const from of [{ origin: 'https://evil.example' }, { origin: 'null' }, { origin: '' }, { origin: `${desktop}.evil.example` }, { origin: 'http://desk.example' }, { source: evil }, { source: null }, { source: window }, { source: evil, origin: 'https://evil.example' }])
    window.hear(config('forged'), from);
  for (const shape of [null, 7, 'config', [], {}, { type: 'config' }, { ...config('forged'), gatehouse: 2 }, { ...config('forged'), gatehouse: '1' }, { ...config('forged'), st: {} }, { ...config('forged'), config: 'x' }, { ...config('forged'), config: { authToken: 7 } }, { ...config('forged'), expiresAt: 'soon' }, { ...config('forged'), expiresAt: NaN }, { gatehouse: 1, type: 'ended', reason: 7 }, { gatehouse: 1, type: 'evil' }])
    window.hear(shape);
  assert.equal(gadget.config.authToken, 'one');
  const polluted = JSON.parse('{"gatehouse":1,"type":"config","config":{"__proto__":"x","authToken":"two"},"st":"s","expiresAt":1}');
  window.hear(polluted);
  assert.equal(gadget.config.authToken, 'two');
  assert.equal(Object.getPrototypeOf(gadget.config), Object.prototype);
  gadget.close();
});

test('a desktop is named by its origin, and one that is silent is no desktop', async () => {
  for (const wrong of [undefined, '', 'desk.example', 'https://desk.example/', '*']) await assert.rejects(connect({ desktop: wrong, window: frame() }), TypeError);
  const window = frame();
  await assert.rejects(connect({ desktop, window, patience: 20 }), /No desktop/);
  assert.equal(window.listening, 0);
});

test('in a page that the container renders, nothing needs to be said', async () => {
  const window = frame({ boot: { desktop, gadget: 'crm', proxy: `${desktop}/gadgets/makeRequest`, st: 's', config: { authToken: 'a' } } });
  const gadget = await connect({ window });
  assert.equal(gadget.config.authToken, 'a');
  gadget.setTitle('Customers');
  gadget.setHeight();
  assert.deepEqual(window.said.slice(1).map(one => one.message), [{ gatehouse: 1, gadget: 'crm', type: 'title', title: 'Customers' }, { gatehouse: 1, gadget: 'crm', type: 'height', height: 124 }]);
  gadget.close();
});

// A container that answers what it is told, and keeps what it was asked.
function container(t, ...answers) {
  const asked = [];
  t.mock.method(globalThis, 'fetch', async (url, init) => {
    asked.push({ url, ...Object.fromEntries(init.body ? new URLSearchParams(init.body) : []), init });
    const [status, body, type = 'application/json'] = answers.shift();
    return new Response(typeof body === 'string' ? body : JSON.stringify(body), { status, headers: { 'content-type': type } });
  });
  return asked;
}
const answer = (url, rc, body = '', errors) => [200, `throw 1; < don't be evil' >${JSON.stringify({ [url]: { rc, body, headers: { 'content-type': ['application/json'] }, ...(errors ? { errors } : {}) } })}`];

test('a request has Shindig\'s form', async t => {
  const asked = container(t, answer('https://crm/x', 201, '{"a":1}'), [502, '<html>', 'text/html']);
  const got = await makeRequest('/gadgets/makeRequest', 'st', 'https://crm/x', { method: 'PUT', headers: { A: 'b c', D: 'é&' }, body: 'text' });
  assert.deepEqual([got.status, got.ok, got.json(), got.refused, got.headers['content-type']], [201, true, { a: 1 }, undefined, ['application/json']]);
  assert.deepEqual([asked[0].httpMethod, asked[0].headers, asked[0].postData, asked[0].st, asked[0].init.credentials], ['PUT', 'A=b%20c&D=%C3%A9%26', 'text', 'st', 'omit']);
  await assert.rejects(makeRequest('/p', 'st', 'https://crm/x'));
});

test('what was refused because the token was over is asked again once, with the new one', async t => {
  const asked = container(t, answer('u', 401), answer('u', 200, 'fine'), answer('u', 401, '', ['gadget.token: x']), answer('u', 401), answer('u', 200, 'own'));
  const window = frame(), meeting = connect({ desktop, window });
  window.hear(config('one'));
  const gadget = await meeting, stale = () => window.said.filter(one => one.message.type === 'stale').length;
  const first = gadget.makeRequest('u');
  await settle();
  assert.equal(stale(), 1);
  window.hear(config('two'));
  assert.equal((await first).text, 'fine');
  assert.deepEqual(asked.map(one => [one.headers, one.st]), [['Authorization=Bearer%20one', 'st-of-one'], ['Authorization=Bearer%20two', 'st-of-two']]);
  const second = gadget.makeRequest('u');
  await settle();
  window.hear(config('three'));
  assert.equal((await second).status, 401, 'not for ever');
  assert.equal((await gadget.makeRequest('u', { headers: { authorization: 'Basic x' } })).text, 'own');
  assert.equal(asked.at(-1).headers, 'authorization=Basic%20x');
  gadget.close();
});

test('a desktop knows its gadgets by their windows', async () => {
  const window = frame(), [a, b] = [0, 1].map(() => ({ got: [], postMessage(message, target) { this.got.push([message, target]); } }));
  const host = new GadgetHost(window), heard = [];
  host.add({ id: 'a', frame: { contentWindow: a } });
  host.add({ id: 'b', frame: { contentWindow: b }, origin: 'https://b.example' });
  for (const name of ['ready', 'stale', 'height', 'title', 'pref']) host.on(name, value => heard.push([name, value.id]));
  const say = (type, from, more = {}) => window.hear({ gatehouse: 1, type, ...more }, from);
  say('ready', { source: a, origin: 'null' });
  say('stale', { source: b, origin: 'https://b.example' });
  assert.deepEqual(heard, [['ready', 'a'], ['stale', 'b']]);

  // From another window, from its window at another origin, with another gadget's name, in another shape.
  for (const from of [{ source: {}, origin: 'null' }, { source: null, origin: 'null' }, { source: a, origin: desktop }, { source: b, origin: 'null' }, { source: window, origin: 'null' }]) say('ready', from, { gadget: 'a' });
  for (const data of [null, 'ready', { type: 'ready' }, { gatehouse: 1, type: 'height', height: -1 }, { gatehouse: 1, type: 'height', height: 'tall' }, { gatehouse: 1, type: 'title', title: 'x'.repeat(201) }, { gatehouse: 1, type: 'pref', name: 'a' }]) window.hear(data, { source: a, origin: 'null' });
  assert.equal(heard.length, 2);

  // Each is given its own; a page with an origin is told nothing if it was led elsewhere.
  host.give('a', { authToken: 'for a' }, 'st', 9);
  assert.deepEqual([a.got, b.got], [[[{ gatehouse: 1, type: 'config', config: { authToken: 'for a' }, st: 'st', expiresAt: 9 }, '*']], []]);
  host.give('b', { authToken: 'for b' }, 'st', 9);
  assert.equal(b.got[0][1], 'https://b.example');

  // The hub: whoever subscribed, never who said it.
  say('subscribe', { source: a, origin: 'null' }, { topic: 'finesse.api.*' });
  say('subscribe', { source: b, origin: 'https://b.example' }, { topic: 'other.**' });
  say('publish', { source: a, origin: 'null' }, { topic: 'other.one.two', data: { x: 1 } });
  say('publish', { source: a, origin: 'null' }, { topic: 'finesse.api.user', data: 1 });
  assert.deepEqual(b.got.at(-1)[0], { gatehouse: 1, type: 'publish', topic: 'other.one.two', data: { x: 1 } });
  host.publish('finesse.api.user', 2);
  assert.deepEqual(a.got.at(-1)[0].data, 2);
  host.ended('signed out');
  assert.equal(b.got.at(-1)[0].type, 'ended');
  host.remove('a');
  say('ready', { source: a, origin: 'null' });
  assert.equal(heard.length, 2);
  host.close();
});

test('a forged message is told, to the desktop too, and what claims nothing is not', async () => {
  const window = frame(), a = { postMessage() {} }, host = new GadgetHost(window), forged = [];
  host.add({ id: 'a', frame: { contentWindow: a } });
  host.on('forged', one => forged.push(one));
  host.on('title', () => assert.fail('it was listened to'));
  const title = { gatehouse: 1, gadget: 'a', type: 'title', title: 'x' };
  window.hear(title, { source: {}, origin: 'https://evil.example' });
  window.hear(title, { source: a, origin: 'https://evil.example' });
  window.hear({ ...title, gadget: 'b' }, { source: a, origin: 'null' });
  window.hear({ gatehouse: 1, type: 'forged', origin: 'https://other.example' }, { source: a, origin: 'null' });
  for (const data of [null, 'x', { type: 'title', title: 'x' }, { gatehouse: 2, type: 'title' }, { source: 'react-devtools' }]) window.hear(data, { source: {}, origin: 'https://extension.example' });
  assert.deepEqual(forged, [
    { origin: 'https://evil.example', claimed: 'a', from: '', at: 'desktop' }, { origin: 'https://evil.example', claimed: 'a', from: 'a', at: 'desktop' }, { origin: 'null', claimed: 'b', from: 'a', at: 'desktop' }, { origin: 'https://other.example', claimed: '', from: '', at: 'a' },
  ]);
  host.close();

  const own = frame(), meeting = connect({ desktop, window: own });
  own.hear(config('one'));
  const gadget = await meeting;
  own.hear({ other: 'library' }, { origin: 'https://evil.example' });
  for (let i = 0; i < 30; i++) own.hear(config('forged'), { source: {}, origin: 'https://evil.example' });
  assert.deepEqual(own.said.slice(1).map(one => one.message), Array(20).fill({ gatehouse: 1, gadget: '', type: 'forged', origin: 'https://evil.example' }));
  gadget.close();
});

test('while a call is held, a new token is there and is told when the call ends', async () => {
  const window = frame(), meeting = connect({ desktop, window });
  window.hear(config('one'));
  const gadget = await meeting, heard = [];
  for (const name of ['deferred', 'renewed']) gadget.on(name, value => heard.push([name, value.expiresAt]));
  const [first, second] = [gadget.hold(), gadget.hold()];
  window.hear({ ...config('two'), expiresAt: 7 });
  window.hear({ ...config('three'), expiresAt: 8 });
  assert.equal(gadget.config.authToken, 'three');
  first();
  first();
  assert.deepEqual(heard, [['deferred', 7], ['deferred', 8]]);
  second();
  assert.deepEqual(heard, [['deferred', 7], ['deferred', 8], ['renewed', 8]]);
  gadget.hold()();
  window.hear({ ...config('four'), expiresAt: 9 });
  assert.deepEqual(heard.at(-1), ['renewed', 9]);
  gadget.close();
});

test('single sign-on by Finesse\'s addresses', async t => {
  const asked = container(t, [200, { token: 'a', refresh_token: 'r', expires_in: 300, user_id: 'alice', user_principal: 'alice@x' }], [200, { token: 'b', expires_in: 300 }], [401, { error: 'NO TOKEN', message: 'Nobody is signed in.' }], [503, { error: 'x' }], [200, '<html>', 'text/html']);
  const sso = finesseSso('https://desk.example', 'a b');
  const first = await sso.fetch();
  assert.deepEqual([first.token, first.refreshToken, first.userId, first.expiresAt - first.issuedAt], ['a', 'r', 'alice', 300_000]);
  const second = await sso.renew(first);
  assert.deepEqual([second.token, second.refreshToken, second.userId], ['b', 'r', 'alice']);
  assert.deepEqual([asked[0].url, asked[1].token, asked[1]['refresh-token']], ['https://desk.example/desktop/sso/token?cc_username=a%20b&return_refresh_token=true&return_user=yes', 'a', 'r']);
  await assert.rejects(sso.fetch(), wrong => wrong instanceof Ended && /Nobody/.test(wrong.message));
  await assert.rejects(sso.fetch(), wrong => !(wrong instanceof Ended));
  await assert.rejects(sso.fetch(), wrong => !(wrong instanceof Ended));
});

test('tokens for gadgets', async t => {
  const asked = container(t, [200, { gadgets: [{ id: 'crm' }] }], [401, {}], [500, {}]);
  assert.deepEqual(await gadgetTokens('', 'full', { language: 'de', gadget: 'crm' }), [{ id: 'crm' }]);
  assert.deepEqual([asked[0].url, asked[0].init.headers.Authorization], ['/gadgets/tokens?lang=de&gadget=crm', 'Bearer full']);
  await assert.rejects(gadgetTokens('', 'full'), Ended);
  await assert.rejects(gadgetTokens('', 'full'), wrong => !(wrong instanceof Ended));
});

test('messages are read in every member', () => {
  assert.deepEqual(readGadgetMessage({ gatehouse: 1, type: 'height', height: 1e9 }), { type: 'height', height: 10000 });
  assert.equal(readGadgetMessage({ gatehouse: 1, type: 'config' }), undefined);
  assert.equal(readDesktopMessage({ gatehouse: 1, type: 'ready' }), undefined);
  assert.equal(readDesktopMessage({ gatehouse: 1, type: 'publish', topic: 'x'.repeat(513) }), undefined);
});
