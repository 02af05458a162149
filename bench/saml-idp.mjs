// An identity provider in miniature: signs SAML responses and assertions with RSA-2048, six attributes each, in their canonical form.
import { createHash, createSign, generateKeyPairSync, randomBytes } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { scratch } from './world.mjs';

export const entity = 'https://idp.bench.example/saml';
export const SAML = 'urn:oasis:names:tc:SAML:2.0';
const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const key = join(scratch, 'idp.pem');
writeFileSync(key, privateKey.export({ type: 'pkcs8', format: 'pem' }));
execFileSync('openssl', ['req', '-x509', '-new', '-key', key, '-out', join(scratch, 'idp.crt'), '-days', '2', '-subj', '/CN=bench']);
export const certificate = execFileSync('openssl', ['x509', '-in', join(scratch, 'idp.crt')]).toString();

// Everything is written in its canonical form, so that what is signed is what is sent.
const DS = 'http://www.w3.org/2000/09/xmldsig#';
const signature = (id, canonical) => {
  const digest = createHash('sha256').update(canonical).digest('base64');
  const info = `<ds:CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"></ds:CanonicalizationMethod><ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"></ds:SignatureMethod><ds:Reference URI="#${id}"><ds:Transforms><ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"></ds:Transform><ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"></ds:Transform></ds:Transforms><ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"></ds:DigestMethod><ds:DigestValue>${digest}</ds:DigestValue></ds:Reference>`;
  const value = createSign('sha256').update(`<ds:SignedInfo xmlns:ds="${DS}">${info}</ds:SignedInfo>`).sign(privateKey, 'base64');
  return `<ds:Signature xmlns:ds="${DS}"><ds:SignedInfo>${info}</ds:SignedInfo><ds:SignatureValue>${value}</ds:SignatureValue></ds:Signature>`;
};

/** An answer for the agent of a number, to post to `to`. */
export function answer(to, audience, number) {
  const now = new Date().toISOString().replace(/\.\d+Z/, 'Z');
  const until = new Date(Date.now() + 240_000).toISOString().replace(/\.\d+Z/, 'Z');
  const [response, assertion] = [`_${randomBytes(16).toString('hex')}`, `_${randomBytes(16).toString('hex')}`];
  const attribute = (name, ...values) => `<saml:Attribute Name="${name}" NameFormat="${SAML}:attrname-format:basic">${values.map(value => `<saml:AttributeValue>${value}</saml:AttributeValue>`).join('')}</saml:Attribute>`;
  const issuer = `<saml:Issuer>${entity}</saml:Issuer>`;
  const open = `<saml:Assertion xmlns:saml="${SAML}:assertion" ID="${assertion}" IssueInstant="${now}" Version="2.0">${issuer}`;
  const rest = `<saml:Subject><saml:NameID Format="${SAML}:nameid-format:persistent">id-${number}</saml:NameID><saml:SubjectConfirmation Method="${SAML}:cm:bearer"><saml:SubjectConfirmationData NotOnOrAfter="${until}" Recipient="${to}"></saml:SubjectConfirmationData></saml:SubjectConfirmation></saml:Subject><saml:Conditions NotBefore="${now}" NotOnOrAfter="${until}"><saml:AudienceRestriction><saml:Audience>${audience}</saml:Audience></saml:AudienceRestriction></saml:Conditions><saml:AuthnStatement AuthnInstant="${now}" SessionIndex="s-${assertion}"><saml:AuthnContext><saml:AuthnContextClassRef>${SAML}:ac:classes:PasswordProtectedTransport</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement><saml:AttributeStatement>${attribute('uid', `agent${number}`)}${attribute('mail', `agent${number}@bench.example`)}${attribute('givenName', 'Given')}${attribute('sn', 'Family')}${attribute('groups', 'agents', 'team-north', 'shift-late')}${attribute('department', 'Support')}</saml:AttributeStatement></saml:Assertion>`;
  const signed = open + signature(assertion, open + rest) + rest;
  const head = `<samlp:Response xmlns:samlp="${SAML}:protocol" Destination="${to}" ID="${response}" IssueInstant="${now}" Version="2.0"><saml:Issuer xmlns:saml="${SAML}:assertion">${entity}</saml:Issuer>`;
  const tail = `<samlp:Status><samlp:StatusCode Value="${SAML}:status:Success"></samlp:StatusCode></samlp:Status>${signed}</samlp:Response>`;
  return Buffer.from(head + signature(response, head + tail) + tail).toString('base64');
}

/** What `gatehouse providers add idp` is told of it. */
export const provider = ['--set', `entityId=${entity}`, '--set', 'ssoUrl=https://idp.bench.example/sso', '--set', `certificates=${certificate}`, '--set', 'idpInitiated=true', '--map', 'groups=agents -> role agent', '--map', 'department -> attribute department'];
