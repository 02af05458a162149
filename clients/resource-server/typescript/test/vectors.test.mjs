// The kit held to tests/vectors/resource-server.json, which the .NET package is held to as well.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { TokenError, TokenTrust, findToken, judgeAnswer, judgeRules } from '@gatehouse/resource-server';

const vectors = JSON.parse(readFileSync(new URL('../../../../tests/vectors/resource-server.json', import.meta.url), 'utf8'));
const now = () => vectors.now * 1000;
const issuerWith = keys => async url => Response.json(url.endsWith('/jwks') ? keys : { issuer: vectors.rules.issuer, jwks_uri: 'https://sso.example/jwks' });

function meets({ claims, ...holder }, expected) {
  assert.equal(typeof claims, 'object');
  assert.deepEqual(JSON.parse(JSON.stringify(holder)), expected);
}

async function judges(one, judge) {
  if (one.fault) await assert.rejects(async () => judge(), error => error instanceof TokenError && (error.code === one.fault || assert.fail(`${error.code} instead of ${one.fault}`)));
  else meets(await judge(), one.holder);
}

describe('tokens', () => {
  for (const one of vectors.tokens) {
    test(one.name, () => judges(one, () => new TokenTrust({ ...vectors.rules, ...one.rules, now, fetch: issuerWith(vectors.keys) }).judge(one.token)));
  }
});

describe('headers', () => {
  for (const one of vectors.headers) {
    test(one.name, () => {
      if (one.fault) assert.throws(() => findToken(one.authorization), error => error instanceof TokenError && error.code === one.fault);
      else assert.equal(findToken(one.authorization), one.token);
    });
  }
});

describe('answers of introspection', () => {
  for (const one of vectors.answers) {
    test(one.name, () => judges(one, () => judgeAnswer(Buffer.from(one.text ?? JSON.stringify(one.body)), judgeRules({ ...vectors.rules, now }))));
  }
});
