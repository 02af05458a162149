// How soon a gate feels the end of a dialog: a bot asks again and again at every node while its gateway ends the dialog at the first.
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { median } from './measure.mjs';
import { freePort, scratch, start } from './world.mjs';

const here = new URL('.', import.meta.url).pathname;
const gatehouse = join(here, '.work/gatehouse/gatehouse');
const agent = new Agent({ keepAlive: true, noDelay: true });

const send = (method, port, path, bearer, body) => new Promise((done, fail) => {
  const sent = request({ method, port, path, agent, host: '127.0.0.1', headers: { authorization: `Bearer ${bearer}`, ...(body ? { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) } : {}) } }, heard => {
    let text = '';
    heard.on('data', part => { text += part; });
    heard.on('end', () => done({ status: heard.statusCode, text }));
  });
  sent.on('error', fail);
  sent.end(body);
});

/** One node on SQLite, or two over PostgreSQL. */
async function site(name, connection, to) {
  const env = connection ? { GATEHOUSE__STORAGE__CONNECTION: connection } : {};
  const data = join(scratch, `${name}-a`);
  const cli = (...words) => execFileSync(gatehouse, [...words, '--data', data], { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'ignore'] }).toString().trim();
  cli('realms', 'add', 'bench');
  cli('dialogs', 'project', 'support', '--role', 'bot', '--after', 'recording');
  const secret = cli('clients', 'add', 'gateway', '--service-account', '--role', 'realm-management/manage-dialogs');
  const access = join(scratch, `${name}.yaml`);
  writeFileSync(access, `realm: bench\nservices:\n  v1:\n    upstreams: ["http://127.0.0.1:${to}"]\n    accept: [dialog]\n    rules:\n      - { path: "/v1/call/{dialog}", dialog: { path: dialog }, allow: { roles: [bot] } }\n`);
  const ports = [];
  for (const folder of connection ? [data, join(scratch, `${name}-b`)] : [data]) {
    if (folder !== data) { mkdirSync(folder, { mode: 0o700 }); copyFileSync(join(data, 'root.key'), join(folder, 'root.key')); }
    const port = await freePort();
    await start(`${name}-${ports.length}`, gatehouse, ['serve', '--port', String(port), '--data', folder, '--access', access], port, env);
    ports.push(port);
  }
  const renew = async () => (await (await fetch(`http://127.0.0.1:${ports[0]}/realms/bench/protocol/openid-connect/token`, { method: 'POST', body: new URLSearchParams({ grant_type: 'client_credentials', client_id: 'gateway', client_secret: secret }) })).json()).access_token;
  return { ports, renew };
}

const at = (values, part) => [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * part))];
const ms = value => Number(value.toFixed(2));

/** Ends so many dialogs one after the other, and prints when the first refusal came. */
export async function felt(name, connection, to, ends) {
  process.stderr.write(`ends, ${name} …\n`);
  const { ports, renew } = await site(name, connection, to);
  const times = ports.map(() => ({ request: [], answer: [] }));
  const took = [];
  let gateway;
  for (let i = 0; i < ends + 10; i++) {
    // Access tokens live five minutes.
    if (i % 50 === 0) gateway = await renew();
    const id = randomUUID();
    const opened = JSON.parse((await send('POST', ports[0], '/realms/bench/dialogs', gateway, JSON.stringify({ id, project: 'support' }))).text);
    const call = port => send('GET', port, `/v1/call/${id}`, opened.token);
    for (const port of ports) if ((await call(port)).status !== 200) throw new Error('opened, and refused');
    let first = ports.map(() => 0);
    const bots = ports.map(async (port, node) => {
      for (;;) {
        const { status, text } = await call(port);
        if (status === 200) continue;
        if (JSON.parse(text).code !== 'dialog.ended') throw new Error(text);
        first[node] = performance.now();
        return;
      }
    });
    const asked = performance.now();
    const end = await send('POST', ports[0], `/realms/bench/dialogs/${id}/end`, gateway, '{}');
    const answered = performance.now();
    if (end.status !== 200) throw new Error(end.text);
    await Promise.all(bots);
    if (i < 10) continue;
    took.push(answered - asked);
    first.forEach((then, node) => { times[node].request.push(then - asked); times[node].answer.push(Math.max(0, then - answered)); });
  }
  const rows = times.map((one, node) => ({ node: node === 0 ? 'the node that is told' : 'the other node', from_request_ms: ms(median(one.request)), p95: ms(at(one.request, 0.95)), from_answer_ms: ms(median(one.answer)), answer_p95: ms(at(one.answer, 0.95)) }));
  console.log(`\nthe end of a dialog felt, ${name}, ${ends} ends, ms (goal: 100 at the median; the end itself is answered after ${ms(median(took))})\n`);
  console.log(`${'first refusal by'.padEnd(26)}${'after the request'.padStart(18)}${'95 %'.padStart(10)}${'after the answer'.padStart(18)}${'95 %'.padStart(10)}`);
  for (const row of rows) console.log(`${row.node.padEnd(26)}${String(row.from_request_ms).padStart(18)}${String(row.p95).padStart(10)}${String(row.from_answer_ms).padStart(18)}${String(row.answer_p95).padStart(10)}`);
  console.log(`\n${JSON.stringify({ bench: 'dialogs: end felt', database: name, ends, end_ms: ms(median(took)), rows })}`);
}
