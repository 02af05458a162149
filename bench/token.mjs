// The token endpoint beside npm's oidc-provider (in-memory adapter): client credentials and refresh with rotation, ES256. Gatehouse's rotation is durable (SQLite, fsync).
import { readFileSync } from 'node:fs';
import { request, Agent } from 'node:http';
import { join } from 'node:path';
import { gatehouseTokens } from './gatehouse.mjs';
import { cpuSeconds, interleave, options, report, residentMiB } from './measure.mjs';
import { freePort, scratch, start, stop } from './world.mjs';

const given = options({ seconds: 4, rounds: 5, connections: 32 });
const here = new URL('.', import.meta.url).pathname;

const post = (agent, url, form) => new Promise((done, fail) => {
  const body = new URLSearchParams(form).toString();
  const sent = request(url, { method: 'POST', agent, headers: { 'content-type': 'application/x-www-form-urlencoded', 'content-length': Buffer.byteLength(body) } }, answer => {
    let text = '';
    answer.on('data', part => { text += part; });
    answer.on('end', () => (answer.statusCode === 200 ? done(JSON.parse(text)) : fail(new Error(`${answer.statusCode} ${text}`))));
  });
  sent.on('error', fail);
  sent.end(body);
});

// Both sides must do the same work: the same tokens of the same kinds, or the ratio means nothing.
const kindOf = token => (token.split('.').length === 3 ? JSON.parse(Buffer.from(token.split('.')[0], 'base64url')).alg : 'opaque');
const shapeOf = answer => ['access_token', 'id_token', 'refresh_token'].filter(name => answer[name]).map(name => `${name} ${kindOf(answer[name])}`).join(', ');

async function load(contender) {
  const agent = new Agent({ keepAlive: true, maxSockets: given.connections });
  const before = cpuSeconds(contender.child.pid);
  const began = performance.now();
  const end = began + given.seconds * 1000;
  let requests = 0;
  await Promise.all(Array.from({ length: given.connections }, async (_, i) => {
    while (performance.now() < end) {
      const answer = await post(agent, contender.url, contender.form(i));
      contender.gives ??= shapeOf(answer);
      contender.heard?.(i, answer);
      requests++;
    }
  }));
  agent.destroy();
  return { requests, seconds: (performance.now() - began) / 1000, cpu: cpuSeconds(contender.child.pid) - before };
}

async function race(contenders) {
  const results = await interleave(contenders, given.rounds, load);
  if (new Set(contenders.map(one => one.gives)).size > 1) throw new Error(`The answers differ: ${contenders.map(one => `${one.name}: ${one.gives}`).join('; ')}`);
  console.log(`Each answer: ${contenders[0].gives}`);
  return results;
}

const chain = (tokens, client) => ({
  form: i => ({ grant_type: 'refresh_token', client_id: client, refresh_token: tokens[i] }),
  heard: (i, answer) => { tokens[i] = answer.refresh_token; },
});

let failed = false;
try {
  const port = await freePort();
  const seeds = join(scratch, 'seeds.json');
  const peer = await start('oidc-provider', process.execPath, [join(here, 'oidc-peer.mjs'), String(port), seeds, String(given.connections)], port, { NODE_ENV: 'production' });
  const url = `http://127.0.0.1:${port}/token`;
  const ours = await gatehouseTokens(given.connections);
  const credentials = await race([
    { name: 'oidc-provider', child: peer, url, form: () => ({ grant_type: 'client_credentials', client_id: 'crm-sync', client_secret: 'a-secret-of-the-bench' }) },
    ...ours.credentials,
  ]);
  const refresh = await race([
    { name: 'oidc-provider', child: peer, url, ...chain(JSON.parse(readFileSync(seeds, 'utf8')), 'agent-desk') },
    ...ours.refresh.map(one => ({ ...one, ...chain(one.tokens, one.client) })),
  ]);
  report('token: client credentials', credentials, 'oidc-provider');
  report('token: refresh', refresh, 'oidc-provider', { gatehouse_resident_mib: ours.child ? Math.round(residentMiB(ours.child.pid)) : null });
} catch (error) {
  failed = true;
  console.error(error);
} finally {
  await stop(failed);
}
process.exit(failed ? 1 : 0);
