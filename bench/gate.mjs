// The gate beside plain proxies and beside proxies that check tokens: one load generator, one upstream, rounds in turn.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { gatehouse } from './gatehouse.mjs';
import { cpuSeconds, interleave, options, report, residentMiB } from './measure.mjs';
import { apache, haproxy, jwksServer, nginx, plainJwks, tokens, upstream } from './peers.mjs';
import { stop } from './world.mjs';

const given = options({ seconds: 4, rounds: 5, connections: 32, only: '' });
const run = promisify(execFile);
const url = (port, path) => `http://127.0.0.1:${port}${path}`;

async function load({ port, child, token: fixed, renew, path = '/cim-customer/customers' }) {
  const token = renew ? await renew() : fixed;
  const before = cpuSeconds(child.pid);
  const headers = token ? ['-H', `Authorization: Bearer ${token}`] : [];
  const { stdout } = await run('wrk', ['-t', '1', '-c', String(given.connections), '-d', `${given.seconds}s`, ...headers, url(port, path)]);
  const [, requests, seconds] = /(\d+) requests in ([\d.]+)s/.exec(stdout);
  if (/Non-2xx/.test(stdout)) throw new Error(`refused instead of forwarded on port ${port}:\n${stdout}`);
  return { requests: Number(requests), seconds: Number(seconds), cpu: cpuSeconds(child.pid) - before };
}

let failed = false;
try {
  const made = tokens();
  const to = await upstream();
  const jwks = await jwksServer([made.RS256.jwk, made.ES256.jwk]);
  const jwt = alg => ({ alg, jwks, ...made[alg] });
  const jwksPlain = await plainJwks([made.RS256.jwk]);
  const ours = await gatehouse(to, { issuer: 'https://issuer.example', jwks: jwksPlain, token: made.RS256.token });
  const all = [
    { name: 'nginx plain', ...await nginx(to) },
    { name: 'haproxy plain', ...await haproxy(to) },
    { name: 'haproxy RS256', ...await haproxy(to, jwt('RS256')), token: made.RS256.token },
    { name: 'haproxy ES256', ...await haproxy(to, jwt('ES256')), token: made.ES256.token },
    { name: 'apache mod_auth_openidc RS256', ...await apache(to, jwt('RS256')), token: made.RS256.token },
    { name: 'apache mod_auth_openidc ES256', ...await apache(to, jwt('ES256')), token: made.ES256.token },
    ...ours.contenders,
  ].filter(one => !given.only || one.name === 'nginx plain' || given.only.split(',').some(part => one.name.includes(part)));
  const results = await interleave(all, given.rounds, load);
  report('gate: CPU per request', results, 'nginx plain', { gatehouse_resident_mib: ours.child ? Math.round(residentMiB(ours.child.pid)) : null });
} catch (error) {
  failed = true;
  console.error(error);
} finally {
  await stop(failed);
}
process.exit(failed ? 1 : 0);
