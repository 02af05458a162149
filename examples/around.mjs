// What the walks that bring a whole site with them share: programs beside Gatehouse on free ports, and their end.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';

// Programs and servers that end with the walk.
export const running = [];
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => { stopAll(); process.exit(130); });
export const stopAll = () => { for (const one of running.splice(0)) one.kill ? one.kill('SIGTERM') : one.close(); };

export async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  await once(probe, 'close');
  return port;
}

// Polls what becomes true by itself; a walk that hangs tells where.
export async function until(what, test) {
  for (const end = Date.now() + 60_000; Date.now() < end; await new Promise(next => setTimeout(next, 50))) {
    const got = await Promise.resolve().then(test).catch(() => false);
    if (got) return got;
  }
  throw new Error(`It never came to this: ${what}`);
}

export async function start(command, words, env, line) {
  const child = spawn(command, words, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  running.push(child);
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', text => { said += text; });
  const found = line ? await until(`${command} is up`, () => child.exitCode !== null ? [] : line.exec(said)) : null;
  if (child.exitCode !== null) throw new Error(said);
  return { child, found, output: () => said };
}
