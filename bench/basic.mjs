// Passwords with each request (RFC 7617) beside bearer tokens, at one gate in one run: the same service, upstream, connections and rounds in turn. The first request of each user costs a whole password hash; what comes
// after it is recognised. Measured are both: many users whose password is known, and a round in which each user's password is shown for the first time.
import { createHash } from 'node:crypto';
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { browser, secrets, serve, token } from './gatehouse.mjs';
import { cpuSeconds, interleave, median, options, report } from './measure.mjs';
import { upstream } from './peers.mjs';
import { scratch, stop } from './world.mjs';

const given = options({ seconds: 4, rounds: 5, connections: 32, users: 32, first: 20, iterations: 0 });
const run = promisify(execFile);
const path = '/cim-customer/customers';
const basic = name => `Basic ${Buffer.from(`${name}:${passwordOf(name)}`).toString('base64')}`;
const passwordOf = name => `correct-horse-${createHash('sha256').update(name).digest('hex').slice(0, 12)}`;

/** wrk, with the same header on all connections, or with each of many in turn: then no connection sends the same twice in a row, and its memo is of no use. */
async function load({ port, child, headers, seconds = given.seconds }) {
  const lines = await headers();
  const script = join(scratch, 'headers.lua');
  writeFileSync(script, `local lines = {${lines.map(line => JSON.stringify(line)).join(',')}}\nlocal at = 0\nlocal made = {}\nfunction init(args) for i, line in ipairs(lines) do made[i] = wrk.format("GET", "${path}", { Authorization = line }) end end\nfunction request() at = at % #made + 1 return made[at] end\n`);
  const before = cpuSeconds(child.pid);
  const { stdout } = await run('wrk', ['-t', '1', '-c', String(given.connections), '-d', `${seconds}s`, '--timeout', '30s', ...(lines.length === 1 ? ['-H', `Authorization: ${lines[0]}`] : ['-s', script]), `http://127.0.0.1:${port}${path}`]);
  const [, requests, took] = /(\d+) requests in ([\d.]+)s/.exec(stdout);
  if (/Non-2xx|Socket errors/.test(stdout)) throw new Error(`refused instead of forwarded:\n${stdout}`);
  return { requests: Number(requests), seconds: Number(took), cpu: cpuSeconds(child.pid) - before };
}

const ask = async (port, line) => {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { authorization: line } });
  await answer.arrayBuffer();
  if (!answer.ok) throw new Error(`${answer.status} instead of an answer`);
};

let failed = false;
try {
  const to = await upstream();
  const ours = await serve(`
realm: contact-centre
services:
  cim-customer:
    upstreams: ["http://127.0.0.1:${to}"]
    accept: [token, basic]
    rules:
      - allow: {}
`, given.iterations ? { GATEHOUSE__SIGNIN__PASSWORDITERATIONS: String(given.iterations) } : {});
  const ada = await (await browser(ours))();
  const total = given.users + given.first * 2;
  for (let i = 0; i < total; i++) {
    process.stderr.write(`\rmaking user ${i + 1} of ${total}`);
    const made = await fetch(`http://127.0.0.1:${ours.port}/admin/realms/contact-centre/users`, { method: 'POST', headers: { authorization: `Bearer ${ada.access_token}`, 'content-type': 'application/json' }, body: JSON.stringify({ username: `agent${i}`, enabled: true, credentials: [{ type: 'password', value: passwordOf(`agent${i}`), temporary: false }] }) });
    if (made.status !== 201) throw new Error(`${made.status} ${await made.text()}`);
  }

  const names = Array.from({ length: given.users }, (_, i) => `agent${i}`);
  // Access tokens live five minutes, and so does the belief in a password: both are made fresh for each round.
  const bearer = async () => `Bearer ${(await token(ours.realm, { grant_type: 'client_credentials', client_id: 'crm-sync', client_secret: secrets.client })).access_token}`;
  const bearers = async () => Promise.all(names.map(bearer));
  const first = [];
  for (const name of names) {
    const began = performance.now();
    await ask(ours.port, basic(name));
    first.push(performance.now() - began);
  }

  const known = async () => { for (const name of names) await ask(ours.port, basic(name)); return names.map(basic); };
  const results = await interleave([
    { name: 'bearer, one for all', ...ours, headers: async () => [await bearer()] },
    { name: 'basic, one for all', ...ours, headers: async () => (await known()).slice(0, 1) },
    { name: `bearer, ${given.users} in turn`, ...ours, headers: bearers },
    { name: `basic, ${given.users} in turn`, ...ours, headers: known },
  ], given.rounds, load);
  const rate = name => results.get(name).map(one => one.requests / one.seconds);
  const ratio = (mine, base) => median(rate(mine).map((one, i) => one / rate(base)[i]));
  const [one, many] = [ratio('basic, one for all', 'bearer, one for all'), ratio(`basic, ${given.users} in turn`, `bearer, ${given.users} in turn`)];
  report('basic: passwords beside tokens', results, 'bearer, one for all');

  // Users that nobody has seen yet, beside tokens for the same time: long enough to be a shift's beginning and not a hash alone.
  const long = given.seconds * 5;
  const fresh = [];
  for (let i = 0; i < 2; i++) {
    const before = await load({ ...ours, seconds: long, headers: bearers });
    const cold = await load({ ...ours, seconds: long, headers: async () => Array.from({ length: given.first }, (_, n) => basic(`agent${given.users + i * given.first + n}`)) });
    fresh.push(cold.requests / cold.seconds / (before.requests / before.seconds));
  }

  console.log(`Rate of Basic ÷ rate of Bearer (median of ${given.rounds} rounds; goal 0.8): the same for all connections ${one.toFixed(2)}, ${given.users} in turn ${many.toFixed(2)}`);
  console.log(`First request of each user, with its password hash: median ${median(first).toFixed(0)} ms, most ${Math.max(...first).toFixed(0)} ms`);
  console.log(`${long} s that begin with ${given.first} users never seen before, beside tokens: ${fresh.map(each => each.toFixed(2)).join(', ')}`);
  console.log(JSON.stringify({ bench: 'basic: ratios', one: Number(one.toFixed(3)), many: Number(many.toFixed(3)), first_ms: Number(median(first).toFixed(1)), fresh: fresh.map(each => Number(each.toFixed(3))) }));
} catch (error) {
  failed = true;
  console.error(error);
} finally {
  await stop(failed);
}
process.exit(failed ? 1 : 0);
