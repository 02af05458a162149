// What the walks of the examples share: a scratch folder, Gatehouse as a process of its own, servers on loopback, and steps that say what was expected.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const program = process.env.GATEHOUSE ?? 'gatehouse';

/** A walk: its title, its scratch folder, and everything that must end with it. */
export class Stage {
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-walk-'));
  data = join(this.folder, 'data');
  #ends = [];
  #checked = 0;
  #said = '';

  /** Runs a walk; exit code 1 with the step that went wrong. */
  static async play(title, walk) {
    const stage = new Stage();
    console.log(title);
    let code = 0;
    try {
      await walk(stage);
      console.log(`\nAll ${stage.#checked} steps went as expected.`);
    } catch (error) {
      code = 1;
      console.error(`\n${error.stack ?? error}\n${stage.#said.split('\n').slice(-25).join('\n')}`);
    }
    await stage.end();
    process.exit(code);
  }

  /** Begins a part of the walk. */
  part(title) {
    console.log(`\n${title}`);
  }

  /** Says a step and what came of it; anything else than what was expected ends the walk. */
  expect(step, actual, wanted) {
    const [a, w] = [actual, wanted].map(one => typeof one === 'string' ? one : JSON.stringify(one));
    const good = wanted instanceof RegExp ? wanted.test(a) : a === w;
    if (!good) throw new Error(`${step}: ${a} instead of ${wanted instanceof RegExp ? wanted : w}`);
    this.#checked++;
    console.log(`  ok  ${step} -> ${a.length > 110 ? `${a.slice(0, 107)}...` : a}`);
  }

  /** Asks again until the answer is as wanted, for at most 20 seconds: what takes time by its nature. */
  async until(step, ask, wanted) {
    const late = Date.now() + 20_000;
    for (;;) {
      const got = await ask();
      if (JSON.stringify(got) === JSON.stringify(wanted) || Date.now() > late) return this.expect(step, got, wanted);
      await new Promise(next => setTimeout(next, 50));
    }
  }

  /** Runs a command of Gatehouse on the walk's data; its output. */
  async gatehouse(...words) {
    console.log(`  $ gatehouse ${words.join(' ')}`);
    const { stdout } = await run(program, [...words, '--data', this.data], { env: process.env });
    return stdout.trim();
  }

  /** Serves the walk's data with an access file; the address. */
  async serve(access, env = {}, more = []) {
    this.access = join(this.folder, 'access.yaml');
    writeFileSync(this.access, access);
    const child = spawn(program, ['serve', '--port', '0', '--data', this.data, '--access', this.access, ...more], { env: { ...process.env, ...env } });
    this.#ends.push(async () => { if (child.exitCode === null) { child.kill('SIGTERM'); await once(child, 'exit'); } });
    return await new Promise((listens, fails) => {
      const hear = part => {
        this.#said += part;
        const at = /listens on (\S+)/.exec(this.#said);
        if (at) listens(at[1]);
      };
      child.stdout.on('data', hear);
      child.stderr.on('data', hear);
      child.on('exit', code => fails(new Error(`Gatehouse ended with ${code}`)));
    });
  }

  /** A server of the walk on a free port; its address. */
  async listen(handler) {
    const server = createServer(handler);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    this.#ends.push(() => server.closeAllConnections());
    return `http://127.0.0.1:${server.address().port}`;
  }

  /** Ends with the walk. */
  atEnd(end) {
    this.#ends.push(end);
  }

  async end() {
    for (const end of this.#ends.reverse()) await end();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Reads a request's JSON body. */
export async function readJson(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  const text = Buffer.concat(parts).toString();
  return text.length === 0 ? undefined : JSON.parse(text);
}

/** A token by client credentials (RFC 6749, 4.4). */
export async function serviceToken(realm, client, secret) {
  const answer = await fetch(`${realm}/protocol/openid-connect/token`, { method: 'POST', body: new URLSearchParams({ grant_type: 'client_credentials', client_id: client, client_secret: secret }) });
  if (!answer.ok) throw new Error(`token of ${client}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()).access_token;
}

/** Status and code of an answer, as `403 dialog.other`; the status alone where there is no problem. */
export async function verdict(answer) {
  const text = await answer.text();
  return answer.headers.get('content-type')?.startsWith('application/problem+json') ? `${answer.status} ${JSON.parse(text).code}` : `${answer.status}`;
}
