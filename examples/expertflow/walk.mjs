// An Expertflow CX site: its agents, its eleven components, a third party and Gatehouse between them, from nothing.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { Stage, serviceToken, verdict } from '../stage.mjs';
import { Component, TextMessages, components } from './components.mjs';
import { nginx } from './nginx.mjs';

const here = new URL('.', import.meta.url).pathname;
const day = days => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);

await Stage.play('Expertflow CX: agents, supervisors and a third party', async stage => {
  stage.part('Set up: a realm, its roles, groups and a team; people; the clients');
  await stage.gatehouse('realms', 'add', 'contact-centre');
  for (const role of ['agent', 'supervisor', 'admin', 'integration']) await stage.gatehouse('roles', 'add', role);
  const passwords = {};
  for (const [name, role] of [['alice', 'agent'], ['sam', 'supervisor'], ['ada', 'admin'], ['rita', 'agent'], ['reports', 'integration']]) passwords[name] = await stage.gatehouse('users', 'add', name, '--role', role, '--generate');
  await stage.gatehouse('groups', 'add', 'agents_permission', '--join', 'alice', '--join', 'rita');
  await stage.gatehouse('groups', 'add', 'senior_agents_permission', '--join', 'sam');
  await stage.gatehouse('groups', 'add', 'team-a', '--set', 'teamId=a', '--set', 'teamName=Team A', '--set', 'supervisor=sam', '--join', 'alice');
  const cimSecret = await stage.gatehouse('clients', 'add', 'cim', '--exchange', '--direct-grants');
  await stage.gatehouse('clients', 'authorization', 'import', 'cim', `${here}settings.json`);
  const crmSecret = await stage.gatehouse('clients', 'add', 'crm-sync', '--service-account', '--role', 'integration');

  const messages = new TextMessages();
  writeFileSync(`${stage.folder}/sms.secret`, 'secret-of-the-walk\n', { mode: 0o600 });
  mkdirSync(stage.data, { recursive: true });
  writeFileSync(`${stage.data}/gatehouse.json`, JSON.stringify({
    facades: {
      expertflow: { realm: 'contact-centre', secondFactor: 'sms', until: { login: day(90), keycloakLogin: day(30), refreshToken: day(90), registerPhone: day(60), sendSmsOtp: day(90), validateOtp: day(90) } },
      keycloak: { prefix: '/auth', passwordClients: [{ realm: 'contact-centre', client: 'cim', until: day(90) }] },
    },
    signin: { onetime: { smsUrl: await stage.listen(messages.answer), smsAccount: 'AC0123', smsFrom: '+15005550006', smsSecretFile: `${stage.folder}/sms.secret`, cooldown: '00:00:00' } },
    protocols: { forwardauth: { proxies: ['127.0.0.1'] } },
  }));
  let gate;
  const stands = Object.fromEntries(components.map(([name]) => [name, new Component(name, () => `${gate}/realms/contact-centre`)]));
  const upstreams = {};
  for (const [name, stand] of Object.entries(stands)) upstreams[name] = await stage.listen(stand.answer);
  const variable = name => `GATEHOUSE_${name.toUpperCase().replaceAll('-', '_')}`;
  gate = await stage.serve(readFileSync(`${here}access.yaml`, 'utf8'), Object.fromEntries(Object.entries(upstreams).map(([name, url]) => [variable(name), url])));

  // As the vendor's clients call; the form of a refusal is theirs.
  const post = async (path, body, origin = gate) => {
    const answer = await fetch(origin + path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
    const text = await answer.text();
    return { status: answer.status, headers: answer.headers, body: text.startsWith('{') ? JSON.parse(text) : text };
  };
  const manager = (call, body, origin) => post(`/agent-manager/agent/${call}`, body, origin);
  const refusal = answer => `${answer.status} ${answer.body.error?.error_detail?.reason ?? ''}`;
  // The second factor's own calls refuse as the vendor's library does: the status in `error`.
  const flat = answer => answer.body.error === answer.status ? `${answer.body.error} ${answer.body.error_message}` : `${answer.status}, and not in its form`;

  stage.part('An agent signs in by agent-manager\'s call: a password, a phone, a code');
  stage.expect('a wrong password', refusal(await manager('login', { username: 'alice', password: 'guessed' })), /^401 Invalid user credentials/);
  stage.expect('a phone without the first factor', flat(await manager('register-phone', { username: 'alice', phoneNumber: '491701110001' })), /^401 Sign in with user name and password first/);
  const half = await manager('login', { username: 'alice', password: passwords.alice });
  stage.expect('the right one: half way in, and no token yet', [half.body.data.message, half.body.data.twoFAChannel, half.body.data.token ?? null], ['2FA registration required', 'sms', null]);
  const registered = await manager('register-phone', { username: 'alice', phoneNumber: '491701110001' });
  stage.expect('her phone is registered', registered.body.message, 'OTP required');
  stage.expect('each call says when it ends, by a day of its own', [half, registered].map(answer => answer.headers.get('deprecation') !== null && new Date(answer.headers.get('sunset')).toISOString().slice(0, 10)), [day(91), day(61)]);
  stage.expect('another code is sent', (await manager('send-sms-otp', { phoneNumber: '+491701110001' })).body.message, 'OTP sent successfully.');
  const code = messages.codeFor('+491701110001');
  const alice = (await manager('validate-otp', { username: 'alice', password: passwords.alice, otp: code })).body.data;
  stage.expect('she is in: role, team, what she may do', [alice.keycloak_User.roles.includes('agent'), alice.keycloak_User.userTeam.teamName, alice.keycloak_User.permittedResources.Resources.map(one => one.rsname)], [true, 'Team A', ['state-change']]);
  stage.expect('the code counts once', flat(await manager('validate-otp', { username: 'alice', password: passwords.alice, otp: code })), '404 Invalid OTP.');
  stage.expect('her phone is not bound anew', flat(await manager('register-phone', { username: 'alice', password: passwords.alice, phoneNumber: '491709990001' })), /^403 A second factor is registered already/);
  stage.expect('who has no team stays out', refusal(await manager('login', { username: 'rita', password: passwords.rita })), /^403 No team/);
  stage.expect('an address of a client\'s choice is never asked', refusal(await manager('login', { username: 'alice', password: passwords.alice, finesseUrl: 'http://169.254.169.254/', authWithSSO: false })), /^403 This Finesse/);

  await manager('login', { username: 'sam', password: passwords.sam });
  await manager('register-phone', { username: 'sam', phoneNumber: '491701110002' });
  const sam = (await manager('validate-otp', { username: 'sam', password: passwords.sam, otp: messages.codeFor('+491701110002') })).body.data;
  stage.expect('a supervisor, the same way', [sam.keycloak_User.supervisedTeams.map(one => one.teamName), sam.keycloak_User.permittedResources.Resources.map(one => one.rsname).sort()], [['Team A'], ['state-change', 'supervisor']]);

  stage.expect('an administrator, by unified-admin\'s call', (await post('/unified-admin/keycloakLogin', { username: 'ada', password: passwords.ada })).body.data.message, '2FA registration required');
  await manager('register-phone', { username: 'ada', phoneNumber: '491701110003' });
  const ada = (await manager('validate-otp', { username: 'ada', password: passwords.ada, otp: messages.codeFor('+491701110003') })).body.data;
  stage.expect('who needs no team', [ada.keycloak_User.roles.includes('admin'), ada.keycloak_User.userTeam], [true, null]);

  stage.part('The eleven components: each is called by whoever may, and a supervisor may what an agent may not');
  const crm = await serviceToken(`${gate}/realms/contact-centre`, 'crm-sync', crmSecret);
  const principals = { agent: alice.token, supervisor: sam.token, admin: ada.token, integration: crm };
  const names = { agent: 'alice', supervisor: 'sam', admin: 'ada', integration: 'crm-sync' };
  const call = async (origin, method, path, token) => verdict(await fetch(origin + path, { method, headers: { ...(token ? { authorization: `Bearer ${token}` } : {}), 'content-type': 'application/json' }, body: method === 'POST' ? '{}' : undefined }));

  // A component counts where it answered all who may and nobody else, each by the name in a token that it verified itself.
  const walkAll = async (origin, tokens, nobody) => {
    const reached = [];
    for (const [name, method, path, may] of components) {
      const [got, from] = [{}, stands[name].seen.length];
      for (const [who, token] of Object.entries(tokens)) got[who] = (await call(origin, method, path, token)).slice(0, 3);
      stage.expect(`${method} ${path}`, got, Object.fromEntries(Object.keys(tokens).map(who => [who, may.includes(who) ? '200' : '403'])));
      stage.expect('  without a token', await call(origin, method, path), nobody);
      if (may.length > 0 && JSON.stringify(stands[name].namesSince(from)) === JSON.stringify(may.map(who => names[who]).sort())) reached.push(name);
    }
    return reached.length;
  };
  stage.expect('components that answered all who may, by a token for themselves whose signature, issuer, audience and end they checked', await walkAll(gate, principals, '401 credential.missing'), 11);
  const shown = stands.ccm.seen.at(-1).authorization.slice('Bearer '.length);
  const direct = async (name, token) => (await (await fetch(`${upstreams[name]}/${name}/x`, { headers: { authorization: `Bearer ${token}` } })).json()).fault;
  stage.expect('around the gate: another component\'s token, the agent\'s own, an altered one', [await direct('cim-customer', shown), await direct('ccm', alice.token), await direct('ccm', shown.replace(/\.[^.]+\./, `.${Buffer.from('{"aud":"ccm"}').toString('base64url')}.`))], ['audience', 'audience', 'signature']);
  stands.ccm.now = () => Date.now() + 120_000;
  stage.expect('and one of two minutes ago', await direct('ccm', shown), 'expired');
  stands.ccm.now = () => Date.now();

  stage.part('The session goes on, and ends');
  const next = await manager('refresh-token', { refreshToken: alice.refresh_token });
  stage.expect('renewal, in both shapes', next.body.access_token === next.body.data.token && (await call(gate, 'GET', '/agent-manager/agentSetting', next.body.access_token)), '200');
  stage.expect('that refresh token counts nowhere else', (await fetch(`${gate}/realms/contact-centre/protocol/openid-connect/token`, { method: 'POST', body: new URLSearchParams({ grant_type: 'refresh_token', client_id: 'cim', client_secret: cimSecret, refresh_token: next.body.data.refresh_token }) })).status, 400);
  await stage.gatehouse('users', 'disable', 'alice');
  await stage.until('a disabled agent is out at once', () => call(gate, 'GET', '/agent-manager/agentSetting', next.body.access_token), '401 token.revoked');
  stage.expect('and renews nothing', refusal(await manager('refresh-token', { refresh_token: next.body.data.refresh_token })), /^400 Refresh Token expired/);
  await stage.gatehouse('users', 'enable', 'alice');

  stage.part('A third party follows the guide: a token, then calls');
  const grant = async form => {
    const answer = await fetch(`${gate}/auth/realms/contact-centre/protocol/openid-connect/token`, { method: 'POST', body: new URLSearchParams(form) });
    return (await answer.json()).access_token;
  };
  const granted = await grant({ client_id: 'cim', client_secret: cimSecret, grant_type: 'password', username: 'reports', password: passwords.reports });
  stage.expect('by the vendor\'s direct grant, as a technical user', await call(gate, 'GET', '/cim-customer/customers', granted), '200');
  stage.expect('which is no way around an agent\'s second factor', await grant({ client_id: 'cim', client_secret: cimSecret, grant_type: 'password', username: 'sam', password: passwords.sam }) ?? 'no token', 'no token');
  const own = await grant({ client_id: 'crm-sync', client_secret: crmSecret, grant_type: 'client_credentials' });
  stage.expect('or, better, by a service account of its own', await call(gate, 'POST', '/ccm/message/send', own), '200');
  stage.expect('which may no more than integrations may', await call(gate, 'GET', '/license-manager/license', own), '403 rule.denied');
  stage.expect('a form that a widget shows needs no token', await call(gate, 'GET', '/ccm/widget-configs/42'), '200');

  stage.part('The same routes behind a real nginx, with auth_request and Gatehouse deciding');
  const calls = ['/agent-manager/agent/login', '/agent-manager/agent/refresh-token', '/agent-manager/agent/register-phone', '/agent-manager/agent/send-sms-otp', '/agent-manager/agent/validate-otp', '/unified-admin/keycloakLogin'];
  const front = await nginx(stage, gate, upstreams, calls);
  stage.expect('the agent signs in through it: the code comes with the password', (await manager('login', { username: 'alice', password: passwords.alice }, front)).body.data.message, 'OTP required');
  stage.expect('a wrong code there', flat(await manager('validate-otp', { username: 'alice', password: passwords.alice, otp: 'wrong' }, front)), '404 Invalid OTP.');
  const behind = (await manager('validate-otp', { username: 'alice', password: passwords.alice, otp: messages.codeFor('+491701110001') }, front)).body.data;
  stage.expect('and gets her token', behind.keycloak_User.username, 'alice');
  stage.expect('components that answered all who may, the agent with the token from here', await walkAll(front, { ...principals, agent: behind.token }, '401'), 11);
  stage.expect('what is open is open there too', await call(front, 'GET', '/ccm/widget-configs/42'), '200');
  stage.expect('an identity that a client claims reaches nobody', await (async () => {
    await fetch(`${front}/ccm/widget-configs/42`, { headers: { 'x-userinfo': 'forged', authorization: 'Bearer forged' } });
    return stands.ccm.seen.at(-1).authorization ?? 'nothing';
  })(), 'nothing');
});
