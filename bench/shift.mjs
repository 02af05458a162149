// A shift's start: 2,000 agents (Finesse's published ceiling) sign in by SAML and open a desktop each, as fast as they come. Three rows, in turn, round after round, on the same machine with the same client:
//   sign-ins alone          what bench/saml.mjs measures: the provider's answer, and the session
//   sign-in, thin desktop   then the desktop's page and files, its token, three calls through the gate
//   sign-in, whole desktop  then all that /desk does until its gadgets show what they fetched: SystemInfo, the token, the agent's object, LOGIN at an extension of their own, the token that has the seat, the gadgets' tokens and
//                           frames, their calls through the proxy to their service, which asks about each token. Each agent has connections of their own.
// Then everybody once more step by step, so that each kind of request has its own CPU and its own wait.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { Browser } from './browser.mjs';
import { serve } from './gatehouse.mjs';
import { cpuSeconds, median, options, residentMiB } from './measure.mjs';
import { answer, provider } from './saml-idp.mjs';
import { upstream } from './peers.mjs';
import { scratch, stop } from './world.mjs';

const given = options({ agents: 2000, rounds: 3, connections: 200, patience: 10 });
const here = new URL('.', import.meta.url).pathname;
const calls = ['/cim-customer/customers', '/finesse-desk/teams', '/finesse-desk/reasons'];
const gadgets = 2; // the demo's
const allowed = given.agents / 200; // seconds of one CPU, by the sign-in benchmark's goal of 200 a second
const gatehouse = (...words) => execFileSync(join(here, '.work/gatehouse/gatehouse'), [...words, '--data', join(scratch, 'data')], { stdio: 'ignore' });
const own = () => { const { user, system } = process.cpuUsage(); return (user + system) / 1e6; };

/** Everybody at once, `connections` of them under way: how long it took, what it cost here and there, and how long each waited from their first request. */
async function all(one, child) {
  const each = [];
  const [before, mine, began] = [cpuSeconds(child.pid), own(), performance.now()];
  let next = 0;
  await Promise.all(Array.from({ length: given.connections }, async () => {
    while (next < given.agents) {
      const number = next++;
      const at = performance.now();
      await one(number);
      each.push(performance.now() - at);
    }
  }));
  const seconds = (performance.now() - began) / 1000;
  each.sort((a, b) => a - b);
  const part = share => each[Math.min(each.length - 1, Math.floor(each.length * share))];
  return { seconds, cpu: cpuSeconds(child.pid) - before, client: own() - mine, p50: part(0.5), p95: part(0.95), max: part(1) };
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
  const broker = new URL(to_).pathname;
  const begin = new Browser(program.port, given.patience);
  const named = text => [...new Set([...text.matchAll(/(?:href|src)="([^"]+)"/g)].map(found => new URL(found[1], origin)).filter(url => url.origin === origin).map(url => url.pathname + url.search))];
  const assets = named((await begin.ask('/desk')).text);
  if (assets.length < 2) throw new Error('the desktop names no files');
  begin.close();

  // What one agent's browser does, step by step. `it` holds what it has learnt.
  const xml = (text, name) => new RegExp(`<${name}>([^<]*)</${name}>`).exec(text)?.[1];
  const bearer = it => ({ authorization: `Bearer ${it.token}` });
  const json = (text, ...names) => { const read = JSON.parse(text); for (const name of names) if (!read[name]) throw new Error(`no ${name}: ${text.slice(0, 200)}`); return read; };
  const script = { 'sec-fetch-dest': 'empty', 'sec-fetch-site': 'same-origin' };
  const user = it => it.browser.ask(`/finesse/api/User/agent${it.number}`, { headers: bearer(it) });
  const put = (it, state, extension) => it.browser.ask(`/finesse/api/User/agent${it.number}`, { method: 'PUT', headers: { ...bearer(it), 'content-type': 'application/xml' }, body: `<User><state>${state}</state>${extension ? `<extension>${extension}</extension>` : ''}</User>` }, status => status === 202);
  const signIn = ['sign-in (SAML)', 1, async it => {
    const { headers } = await it.browser.ask(broker, { method: 'POST', form: { SAMLResponse: it.message, RelayState: '' } }, (status, headers) => status === 303 && headers.location.endsWith('/signed-in') && headers['set-cookie']);
    it.cookie = headers['set-cookie'].map(one => one.split(';')[0]).join('; ');
  }];
  const page = ['desktop page', 1, async it => { await it.browser.ask('/desk'); }];
  // The page's module imports one more.
  const files = [...assets, ...assets.filter(path => path.includes('/desk.js')).map(() => '/gadgets/js/gadget.js')];
  const thinFiles = ['desktop files', assets.length, it => Promise.all(assets.map(path => it.browser.ask(path)))];
  const gate = ['calls through the gate', calls.length, it => Promise.all(calls.map(path => it.browser.ask(path, { headers: bearer(it) })))];
  const token = ['token (sso/token)', 1, async it => { Object.assign(it, json((await it.browser.ask('/desktop/sso/token?return_refresh_token=true&return_user=yes', { headers: { ...script, cookie: it.cookie } })).text, 'token', 'refresh_token')); }];
  const thin = [signIn, page, thinFiles, ['token (sso/token)', 1, async it => { it.token = json((await it.browser.ask('/desktop/sso/token', { headers: { cookie: it.cookie } })).text, 'token').token; }], gate];
  const whole = [
    signIn, page, ['desktop files', files.length, it => Promise.all(files.map(path => it.browser.ask(path)))],
    ['SystemInfo', 1, async it => { if (xml((await it.browser.ask('/finesse/api/SystemInfo')).text, 'status') !== 'IN_SERVICE') throw new Error('out of service'); }],
    token,
    ['GET User', 1, async it => { const state = xml((await user(it)).text, 'state'); if (state !== 'LOGOUT') throw new Error(`agent${it.number} is ${state} already`); }],
    ['PUT User LOGIN (a seat)', 1, it => put(it, 'LOGIN', 10_000 + it.number)],
    ['GET User, seated', 1, async it => { const said = (await user(it)).text; if (xml(said, 'extension') !== String(10_000 + it.number) || xml(said, 'state') !== 'NOT_READY') throw new Error(said.slice(0, 300)); }],
    ['token with the seat', 1, async it => { it.token = json((await it.browser.ask('/desktop/sso/token', { method: 'POST', headers: { ...script, cookie: it.cookie }, form: { token: it.token, 'refresh-token': it.refresh_token, return_user: 'yes' } })).text, 'token').token; }],
    ['gadget tokens', 1, async it => {
      it.gadgets = json((await it.browser.ask('/gadgets/tokens?lang=en&country=US', { method: 'POST', headers: { ...script, ...bearer(it), 'content-length': 0 } })).text, 'gadgets').gadgets;
      for (const one of it.gadgets) if (!one.token || !one.st) throw new Error(`${one.id}: ${one.error}`);
    }],
    ['gadget frames', gadgets, it => Promise.all(it.gadgets.map(async one => { one.page = (await it.browser.ask('/gadgets/ifr', { method: 'POST', headers: { origin }, form: { st: one.st, token: one.token, lang: 'en', country: 'US', config: JSON.stringify({ id: `agent${it.number}`, extension: String(10_000 + it.number), systemAuthMode: 'SSO' }) } })).text; }))],
    ['frames\' files', 2, it => Promise.all(named(it.gadgets[0].page).map(path => it.browser.ask(path)))],
    ['makeRequest', gadgets, it => Promise.all(it.gadgets.map(async one => {
      const url = /'(http[^'?]+\/third-party\/\w+)/.exec(one.page)[1] + (one.id === 'customers' ? '?number=%2B49%2030%20901820' : '');
      const { text } = await it.browser.ask('/gadgets/makeRequest', { method: 'POST', headers: { origin: 'null' }, form: { url, httpMethod: 'GET', headers: `Authorization=${encodeURIComponent(`Bearer ${one.token}`)}`, contentType: 'JSON', st: one.st } });
      if (!text.includes('"rc":200')) throw new Error(text.slice(0, 300));
    }))],
    gate,
  ];
  const count = steps => steps.reduce((sum, [, requests]) => sum + requests, 0);
  const ready = () => messages().map((message, number) => ({ number, message, browser: new Browser(program.port, given.patience) }));
  const run = async steps => { const agents = ready(); const said = await all(async number => { for (const [, , step] of steps) await step(agents[number]); agents[number].browser.close(); }, program.child); return { agents, said }; };
  const leave = agents => all(async number => {
    const it = { ...agents[number], browser: new Browser(program.port, given.patience) };
    await put(it, 'LOGOUT');
    await it.browser.ask('/gadgets/session', { method: 'DELETE', headers: bearer(it) }, status => status === 204);
    it.browser.close();
  }, program.child);

  const rows = [['sign-ins alone', [signIn]], ['sign-in, thin desktop', thin], ['sign-in, whole desktop', whole]].map(([name, steps]) => ({ name, steps, rounds: [] }));
  for (let round = -1; round < given.rounds; round++) {
    process.stderr.write(`\r${round < 0 ? 'warm-up (everybody is made)' : `round ${round + 1} of ${given.rounds}`}`.padEnd(50));
    for (const row of rows) {
      const { agents, said } = await run(row.steps);
      if (row.steps === whole) await leave(agents); // the shift's end, which nobody measures
      if (round >= 0) row.rounds.push(said);
    }
  }

  process.stderr.write('\rstep by step'.padEnd(50));
  const [agents, kinds] = [ready(), []];
  for (const [name, requests, step] of whole) {
    const { cpu, client, seconds, p50, p95 } = await all(number => step(agents[number]), program.child);
    kinds.push({ name, requests, cpu, client, seconds, p50, p95 });
  }
  for (const one of agents) one.browser.close();

  process.stderr.write('\r'.padEnd(60) + '\r');
  const middle = (row, name) => median(row.rounds.map(one => one[name]));
  const cells = all => all.map((one, i) => String(one)[i ? 'padStart' : 'padEnd'](i ? 11 : 25)).join('');
  console.log(`\nshift: ${given.agents} agents, ${given.connections} at once; nobody was refused, nothing timed out (${given.patience} s)\n`);
  console.log(cells(['', 'requests', 'seconds', 'agents / s', 'CPU s', 'client CPU', 'p50 ms', 'p95 ms', 'max ms']));
  for (const row of rows) console.log(cells([row.name, count(row.steps), middle(row, 'seconds').toFixed(2), Math.round(given.agents / middle(row, 'seconds')), middle(row, 'cpu').toFixed(2), middle(row, 'client').toFixed(2), ...['p50', 'p95', 'max'].map(name => Math.round(middle(row, name)))]));
  console.log(`\n${cells(['one step after the other', 'requests', 'CPU s', 'share', 'CPU µs each', 'p50 ms', 'p95 ms'])}`);
  const sum = kinds.reduce((so, one) => so + one.cpu, 0);
  for (const one of kinds) console.log(cells([one.name, one.requests, one.cpu.toFixed(2), `${Math.round(one.cpu / sum * 100)} %`, Math.round(one.cpu / one.requests / given.agents * 1e6), one.p50.toFixed(1), one.p95.toFixed(1)]));
  const ratios = {};
  for (const row of rows.slice(1)) {
    ratios[row.name] = { elapsed: middle(row, 'seconds') / allowed, cpu: middle(row, 'cpu') / allowed, alone: median(row.rounds.map((one, i) => one.seconds / rows[0].rounds[i].seconds)), aloneCpu: median(row.rounds.map((one, i) => one.cpu / rows[0].rounds[i].cpu)) };
    const { elapsed, cpu, alone, aloneCpu } = ratios[row.name];
    console.log(`\n${row.name}:`);
    console.log(`  ÷ the ${allowed} s in which one CPU does ${given.agents} sign-ins at the sign-in benchmark's goal (200 per CPU second): elapsed ${elapsed.toFixed(2)}, CPU ${cpu.toFixed(2)} (goal 1.0)`);
    console.log(`  ÷ the same sign-ins alone, round by round: elapsed ${alone.toFixed(2)}, CPU ${aloneCpu.toFixed(2)}, with ${count(row.steps)} times the requests`);
  }
  console.log(`\nmemory ${Math.round(residentMiB(program.child.pid))} MiB`);
  console.log(JSON.stringify({ bench: 'shift', agents: given.agents, rows: rows.map(({ name, rounds }) => ({ name, rounds })), kinds, ratios }));
} catch (error) {
  failed = true;
  console.error(error);
} finally {
  await stop(failed);
}
process.exit(failed ? 1 : 0);
