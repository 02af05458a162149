// A shift's start: 2,000 agents (Finesse's published ceiling) sign in by SAML and open a desktop each, as fast as they come: the provider's answer, the desktop's token (/desktop/sso/token), its page and files, and its first
// API calls through the gate. In turn with sign-ins alone, as bench/saml.mjs measures them: same messages, same machine, same client.
import { execFileSync } from 'node:child_process';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { serve } from './gatehouse.mjs';
import { cpuSeconds, median, options, residentMiB } from './measure.mjs';
import { answer, provider } from './saml-idp.mjs';
import { upstream } from './peers.mjs';
import { scratch, stop } from './world.mjs';

const given = options({ agents: 2000, rounds: 3, connections: 200, patience: 10 });
const here = new URL('.', import.meta.url).pathname;
const calls = ['/cim-customer/customers', '/finesse-desk/teams', '/finesse-desk/reasons'];

/** One request; refuses to be anything but what was expected. `wants` judges status and headers. */
const ask = (agent, url, { method = 'GET', headers = {}, form } = {}, wants = status => status === 200) => new Promise((done, fail) => {
  const body = form && new URLSearchParams(form).toString();
  const sent = request(url, { method, agent, timeout: given.patience * 1000, headers: { ...headers, ...(body ? { 'content-type': 'application/x-www-form-urlencoded', 'content-length': Buffer.byteLength(body) } : {}) } }, heard => {
    let text = '';
    heard.on('data', part => { text += part; });
    heard.on('end', () => wants(heard.statusCode, heard.headers) ? done({ headers: heard.headers, text }) : fail(new Error(`${method} ${url}: ${heard.statusCode} ${heard.headers.location ?? ''} ${text.slice(0, 300)}`)));
  });
  sent.on('timeout', () => sent.destroy(new Error(`${method} ${url}: no answer in ${given.patience} s`)));
  sent.on('error', fail);
  sent.end(body);
});

const gatehouse = (...words) => execFileSync(join(here, '.work/gatehouse/gatehouse'), [...words, '--data', join(scratch, 'data')], { stdio: 'ignore' });

/** Everybody at once, `connections` of them under way: how long it took, and how long each waited from their first request. */
async function all(one, child) {
  const each = [];
  const before = cpuSeconds(child.pid);
  const began = performance.now();
  let next = 0;
  await Promise.all(Array.from({ length: given.connections }, async () => {
    const browser = new Agent({ keepAlive: true, maxSockets: 6 });
    while (next < given.agents) {
      const number = next++;
      const at = performance.now();
      await one(number, browser);
      each.push(performance.now() - at);
    }
    browser.destroy();
  }));
  const seconds = (performance.now() - began) / 1000;
  each.sort((a, b) => a - b);
  const part = share => Math.round(each[Math.min(each.length - 1, Math.floor(each.length * share))]);
  return { seconds, cpu: cpuSeconds(child.pid) - before, p50: part(0.5), p95: part(0.95), max: part(1) };
}

let failed = false;
try {
  const to = await upstream();
  const program = await serve(`
realm: contact-centre
services:
  cim-customer: { upstreams: ["http://127.0.0.1:${to}"], rules: [{ allow: { roles: [agent] } }] }
  finesse-desk: { upstreams: ["http://127.0.0.1:${to}"], rules: [{ allow: { roles: [agent] } }] }
`);
  gatehouse('providers', 'add', 'idp', '--kind', 'saml', ...provider);
  const origin = `http://127.0.0.1:${program.port}`;
  const to_ = `${program.realm}/broker/idp/endpoint`;
  while ((await fetch(`${to_}/descriptor`)).status !== 200) await new Promise(done => setTimeout(done, 50));

  const messages = () => Array.from({ length: given.agents }, (_, i) => answer(to_, program.realm, i));
  const signIn = async (browser, message) => (await ask(browser, to_, { method: 'POST', form: { SAMLResponse: message, RelayState: '' } }, (status, headers) => status === 303 && headers.location.endsWith('/signed-in') && headers['set-cookie'])).headers['set-cookie'].map(one => one.split(';')[0]).join('; ');
  const page = (await ask(undefined, `${origin}/desk`)).text;
  const assets = [...new Set([...page.matchAll(/(?:href|src)="([^"]+)"/g)].map(found => new URL(found[1], origin).pathname + new URL(found[1], origin).search))];
  if (assets.length < 2) throw new Error(`the desktop names no files: ${page.slice(0, 300)}`);
  const requests = 3 + assets.length + calls.length;
  const open = async (browser, cookie) => {
    await ask(browser, `${origin}/desk`);
    await Promise.all(assets.map(path => ask(browser, origin + path)));
    const { text } = await ask(browser, `${origin}/desktop/sso/token`, { headers: { cookie } });
    const { token } = JSON.parse(text);
    if (!token) throw new Error(`no token: ${text.slice(0, 200)}`);
    await Promise.all(calls.map(path => ask(browser, origin + path, { headers: { authorization: `Bearer ${token}` } })));
  };

  const [alone, shift] = [[], []];
  for (let round = -1; round < given.rounds; round++) {
    process.stderr.write(`\r${round < 0 ? 'warm-up (everybody is made)' : `round ${round + 1} of ${given.rounds}`}`.padEnd(50));
    let ready = messages();
    const before = await all((number, browser) => signIn(browser, ready[number]), program.child);
    ready = messages();
    const whole = await all(async (number, browser) => open(browser, await signIn(browser, ready[number])), program.child);
    if (round < 0) continue;
    alone.push(before);
    shift.push(whole);
  }

  process.stderr.write('\r'.padEnd(60) + '\r');
  const middle = (rounds, name) => median(rounds.map(one => one[name]));
  console.log(`\nshift: ${given.agents} agents, ${given.connections} at once; ${requests} requests each; none was refused, none timed out (${given.patience} s)\n`);
  console.log(`${''.padEnd(26)}${['seconds', 'agents / s', 'CPU s', 'p50 ms', 'p95 ms', 'max ms'].map(one => one.padStart(12)).join('')}`);
  for (const [name, rounds] of [['sign-ins alone', alone], ['sign-in and desktop', shift]])
    console.log(`${name.padEnd(26)}${[middle(rounds, 'seconds').toFixed(2), Math.round(given.agents / middle(rounds, 'seconds')), middle(rounds, 'cpu').toFixed(2), middle(rounds, 'p50'), middle(rounds, 'p95'), middle(rounds, 'max')].map(one => String(one).padStart(12)).join('')}`);
  const wall = median(shift.map((one, i) => one.seconds / alone[i].seconds));
  const goal = middle(shift, 'cpu') / (given.agents / 200);
  console.log(`\nWhole shift ÷ the same sign-ins alone, round by round: ${wall.toFixed(2)} of the time, with ${requests} times the requests`);
  console.log(`Elapsed ÷ the ${given.agents / 200} s in which one CPU does ${given.agents} sign-ins at the benchmark's goal: ${(middle(shift, 'seconds') / (given.agents / 200)).toFixed(2)}`);
  console.log(`CPU of the whole shift ÷ what the sign-in benchmark's goal (200 per CPU second) allows for ${given.agents} sign-ins: ${goal.toFixed(2)} (goal 1.0); memory ${Math.round(residentMiB(program.child.pid))} MiB`);
  console.log(JSON.stringify({ bench: 'shift', agents: given.agents, alone, shift, wall: Number(wall.toFixed(3)), goal: Number(goal.toFixed(3)) }));
} catch (error) {
  failed = true;
  console.error(error);
} finally {
  await stop(failed);
}
process.exit(failed ? 1 : 0);
