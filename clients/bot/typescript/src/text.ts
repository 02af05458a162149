/** What may stand in an address or a header: checked once, here, the same in .NET (`Texts.cs`). */

const PathName = /^[A-Za-z0-9._:-]{1,64}$/;
const Token = /^[\x21-\x7e]{1,4096}$/;
const Callback = /^(https?):\/\/([A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::([0-9]{1,5}))?((?:\/[A-Za-z0-9._~!$&'()*+,;=:@-]*)*)$/i;
const Loopback = /^(?:localhost|127(?:\.(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])){3}|\[::1\])$/;

/** An id that stands as one segment of a path: 1 to 64 of `A-Za-z0-9._:-`, and not a step up or on the spot. */
export function isPathName(text: unknown): text is string {
  return typeof text === 'string' && PathName.test(text) && text !== '.' && text !== '..';
}

/** A bearer token: 1 to 4096 visible ASCII characters, so that no line break reaches a header. */
export function isToken(text: unknown): text is string {
  return typeof text === 'string' && Token.test(text);
}

/** A callback as {@link readCallback} accepts it. */
export interface CallbackAddress {
  /** Scheme, host and port that is not the scheme's own, in lower case. */
  readonly origin: string;
  /** The whole address without slashes at its end. */
  readonly address: string;
  readonly secure: boolean;
  readonly loopback: boolean;
}

/**
 * Reads the address that a bot sends its token to: http or https, no user, query, fragment, escape or step up. Two URL parsers that see two hosts in one
 * text are an attack, so the text itself is judged.
 */
export function readCallback(text: unknown): CallbackAddress | undefined {
  if (typeof text !== 'string' || text.length > 2048) return undefined;
  const found = Callback.exec(text);
  if (!found) return undefined;
  const [, scheme = '', host = '', port, path = ''] = found;
  const secure = scheme.toLowerCase() === 'https';
  if (port !== undefined && (Number(port) < 1 || Number(port) > 65535)) return undefined;
  if (path.split('/').some(step => step === '.' || step === '..')) return undefined;
  const ownPort = port === undefined || Number(port) === (secure ? 443 : 80);
  const origin = `${scheme.toLowerCase()}://${host.toLowerCase()}${ownPort ? '' : `:${Number(port)}`}`;
  return { origin, address: origin + path.replace(/\/+$/, ''), secure, loopback: Loopback.test(host.toLowerCase()) };
}
