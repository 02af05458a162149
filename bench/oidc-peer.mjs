// npm's oidc-provider with its in-memory adapter, ES256 access tokens in RFC 9068 form, refresh tokens rotated: argv port, file for the seeded refresh tokens, their number.
import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import Provider from 'oidc-provider';

const [port, seeds, count] = process.argv.slice(2);
const resource = 'urn:api';
const key = { ...generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' }), alg: 'ES256', use: 'sig', kid: 'es' };
const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [
    { client_id: 'crm-sync', client_secret: 'a-secret-of-the-bench', grant_types: ['client_credentials'], redirect_uris: [], response_types: [], token_endpoint_auth_method: 'client_secret_post', id_token_signed_response_alg: 'ES256' },
    { client_id: 'agent-desk', token_endpoint_auth_method: 'none', grant_types: ['authorization_code', 'refresh_token'], redirect_uris: ['http://127.0.0.1/callback'], id_token_signed_response_alg: 'ES256' },
  ],
  jwks: { keys: [key] },
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => resource,
      useGrantedResource: () => true,
      getResourceServerInfo: () => ({ scope: 'api', accessTokenTTL: 300, accessTokenFormat: 'jwt', jwt: { sign: { alg: 'ES256' } } }),
    },
  },
  scopes: ['openid', 'offline_access', 'api'],
  rotateRefreshToken: true,
  findAccount: (_, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
  interactions: { url: () => '/none' },
  ttl: { RefreshToken: 86400, Grant: 86400 },
});
const client = await provider.Client.find('agent-desk');
const tokens = [];
for (let i = 0; i < Number(count); i++) {
  const grant = new provider.Grant({ accountId: `user-${i}`, clientId: 'agent-desk' });
  grant.addOIDCScope('openid offline_access');
  grant.addResourceScope(resource, 'api');
  const grantId = await grant.save();
  const token = new provider.RefreshToken({ accountId: `user-${i}`, client, grantId, gty: 'authorization_code', scope: 'openid offline_access api', resource, rotations: 0, iiat: Math.floor(Date.now() / 1000), authTime: Math.floor(Date.now() / 1000), expiresWithSession: false });
  tokens.push(await token.save());
}
writeFileSync(seeds, JSON.stringify(tokens));
provider.listen(Number(port), '127.0.0.1');
