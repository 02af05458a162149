// The peers' configuration: each as its own documentation says, one worker, kept-alive connections to the same upstream.
import { createSign, generateKeyPairSync, sign } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { createServer as createPlainServer } from 'node:http';
import { createServer } from 'node:https';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, scratch, start } from './world.mjs';

const file = (name, text) => { const path = join(scratch, name); writeFileSync(path, text, { mode: 0o644 }); return path; };
const b64 = value => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

/** Key pairs and tokens as an issuer would give them: RFC 9068 claims of usual size. */
export function tokens() {
  const now = Math.floor(Date.now() / 1000);
  const claims = { iss: 'https://issuer.example', sub: 'f1d6f2c4-45b1-4c4e-9e5a-b0e2c2f3a1aa', aud: 'api', azp: 'crm-sync', client_id: 'crm-sync', iat: now, exp: now + 7200, jti: 'a5c2b9e6', scope: 'openid profile email', realm_access: { roles: ['agent', 'integration', 'offline_access', 'uma_authorization'] } };
  const made = {};
  for (const [alg, pair] of [['RS256', generateKeyPairSync('rsa', { modulusLength: 2048 })], ['ES256', generateKeyPairSync('ec', { namedCurve: 'P-256' })]]) {
    const input = `${b64({ alg, typ: 'at+jwt', kid: alg })}.${b64(claims)}`;
    const signature = alg === 'RS256' ? createSign('sha256').update(input).sign(pair.privateKey) : sign('sha256', Buffer.from(input), { key: pair.privateKey, dsaEncoding: 'ieee-p1363' });
    const publicKey = file(`${alg}.pem`, pair.publicKey.export({ type: 'spki', format: 'pem' }));
    const jwk = { ...pair.publicKey.export({ format: 'jwk' }), kid: alg, alg, use: 'sig' };
    made[alg] = { token: `${input}.${signature.toString('base64url')}`, publicKey, jwk };
  }
  return made;
}

const nginxConf = (name, body) => `
daemon off; worker_processes 1; pid ${scratch}/${name}.pid; error_log ${scratch}/${name}.error warn;
events { worker_connections 1024; }
http {
  access_log off; keepalive_requests 1000000; client_body_temp_path ${scratch}/${name}-body; proxy_temp_path ${scratch}/${name}-proxy;
  fastcgi_temp_path ${scratch}/${name}-f; uwsgi_temp_path ${scratch}/${name}-u; scgi_temp_path ${scratch}/${name}-s;
  ${body}
}`;

/** Serves the keys over TLS, as mod_auth_openidc insists; it fetches them once an hour. */
export async function jwksServer(keys) {
  const port = await freePort();
  const [key, cert] = [join(scratch, 'jwks.key'), join(scratch, 'jwks.crt')];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-subj', '/CN=127.0.0.1', '-days', '2', '-out', cert], { stdio: 'ignore' });
  const server = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (_, answer) => answer.setHeader('content-type', 'application/json').end(JSON.stringify({ keys })));
  await new Promise(done => server.listen(port, '127.0.0.1', done));
  server.unref();
  return `https://127.0.0.1:${port}/jwks`;
}

/** The same keys on plain loopback, for Gatehouse. */
export async function plainJwks(keys) {
  const port = await freePort();
  const server = createPlainServer((_, answer) => answer.setHeader('content-type', 'application/json').end(JSON.stringify({ keys })));
  await new Promise(done => server.listen(port, '127.0.0.1', done));
  server.unref();
  return `http://127.0.0.1:${port}/jwks`;
}

/** The upstream of every contender: nginx with a fixed small answer. */
export async function upstream() {
  const port = await freePort();
  const body = JSON.stringify({ items: Array.from({ length: 4 }, (_, i) => ({ id: i, name: 'customer' })) });
  const conf = file('upstream.conf', nginxConf('upstream', `server { listen 127.0.0.1:${port}; default_type application/json; location / { return 200 '${body}'; } }`));
  await start('upstream', 'nginx', ['-p', scratch, '-c', conf], port);
  return port;
}

export async function nginx(to) {
  const port = await freePort();
  const conf = file('nginx.conf', nginxConf('nginx', `
    upstream up { server 127.0.0.1:${to}; keepalive 64; keepalive_requests 1000000; }
    server { listen 127.0.0.1:${port}; location / { proxy_pass http://up; proxy_http_version 1.1; proxy_set_header Connection ''; proxy_set_header X-Forwarded-For $remote_addr; } }`));
  return { port, child: await start('nginx', 'nginx', ['-p', scratch, '-c', conf], port) };
}

export async function haproxy(to, jwt) {
  const port = await freePort();
  const name = `haproxy-${jwt?.alg ?? 'plain'}`;
  const checks = jwt === undefined ? '' : `
  http-request set-var(txn.bearer) http_auth_bearer
  http-request set-var(txn.alg) var(txn.bearer),jwt_header_query('$.alg')
  http-request set-var(txn.exp) var(txn.bearer),jwt_payload_query('$.exp','int')
  http-request deny deny_status 401 unless { var(txn.alg) -m str ${jwt.alg} }
  http-request deny deny_status 401 unless { var(txn.bearer),jwt_verify(txn.alg,"${jwt.publicKey}") -m int 1 }
  http-request set-var(txn.now) date()
  http-request deny deny_status 401 if { var(txn.exp),sub(txn.now) -m int lt 0 }`;
  const conf = file(`${name}.cfg`, `
global
  nbthread 1
  maxconn 2000
defaults
  mode http
  timeout connect 5s
  timeout client 30s
  timeout server 30s
  option http-keep-alive
  http-reuse always
frontend in
  bind 127.0.0.1:${port}${checks}
  default_backend out
backend out
  server up 127.0.0.1:${to}
`);
  return { port, child: await start(name, 'haproxy', ['-f', conf], port) };
}

export async function apache(to, jwt) {
  const port = await freePort();
  const conf = file(`apache-${jwt.alg}.conf`, `
ServerRoot ${scratch}
ServerName localhost
PidFile ${scratch}/apache-${jwt.alg}.pid
ErrorLog ${scratch}/apache-${jwt.alg}.error
Mutex file:${scratch}
User www-data
Group www-data
Listen 127.0.0.1:${port}
${['mpm_event', 'authn_core', 'authz_core', 'authz_user', 'proxy', 'proxy_http', 'auth_openidc'].map(one => `LoadModule ${one}_module /usr/lib/apache2/modules/mod_${one}.so`).join('\n')}
StartServers 1
ServerLimit 1
ThreadsPerChild 64
MaxRequestWorkers 64
KeepAlive On
MaxKeepAliveRequests 0
OIDCOAuthVerifyJwksUri ${jwt.jwks}
OIDCOAuthSSLValidateServer Off
OIDCOAuthRemoteUserClaim sub
<Location />
  AuthType oauth20
  Require valid-user
  ProxyPass http://127.0.0.1:${to}/ enablereuse=on max=64
</Location>
`);
  return { port, child: await start(`apache-${jwt.alg}`, '/usr/sbin/apache2', ['-DFOREGROUND', '-f', conf], port) };
}
