import type { Rules } from './rules.js';

const mostBytes = 256 * 1024;

/** Asks the issuer: no redirects, five seconds, and no more bytes than an answer needs. Undefined for whatever is no answer. */
export async function ask(rules: Rules, address: string, init: RequestInit = {}): Promise<Uint8Array | undefined> {
  try {
    const answer = await rules.fetch(address, { ...init, redirect: 'manual', signal: AbortSignal.timeout(5000), headers: { accept: 'application/json', ...init.headers as Record<string, string> } });
    if (answer.status !== 200) {
      await answer.body?.cancel();
      return undefined;
    }
    const parts: Uint8Array[] = [];
    let length = 0;
    for await (const part of answer.body as AsyncIterable<Uint8Array>) {
      if ((length += part.length) > mostBytes) return undefined;
      parts.push(part);
    }
    return Buffer.concat(parts);
  } catch {
    return undefined;
  }
}
