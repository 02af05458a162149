// Sign-ins by SAML beside SimpleSAMLphp's service provider: each takes the same kind of answer (response and assertion signed by RSA-2048, six attributes), judges it, and starts a session. Gatehouse finds and updates the user,
// maps groups to roles, remembers the assertion and writes session and audit event durably; SimpleSAMLphp writes a session file.
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { request, Agent } from 'node:http';
import { join } from 'node:path';
import { serve } from './gatehouse.mjs';
import { cpuSeconds, interleave, options, report } from './measure.mjs';
import { SAML, answer, certificate, entity, provider } from './saml-idp.mjs';
import { freePort, scratch, start, stop } from './world.mjs';

const given = options({ seconds: 3, rounds: 3, connections: 200, most: 9000, peer: 1 });
const here = new URL('.', import.meta.url).pathname;
const post = (agent, url, form) => new Promise((done, fail) => {
  const body = new URLSearchParams(form).toString();
  const sent = request(url, { method: 'POST', agent, headers: { 'content-type': 'application/x-www-form-urlencoded', 'content-length': Buffer.byteLength(body) } }, heard => {
    let text = '';
    heard.on('data', part => { text += part; });
    heard.on('end', () => done({ status: heard.statusCode, location: heard.headers.location ?? '', cookies: heard.headers['set-cookie'] ?? [], text }));
  });
  sent.on('error', fail);
  sent.end(body);
});

async function load(contender) {
  const messages = Array.from({ length: contender.most }, (_, i) => answer(contender.to, contender.audience, i % 500));
  const agent = new Agent({ keepAlive: true, maxSockets: given.connections });
  const before = cpuSeconds(contender.child.pid);
  const began = performance.now();
  const end = began + given.seconds * 1000;
  let requests = 0;
  await Promise.all(Array.from({ length: given.connections }, async () => {
    while (performance.now() < end) {
      const message = messages.pop();
      if (!message) return;
      const heard = await post(agent, contender.to, { SAMLResponse: message, RelayState: contender.after });
      if (!contender.good(heard)) throw new Error(`${contender.name}: ${heard.status} ${heard.location} ${heard.text.slice(0, 400)}`);
      requests++;
    }
  }));
  agent.destroy();
  return { requests, seconds: (performance.now() - began) / 1000, cpu: cpuSeconds(contender.child.pid) - before };
}

async function ours() {
  const one = await serve('realm: contact-centre\nservices:\n  none:\n    upstreams: ["http://127.0.0.1:9"]\n    rules: [{ allow: {} }]\n');
  execFileSync(join(here, '.work/gatehouse/gatehouse'), ['providers', 'add', 'idp', '--kind', 'saml', ...provider, '--data', join(scratch, 'data')], { stdio: ['ignore', 'ignore', 'inherit'] });
  const to = `${one.realm}/broker/idp/endpoint`;
  while ((await fetch(`${to}/descriptor`)).status !== 200) await new Promise(done => setTimeout(done, 50));
  return { name: 'gatehouse (durable)', child: one.child, to, audience: one.realm, after: '', most: given.most, good: heard => heard.status === 303 && heard.location.endsWith('/signed-in') && heard.cookies.length > 0 };
}

async function peer() {
  const port = await freePort();
  const [url, folder] = [`http://127.0.0.1:${port}`, join(scratch, 'ssp')];
  for (const name of ['config', 'metadata', 'cert', 'tmp', 'sessions', 'log']) mkdirSync(join(folder, name), { recursive: true });
  writeFileSync(join(folder, 'config/config.php'), `<?php $config = ['baseurlpath' => '${url}/', 'certdir' => '${folder}/cert/', 'loggingdir' => '${folder}/log/', 'datadir' => '${folder}/', 'tempdir' => '${folder}/tmp', 'metadatadir' => '${folder}/metadata/', 'technicalcontact_email' => 'na@example.org', 'secretsalt' => 'a-salt-of-this-bench', 'auth.adminpassword' => 'bench', 'logging.level' => SimpleSAML\\Logger::ERR, 'logging.handler' => 'errorlog', 'session.cookie.secure' => false, 'session.phpsession.savepath' => '${folder}/sessions', 'store.type' => 'phpsession', 'metadata.sources' => [['type' => 'flatfile']], 'trusted.url.domains' => null, 'timezone' => 'UTC'];`);
  writeFileSync(join(folder, 'config/authsources.php'), `<?php $config = ['default-sp' => ['saml:SP', 'entityID' => '${url}/sp', 'idp' => '${entity}']];`);
  writeFileSync(join(folder, 'metadata/saml20-idp-remote.php'), `<?php $metadata['${entity}'] = ['SingleSignOnService' => [['Binding' => '${SAML}:bindings:HTTP-Redirect', 'Location' => 'https://idp.bench.example/sso']], 'certData' => '${certificate.replace(/-----[^-]+-----|\s/g, '')}'];`);
  const child = await start('simplesamlphp', '/usr/bin/php', ['-d', 'opcache.enable=1', '-d', 'opcache.enable_cli=1', '-d', `session.save_path=${folder}/sessions`, '-S', `127.0.0.1:${port}`, '-t', '/usr/share/simplesamlphp/www'], port, { SIMPLESAMLPHP_CONFIG_DIR: join(folder, 'config'), PHP_CLI_SERVER_WORKERS: '2' });
  return { name: 'simplesamlphp', child, to: `${url}/module.php/saml/sp/saml2-acs.php/default-sp`, audience: `${url}/sp`, after: `${url}/`, most: Math.min(given.most, 1500), good: heard => (heard.status === 303 || heard.status === 302) && heard.location === `${url}/` };
}

let failed = false;
try {
  const contenders = given.peer ? [await peer(), await ours()] : [await ours()];
  const results = await interleave(contenders, given.rounds, load);
  report('saml: sign-ins', results, contenders[0].name);
  const mine = results.get('gatehouse (durable)').map(one => one.requests / one.cpu).sort((a, b) => a - b);
  console.log(`Gatehouse: ${Math.round(mine[mine.length >> 1])} sign-ins per CPU second (goal: 200)`);
} catch (error) {
  failed = true;
  console.error(error);
} finally {
  await stop(failed);
}
process.exit(failed ? 1 : 0);
