// A real nginx in front that asks Gatehouse by the files of examples/nginx, as they stand there but for the address.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';

const files = new URL('../nginx/', import.meta.url).pathname;

/** Starts it; the address. Sign-in calls are Gatehouse's own, everything else is asked about and goes to its component. */
export async function nginx(stage, gate, upstreams, ownCalls) {
  const folder = `${stage.folder}/nginx`;
  mkdirSync(folder);
  for (const file of readdirSync(files)) writeFileSync(`${folder}/${file}`, readFileSync(files + file, 'utf8').replaceAll('127.0.0.1:8080', new URL(gate).host));
  const port = await freePort();
  const own = ownCalls.map(path => `location = ${path} { proxy_pass http://gatehouse; proxy_set_header X-Forwarded-For $remote_addr; }`);
  const behind = Object.entries(upstreams).map(([name, url]) => `location /${name}/ { include location.conf; proxy_pass ${url}$gatehouse_target; }`);
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(kind => `${kind}_temp_path ${folder}/${kind};`);
  writeFileSync(`${folder}/main`, `daemon off; master_process off; pid ${folder}/pid; error_log stderr;
events {}
http { access_log off; ${temporary.join(' ')}
include http.conf;
server { listen 127.0.0.1:${port};
include server.conf;
${[...own, ...behind].join('\n')}
} }
`);
  const child = spawn(existsSync('/usr/sbin/nginx') ? '/usr/sbin/nginx' : 'nginx', ['-c', `${folder}/main`, '-p', folder], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', part => { said += part; });
  stage.atEnd(async () => { if (child.exitCode === null) { child.kill('SIGTERM'); await once(child, 'exit'); } });
  for (const late = Date.now() + 20_000; ; await new Promise(next => setTimeout(next, 50))) {
    if (child.exitCode !== null || Date.now() > late) throw new Error(`nginx does not listen: ${said}`);
    if (await listens(port)) return `http://127.0.0.1:${port}`;
  }
}

const listens = port => new Promise(answer => {
  const socket = connect(port, '127.0.0.1', () => { socket.destroy(); answer(true); });
  socket.on('error', () => answer(false));
});

async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  await once(probe, 'close');
  return port;
}
