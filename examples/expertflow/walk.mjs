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
  for (const [name, role] of [['alice', 'agent'], ['sam', 'supervisor'], ['rita', 'agent'], ['reports', 'integration']]) passwords[name] = await stage.gatehouse('users', 'add', name, '--role', role, '--generate');
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
      expertflow: { realm: 'contact-centre', secondFactor: 'sms', until: { login: day(90), keycloakLogin: day(30), refreshToken: day(90), oneTime: day(90) } },
      keycloak: { prefix: '/auth', passwordClients: [{ realm: 'contact-centre', client: 'cim', until: day(90) }] },
    },
    signin: { onetime: { smsUrl: await stage.listen(messages.answer), smsAccount: 'AC0123', smsFrom: '+15005550006', smsSecretFile: `${stage.folder}/sms.secret`, cooldown: '00:00:00' } },
    protocols: { forwardauth: { proxies: ['127.0.0.1'] } },
  }));
  const stands = Object.fromEntries(components.map(([name]) => [name, new Component(name)]));
  const upstreams = {};
  for (const [name, stand] of Object.entries(stands)) upstreams[name] = await stage.listen(stand.answer);
  const variable = name => `GATEHOUSE_${name.toUpperCase().replaceAll('-', '_')}`;
  const gate = await stage.serve(readFileSync(`${here}access.yaml`, 'utf8'), Object.fromEntries(Object.entries(upstreams).map(([name, url]) => [variable(name), url])));

  // As the vendor's clients call; the form of a refusal is theirs.
  const post = async (path, body, origin = gate) => {
    const answer = await fetch(origin + path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
    const text = await answer.text();
    return { status: answer.status, headers: answer.headers, body: text.startsWith('{') ? JSON.parse(text) : text };
  };
  const manager = (call, body, origin) => post(`/agent-manager/agent/${call}`, body, origin);
  const refusal = answer => `${answer.status} ${answer.body.error?.error_detail?.reason ?? ''}`;

  stage.part('An agent signs in by agent-manager\'s call: a password, a phone, a code');
  stage.expect('a wrong password', refusal(await manager('login', { username: 'alice', password: 'guessed' })), /^401 Invalid user credentials/);
  stage.expect('a phone without the first factor', refusal(await manager('register-phone', { username: 'alice', phoneNumber: '491701110001' })), /^401 Sign in with user name and password first/);
  const half = await manager('login', { username: 'alice', password: passwords.alice });
  stage.expect('the right one: half way in, and no token yet', [half.body.data.message, half.body.data.twoFAChannel, half.body.data.token ?? null], ['2FA registration required', 'sms', null]);
  stage.expect('the call says when it ends', half.headers.get('sunset') !== null && half.headers.get('deprecation') !== null, true);
  stage.expect('her phone is registered', (await manager('register-phone', { username: 'alice', phoneNumber: '491701110001' })).body.message, 'OTP required');
  stage.expect('another code is sent', (await manager('send-sms-otp', { phoneNumber: '+491701110001' })).body.message, 'OTP sent successfully.');
  const code = messages.codeFor('+491701110001');
  const alice = (await manager('validate-otp', { username: 'alice', password: passwords.alice, otp: code })).body.data;
  stage.expect('she is in: role, team, what she may do', [alice.keycloak_User.roles.includes('agent'), alice.keycloak_User.userTeam.teamName, alice.keycloak_User.permittedResources.Resources.map(one => one.rsname)], [true, 'Team A', ['state-change']]);
  stage.expect('the code counts once', refusal(await manager('validate-otp', { username: 'alice', password: passwords.alice, otp: code })), '404 Invalid OTP.');
  stage.expect('her phone is not bound anew', refusal(await manager('register-phone', { username: 'alice', password: passwords.alice, phoneNumber: '491709990001' })), /^403 A second factor is registered already/);
  stage.expect('who has no team stays out', refusal(await manager('login', { username: 'rita', password: passwords.rita })), /^403 No team/);
  stage.expect('an address of a client\'s choice is never asked', refusal(await manager('login', { username: 'alice', password: passwords.alice, finesseUrl: 'http://169.254.169.254/', authWithSSO: false })), /^403 This Finesse/);

  await manager('login', { username: 'sam', password: passwords.sam });
  await manager('register-phone', { username: 'sam', phoneNumber: '491701110002' });
  const sam = (await manager('validate-otp', { username: 'sam', password: passwords.sam, otp: messages.codeFor('+491701110002') })).body.data;
  stage.expect('a supervisor, the same way', [sam.keycloak_User.supervisedTeams.map(one => one.teamName), sam.keycloak_User.permittedResources.Resources.map(one => one.rsname).sort()], [['Team A'], ['state-change', 'supervisor']]);

  stage.part('The eleven components: a supervisor may what an agent may not');
  const crm = await serviceToken(`${gate}/realms/contact-centre`, 'crm-sync', crmSecret);
  const principals = { agent: alice.token, supervisor: sam.token, integration: crm };
  const call = async (origin, method, path, token) => verdict(await fetch(origin + path, { method, headers: { ...(token ? { authorization: `Bearer ${token}` } : {}), 'content-type': 'application/json' }, body: method === 'POST' ? '{}' : undefined }));
  let reached = 0;
  for (const [name, method, path, may] of components) {
    const got = {};
    for (const [who, token] of Object.entries(principals)) got[who] = (await call(gate, method, path, token)).slice(0, 3);
    stage.expect(`${method} ${path}`, got, Object.fromEntries(Object.keys(principals).map(who => [who, may.includes(who) ? '200' : '403'])));
    stage.expect('  without a token', await call(gate, method, path), '401 credential.missing');
    const calls = stands[name].seen;
    if (calls.length === may.length && calls.every(one => one.url === path && one.authorization?.startsWith('Bearer eyJ') && !Object.values(principals).some(token => one.authorization.includes(token)))) reached++;
  }
  stage.expect('components that saw those calls alone, with a token for itself instead of the agent\'s own', reached, 11);

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
  const direct = await grant({ client_id: 'cim', client_secret: cimSecret, grant_type: 'password', username: 'reports', password: passwords.reports });
  stage.expect('by the vendor\'s direct grant, as a technical user', await call(gate, 'GET', '/cim-customer/customers', direct), '200');
  stage.expect('which is no way around an agent\'s second factor', await grant({ client_id: 'cim', client_secret: cimSecret, grant_type: 'password', username: 'sam', password: passwords.sam }) ?? 'no token', 'no token');
  const own = await grant({ client_id: 'crm-sync', client_secret: crmSecret, grant_type: 'client_credentials' });
  stage.expect('or, better, by a service account of its own', await call(gate, 'POST', '/ccm/message/send', own), '200');
  stage.expect('which may no more than integrations may', await call(gate, 'GET', '/license-manager/license', own), '403 rule.denied');
  stage.expect('a form that a widget shows needs no token', await call(gate, 'GET', '/ccm/widget-configs/42'), '200');

  stage.part('The same routes behind a real nginx, with auth_request and Gatehouse deciding');
  const calls = ['/agent-manager/agent/login', '/agent-manager/agent/refresh-token', '/agent-manager/agent/register-phone', '/agent-manager/agent/send-sms-otp', '/agent-manager/agent/validate-otp', '/unified-admin/keycloakLogin'];
  const front = await nginx(stage, gate, upstreams, calls);
  stage.expect('the agent signs in through it', (await manager('login', { username: 'alice', password: passwords.alice }, front)).body.data.message, 'OTP required');
  for (const [, method, path, may] of components) {
    const got = {};
    for (const [who, token] of Object.entries({ supervisor: sam.token, integration: crm, nobody: undefined })) got[who] = (await call(front, method, path, token)).slice(0, 3);
    stage.expect(`${method} ${path}`, got, { supervisor: may.includes('supervisor') ? '200' : '403', integration: may.includes('integration') ? '200' : '403', nobody: '401' });
  }
  stage.expect('what is open is open there too', await call(front, 'GET', '/ccm/widget-configs/42'), '200');
  stage.expect('an identity that a client claims reaches nobody', await (async () => {
    await fetch(`${front}/ccm/widget-configs/42`, { headers: { 'x-userinfo': 'forged', authorization: 'Bearer forged' } });
    return stands.ccm.seen.at(-1).authorization ?? 'nothing';
  })(), 'nothing');
});
