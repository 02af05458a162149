// Expertflow's own library, unchanged, against the program under test: every call of it that a site uses.
import http from 'node:http';
import { createRequire } from 'node:module';
import express from 'express';

const [name, base, realm, client, secret, clientDbId, password, finesseToken] = process.argv.slice(2);
const { NodeAdapter } = createRequire(import.meta.url)(name);
const newer = name.endsWith('newer');
const quiet = console.log;
console.log = () => {};
console.error = () => {};

const ok = step => quiet(`ok ${step}`);
const expect = (condition, words, seen) => { if (!condition) throw new Error(`${words}: ${JSON.stringify(seen)}`); };
const listen = server => new Promise(done => server.listen(0, '127.0.0.1', () => done(`http://127.0.0.1:${server.address().port}`)));
const refused = async promise => { try { await promise; } catch (error) { return error; } throw new Error('It should have been refused.'); };

// Stands in for the vendor's team service, and for a Finesse that knows people whom we do not know yet.
const other = http.createServer((request, response) => {
  const team = request.method === 'GET' && request.url.match(/^\/team\//);
  const core = request.url.match(/^\/(team|users)\b/);
  const user = request.url.match(/^\/finesse\/api\/User\/([\w.-]+)/);
  if (team) {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ userTeam: { teamId: 't1', teamName: 'Team A' }, supervisedTeams: [] }));
  } else if (core) {
    // Whatever it is told of teams and users, it says yes.
    request.resume();
    response.setHeader('content-type', 'application/json');
    response.end(request.method === 'GET' ? JSON.stringify([{ team_Id: '1', team_name: 'Default' }]) : '{}');
  } else if (user) {
    const known = request.headers.authorization === 'Bearer sso-token' || request.headers.authorization === `Basic ${Buffer.from(`${user[1]}:finesse-pass`).toString('base64')}`;
    response.statusCode = known ? 200 : 401;
    response.setHeader('content-type', 'application/xml');
    response.end(known ? `<User><dialogs>/d</dialogs><extension>1573</extension><firstName>Fin</firstName><lastName>Esse</lastName><loginId>${user[1]}</loginId><loginName>${user[1]}</loginName><roles><role>Agent</role></roles><teamId>1</teamId><teamName>Default</teamName></User>` : '<ApiErrors/>');
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

// Finesse: the library proves the agent there, then sets a password of its own making here and posts it. It is handed over, and no way in for anybody afterwards.
for (const [user, pass, token, way] of [['fin-sso', '', 'sso-token', 'with SSO'], ['fin-basic', 'finesse-pass', '', 'without SSO']]) {
  for (const time of ['first', 'again']) {
    const agent = await signIn(user, pass, otherUrl, ['agent'], token);
    expect(agent.token && agent.keycloak_User.username === user && agent.keycloak_User.roles.includes('agent'), `Finesse ${way}, ${time}`, agent);
  }
  const after = await refused(signIn(user, pass || '123456'));
  expect(after.error_detail.status === 401, 'what was handed over is over', after);
  ok(`Finesse ${way}`);
}
const stranger = await refused(signIn('fin-sso', '', otherUrl, ['agent'], 'stolen'));
expect(stranger.error_detail.status === 401, 'a wrong token', stranger);

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

// Finesse's own addresses answered by the program itself: the library asks them, and comes back with what they say.
const own = await signIn('own-sso', '', base.slice(0, -1), ['agent'], finesseToken);
expect(own.token && own.keycloak_User.username === 'own-sso' && own.keycloak_User.roles.includes('agent'), 'our own Finesse with SSO', own);
const basic = await signIn('alice', password, base.slice(0, -1), ['agent']);
expect(basic.token && basic.keycloak_User.username === 'alice', 'our own Finesse without SSO', basic);
expect((await refused(signIn('alice', 'not-the-password', base.slice(0, -1), ['agent']))).error_detail.status === 401, 'a wrong password at our own Finesse');
ok('our own Finesse');

other.close();
guarded.close();
process.exit(0);
