/** Bounds of what strangers send. */
const mostCharacters = 256 * 1024;
const mostDepth = 16;

export type JsonObject = { readonly [name: string]: unknown };

/**
 * A JSON object with one meaning: UTF-8, no member twice at any depth (two parsers that pick different ones are an attack), bounded size and depth, no half surrogates. Undefined for anything else.
 * JSON.parse alone takes the last of two members and says nothing.
 */
export function strictJson(bytes: Uint8Array): JsonObject | undefined {
  if (bytes.length === 0 || bytes.length > mostCharacters) return undefined;
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) && isSingle(text) ? value as JsonObject : undefined;
  } catch {
    return undefined;
  }
}

// The text is JSON already: what is left is to see the names of each object once, and how deep it goes.
function isSingle(text: string): boolean {
  const open: (Set<string> | undefined)[] = [];
  for (let at = 0; at < text.length; at++) {
    const sign = text[at];
    if (sign === '{' || sign === '[') {
      if (open.push(sign === '{' ? new Set() : undefined) > mostDepth) return false;
    } else if (sign === '}' || sign === ']') {
      open.pop();
    } else if (sign === '"') {
      const begin = at;
      for (at++; text[at] !== '"'; at++) if (text[at] === '\\') at++;
      const word = JSON.parse(text.slice(begin, at + 1)) as string;
      if (!word.isWellFormed()) return false;
      const names = open.at(-1);
      let next = at + 1;
      while (' \t\r\n'.includes(text[next] ?? 'x')) next++;
      if (names === undefined || text[next] !== ':') continue;
      if (names.has(word)) return false;
      names.add(word);
    }
  }
  return true;
}

/** Base64url in the one form that its writer makes (RFC 7515, 2): no padding, no odd last bits. */
export function strictBase64Url(text: string): Buffer | undefined {
  if (!/^[A-Za-z0-9_-]*$/.test(text)) return undefined;
  const bytes = Buffer.from(text, 'base64url');
  return bytes.toString('base64url') === text ? bytes : undefined;
}
