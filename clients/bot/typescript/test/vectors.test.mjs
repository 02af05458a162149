// The kit held to tests/vectors/bot.json, which the .NET kit is held to as well.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { Dialogs, EventError, CallError, parseEvent, signEvent, verifyEvent } from '@gatehouse/bot';

const vectors = JSON.parse(readFileSync(new URL('../../../../tests/vectors/bot.json', import.meta.url), 'utf8'));

describe('signatures', () => {
  for (const one of vectors.signatures) {
    test(one.name, () => {
      const headers = Object.fromEntries([['webhook-id', one.id], ['webhook-timestamp', one.timestamp], ['webhook-signature', one.signature]].filter(([, value]) => value !== null));
      const verdict = verifyEvent(headers, one.body, one.secrets, one.now);
      assert.equal(verdict.ok ? 'valid' : verdict.fault, one.expect);
      assert.deepEqual(verifyEvent({ get: name => headers[name] ?? null }, Buffer.from(one.body), one.secrets, one.now), verdict);
      if (verdict.ok) assert.ok(one.secrets.some(secret => one.signature.split(' ').includes(signEvent(secret, one.id, Number(one.timestamp), one.body))));
    });
  }
});

describe('secrets', () => {
  for (const { secret, ok } of vectors.secrets) {
    test(`'${secret}' ${ok ? 'is' : 'is not'} one`, () => {
      const verify = () => verifyEvent({}, '', [secret], 0);
      if (ok) assert.equal(verify().fault, 'missing');
      else assert.throws(verify, error => error instanceof TypeError && (secret.length < 8 || !error.message.includes(secret)));
    });
  }
});

describe('events', () => {
  for (const one of vectors.events) {
    test(one.name, () => {
      const parse = () => parseEvent(one.kind, one.text ?? JSON.stringify(one.body), one.rules);
      if (one.refused !== undefined) {
        assert.throws(parse, error => error instanceof EventError && error.member === one.refused && (one.says === undefined || error.message === one.says) || assert.fail(`${error}`));
      } else {
        const { body, ...event } = parse();
        assert.deepEqual(event, one.event);
        assert.equal(typeof body, 'object');
      }
    });
  }
});

const body = (kind, { token, ...more }) => JSON.stringify({
  dialogId: 'd-1', projectContext: { projectToken: 'p-1', resellerToken: 'r-1' }, callback: 'https://platform.example/v1', ...(token ? { authToken: token } : {}), ...more,
  ...(kind === 'message' ? { text: 'x' } : {}),
});

const outcome = async call => {
  try {
    return (await call()).status;
  } catch (error) {
    assert.ok(error instanceof CallError, `${error?.stack}`);
    return error.code === 'status' ? `status ${error.status}` : error.code;
  }
};

describe('retries', () => {
  for (const one of vectors.retries) {
    test(one.name, async () => {
      const [waits, answers] = [[], [...one.answers]];
      const dialogs = new Dialogs({
        ...one.rules,
        wait: async milliseconds => { waits.push(milliseconds); },
        fetch: async (url, init) => {
          assert.equal(url, 'https://platform.example/v1/call/say');
          assert.equal(init.redirect, 'manual');
          assert.deepEqual(JSON.parse(init.body), { text: 'x', dialogId: 'd-1' });
          const answer = answers.shift();
          if (answer === 'connection') throw new TypeError('fetch failed');
          if (answer === 'timeout') throw new DOMException('late', 'TimeoutError');
          const { status, retryAfter } = typeof answer === 'number' ? { status: answer } : answer;
          return new Response(null, { status, headers: retryAfter === undefined ? {} : { 'retry-after': retryAfter } });
        },
      });
      const dialog = dialogs.accept(parseEvent('session', body('session', { token: 't1' })));
      assert.equal(await outcome(() => dialog.say('x')), one.result);
      assert.deepEqual(waits, one.waits);
      assert.deepEqual(answers, []);
    });
  }
});

describe('tokens', () => {
  for (const one of vectors.tokens) {
    test(one.name, async () => {
      let [now, exchanges, dialog] = [0, [], undefined];
      const dialogs = new Dialogs({
        ...one.rules,
        now: () => now,
        fetch: async (url, init) => {
          const exchange = exchanges.shift();
          assert.ok(exchange, `nobody expected ${url}`);
          assert.equal(init.headers.authorization, exchange.bearer === null ? undefined : `Bearer ${exchange.bearer}`);
          if (exchange.to === 'callback') assert.ok(url.startsWith('https://platform.example/v1/'), url);
          else assert.equal(url, `${one.rules.issuer}/dialogs/d-1/token`);
          if (exchange.gives !== undefined) return Response.json({ token: exchange.gives }, { status: exchange.status });
          return exchange.status === 200 ? Response.json({}) : new Response(null, { status: exchange.status });
        },
      });
      for (const step of one.steps) {
        now = step.at ?? now;
        if (step.known !== undefined) assert.equal(dialogs.get('d-1') !== undefined, step.known);
        if (step.event) dialog = dialogs.accept(parseEvent(step.event.kind, body(step.event.kind, step.event), one.rules));
        if (!step.call) continue;
        exchanges = [...step.exchanges];
        const call = {
          recording: async () => { const { stream } = await dialog.recording(); await stream.cancel(); return { status: 200 }; },
          data: () => dialog.data({ a: 'b' }), history: () => dialog.history(), delete: () => dialog.delete(),
        }[step.call] ?? (() => dialog.call(step.call, step.body));
        assert.equal(await outcome(call), step.result);
        assert.deepEqual(exchanges, []);
        assert.ok(!JSON.stringify(dialog).includes('"t'), 'a dialog shows no token');
      }
    });
  }
});
