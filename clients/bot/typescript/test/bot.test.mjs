// A bot over real HTTP, with well-meant and hostile requests.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, request } from 'node:http';
import { test } from 'node:test';
import { createBot, Dialogs, parseEvent, signEvent } from '@gatehouse/bot';

const secret = `whsec_${Buffer.alloc(32, 9).toString('base64')}`;
const event = (more = {}) => ({ dialogId: 'd-1', projectContext: { projectToken: 'p', resellerToken: 'r' }, callback: 'https://platform.example/v1', authToken: 'gtdialog_t1', text: 'hi', ...more });

async function serve(rules, then) {
  const bot = createBot({ botToken: 'bot-token', ...rules });
  const server = createServer(bot.node).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${server.address().port}`;
  try {
    await then(async (path, body = event(), headers = {}, method = 'POST') => {
      const answer = await fetch(url + path, { method, headers: { authorization: 'Bearer bot-token', 'content-type': 'application/json', ...headers }, body: method === 'POST' ? (typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body)) : undefined });
      return { status: answer.status, text: await answer.text(), headers: answer.headers };
    }, bot, url);
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

const signed = (body, { id = 'evt_1', at = Math.floor(Date.now() / 1000), by = secret } = {}) => ({ 'webhook-id': id, 'webhook-timestamp': String(at), 'webhook-signature': signEvent(by, id, at, body) });

test('every event reaches its handler and is answered as CVG expects', async () => {
  const heard = [];
  const on = Object.fromEntries(['Session', 'Message', 'Answer', 'Inactivity', 'Recording', 'Terminated'].map(kind => [`on${kind}`, (dialog, e) => { heard.push(`${kind} ${dialog.id} ${e.kind}`); }]));
  await serve(on, async post => {
    assert.deepEqual(JSON.parse((await post('/session')).text), { action: 'ACCEPT' });
    for (const kind of ['message', 'inactivity', 'recording', 'terminated']) assert.equal((await post(`/${kind}`)).status, 204);
    assert.equal((await post('/answer', event({ type: { name: 'Number' } }))).status, 204);
  });
  assert.deepEqual(heard, ['Session d-1 session', 'Message d-1 message', 'Inactivity d-1 inactivity', 'Recording d-1 recording', 'Terminated d-1 terminated', 'Answer d-1 answer']);
});

test('a bot may reject a session, stand below a path, and need no handlers', async () => {
  await serve({ path: '/hooks/bot', onSession: () => false }, async post => {
    assert.equal((await post('/hooks/bot/session')).text, '{"action":"REJECT"}');
    assert.equal((await post('/hooks/bot/message')).status, 204);
    assert.equal((await post('/session')).status, 404);
  });
});

test('what is no event of the platform is refused with its words', async () => {
  await serve({ onSession: () => assert.fail('heard') , onMessage: () => assert.fail('heard') }, async (post, bot, url) => {
    for (const authorization of ['', 'Bearer ', 'Bearer wrong', 'Bearer bot-toke', 'Bearer bot-tokenn', 'bearer bot-token', 'bot-token', 'Basic Ym90LXRva2Vu', 'Bearer bot-token, Bearer bot-token'])
      assert.deepEqual([authorization, await post('/session', event(), { authorization }).then(a => [a.status, a.text])], [authorization, [401, 'bot token is invalid!']]);
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/jsonx', 'multipart/form-data; boundary=x'])
      assert.equal((await post('/session', event(), { 'content-type': type })).status, 415);
    assert.deepEqual(await post('/session', '{').then(a => [a.status, a.text]), [400, 'body is not valid json.']);
    assert.deepEqual(await post('/session', { ...event(), dialogId: undefined }).then(a => [a.status, a.text]), [400, 'dialogId is required']);
    assert.equal((await post('/session', Buffer.from([0xff, 0xfe]))).status, 400);
    assert.equal((await post('/session', JSON.stringify(event({ text: 'x'.repeat(300_000) })))).status, 413);
    assert.equal((await post('/', event())).status, 404);
    assert.equal((await post('/transfer', event())).status, 404);
    assert.equal((await post('/session', undefined, {}, 'GET')).headers.get('allow'), 'POST');
    assert.equal((await post('//evil.example/session')).status, 404);
    const odd = await new Promise((resolve, fail) => request(url, { path: 'http://evil.example/session', method: 'POST' }, resolve).on('error', fail).end());
    assert.equal(odd.statusCode, 401);
    assert.equal(bot.dialogs.size, 0);
  });
});

test('with secrets an event must be signed, and one sent again is answered but not told again', async () => {
  let [heard, fails] = [0, false];
  await serve({ secrets: [secret], onMessage: () => { heard++; if (fails) throw new Error('handler'); } }, async post => {
    const body = JSON.stringify(event());
    assert.deepEqual(await post('/message', body).then(a => [a.status, a.text]), [401, 'event signature is invalid: missing']);
    assert.equal((await post('/message', body, signed(body, { by: `whsec_${Buffer.alloc(32).toString('base64')}` }))).text, 'event signature is invalid: wrong');
    assert.equal((await post('/message', body, signed(body, { at: 1 }))).text, 'event signature is invalid: too-old');
    assert.equal((await post('/message', body, signed(`${body} `))).status, 401);
    assert.equal((await post('/message', body, { ...signed(body), authorization: 'Bearer wrong' })).text, 'bot token is invalid!');
    assert.equal(heard, 0);
    assert.equal((await post('/message', body, signed(body))).status, 204);
    assert.equal((await post('/message', body, signed(body))).status, 204);
    assert.equal(heard, 1);
    fails = true;
    assert.equal((await post('/message', body, signed(body, { id: 'evt_2' }))).status, 500);
    fails = false;
    assert.equal((await post('/message', body, signed(body, { id: 'evt_2' }))).status, 204);
    assert.equal(heard, 3);
  });
});

test('tokens and secrets may rotate; a bot that would believe everybody is not made', async () => {
  await serve({ botToken: ['old', 'bot-token'] }, async post => {
    assert.equal((await post('/session')).status, 200);
    assert.equal((await post('/session', event(), { authorization: 'Bearer old' })).status, 200);
  });
  assert.throws(() => createBot({}), /botToken or secrets/);
  assert.throws(() => createBot({ botToken: '' }), /empty/);
  assert.throws(() => createBot({ botToken: ['a', ''] }), /empty/);
  assert.throws(() => createBot({ botToken: [] }), /botToken or secrets/);
  assert.throws(() => createBot({ secrets: ['short'] }), /webhook secret/);
});

test('the token may stand in a header, and no error tells it', async () => {
  const errors = [];
  await serve({ onError: error => errors.push(`${error?.stack}`), onMessage: async dialog => { await dialog.call('call/say', { dialogId: 'other' }); } }, async (post, bot) => {
    assert.equal((await post('/session', event({ authToken: undefined }), { 'x-dialog-token': 'gtdialog_h' })).status, 200);
    assert.equal((await post('/session', event(), { 'x-dialog-token': 'gtdialog_h' })).status, 400);
    assert.equal((await post('/message')).status, 500);
    assert.equal(bot.dialogs.size, 1);
  });
  assert.equal(errors.length, 2);
  assert.ok(!errors.join().includes('gtdialog'), errors.join());
});

test('dialogs are bounded: who ended first is forgotten first, then the longest silent', () => {
  const dialogs = new Dialogs({ capacity: 3 });
  const hear = (kind, dialogId) => dialogs.accept(parseEvent(kind, JSON.stringify(event({ dialogId }))));
  for (const id of ['a', 'b', 'c']) hear('session', id);
  hear('message', 'a');
  hear('terminated', 'c');
  hear('session', 'd');
  assert.deepEqual(['a', 'b', 'c', 'd'].map(id => dialogs.get(id)?.id), ['a', 'b', undefined, 'd']);
  hear('session', 'e');
  assert.deepEqual(['a', 'b', 'd', 'e'].map(id => dialogs.get(id)?.id), ['a', undefined, 'd', 'e']);
  assert.equal(dialogs.size, 3);
});

test('renewals of one token share one request, and a call whose token grew old meanwhile takes the newer one', async () => {
  let renewals = 0;
  const gate = Promise.withResolvers?.() ?? (() => { let resolve; const promise = new Promise(r => { resolve = r; }); return { promise, resolve }; })();
  const dialogs = new Dialogs({
    issuer: 'https://gateway.example/realms/cc',
    fetch: async (url, init) => {
      if (!url.startsWith('https://gateway.example/')) return new Response(null, { status: init.headers.authorization === 'Bearer t2' ? 204 : 401 });
      renewals++;
      await gate.promise;
      return Response.json({ token: 't2' });
    },
  });
  const dialog = dialogs.accept(parseEvent('session', JSON.stringify(event({ authToken: 't1' }))));
  const calls = Promise.all(Array.from({ length: 20 }, () => dialog.say('x')));
  setImmediate(gate.resolve);
  assert.deepEqual(new Set((await calls).map(answer => answer.status)), new Set([204]));
  assert.equal(renewals, 1);
});

test('operations and recordings are named, not addressed', async () => {
  const dialog = new Dialogs({ fetch: () => assert.fail('sent') }).accept(parseEvent('session', JSON.stringify(event())));
  for (const operation of ['', 'say', '/call/say', 'call/../dialog', 'call//say', 'call/say?x=1', 'call/%2e%2e', 'call/a/b/c/d/e', 'dialog/x', 'call/say\n']) await assert.rejects(dialog.call(operation), TypeError, operation);
  for (const id of ['', '..', 'a/b', 'a'.repeat(51), 'a?b']) await assert.rejects(dialog.recording(id), TypeError, id);
  assert.throws(() => new Dialogs({ issuer: 'http://gateway.example' }), /https/);
  assert.throws(() => new Dialogs({ issuer: 'nowhere' }), /https/);
});

test('a real platform: redirects are not followed, answers are bounded, recordings stream', async () => {
  const asked = [];
  const server = createServer((incoming, outgoing) => {
    asked.push(`${incoming.method} ${incoming.url} ${incoming.headers.authorization}`);
    if (incoming.url.startsWith('/v1/recording/')) outgoing.setHeader('content-type', 'audio/wav').end(Buffer.alloc(3_000_000, 1));
    else if (incoming.url === '/v1/call/say') outgoing.writeHead(302, { location: '/elsewhere' }).end();
    else if (incoming.url === '/v1/call/forward') outgoing.setHeader('content-type', 'application/json').end('{"status":"Failure","reason":"Busy"}');
    else if (incoming.url === '/v1/call/drop') outgoing.writeHead(403, { 'content-type': 'application/problem+json' }).end('{"code":"dialog.ended"}');
    else outgoing.end(Buffer.alloc(2_000_000, 65));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const dialog = new Dialogs().accept(parseEvent('session', JSON.stringify(event({ callback: `http://127.0.0.1:${server.address().port}/v1/` }))));
  await assert.rejects(dialog.say('x'), error => error.status === 302);
  assert.deepEqual((await dialog.call('call/forward', { destinationNumber: '+49' })).body, { status: 'Failure', reason: 'Busy' });
  await assert.rejects(dialog.end(), error => error.reason === 'dialog.ended' && error.status === 403);
  await assert.rejects(dialog.call('call/long'), error => error.code === 'answer');
  const { stream, contentType } = await dialog.recording('r1');
  let length = 0;
  for await (const part of stream) length += part.length;
  assert.deepEqual([contentType, length], ['audio/wav', 3_000_000]);
  assert.equal(asked.at(-1), 'GET /v1/recording/r/d-1/r1 Bearer gtdialog_t1');
  assert.ok(!asked.join().includes('elsewhere'));
  server.close();
  server.closeAllConnections();
});
