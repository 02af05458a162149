// What stands around Gatehouse in the walk: a SAML provider (SimpleSAMLphp), and a third party's REST service, which knows nothing but the identity service's addresses and a client's secret.
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { promisify } from 'node:util';
import { freePort, running, start, until } from '../around.mjs';

const run = promisify(execFile);
// A SAML identity provider with two people, mina and omar.
export async function saml(folder) {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  for (const name of ['config', 'metadata', 'cert', 'tmp', 'sessions', 'log']) await mkdir(`${folder}/${name}`, { recursive: true });
  await run('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', `${folder}/cert/idp.pem`, '-out', `${folder}/cert/idp.crt`, '-days', '30', '-subj', '/CN=idp']);
  await writeFile(`${folder}/config/config.php`, `<?php
$config = [
  'baseurlpath' => '${url}/', 'certdir' => '${folder}/cert/', 'loggingdir' => '${folder}/log/', 'datadir' => '${folder}/', 'tempdir' => '${folder}/tmp', 'metadatadir' => '${folder}/metadata/',
  'technicalcontact_name' => 'Admin', 'technicalcontact_email' => 'na@example.org', 'secretsalt' => 'a-salt-of-this-walk-only', 'auth.adminpassword' => 'walk-only', 'admin.protectindexpage' => false, 'admin.protectmetadata' => false,
  'logging.level' => SimpleSAML\\Logger::DEBUG, 'logging.handler' => 'errorlog', 'enable.saml20-idp' => true, 'module.enable' => ['exampleauth' => true, 'core' => true, 'saml' => true],
  'session.duration' => 3600, 'session.cookie.secure' => false, 'session.cookie.samesite' => null, 'session.phpsession.savepath' => '${folder}/sessions', 'session.phpsession.cookiename' => 'SSP', 'store.type' => 'phpsession',
  'metadata.sources' => [['type' => 'flatfile'], ['type' => 'xml', 'file' => '${folder}/sp.xml']],
  'trusted.url.domains' => null, 'theme.use' => 'default', 'production' => false, 'showerrors' => true, 'errorreporting' => false, 'timezone' => 'UTC',
];
`);
  await writeFile(`${folder}/config/authsources.php`, `<?php
$config = ['people' => ['exampleauth:UserPass',
  'mina:mina-password' => ['uid' => ['mina'], 'mail' => ['mina@example.org'], 'givenName' => ['Mina'], 'sn' => ['Okafor'], 'groups' => ['agents']],
  'omar:omar-password' => ['uid' => ['omar'], 'mail' => ['omar@example.org'], 'givenName' => ['Omar'], 'sn' => ['Haddad'], 'groups' => ['agents']],
]];
`);
  await writeFile(`${folder}/metadata/saml20-idp-hosted.php`, `<?php
$metadata['${url}/idp'] = [
  'host' => '__DEFAULT__', 'privatekey' => 'idp.pem', 'certificate' => 'idp.crt', 'auth' => 'people', 'validate.authnrequest' => true, 'sign.logout' => true, 'redirect.sign' => true, 'redirect.validate' => true, 'saml20.sign.response' => true,
  'assertion.encryption' => true, 'NameIDFormat' => 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent', 'attributes.NameFormat' => 'urn:oasis:names:tc:SAML:2.0:attrname-format:basic',
  'authproc' => [50 => ['class' => 'saml:AttributeNameID', 'attribute' => 'uid', 'Format' => 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent']],
];
`);
  const trust = xml => writeFile(`${folder}/sp.xml`, xml);
  await trust('<EntitiesDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata"/>');
  await start('php', ['-d', `session.save_path=${folder}/sessions`, '-d', `error_log=${folder}/log/php.log`, '-d', 'opcache.enable_cli=0', '-S', `127.0.0.1:${port}`, '-t', '/usr/share/simplesamlphp/www'], { SIMPLESAMLPHP_CONFIG_DIR: `${folder}/config` });
  const metadata = `${url}/saml2/idp/metadata.php`;
  await until('the SAML provider answers', async () => (await fetch(metadata)).ok);
  return { url, metadata, trust };
}

// A gadget as they were written for Finesse for years: nothing of Gatehouse's in it.
const gadget = service => `<?xml version="1.0" encoding="UTF-8"?>
<Module>
  <ModulePrefs title="Customers" height="120"/>
  <Content type="html"><![CDATA[
    <p id="found">…</p>
    <script>
      gadgets.util.registerOnLoadHandler(function () {
        var params = {};
        params[gadgets.io.RequestParameters.CONTENT_TYPE] = gadgets.io.ContentType.JSON;
        params[gadgets.io.RequestParameters.HEADERS] = { Authorization: finesse.utilities.Utilities.getAuthHeaderString(finesse.gadget.Config) };
        gadgets.io.makeRequest(encodeURI('${service}/customers?nocache=' + new Date().getTime()), function (response) {
          document.getElementById('found').textContent = response.rc === 200 ? response.data.agent + ': ' + response.data.customers.join() : 'refused: ' + response.rc;
        }, params);
      });
    </script>
  ]]></Content>
</Module>`;

// The third party: /gadget.xml is its gadget; /customers wants a bearer token, which it has validated by the identity service, as the vendor's SDK does; /back redeems a code without PKCE, which that SDK does not know.
export async function thirdParty() {
  const seen = [];
  const state = { origin: '', client: 'crm', secret: '' };
  const basic = () => ({ authorization: `Basic ${btoa(`${state.client}:${state.secret}`)}` });
  const post = async (path, form) => {
    const answer = await fetch(`${state.origin}/ids/v1/oauth/${path}`, { method: 'POST', headers: basic(), body: new URLSearchParams(form) });
    return { status: answer.status, body: await answer.json() };
  };
  const server = createServer(async (request, response) => {
    try {
      const url = new URL(request.url, 'http://service');
      seen.push({ path: url.pathname, headers: request.headers });
      const reply = (status, body) => { response.writeHead(status, { 'content-type': 'application/json', ...(status === 401 ? { 'www-authenticate': 'Bearer' } : {}) }); response.end(JSON.stringify(body)); };
      if (url.pathname === '/gadget.xml') return response.setHeader('content-type', 'text/xml').end(gadget(`http://${request.headers.host}`));
      if (url.pathname === '/crm/agent.html') return response.setHeader('content-type', 'text/html').end('<!doctype html><title>Agent</title><h1>Agent</h1>');
      if (url.pathname === '/back') {
        const made = await post('token', { grant_type: 'authorization_code', code: url.searchParams.get('code') ?? '', redirect_uri: `http://${request.headers.host}/back` });
        return reply(made.status, made.status === 200 ? (await post('validate', { token: made.body.access_token })).body : made.body);
      }
      const token = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
      const told = token ? (await post('introspect', { token })).body : { active: false };
      return told.active ? reply(200, { agent: told.username, extension: told.extension ?? null, customers: ['Okafor & Daughters'] }) : reply(401, { error: 'invalid_token' });
    } catch (wrong) {
      response.writeHead(500).end(String(wrong));
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  running.push({ close: () => { server.closeAllConnections(); server.close(); } });
  return { url: `http://127.0.0.1:${server.address().port}`, state, post, last: () => seen.at(-1) };
}
