// Dialogs and their tokens: what making and opening one costs beside what others would use, a gate with a million live dialogs beside one with ten, and how soon a gate feels the end of a dialog.
import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { join } from 'node:path';
import { felt } from './dialog-end.mjs';
import { cpuSeconds, interleave, median, options, report, residentMiB } from './measure.mjs';
import { upstream } from './peers.mjs';
import { freePort, scratch, start, stop } from './world.mjs';

const given = options({ seconds: 3, rounds: 5, connections: 32, live: 1_000_000, few: 10, tokens: 20_000, ends: 200, only: '' });
const run = promisify(execFile);
const here = new URL('.', import.meta.url).pathname;
const gatehouse = join(here, '.work/gatehouse/gatehouse');
const net = join(here, '.work/net/Gatehouse.Bench');
const wanted = part => !given.only || given.only.split(',').includes(part);

function tokens() {
  process.stderr.write('tokens …\n');
  const lines = execFileSync(net, ['tokens', String(Math.min(given.seconds, 0.5)), String(given.rounds)]).toString().trim().split('\n').map(line => JSON.parse(line));
  const of = name => lines.filter(line => line.name === name);
  const ours = of('dialog token');
  const rows = [...new Set(lines.map(line => line.name))].map(name => ({
    name,
    mint_per_cpu_s: Math.round(median(of(name).map(one => one.mint))),
    open_per_cpu_s: Math.round(median(of(name).map(one => one.open))),
    mint_ratio: Number(median(of(name).map((one, i) => ours[i].mint / one.mint)).toFixed(2)),
    open_ratio: Number(median(of(name).map((one, i) => ours[i].open / one.open)).toFixed(2)),
    chars: of(name)[0].chars,
  }));
  console.log(`\ndialog tokens, one thread (goal: 300,000 of each per second and core)\n`);
  console.log(`${'token'.padEnd(28)}${'made / CPU s'.padStart(14)}${'opened / CPU s'.padStart(16)}${'ours ÷ it, made'.padStart(18)}${'opened'.padStart(10)}${'characters'.padStart(12)}`);
  for (const row of rows) console.log(`${row.name.padEnd(28)}${String(row.mint_per_cpu_s).padStart(14)}${String(row.open_per_cpu_s).padStart(16)}${String(row.mint_ratio).padStart(18)}${String(row.open_ratio).padStart(10)}${String(row.chars).padStart(12)}`);
  console.log(`\n${JSON.stringify({ bench: 'dialog tokens', rows })}`);
}

/** A gate over a data folder with so many live dialogs, and wrk's script that shows tokens of dialogs picked at random. Identity is not told to the upstream, or the signing of a JWT for each dialog would be measured. */
async function gate(name, live, to) {
  process.stderr.write(`${name} …\n`);
  const [data, file, access, script] = [join(scratch, name), join(scratch, `${name}.txt`), join(scratch, `${name}.yaml`), join(scratch, `${name}.lua`)];
  for (const words of [['realms', 'add', 'bench'], ['dialogs', 'project', 'support', '--role', 'bot']]) execFileSync(gatehouse, [...words, '--data', data], { stdio: 'ignore' });
  await run(net, ['seed', data, 'bench', 'support', String(live), String(given.tokens), file]);
  const load = JSON.parse((await run(net, ['load', data])).stdout);
  writeFileSync(access, `realm: bench\nservices:\n  v1:\n    upstreams: ["http://127.0.0.1:${to}"]\n    accept: [dialog]\n    identity: [none]\n    rules:\n      - { path: "/v1/call/{dialog}", dialog: { path: dialog }, allow: { roles: [bot] } }\n`);
  writeFileSync(script, `local lines = {}\nfor line in io.lines("${file}") do local id, token = line:match("(%S+) (%S+)"); lines[#lines + 1] = wrk.format(nil, "/v1/call/" .. id, { ["Host"] = "127.0.0.1", ["Authorization"] = "Bearer " .. token }) end\nfunction request() return lines[math.random(#lines)] end\n`);
  const port = await freePort();
  const began = performance.now();
  const child = await start(name, gatehouse, ['serve', '--port', String(port), '--data', data, '--access', access], port);
  return { name, port, child, script, live, started: (performance.now() - began) / 1000, load };
}

async function load({ port, child, script }) {
  const before = cpuSeconds(child.pid);
  const { stdout } = await run('wrk', ['-t', '1', '-c', String(given.connections), '-d', `${given.seconds}s`, '-s', script, `http://127.0.0.1:${port}`]);
  const [, requests, seconds] = /(\d+) requests in ([\d.]+)s/.exec(stdout);
  if (/Non-2xx/.test(stdout)) throw new Error(`refused instead of forwarded on port ${port}:\n${stdout}`);
  return { requests: Number(requests), seconds: Number(seconds), cpu: cpuSeconds(child.pid) - before };
}

async function gates() {
  const to = await upstream();
  const all = [await gate(`with-${given.few}`, given.few, to), await gate(`with-${given.live}`, given.live, to)];
  const fresh = all.map(one => residentMiB(one.child.pid));
  const results = await interleave(all, given.rounds, load);
  const used = all.map(one => residentMiB(one.child.pid));
  const each = values => Math.round((values[1] - values[0]) * 1024 * 1024 / (given.live - given.few));
  const extra = {
    start_s: all.map(one => Number(one.started.toFixed(2))), load_s: all.map(one => Number(one.load.seconds.toFixed(2))), heap_bytes_per_dialog: Math.round(all[1].load.bytes),
    resident_bytes_per_dialog: each(fresh), resident_bytes_per_dialog_after_load: each(used), resident_mib: used.map(Math.round),
  };
  report('dialogs: requests with tokens of random live dialogs (goal: 1.1)', results, all[0].name, extra);
  console.log(`Start: ${extra.start_s[0]} s with ${given.few}, ${extra.start_s[1]} s with ${given.live}, of which reading them ${extra.load_s[1]} s. Each live dialog: ${extra.heap_bytes_per_dialog} bytes of the heap, ${extra.resident_bytes_per_dialog} resident at the start, ${extra.resident_bytes_per_dialog_after_load} after the load (goal: 300).`);
}

/** PostgreSQL of its own, on a socket in the scratch folder, as durable as it comes. */
function postgres() {
  const bin = readdirSync('/usr/lib/postgresql').map(version => `/usr/lib/postgresql/${version}/bin`).filter(folder => existsSync(join(folder, 'initdb'))).sort().at(-1);
  const folder = join(scratch, 'pg');
  mkdirSync(folder);
  // PostgreSQL refuses to run as root.
  const as = process.getuid() === 0 ? ['runuser', '-u', 'postgres', '--'] : ['env'];
  if (process.getuid() === 0) { execFileSync('chown', ['postgres', folder]); execFileSync('chmod', ['711', scratch]); }
  const [first, ...rest] = as;
  const call = (...words) => execFileSync(first, [...rest, ...words], { stdio: 'ignore', cwd: '/' });
  call(join(bin, 'initdb'), '-D', join(folder, 'data'), '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8', '--no-sync');
  call(join(bin, 'pg_ctl'), '-D', join(folder, 'data'), '-w', '-l', join(folder, 'log'), '-o', `-c listen_addresses='' -c unix_socket_directories=${folder}`, 'start');
  return { connection: `Host=${folder};Username=postgres;Database=postgres`, end: () => call(join(bin, 'pg_ctl'), '-D', join(folder, 'data'), '-m', 'immediate', 'stop') };
}

let failed = false;
let database;
try {
  if (wanted('tokens')) tokens();
  if (wanted('gate')) await gates();
  if (wanted('end')) {
    const to = await upstream();
    await felt('SQLite', null, to, given.ends);
    database = postgres();
    await felt('PostgreSQL', database.connection, to, given.ends);
  }
} catch (error) {
  failed = true;
  console.error(error);
} finally {
  database?.end();
  await stop(failed);
}
process.exit(failed ? 1 : 0);
