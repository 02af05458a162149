// openid-client, unchanged, against a running Gatehouse: argv issuer, public client, redirect address, user name, password, confidential client, its secret.
import assert from 'node:assert/strict';
import * as client from 'openid-client';

const [issuer, publicId, redirect, username, password, serviceId, serviceSecret] = process.argv.slice(2);
const insecure = { execute: [client.allowInsecureRequests] };
const say = step => console.log(`ok ${step}`);

// A browser in miniature: follows redirects by hand, keeps cookies, reads the form.
const jar = new Map();
async function visit(url, form) {
  const headers = { cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; ') };
  const answer = await fetch(url, { redirect: 'manual', headers: form ? { ...headers, 'content-type': 'application/x-www-form-urlencoded', origin: new URL(url).origin } : headers, method: form ? 'POST' : 'GET', body: form?.toString() });
  for (const cookie of answer.headers.getSetCookie()) {
    const [pair] = cookie.split(';');
    const at = pair.indexOf('=');
    if (pair.slice(at + 1) === '') jar.delete(pair.slice(0, at)); else jar.set(pair.slice(0, at), pair.slice(at + 1));
  }
  return answer;
}
async function follow(url) {
  for (let hop = 0; hop < 10; hop++) {
    if (url.startsWith(redirect)) return { landed: new URL(url) };
    const answer = await visit(url);
    if (answer.status < 300 || answer.status >= 400) return { page: await answer.text(), url };
    url = new URL(answer.headers.get('location'), url).href;
  }
  throw new Error('too many redirects');
}
const decode = text => text.replace(/&#x([0-9A-F]+);/gi, (_, code) => String.fromCodePoint(parseInt(code, 16))).replaceAll('&amp;', '&').replaceAll('&quot;', '"');
async function signIn(at) {
  const action = new URL(decode(/<form method="post" action="([^"]+)"/.exec(at.page)[1]), at.url).href;
  const mark = decode(/name="mark" value="([^"]+)"/.exec(at.page)[1]);
  const answer = await visit(action, new URLSearchParams({ mark, username, password }));
  assert.equal(answer.status, 303, await answer.text());
  return follow(new URL(answer.headers.get('location'), action).href);
}

const app = await client.discovery(new URL(issuer), publicId, undefined, client.None(), insecure);
assert.equal(app.serverMetadata().issuer, issuer);
assert.equal(app.serverMetadata().authorization_response_iss_parameter_supported, true);
say('discovery');

const verifier = client.randomPKCECodeVerifier();
const [state, nonce] = [client.randomState(), client.randomNonce()];
const start = client.buildAuthorizationUrl(app, {
  redirect_uri: redirect, scope: 'openid profile email', state, nonce, code_challenge: await client.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256', max_age: '3600',
});
const page = await follow(start.href);
assert.match(page.page, /<form method="post"/);
const { landed } = await signIn(page);
const tokens = await client.authorizationCodeGrant(app, landed, { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, maxAge: 3600, idTokenExpected: true });
const claims = tokens.claims();
assert.equal(claims.preferred_username, username);
assert.equal(claims.azp, publicId);
assert.ok(claims.sid && claims.auth_time && claims.at_hash);
const access = JSON.parse(Buffer.from(tokens.access_token.split('.')[1], 'base64url'));
assert.deepEqual(access.realm_access.roles.includes('agent'), true);
assert.deepEqual(access.groups, ['/agents_permission']);
say('code with PKCE through the sign-in form');

const silent = client.buildAuthorizationUrl(app, { redirect_uri: redirect, scope: 'openid', state, prompt: 'none', code_challenge: await client.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256' });
const again = await follow(silent.href);
await client.authorizationCodeGrant(app, again.landed, { pkceCodeVerifier: verifier, expectedState: state });
say('prompt=none with a session');

const info = await client.fetchUserInfo(app, tokens.access_token, claims.sub);
assert.equal(info.preferred_username, username);
say('userinfo');

const fresh = await client.refreshTokenGrant(app, tokens.refresh_token);
assert.notEqual(fresh.refresh_token, tokens.refresh_token);
const same = await client.refreshTokenGrant(app, tokens.refresh_token);
assert.equal(same.refresh_token, fresh.refresh_token);
assert.equal(same.access_token, fresh.access_token);
say('refresh, and the same answer for a second one at once');

const service = await client.discovery(new URL(issuer), serviceId, serviceSecret, undefined, insecure);
const own = await client.clientCredentialsGrant(service);
assert.ok(own.access_token);
const basic = await client.discovery(new URL(issuer), serviceId, undefined, client.ClientSecretBasic(serviceSecret), insecure);
assert.ok((await client.clientCredentialsGrant(basic)).access_token);
say('client credentials, secret in the body and in the header');

const seen = await client.tokenIntrospection(service, fresh.access_token);
assert.equal(seen.active, true);
assert.equal(seen.username, username);
say('introspection');

const pushed = await client.buildAuthorizationUrlWithPAR(app, { redirect_uri: redirect, scope: 'openid', state, code_challenge: await client.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256' });
const par = await follow(pushed.href);
await client.authorizationCodeGrant(app, par.landed, { pkceCodeVerifier: verifier, expectedState: state });
say('pushed authorization request');

await client.tokenRevocation(app, fresh.refresh_token);
await assert.rejects(client.refreshTokenGrant(app, fresh.refresh_token), error => error.error === 'invalid_grant');
assert.equal((await client.tokenIntrospection(service, fresh.access_token)).active, false);
say('revocation');

const end = client.buildEndSessionUrl(app, { id_token_hint: tokens.id_token, post_logout_redirect_uri: new URL('/', redirect).href, state });
const left = await visit(end.href);
assert.equal(left.status, 303);
assert.equal(new URL(left.headers.get('location')).searchParams.get('state'), state);
const gone = await follow(silent.href);
assert.equal(gone.landed.searchParams.get('error'), 'login_required');
await assert.rejects(client.fetchUserInfo(app, tokens.access_token, claims.sub));
say('logout ends the session and its tokens');
