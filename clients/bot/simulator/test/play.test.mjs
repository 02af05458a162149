// The command as people run it, against bots that behave and bots that do not.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { botToken, goodBot, roughBot, secret, serve } from './bots.mjs';

const command = fileURLToPath(new URL('../gatehouse-dialogs.mjs', import.meta.url));

function run(args, env = { BOT_TOKEN: botToken, BOT_SECRET: secret }) {
  return new Promise(resolve => {
    execFile(process.execPath, [command, ...args], { env: { PATH: process.env.PATH, ...env }, timeout: 30_000 }, (error, out, err) => resolve({ code: error ? error.code : 0, out, err }));
  });
}

const play = (listener, words, ...options) => serve(listener, url => run(['--bot', url, ...options, 'play', ...words]));

test('a whole dialog against a bot of the kit', async () => {
  const { bot, downloads } = goodBot();
  const began = performance.now();
  const { code, out, err } = await play(bot.node, ['start', 'expect:say', 'say:"hello"', 'dtmf:5', 'transfer', 'silence:30s', 'again', 'forge', 'hangup', 'recording', 'expire']);
  assert.equal(code, 0, out + err);
  assert.ok(performance.now() - began < 15_000, 'the clock jumps');
  for (const line of [/00:00 .*person .*calls/, /bot .*say "Hello! Press 5 for a person\."/, /say "You said: hello"/, /types 5/, /forward \{"destinationNumber":"\+4972112345"\}/, /somebody took the call/, /00:30 .*say "Are you there\?"/, /refuses an event with a wrong bot token/, /refuses an event with the signature of another secret/, /hangs up/, /data \{"seen":"yes"\}/, /downloads recording default/, /01:00:30 .*the headroom is over/, /nothing wrong/]) assert.match(out, line);
  assert.deepEqual(downloads, [1644]);
  assert.ok(!out.includes(botToken) && !out.includes(secret) && !out.includes('gtdialog_played'), 'no secret in the transcript');
});

test('a transfer nobody takes, a bot that hangs up, silence in which a dialog decays, a call the platform makes', async () => {
  const failed = await play(goodBot().bot.node, ['start', 'dtmf:5', 'transfer:fails', 'expect:say', 'hangup']);
  assert.equal(failed.code, 0, failed.out);
  assert.match(failed.out, /nobody took the call/);
  const bye = await play(goodBot().bot.node, ['start:outbound', 'say:bye', 'say:more', 'hangup', 'recording', 'expire']);
  assert.equal(bye.code, 0, bye.out);
  assert.match(bye.out, /the bot hung up\n.*\/terminated/);
  assert.match(bye.out, /leaves out say: the dialog has ended/);
  const decayed = await play(goodBot().bot.node, ['start', 'silence:15m', 'say:hello', 'expire']);
  assert.equal(decayed.code, 0, decayed.out);
  assert.match(decayed.out, /the dialog decays\n.*\/terminated/);
});

test('renewal: a token that died early is renewed at the issuer, by the kit or by hand', async () => {
  const free = createServer().listen(0, '127.0.0.1');
  await once(free, 'listening');
  const { port } = free.address();
  free.close();
  const issuer = `http://127.0.0.1:${port}/realms/simulated`;
  // The bot talks on by itself: sooner or later with a token that went stale.
  let renewed = false;
  const talks = goodBot({
    issuer,
    fetch: async (url, init) => {
      renewed ||= url.startsWith(issuer);
      return await fetch(url, init);
    },
    onSession: dialog => { void (async () => { while (!renewed) await dialog.say('still here'); })().catch(() => {}); },
  });
  const own = await play(talks.bot.node, ['start', 'stale', 'expect:renew', 'say:x', 'hangup'], '--port', String(port));
  assert.equal(own.code, 0, own.out);
  assert.match(own.out, /refuses token 1 with 401 \(say\)\n.*renews token 1: 2\n[\s\S]*say "still here"/);

  let held;
  const rough = roughBot(async (kind, event, call) => {
    if (kind === 'session') held = event.authToken;
    if (kind !== 'message') return;
    assert.equal(await call('call/say', held, { dialogId: event.dialogId, text: 'x' }), 401);
    const fresh = await fetch(`${new URL(event.callback).origin}/realms/simulated/dialogs/${event.dialogId}/token`, { method: 'POST', headers: { authorization: `Bearer ${held}` } });
    held = (await fresh.json()).token;
    assert.equal(await call('call/say', held, { dialogId: event.dialogId, text: 'renewed' }), 204);
  });
  const { code, out } = await play(rough, ['start', 'stale', 'say:x', 'expect:renew', 'expect:say', 'hangup'], '--port', String(port));
  assert.equal(code, 0, out);
  assert.match(out, /refuses token 1 with 401 \(say\)[\s\S]*renews token 1: 3[\s\S]*say "renewed"/);
});

test('many dialogs at once, and the token in the header', async () => {
  const { code, out } = await play(goodBot().bot.node, ['start', 'say:hello', 'dtmf:5', 'transfer', 'hangup', 'recording', 'expire'], '--dialogs', '20', '--token-in', 'header');
  assert.equal(code, 0, out);
  assert.match(out, /20 dialogs of 7 steps; the bot called back 100 times; nothing wrong/);
});

test('a script from a file, events without a signature', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'dialogs-'));
  try {
    writeFileSync(join(folder, 'a.json'), JSON.stringify({ steps: ['start', { say: 'hello' }, { silence: '30s' }, { answer: 'Number=42' }, 'hangup'] }));
    const { bot } = goodBot({ secrets: [] });
    const { code, out } = await serve(bot.node, url => run(['--bot', url, 'play', join(folder, 'a.json')], { BOT_TOKEN: botToken }));
    assert.equal(code, 0, out);
    assert.match(out, /1 dialog of 5 steps/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

const misuses = {
  'no token': [(kind, event, call) => call('call/say', undefined, { dialogId: event.dialogId }), /called without the token of the dialog/],
  'a token nobody gave': [(kind, event, call) => call('call/say', 'made-up', { dialogId: event.dialogId }), /a token that the platform never gave/],
  'the id of no dialog': [(kind, event, call) => call('call/say', event.authToken, {}), /without the id of the dialog/],
  'the id of another dialog in the body': [(kind, event, call) => call('call/say', event.authToken, { dialogId: 'another' }), /the token of another dialog/],
  'the id of another dialog in the path': [(kind, event, call) => call(`dialog/${event.projectContext.resellerToken}/another/data`, event.authToken, { data: {} }), /the token of another dialog/],
  'another reseller': [(kind, event, call) => call(`dialog/another/${event.dialogId}/data`, event.authToken, { data: {} }), /the token of another dialog/],
  'a call after the end': [async (kind, event, call) => { if (kind === 'terminated') await call('call/say', event.authToken, { dialogId: event.dialogId }); }, /called after the end of the dialog/],
  'a token in the address': [(kind, event, call) => call(`call/say?token=${event.authToken}`, event.authToken, { dialogId: event.dialogId }), /a token stands in the address/],
  'an operation that is none': [(kind, event, call) => call('call/shout', event.authToken, { dialogId: event.dialogId }), /no operation of the call API/],
  'no ACCEPT': [kind => kind === 'session' ? [200, '{}'] : undefined, /not \{"action":"ACCEPT"\}/],
  'a rejection': [kind => kind === 'session' ? [200, '{"action":"REJECT"}'] : undefined, /answered REJECT/],
  'an error': [kind => kind === 'message' ? [500, 'oh'] : undefined, /answered 500, not 204: oh/],
};

for (const [name, [act, wrong]] of Object.entries(misuses)) {
  test(`a bot that misbehaves fails: ${name}`, async () => {
    const { code, out } = await play(roughBot(async (...all) => { const said = await act(...all); return Array.isArray(said) ? said : undefined; }), ['start', 'say:x', 'hangup']);
    assert.equal(code, 1, out);
    assert.match(out, wrong);
    assert.match(out, /WRONG: \d+\n$/);
  });
}

test("tokens that died, another dialog's token, and what a bot believes", async () => {
  let first;
  const keeps = roughBot(async (kind, event, call) => { first ??= event.authToken; await call('call/say', first, { dialogId: event.dialogId }); });
  assert.match((await play(keeps, ['start', 'freeze', 'say:x', 'say:y', 'hangup'])).out, /refuses token 1 with 401 \(say\)[\s\S]*called again with a token that was refused before/);
  first = undefined;
  const mixes = roughBot(async (kind, event, call) => { first ??= event.authToken; await call('call/say', first, { dialogId: event.dialogId }); });
  const mixed = await play(mixes, ['start', 'hangup'], '--dialogs', '3');
  assert.equal(mixed.code, 1);
  assert.match(mixed.out, /the token of another dialog/);
  const believes = await play(roughBot(() => {}), ['start', 'forge', 'hangup']);
  assert.equal(believes.code, 1);
  assert.match(believes.out, /answered 204 to an event with a wrong bot token, not 401/);
  assert.match(believes.out, /answered 204 to an event with no signature, not 401/);
  const twice = await play(roughBot(async (kind, event, call) => { await call('call/say', event.authToken, { dialogId: event.dialogId }); }), ['start', 'say:x', 'again']);
  assert.equal(twice.code, 1);
  assert.match(twice.out, /acted twice on one event \(say\)/);
});

test('after expiry nothing may be called', async () => {
  const late = roughBot((kind, event, call) => {
    if (kind === 'message') void (async () => { while (await call(`dialog/${event.projectContext.resellerToken}/${event.dialogId}/data`, event.authToken, { data: {} }) === 204); })().catch(() => {});
  });
  const { code, out } = await play(late, ['start', 'say:x', 'expire', 'expect:refused']);
  assert.equal(code, 1, out);
  assert.match(out, /the hard limit and the headroom are over[\s\S]*WRONG +data: called with a token of a dialog that is over/);
});

test('a bot that does not answer, is not there, or does not do what is wanted', async () => {
  const mute = await play((request, response) => { request.resume(); request.on('end', () => { if (request.url !== '/session') return; response.writeHead(200).end('{"action":"ACCEPT"}'); }); }, ['start', 'say:x'], '--patience', '1s');
  assert.equal(mute.code, 1);
  assert.match(mute.out, /\/message: the bot did not answer within 1 s/);
  const gone = await run(['--bot', 'http://127.0.0.1:1', 'play', 'start', 'say:x']);
  assert.equal(gone.code, 1);
  assert.match(gone.out, /cannot be reached at http:\/\/127\.0\.0\.1:1/);
  const idle = await play(roughBot(() => {}), ['start', 'expect:say', 'transfer', 'hangup'], '--patience', '1s');
  assert.equal(idle.code, 1);
  assert.match(idle.out, /expect:say: the bot did not[\s\S]*transfer: the bot asked for none/);
});

test('a command that is not written right is told so', async () => {
  const bot = ['--bot', 'http://127.0.0.1:1'];
  for (const [args, said, env] of [
    [['play', 'start'], /--bot says where/], [bot, /say what to play/], [[...bot, 'sing'], /no command/], [[...bot, 'play'], /empty/], [[...bot, 'play', 'say:x'], /begins with start/], [[...bot, 'play', 'start', 'start'], /has one/],
    [[...bot, 'play', 'start', 'shout:x'], /no word of a script; they are: start, say/], [[...bot, 'play', 'start', 'say'], /not written right: say:TEXT/], [[...bot, 'play', 'start', 'dtmf:x'], /not written right/], [[...bot, 'play', 'start', 'silence:long'], /no duration/], [[...bot, 'play', 'start', 'hangup:now'], /not written right/],
    [[...bot, 'play', 'start', 'transfer:maybe'], /not written right/], [[...bot, 'play', '/nowhere.json'], /cannot be read/], [[...bot, '--loud', 'play', 'start'], /loud/], [[...bot, '--port', '70000', 'play', 'start'], /--port/], [[...bot, '--dialogs', '0', 'play', 'start'], /--dialogs/], [[...bot, '--token-in', 'url', 'play', 'start'], /body or header/],
    [['--bot', 'http://bot.example', 'play', 'start'], /this machine only/], [['--bot', 'http://127.0.0.1@evil.example', 'play', 'start'], /this machine only/], [['--bot', 'http://localhost.evil.example', 'play', 'start'], /this machine only/],
    [[...bot, 'play', 'start'], /BOT_TOKEN, which is not set/, {}], [[...bot, 'play', 'start'], /BOT_SECRET holds no secret/, { BOT_TOKEN: 'x', BOT_SECRET: 'whsec_short' }], [[...bot, '--secret-env', 'OTHER', 'play', 'start'], /OTHER is not set/],
  ]) {
    const { code, err, out } = await run(args, env);
    assert.equal(code, 2, `${args.join(' ')}: ${out}${err}`);
    assert.match(err, said);
    assert.match(err, /--help/);
  }
  const help = await run(['--help']);
  assert.equal(help.code, 0);
  assert.match(help.out, /Examples/);
});
