// Keycloak's own admin client, unchanged, against a running Gatehouse.
import assert from 'node:assert/strict';
import KeycloakAdminClient from '@keycloak/keycloak-admin-client';

const [baseUrl, realmName, clientId, clientSecret] = process.argv.slice(2);
const admin = new KeycloakAdminClient({ baseUrl, realmName });
const ok = (step) => console.log(`ok ${step}`);
const refused = async (promise, status) => {
  const error = await promise.then(() => null, (wrong) => wrong);
  assert.equal(error?.response?.status, status, `expected ${status}: ${error}`);
  return error;
};

await admin.auth({ grantType: 'client_credentials', clientId, clientSecret });
ok('auth');

const realm = await admin.realms.findOne({ realm: realmName });
assert.equal(realm.realm, realmName);
await admin.realms.update({ realm: realmName }, { displayName: 'Contact Centre' });
assert.deepEqual((await admin.realms.find()).map((one) => one.realm), [realmName]);
ok('realm');

const { id } = await admin.users.create({ username: 'walker', email: 'walker@example.org', enabled: true, attributes: { extension: ['1001'] } });
assert.equal((await admin.users.findOne({ id })).username, 'walker');
assert.equal((await admin.users.find({ username: 'walker', exact: true }))[0].attributes.extension[0], '1001');
assert.equal(await admin.users.count({ search: 'walker' }), 1);
await admin.users.update({ id }, { firstName: 'Wal', lastName: 'Ker' });
assert.equal((await admin.users.findOne({ id })).attributes.extension[0], '1001');
await admin.users.resetPassword({ id, credential: { type: 'password', value: 'a fairly long secret', temporary: false } });
assert.equal((await admin.users.getCredentials({ id }))[0].type, 'password');
const taken = await refused(admin.users.create({ username: 'walker' }), 409);
assert.match(taken.message, /User exists with same username/);
assert.equal(await admin.users.findOne({ id: '00000000-0000-0000-0000-000000000000' }), null);
ok('users');

const group = await admin.groups.create({ name: 'walkers', attributes: { site: ['berlin'] } });
const child = await admin.groups.createChildGroup({ id: group.id }, { name: 'fast' });
await admin.users.addToGroup({ id, groupId: child.id });
assert.equal((await admin.users.listGroups({ id }))[0].path, '/walkers/fast');
assert.equal((await admin.groups.listMembers({ id: child.id }))[0].id, id);
assert.equal((await admin.groups.find({ search: 'fast' }))[0].subGroups[0].name, 'fast');
assert.equal((await admin.groups.listSubGroups({ parentId: group.id }))[0].name, 'fast');
assert.equal((await admin.groups.findOne({ id: group.id })).attributes.site[0], 'berlin');
await admin.users.delFromGroup({ id, groupId: child.id });
ok('groups');

const { roleName } = await admin.roles.create({ name: 'walking' });
assert.equal(roleName, 'walking');
const role = await admin.roles.findOneByName({ name: 'walking' });
await admin.users.addRealmRoleMappings({ id, roles: [{ id: role.id, name: role.name }] });
assert.ok((await admin.users.listRealmRoleMappings({ id })).some((one) => one.name === 'walking'));
assert.ok((await admin.users.listCompositeRealmRoleMappings({ id })).some((one) => one.name === 'offline_access'));
assert.ok(!(await admin.users.listAvailableRealmRoleMappings({ id })).some((one) => one.name === 'walking'));
assert.equal((await admin.roles.findUsersWithRole({ name: 'walking' }))[0].id, id);
await admin.roles.updateByName({ name: 'walking' }, { name: 'walking', description: 'On foot' });
const inner = await admin.roles.findOneByName({ name: 'agent' });
await admin.roles.createComposite({ roleId: role.id }, [inner]);
assert.equal((await admin.roles.getCompositeRoles({ id: role.id }))[0].name, 'agent');
await admin.users.delRealmRoleMappings({ id, roles: [{ id: role.id, name: role.name }] });
await admin.groups.addRealmRoleMappings({ id: group.id, roles: [{ id: role.id, name: role.name }] });
assert.equal((await admin.groups.listRoleMappings({ id: group.id })).realmMappings[0].name, 'walking');
ok('roles');

const client = await admin.clients.create({ clientId: 'walker-app', serviceAccountsEnabled: true, redirectUris: ['https://walk.example.org/callback'] });
assert.equal((await admin.clients.find({ clientId: 'walker-app' }))[0].id, client.id);
const secret = await admin.clients.generateNewClientSecret({ id: client.id });
assert.match(secret.value, /^gtclient_/);
await refused(admin.clients.create({ clientId: 'bad', implicitFlowEnabled: true }), 400);
const account = await admin.clients.getServiceAccountUser({ id: client.id });
assert.equal(account.username, 'service-account-walker-app');
await admin.clients.createRole({ id: client.id, name: 'view' });
const view = await admin.clients.findRole({ id: client.id, roleName: 'view' });
await admin.users.addClientRoleMappings({ id, clientUniqueId: client.id, roles: [{ id: view.id, name: view.name }] });
assert.equal((await admin.users.listRoleMappings({ id })).clientMappings['walker-app'].mappings[0].name, 'view');
const management = (await admin.clients.find({ clientId: 'realm-management' }))[0];
const viewUsers = await admin.clients.findRole({ id: management.id, roleName: 'view-users' });
await admin.users.addClientRoleMappings({ id: account.id, clientUniqueId: management.id, roles: [{ id: viewUsers.id, name: viewUsers.name }] });
ok('clients');

const weak = new KeycloakAdminClient({ baseUrl, realmName });
await weak.auth({ grantType: 'client_credentials', clientId: 'walker-app', clientSecret: secret.value });
assert.ok((await weak.users.find()).length > 0);
await refused(weak.users.create({ username: 'nobody' }), 403);
await refused(weak.clients.find(), 403);
ok('rights');

assert.deepEqual(await admin.users.listSessions({ id }), []);
await admin.users.logout({ id });
const keys = await admin.realms.getKeys({ realm: realmName });
assert.ok(keys.active.ES256);
assert.ok((await admin.realms.findAdminEvents({ realm: realmName, operationTypes: 'CREATE' })).some((one) => one.resourcePath === `users/${id}`));
assert.ok(Array.isArray(await admin.realms.findEvents({ realm: realmName, max: 5 })));
ok('sessions, keys and events');

await admin.clients.del({ id: client.id });
await admin.groups.del({ id: group.id });
await admin.roles.delByName({ name: 'walking' });
await admin.users.del({ id });
assert.equal((await admin.users.find({ username: 'walker', exact: true })).length, 0);
ok('deletion');
