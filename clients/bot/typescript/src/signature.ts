import { createHmac, timingSafeEqual } from 'node:crypto';

/** Headers as fetch or Node's http has them. */
export type HeaderSource = { get(name: string): string | null } | Readonly<Record<string, string | readonly string[] | undefined>>;

/** Why an event's signature does not count. */
export type SignatureFault = 'missing' | 'malformed' | 'too-old' | 'too-new' | 'unknown-version' | 'wrong';

/** What {@link verifyEvent} found: the message's id, the same when an event is sent again, or a fault. */
export type Verdict = { readonly ok: true; readonly id: string; readonly timestamp: number } | { readonly ok: false; readonly fault: SignatureFault };

/** How far the sender's clock and ours may differ, in seconds (Standard Webhooks). */
export const Tolerance = 300;

const Id = /^[\x21-\x2d\x2f-\x7e]{1,256}$/; // no '.': it parts id from time in what is signed
const Time = /^[0-9]{1,12}$/;
const Base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** One value of a header; undefined when it is missing. Several values of one header are joined, which no check lets pass. */
export function header(headers: HeaderSource, name: string): string | undefined {
  if (typeof headers.get === 'function') return (headers as { get(name: string): string | null }).get(name) ?? undefined;
  const value = (headers as Record<string, string | readonly string[] | undefined>)[name];
  return typeof value === 'string' ? value : value?.join(', ');
}

/** The key of a secret's text: base64 of 24 to 64 bytes, with or without `whsec_`. Throws for anything else, without telling the text. */
export function secretKey(secret: string): Uint8Array {
  const text = secret.startsWith('whsec_') ? secret.slice(6) : secret;
  const key = decode(text);
  if (!key || key.length < 24 || key.length > 64) throw new TypeError('A webhook secret is "whsec_" and the base64 of 24 to 64 bytes.');
  return key;
}

/**
 * Verifies an event by Standard Webhooks v1: `webhook-id`, `webhook-timestamp` and `webhook-signature` over the body's bytes as they came.
 * @param secrets every secret that counts now: two while one rotates
 * @param now unix seconds
 */
export function verifyEvent(headers: HeaderSource, rawBody: Uint8Array | string, secrets: readonly string[], now: number): Verdict {
  const keys = secrets.map(secretKey);
  const [id, timestamp, signature] = [header(headers, 'webhook-id'), header(headers, 'webhook-timestamp'), header(headers, 'webhook-signature')];
  if (!id || !timestamp || !signature) return { ok: false, fault: 'missing' };
  if (!Id.test(id) || !Time.test(timestamp) || signature.length > 2048) return { ok: false, fault: 'malformed' };
  const signatures = signature.split(' ').filter(one => one.startsWith('v1,')).map(one => decode(one.slice(3)));
  if (signatures.length === 0) return { ok: false, fault: 'unknown-version' };
  // The signature first: a stranger learns nothing of our clock.
  const right = keys.map(key => createHmac('sha256', key).update(`${id}.${timestamp}.`).update(rawBody).digest());
  let matches = false;
  for (const given of signatures) for (const wanted of right) if (given?.length === wanted.length && timingSafeEqual(given, wanted)) matches = true;
  if (!matches) return { ok: false, fault: 'wrong' };
  const age = now - Number(timestamp);
  if (age > Tolerance) return { ok: false, fault: 'too-old' };
  if (age < -Tolerance) return { ok: false, fault: 'too-new' };
  return { ok: true, id, timestamp: Number(timestamp) };
}

/** The signature header's value for an event, as the platform makes it: for tests and the simulator. */
export function signEvent(secret: string, id: string, timestamp: number, rawBody: Uint8Array | string): string {
  return `v1,${createHmac('sha256', secretKey(secret)).update(`${id}.${timestamp}.`).update(rawBody).digest('base64')}`;
}

function decode(text: string): Uint8Array | undefined {
  if (text.length === 0 || !Base64.test(text)) return undefined;
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
}
