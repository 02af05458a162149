// Expertflow's own library, unchanged, against the program under test: every call of it that a site uses.
import http from 'node:http';
import { createRequire } from 'node:module';
import { isDeepStrictEqual } from 'node:util';
import express from 'express';

// `finesse` is another Gatehouse that answers as a Finesse, with tokens that its SSO addresses and ours gave after a sign-in by page.
const [name, base, realm, client, secret, clientDbId, password, more] = process.argv.slice(2);
const finesse = JSON.parse(more);
const require = createRequire(import.meta.url);
const { NodeAdapter } = require(name);
const speakeasy = require('speakeasy');
const newer = name.endsWith('newer');
const quiet = console.log;
console.log = () => {};
console.error = () => {};

const ok = step => quiet(`ok ${step}`);
const expect = (condition, words, seen) => { if (!condition) throw new Error(`${words}: ${JSON.stringify(seen)}`); };
const listen = server => new Promise(done => server.listen(0, '127.0.0.1', () => done(`http://127.0.0.1:${server.address().port}`)));
const refused = async promise => { try { await promise; } catch (error) { return error; } throw new Error('It should have been refused.'); };

// Stands in for the vendor's team service: the one thing here that is not Gatehouse's to answer.
const other = http.createServer((request, response) => {
  const team = request.method === 'GET' && request.url.match(/^\/team\//);
  const core = request.url.match(/^\/(team|users)\b/);
  if (team) {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ userTeam: { teamId: 't1', teamName: 'Team A' }, supervisedTeams: [] }));
  } else if (core) {
    // Whatever it is told of teams and users, it says yes.
    request.resume();
    response.setHeader('content-type', 'application/json');
    response.end(request.method === 'GET' ? JSON.stringify([{ team_Id: '1', team_name: 'Default' }]) : '{}');
  } else response.writeHead(404).end();
});
const otherUrl = await listen(other);

const config = {
  realm, 'auth-server-url': `${base}auth/`, 'ssl-required': 'none', resource: client, 'verify-token-audience': false, credentials: { secret }, 'use-resource-role-mappings': false, 'confidential-port': 0, 'policy-enforcer': {}, 'bearer-only': true,
  CLIENT_ID: client, CLIENT_DB_ID: clientDbId, GRANT_TYPE: 'password', GRANT_TYPE_PAT: 'client_credentials', USERNAME_ADMIN: 'admin', PASSWORD_ADMIN: password, SCOPE_NAME: 'Any default scope', 'ef-server-url': `${otherUrl}/`, TEAMS_ENABLED: true,
};
const adapter = new NodeAdapter(config);
const signIn = (user, pass, finesse = '', roles = [], token = '') => newer
  ? adapter.authenticateUserViaKeycloak(user, pass, realm, undefined, finesse, roles, token)
  : name.endsWith('older') ? adapter.authenticateUserViaKeycloak(user, pass, realm, finesse, roles, token) : adapter.authenticateUserViaKeycloak(user, pass, realm, false, 'app', finesse, roles, token);

const alice = await signIn('alice', password);
expect(alice.token && alice.refresh_token && alice.keycloak_User.username === 'alice' && alice.keycloak_User.roles.includes('agent'), 'alice signs in', alice);
expect(alice.keycloak_User.permittedResources.Resources.some(one => one.rsname === 'agent-conversation-control' && one.scopes.includes('view_history')), 'alice has permissions', alice.keycloak_User.permittedResources);
expect(alice.keycloak_User.userTeam.teamName === 'Team A', 'alice has a team', alice.keycloak_User);
ok('sign-in with permissions');

const wrong = await refused(signIn('alice', 'not-the-password'));
expect(wrong.error_detail.status === 401, 'a wrong password is 401', wrong);
ok('wrong password');

const sam = await signIn('sam', password);
expect(sam.keycloak_User.permittedResources.Resources.some(one => one.rsname === 'general-settings' && one.scopes.includes('manage')), 'sam manages', sam.keycloak_User.permittedResources);
ok('supervisor');

const renewed = await adapter.generateAccessTokenFromRefreshToken(alice.refresh_token);
expect(renewed.status === 200 && renewed.access_token !== alice.token, 'the refresh token renews', renewed);
const dead = await refused(adapter.generateAccessTokenFromRefreshToken('nonsense'));
expect(dead.status === 400, 'a dead refresh token is 400', dead);
ok('refresh');

const admin = (await adapter.getAccessToken('admin', password)).access_token;
expect((await adapter.getIntrospectToken(alice.token)).active, 'introspection');
expect(typeof await adapter.getUserInfoFromToken('alice', alice.token) === 'object', 'resource access');
const rpt = await adapter.getTokenRPT('alice', password, (await adapter.getAccessToken('alice', password)).access_token);
expect(rpt.access_token && rpt.refresh_token, 'an RPT', rpt);
ok('introspection');

const byRole = await adapter.getUsersByRole(['agent', 'supervisor']);
expect(byRole.some(one => one.username === 'alice' && one.roles.includes('agent')), 'users by role', byRole);
const roles = await adapter.getRealmRoles(admin);
expect(roles.some(one => one.name === 'agent'), 'roles', roles);
expect(await adapter.getClientId(admin) === clientDbId, 'the id of the client');
ok('users and roles');

await adapter.createGroup(admin, 'Team B');
const [found] = await adapter.gettingGroupByGroupName(['Team B'], admin);
expect(found?.name === 'Team B', 'the group is found', found);
expect((await adapter.getGroupById(found.id, admin)).name === 'Team B', 'the group by id');
await adapter.addOrRemoveUserGroup(alice.keycloak_User.id, [found], 'add', admin);
expect((await adapter.getKeycloakUserGroups(alice.keycloak_User.id, admin)).some(one => one.name === 'Team B'), 'alice is in the group');
await adapter.addOrRemoveUserGroup(alice.keycloak_User.id, [found], 'remove', admin);
const supervisor = roles.find(one => one.name === 'supervisor');
await adapter.addOrRemoveUserRole(alice.keycloak_User.id, [supervisor], 'add', admin);
await adapter.addOrRemoveUserRole(alice.keycloak_User.id, [supervisor], 'remove', admin);
ok('groups and role mappings');

if (adapter.updateUserAttributes) {
  await adapter.updateUserAttributes(admin, alice.keycloak_User.id, { is2FARegistered: true, twoFAChannel: 'app', otpSecret: 'ABC' });
  const details = await adapter.getUserDetails(admin, 'alice');
  const one = Array.isArray(details) ? details[0] : details.data?.[0] ?? details;
  expect(JSON.stringify(one.attributes?.is2FARegistered) === '["true"]' && one.firstName, 'attributes are replaced, and nothing else', one);
  await adapter.updateUserAttributes(admin, alice.keycloak_User.id, {});
  ok('attributes');
}

// The second factor as the library has it. What it rejects with is why our own calls of the second factor refuse as they do (src/Gatehouse/Facades/Expertflow/README.md); OneTimeTests holds ours to the same.
if (adapter.validateOTP) {
  const begin = () => newer ? adapter.authenticateUserViaKeycloak('alice', password, realm, { is2FAEnabled: true, channelType: 'APP' }) : adapter.authenticateUserViaKeycloak('alice', password, realm, true, 'app');
  const half = await begin();
  expect(!half.token && half.is2FARegistered === false && half.message === '2FA registration required' && half.otpSecret && half.qrImage.startsWith('data:image/png;base64,'), 'an app is registered', half);
  const codeNow = () => speakeasy.totp({ secret: half.otpSecret, encoding: 'base32' });
  const wrongCode = String((Number(codeNow()) + 1) % 1_000_000).padStart(6, '0');
  const wrongOtp = await refused(adapter.validateOTP('alice', password, realm, wrongCode));
  expect(isDeepStrictEqual(wrongOtp, { error: 401, error_message: 'Invalid OTP.' }), 'a wrong code, flat', wrongOtp);
  const done = await adapter.validateOTP('alice', password, realm, codeNow());
  expect(done.token && done.keycloak_User.username === 'alice' && !done.keycloak_User.attributes.otpSecret && !done.keycloak_User.attributes.tempOTPSecret, 'the right code signs in', done);
  for (let tries = 0; (await adapter.getUserDetails(admin, 'alice')).attributes.is2FARegistered?.[0] !== 'true'; tries++) expect(tries < 100, 'the factor is written');
  const known = await begin();
  expect(known.is2FARegistered === true && /^OTP required/.test(known.message) && !known.otpSecret && !known.token, 'a registered app', known);
  const wrongPassword = await refused(adapter.validateOTP('alice', 'not-the-password', realm, codeNow()));
  expect(wrongPassword.error_detail.status === 401 && wrongPassword.error_message && wrongPassword.error === undefined, 'a wrong password behind a right code, in the form of the sign-in', wrongPassword);
  const unregistered = await refused(adapter.validateOTP('sam', password, realm, '000000'));
  expect([400, 404].includes(unregistered.error) && unregistered.error_message, 'who has not registered, flat', unregistered);

  // By text message the library asks Twilio alone, whose client there is none without credentials: what is left is how it refuses.
  if (adapter.sendOTPviaSMS) {
    for (const bad of [await refused(adapter.registerPhoneNumber('alice', '12')), await refused(adapter.sendOTPviaSMS('12'))]) expect(isDeepStrictEqual(bad, { error: 400, error_message: 'Invalid phone number' }), 'no number, flat', bad);
    const unsent = await refused(adapter.sendOTPviaSMS('+491701234567'));
    expect(unsent.error === 400 && unsent.error_message && unsent.error_detail === undefined, 'a message that was not sent, flat', unsent);
    const lost = await refused(adapter.registerPhoneNumber('alice', '491701234567'));
    expect(lost.error_detail.status === 'ReferenceError', 'registering loses the reason', lost);
    const bySms = await refused(adapter.validateOTP('alice', password, realm, '000000'));
    expect(bySms.error === 404 && bySms.error_message && bySms.error_detail === undefined, 'a wrong code by message, flat', bySms);
  }

  await adapter.updateUserAttributes(admin, alice.keycloak_User.id, {});

  // Ours at the vendor's address: the library's members, and a code beside them; the sign-in behind it in the sign-in's form.
  const ours = async (call, body) => (await fetch(`${finesse.url}agent-manager/agent/${call}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })).json();
  const agent = { username: 'fin-basic', password: finesse.password };
  const interim = (await ours('login', agent)).data;
  expect(Object.keys(half).every(member => typeof interim[member] === typeof half[member]), 'our interim object has what the library\'s has', interim);
  const { code, ...rest } = await ours('validate-otp', { ...agent, otp: '12345' });
  expect(isDeepStrictEqual(rest, wrongOtp) && code === 'one_time_wrong', 'our wrong code is the library\'s', rest);
  const own = await ours('validate-otp', { ...agent, password: 'not-the-password', otp: '12345' });
  // The words changed between its versions; ours are the later ones.
  expect(Object.keys(wrongPassword).every(member => typeof own.error[member] === typeof wrongPassword[member]) && (!newer || own.error.error_message === wrongPassword.error_message), 'our wrong password is the library\'s, below error', [own, wrongPassword]);
  ok('second factor');
}

const made = await adapter.createResource('team-9', 'view-team');
expect(made.status === 201, 'a resource is made', made.status);
const policy = await adapter.createPolicy('team-9-policy', [{ id: roles.find(one => one.name === 'agent').id, required: false }]);
expect(policy.status === 201, 'a policy is made', policy.data);
const permission = await adapter.createPermission('team-9', ['team-9-policy'], 'team-9-permission', ['view-team']);
expect(permission.status === 201, 'a permission is made', permission.data);
// What resourceAuthorization means to send; in these versions it forgets to say where.
for (const [user, expected] of [[alice, 'PERMIT'], [sam, 'DENY']]) {
  const evaluated = await (await fetch(`${base}auth/admin/realms/${realm}/clients/${clientDbId}/authz/resource-server/policy/evaluate`, {
    method: 'POST', headers: { authorization: `Bearer ${admin}`, 'content-type': 'application/json' }, body: JSON.stringify({ clientId: clientDbId, resources: [{ _id: 'team-9' }], userId: user.keycloak_User.id }),
  })).json();
  expect(evaluated.status === expected, `${user.keycloak_User.username}: ${expected}`, evaluated);
}
const read = await adapter.getPolicy('team-9-policy', admin, clientDbId);
expect(read.id === 'team-9-policy', 'the policy is found by its name', read);
const gone = await adapter.deleteResource('team-9');
expect(gone.status === 204, 'resource and policy are deleted', gone.status);
ok('resources, policies, permissions');

// Finesse: another Gatehouse's facade, which knows people whom we do not know yet. The library proves the agent there, then sets a password of its own making here and posts it. It is handed over, and no way in for anybody afterwards.
const finesseUrl = finesse.url.slice(0, -1);
for (const [user, pass, token, way, roles] of [['fin-sso', '', finesse.sso, 'with SSO', ['agent']], ['fin-basic', finesse.password, '', 'without SSO', ['agent']], ['fin-lead', '', finesse.lead, 'with SSO, a supervisor', ['agent', 'supervisor']]]) {
  for (const time of ['first', 'again']) {
    const agent = await signIn(user, pass, finesseUrl, roles, token);
    expect(agent.token && agent.keycloak_User.username === user && roles.every(role => agent.keycloak_User.roles.includes(role)), `Finesse ${way}, ${time}`, agent);
  }
  const after = await refused(signIn(user, pass || '123456'));
  expect(after.error_detail.status === 401, 'what was handed over is over', after);
  ok(`Finesse ${way}`);
}
for (const [user, pass, token, what] of [['fin-sso', '', 'stolen', 'a token that is none'], ['fin-sso', '', finesse.over, 'a token after sign-out'], ['fin-basic', '', finesse.sso, 'another agent\'s token'], ['fin-basic', 'not-the-password', '', 'a wrong password'], ['fin-sso', finesse.password, '', 'a password where SSO is asked for']]) {
  const stranger = await refused(signIn(user, pass, finesseUrl, ['agent'], token));
  expect(stranger.error_detail.status === 401, what, stranger);
}
ok('Finesse refuses');

const users = await (await fetch(`${base}auth/admin/realms/${realm}/users?username=fin-&max=10`, { headers: { authorization: `Bearer ${admin}` } })).json();
for (const one of users) {
  const credentials = await (await fetch(`${base}auth/admin/realms/${realm}/users/${one.id}/credentials`, { headers: { authorization: `Bearer ${admin}` } })).json();
  expect(credentials.length === 0, 'no password is kept', credentials);
  expect((await fetch(`${base}auth/admin/realms/${realm}/users/${one.id}`, { method: 'DELETE', headers: { authorization: `Bearer ${admin}` } })).status === 204, 'a user is deleted', one);
}
ok('users deleted');

// The guard that Expertflow's services put before their routes.
const app = express();
app.use(adapter.middleware());
app.get('/settings', adapter.enforcer(['general-settings:manage'], { resource_server_id: client }), (_, response) => response.send('in'));
app.get('/settings-token', adapter.enforcer(['general-settings:manage'], { resource_server_id: client, response_mode: 'token' }), (_, response) => response.send('in'));
const guarded = http.createServer(app);
const guardedUrl = await listen(guarded);
for (const [path, token, status] of [['/settings', sam.token, 200], ['/settings', alice.token, 403], ['/settings-token', sam.token, 200], ['/settings-token', alice.token, 403]]) {
  const answer = await fetch(guardedUrl + path, { headers: { authorization: `Bearer ${token}` } });
  expect(answer.status === status, `the enforcer at ${path}`, answer.status);
}
ok('enforcer');

// Finesse and Keycloak are one program here: the library asks it, and comes back to it with what it said.
const own = await signIn('own-sso', '', base.slice(0, -1), ['agent'], finesse.own);
expect(own.token && own.keycloak_User.username === 'own-sso' && own.keycloak_User.roles.includes('agent'), 'our own Finesse with SSO', own);
const basic = await signIn('alice', password, base.slice(0, -1), ['agent']);
expect(basic.token && basic.keycloak_User.username === 'alice', 'our own Finesse without SSO', basic);
expect((await refused(signIn('alice', 'not-the-password', base.slice(0, -1), ['agent']))).error_detail.status === 401, 'a wrong password at our own Finesse');
ok('our own Finesse');

other.close();
guarded.close();
process.exit(0);
