// What stands around Gatehouse in the walk: a Kerberos KDC, a CAS server, an OpenID provider, and a XUC server that notes what reaches it. All real but the last.
import { spawn, execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { mkdir, writeFile } from 'node:fs/promises';
import Provider from 'oidc-provider';
import { WebSocketServer } from 'ws';
import { freePort, running, start, until } from '../around.mjs';

const run = promisify(execFile);
export async function kerberos(folder) {
  const port = await freePort();
  await mkdir(folder, { recursive: true });
  const env = { KRB5_CONFIG: `${folder}/krb5.conf`, KRB5_KDC_PROFILE: `${folder}/kdc.conf`, KRB5CCNAME: `FILE:${folder}/ccache` };
  await writeFile(`${folder}/krb5.conf`, `[libdefaults]\n default_realm = SITE.EXAMPLE\n dns_lookup_kdc = false\n dns_lookup_realm = false\n dns_canonicalize_hostname = false\n rdns = false\n udp_preference_limit = 1\n[realms]\n SITE.EXAMPLE = {\n  kdc = 127.0.0.1:${port}\n }\n[domain_realm]\n localhost = SITE.EXAMPLE\n`);
  await writeFile(`${folder}/kdc.conf`, `[kdcdefaults]\n kdc_listen = ""\n kdc_tcp_listen = 127.0.0.1:${port}\n[realms]\n SITE.EXAMPLE = {\n  database_name = ${folder}/principal\n  key_stash_file = ${folder}/stash\n  acl_file = ${folder}/acl\n  kdc_listen = ""\n  kdc_tcp_listen = 127.0.0.1:${port}\n  supported_enctypes = aes256-cts:normal\n }\n`);
  const as = { env: { ...process.env, ...env } };
  await run('/usr/sbin/kdb5_util', ['create', '-s', '-r', 'SITE.EXAMPLE', '-P', 'master-of-the-walk'], as);
  for (const command of ['addprinc -pw minas-password mina', 'addprinc -randkey HTTP/localhost', `ktadd -k ${folder}/xuc.keytab HTTP/localhost`, 'addprinc -randkey HTTP/other.localhost', `ktadd -k ${folder}/xuc.keytab HTTP/other.localhost`]) await run('/usr/sbin/kadmin.local', ['-r', 'SITE.EXAMPLE', '-q', command], as);
  await start('/usr/sbin/krb5kdc', ['-n', '-r', 'SITE.EXAMPLE'], env);
  await until('the KDC listens', () => new Promise((yes, no) => { const socket = connect(port, '127.0.0.1', () => { socket.destroy(); yes(true); }).on('error', no); }));
  const kinit = spawn('kinit', ['mina'], as);
  kinit.stdin.end('minas-password\n');
  const [code] = await once(kinit, 'exit');
  if (code !== 0) throw new Error('kinit failed');

  // What a browser of the domain does: its ticket, without a word typed.
  const ask = async (origin, host = 'localhost') => {
    const url = new URL(origin);
    const { stdout } = await run('curl', ['-sS', '--negotiate', '-u', ':', '--resolve', `${host}:${url.port}:127.0.0.1`, '-w', '\n%{http_code}', `http://${host}:${url.port}${url.pathname}`], as);
    const lines = stdout.trimEnd().split('\n');
    return { status: Number(lines.pop()), body: JSON.parse(lines.join('\n')) };
  };
  return { keytab: `${folder}/xuc.keytab`, ask };
}

export async function cas(folder) {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  for (const name of ['conf', 'sessions/lock', 'psessions/lock', 'cache']) await mkdir(`${folder}/${name}`, { recursive: true });
  await writeFile(`${folder}/llng.ini`, `[all]\nlogLevel = warn\n[configuration]\ntype=File\ndirName = ${folder}/conf\n[portal]\nstaticPrefix = /static\ntemplateDir = /usr/share/lemonldap-ng/portal/templates\nlanguages = en\n`);
  const store = name => ({ Directory: `${folder}/${name}`, LockDirectory: `${folder}/${name}/lock`, generateModule: 'Lemonldap::NG::Common::Apache::Session::Generate::SHA256' });
  await writeFile(`${folder}/conf/lmConf-1.json`, JSON.stringify({
    cfgNum: 1, cfgVersion: '2.16.1', cfgAuthor: 'walk', cfgDate: 1, authentication: 'Demo', userDB: 'Same', passwordDB: 'Demo', registerDB: 'Null', domain: '127.0.0.1', portal: `${url}/`, cookieName: 'llng', securedCookie: 0, timeout: 7200, key: 'a-key-of-this-walk-only-32-chars',
    globalStorage: 'Apache::Session::File', globalStorageOptions: store('sessions'), persistentStorage: 'Apache::Session::File', persistentStorageOptions: store('psessions'), localSessionStorage: 'Cache::FileCache',
    localSessionStorageOptions: { cache_root: `${folder}/cache`, namespace: 's', default_expires_in: 600, directory_umask: '007', cache_depth: 3 }, demoExportedVars: { cn: 'cn', mail: 'mail', uid: 'uid' }, locationRules: { '127.0.0.1': { default: 'accept' } },
    whatToTrace: 'uid', issuerDBCASActivation: 1, issuerDBCASPath: '^/cas/', issuerDBCASRule: 1, casAccessControlPolicy: 'none', casAttr: 'uid', casAttributes: { cn: 'cn', mail: 'mail', uid: 'uid' }, requireToken: 0, portalSkin: 'bootstrap', loginHistoryEnabled: 0, notification: 0,
    captcha: '::Plugins::Status', // its own captcha wants an image library
  }));
  await start('plackup', ['-E', 'deployment', '--host', '127.0.0.1', '--port', String(port), '/usr/share/lemonldap-ng/portal/htdocs/index.psgi'], { LLNG_DEFAULTCONFFILE: `${folder}/llng.ini` });
  await until('the CAS server answers', async () => (await fetch(`${url}/cas/login`)).status > 0);
  return `${url}/cas`;
}

export async function openId(page) {
  const issuer = `http://127.0.0.1:${await freePort()}`;
  const provider = new Provider(issuer, {
    // The page's own client, whose ID tokens are traded, and ours, whose codes are.
    clients: [{ client_id: 'xivo-web', client_secret: 'secret-of-the-page', redirect_uris: [page] }, { client_id: 'gatehouse', client_secret: 'secret-of-gatehouse', redirect_uris: [page] }],
    claims: { openid: ['sub'], profile: ['preferred_username', 'groups'] },
    conformIdTokenClaims: false,
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, preferred_username: id, groups: ['agents'] }) }),
    features: { devInteractions: { enabled: true } },
    pkce: { required: () => false },
    cookies: { keys: ['key-of-the-walk'] },
  });
  const server = createServer(provider.callback()).listen(Number(new URL(issuer).port), '127.0.0.1');
  await once(server, 'listening');
  running.push({ close: () => { server.closeAllConnections(); server.close(); } });
  return issuer;
}

// Stands in for the XUC server: says what reached it, and greets sockets as XUC does.
export async function xuc() {
  const seen = [];
  const server = createServer((request, response) => {
    seen.push({ url: request.url, headers: request.headers });
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ seen: request.url.split('?')[0] }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  new WebSocketServer({ server }).on('connection', (socket, request) => {
    seen.push({ url: request.url, headers: request.headers });
    socket.send(JSON.stringify({ msgType: 'LoggedOn', ctiMessage: {} }));
  });
  running.push({ close: () => { server.closeAllConnections(); server.close(); } });
  return { url: `http://127.0.0.1:${server.address().port}`, seen, last: () => seen.at(-1) };
}

// A browser in miniature: cookies by server, redirects one by one, the first form of a page.
export class Browser {
  #jars = new Map();

  // Stops before the address that begins so: nobody need listen there.
  async go(url, stop, body) {
    for (let hop = 0; hop < 20; hop++) {
      if (stop && url.startsWith(stop)) return { url };
      const jar = this.#jars.get(new URL(url).host) ?? this.#jars.set(new URL(url).host, new Map()).get(new URL(url).host);
      const answer = await fetch(url, { redirect: 'manual', method: body ? 'POST' : 'GET', body, headers: { cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; ') } });
      for (const line of answer.headers.getSetCookie()) {
        const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
        if (value && !/expires=Thu, 01 Jan 1970/i.test(line)) jar.set(name, value);
        else jar.delete(name);
      }
      if (answer.status < 300 || answer.status > 399) return { url, text: await answer.text() };
      [url, body] = [new URL(answer.headers.get('location'), url).href, undefined];
    }
    throw new Error(`round in circles at ${url}`);
  }

  async submit(page, values, stop) {
    const form = /<form[^>]*>[\s\S]*?<\/form>/i.exec(page.text)?.[0];
    if (!form) throw new Error(`no form at ${page.url}: ${page.text.slice(0, 500)}`);
    const fields = new URLSearchParams();
    for (const [input] of form.matchAll(/<input[^>]*>/gi)) {
      const name = /name="([^"]*)"/i.exec(input)?.[1];
      if (name && !/type="(submit|checkbox)"/i.test(input)) fields.set(name, /value="([^"]*)"/i.exec(input)?.[1].replaceAll('&amp;', '&') ?? '');
    }
    for (const [name, value] of Object.entries(values)) fields.set(name, value);
    return this.go(new URL((/<form[^>]*action="([^"]*)"/i.exec(form)?.[1] ?? '').replaceAll('&amp;', '&') || page.url, page.url).href, stop, fields);
  }
}
