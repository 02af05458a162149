// Sign-ins by SAML beside SimpleSAMLphp's service provider: each takes the same kind of answer (response and assertion signed by RSA-2048, six attributes), judges it, and starts a session. Gatehouse finds and updates the user,
// maps groups to roles, remembers the assertion and writes session and audit event durably; SimpleSAMLphp writes a session file.
import { createHash, createSign, generateKeyPairSync, randomBytes } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { request, Agent } from 'node:http';
import { join } from 'node:path';
import { serve } from './gatehouse.mjs';
import { cpuSeconds, interleave, options, report } from './measure.mjs';
import { freePort, scratch, start, stop } from './world.mjs';

const given = options({ seconds: 3, rounds: 3, connections: 200, most: 9000, peer: 1 });
const here = new URL('.', import.meta.url).pathname;
const entity = 'https://idp.bench.example/saml';
const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const key = join(scratch, 'idp.pem');
writeFileSync(key, privateKey.export({ type: 'pkcs8', format: 'pem' }));
execFileSync('openssl', ['req', '-x509', '-new', '-key', key, '-out', join(scratch, 'idp.crt'), '-days', '2', '-subj', '/CN=bench']);
const certificate = execFileSync('openssl', ['x509', '-in', join(scratch, 'idp.crt')]).toString();

// Everything is written in its canonical form, so that what is signed is what is sent.
const DS = 'http://www.w3.org/2000/09/xmldsig#';
const signature = (id, canonical) => {
  const digest = createHash('sha256').update(canonical).digest('base64');
  const info = `<ds:CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"></ds:CanonicalizationMethod><ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"></ds:SignatureMethod><ds:Reference URI="#${id}"><ds:Transforms><ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"></ds:Transform><ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"></ds:Transform></ds:Transforms><ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"></ds:DigestMethod><ds:DigestValue>${digest}</ds:DigestValue></ds:Reference>`;
  const value = createSign('sha256').update(`<ds:SignedInfo xmlns:ds="${DS}">${info}</ds:SignedInfo>`).sign(privateKey, 'base64');
  return `<ds:Signature xmlns:ds="${DS}"><ds:SignedInfo>${info}</ds:SignedInfo><ds:SignatureValue>${value}</ds:SignatureValue></ds:Signature>`;
};
const SAML = 'urn:oasis:names:tc:SAML:2.0';
function answer(to, audience, number) {
  const now = new Date().toISOString().replace(/\.\d+Z/, 'Z');
  const until = new Date(Date.now() + 240_000).toISOString().replace(/\.\d+Z/, 'Z');
  const [response, assertion] = [`_${randomBytes(16).toString('hex')}`, `_${randomBytes(16).toString('hex')}`];
  const attribute = (name, ...values) => `<saml:Attribute Name="${name}" NameFormat="${SAML}:attrname-format:basic">${values.map(value => `<saml:AttributeValue>${value}</saml:AttributeValue>`).join('')}</saml:Attribute>`;
  const issuer = `<saml:Issuer>${entity}</saml:Issuer>`;
  const open = `<saml:Assertion xmlns:saml="${SAML}:assertion" ID="${assertion}" IssueInstant="${now}" Version="2.0">${issuer}`;
  const rest = `<saml:Subject><saml:NameID Format="${SAML}:nameid-format:persistent">id-${number}</saml:NameID><saml:SubjectConfirmation Method="${SAML}:cm:bearer"><saml:SubjectConfirmationData NotOnOrAfter="${until}" Recipient="${to}"></saml:SubjectConfirmationData></saml:SubjectConfirmation></saml:Subject><saml:Conditions NotBefore="${now}" NotOnOrAfter="${until}"><saml:AudienceRestriction><saml:Audience>${audience}</saml:Audience></saml:AudienceRestriction></saml:Conditions><saml:AuthnStatement AuthnInstant="${now}" SessionIndex="s-${assertion}"><saml:AuthnContext><saml:AuthnContextClassRef>${SAML}:ac:classes:PasswordProtectedTransport</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement><saml:AttributeStatement>${attribute('uid', `agent${number}`)}${attribute('mail', `agent${number}@bench.example`)}${attribute('givenName', 'Given')}${attribute('sn', 'Family')}${attribute('groups', 'agents', 'team-north', 'shift-late')}${attribute('department', 'Support')}</saml:AttributeStatement></saml:Assertion>`;
  const signed = open + signature(assertion, open + rest) + rest;
  const head = `<samlp:Response xmlns:samlp="${SAML}:protocol" Destination="${to}" ID="${response}" IssueInstant="${now}" Version="2.0"><saml:Issuer xmlns:saml="${SAML}:assertion">${entity}</saml:Issuer>`;
  const tail = `<samlp:Status><samlp:StatusCode Value="${SAML}:status:Success"></samlp:StatusCode></samlp:Status>${signed}</samlp:Response>`;
  return Buffer.from(head + signature(response, head + tail) + tail).toString('base64');
}

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
  execFileSync(join(here, '.work/gatehouse/gatehouse'), ['providers', 'add', 'idp', '--kind', 'saml', '--set', `entityId=${entity}`, '--set', 'ssoUrl=https://idp.bench.example/sso', '--set', `certificates=${certificate}`, '--set', 'idpInitiated=true',
    '--map', 'groups=agents -> role agent', '--map', 'department -> attribute department', '--data', join(scratch, 'data')], { stdio: ['ignore', 'ignore', 'inherit'] });
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
