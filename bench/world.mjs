// What both benches share: a scratch folder, free ports, child processes that all end with us.
import { spawn } from 'node:child_process';
import { mkdtempSync, openSync, rmSync } from 'node:fs';
import { createServer, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const scratch = mkdtempSync(join(tmpdir(), 'gatehouse-bench-'));
const children = [];

export async function freePort() {
  const server = createServer();
  await new Promise(done => server.listen(0, '127.0.0.1', done));
  const { port } = server.address();
  await new Promise(done => server.close(done));
  return port;
}

/** Starts a child whose output goes to a file in the scratch folder; resolves when its port accepts. */
export async function start(name, command, args, port, env = {}) {
  const log = openSync(join(scratch, `${name}.log`), 'a');
  const child = spawn(command, args, { stdio: ['ignore', log, log], cwd: scratch, env: { ...process.env, ...env } });
  children.push(child);
  const deadline = Date.now() + 30_000;
  while (!(await accepts(port))) {
    if (child.exitCode !== null || Date.now() > deadline) throw new Error(`${name} did not start; see ${join(scratch, `${name}.log`)}`);
    await new Promise(done => setTimeout(done, 50));
  }
  return child;
}

const accepts = port => new Promise(done => {
  const socket = connect(port, '127.0.0.1', () => { socket.destroy(); done(true); });
  socket.on('error', () => done(false));
});

/** Stops all children and removes the scratch folder; with `keep`, leaves it for reading. */
export async function stop(keep = false) {
  const open = children.filter(child => child.exitCode === null && child.signalCode === null);
  const ended = open.map(child => new Promise(done => child.on('exit', done)));
  for (const child of open) child.kill('SIGTERM');
  const late = setTimeout(() => open.forEach(child => child.kill('SIGKILL')), 5000);
  await Promise.all(ended);
  clearTimeout(late);
  if (!keep) rmSync(scratch, { recursive: true, force: true });
}
