/** One step of a dialog. */
export type Step =
  | { readonly do: 'start'; readonly callType: 'INBOUND' | 'OUTBOUND' }
  | { readonly do: 'say' | 'dtmf'; readonly text: string }
  | { readonly do: 'answer'; readonly name: string; readonly value: string | undefined }
  | { readonly do: 'silence'; readonly milliseconds: number }
  | { readonly do: 'transfer'; readonly succeeds: boolean }
  | { readonly do: 'expect'; readonly operation: string }
  | { readonly do: 'recording'; readonly id: string | undefined }
  | { readonly do: 'hangup' | 'expire' | 'stale' | 'freeze' | 'again' | 'forge' };

/** A script or an option that says nothing a dialog could do. */
export class UsageError extends Error {}

/** The words of a script, each with what it does: the list that --help shows. */
export const Words: readonly (readonly [string, string])[] = [
  ['start', 'the call begins: /session, wants ACCEPT (start:outbound for a call that the platform makes)'],
  ['say:TEXT', 'the person says it: /message SPEECH'],
  ['dtmf:DIGITS', 'the person types it: /message DTMF'],
  ['answer:NAME=VALUE', 'a prompt is answered: /answer, as answer:Number=42 or answer:Timeout'],
  ['silence:30s', 'nobody speaks: the clock jumps (nobody waits), /inactivity'],
  ['transfer', 'wants that the bot has forwarded or bridged the call (transfer:fails: nobody takes it)'],
  ['expect:OPERATION', 'wants that the bot has called it since the last event, as expect:say, expect:drop, expect:data; or expect:renew, expect:refused'],
  ['stale', 'tokens so far are refused at the callback; the bot may renew them'],
  ['freeze', 'tokens so far are dead for good; the next event brings a new one'],
  ['again', 'the last event comes once more, as after a lost answer: the bot must not act twice'],
  ['forge', 'events from somebody else: wrong bot token, wrong signature; wants 401'],
  ['hangup', 'the person hangs up: /terminated; call operations are over, recording and data are not'],
  ['recording', 'a recording is ready: /recording, the bot may download it (recording:ID for one of several)'],
  ['expire', 'the clock jumps past the headroom, or past the hard limit of a call that still goes on: nothing may be called any more'],
];

const Plain = new Set(['hangup', 'expire', 'stale', 'freeze', 'again', 'forge']);

/** Reads a script: its words, or the steps of a JSON file (texts as the words, or objects with one member as {"say": "hello"}). */
export function readScript(source: readonly unknown[]): Step[] {
  const steps = source.map((one, at) => {
    if (typeof one === 'string') {
      const colon = one.indexOf(':');
      return readStep(colon < 0 ? one : one.slice(0, colon), colon < 0 ? undefined : one.slice(colon + 1));
    }
    const members = typeof one === 'object' && one !== null ? Object.entries(one) : [];
    const [name, value] = members[0] ?? [];
    if (members.length !== 1 || name === undefined || !['string', 'number'].includes(typeof value)) throw new UsageError(`step ${at + 1} is neither a word nor an object with one member, as {"say": "hello"}`);
    return readStep(name, String(value));
  });
  if (steps.length === 0) throw new UsageError('the script is empty: it begins with start');
  if (steps[0]!.do !== 'start' || steps.filter(step => step.do === 'start').length !== 1) throw new UsageError('a script begins with start, and has one');
  return steps;
}

function readStep(word: string, value: string | undefined): Step {
  const text = unquote(value);
  switch (word) {
    case 'start':
      if (value === undefined || value === 'outbound') return { do: 'start', callType: value === 'outbound' ? 'OUTBOUND' : 'INBOUND' };
      break;
    case 'say':
      if (text) return { do: 'say', text };
      break;
    case 'dtmf':
      if (text && /^[0-9A-D*#]{1,64}$/.test(text)) return { do: 'dtmf', text };
      break;
    case 'answer': {
      const [, name, given] = /^([A-Za-z]{1,40})(?:=(.*))?$/s.exec(text ?? '') ?? [];
      if (name) return { do: 'answer', name, value: given };
      break;
    }
    case 'silence':
      if (text) return { do: 'silence', milliseconds: readDuration(text) };
      break;
    case 'transfer':
      if (value === undefined || value === 'fails') return { do: 'transfer', succeeds: value === undefined };
      break;
    case 'expect':
      if (text && /^[a-z][A-Za-z/-]{0,60}$/.test(text)) return { do: 'expect', operation: text.replace(/^call\//, '') };
      break;
    case 'recording':
      if (value === undefined || /^[A-Za-z0-9_-]{1,50}$/.test(text ?? '')) return { do: 'recording', id: text };
      break;
    default:
      if (Plain.has(word) && value === undefined) return { do: word as 'hangup' };
      if (!Plain.has(word)) throw new UsageError(`'${word}' is no word of a script; they are: ${Words.map(([one]) => one.split(':')[0]).join(', ')}`);
  }
  throw new UsageError(`'${word}${value === undefined ? '' : `:${value}`}' is not written right: ${Words.find(([one]) => one.split(':')[0] === word)?.[0] ?? word}`);
}

/** Milliseconds of a duration as 500ms, 30s, 15m, 1h. */
export function readDuration(text: string): number {
  const found = /^([0-9]{1,9})(ms|s|m|h)$/.exec(text);
  if (!found) throw new UsageError(`'${text}' is no duration: write 500ms, 30s, 15m or 1h`);
  return Number(found[1]) * { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }[found[2] as 'ms' | 's' | 'm' | 'h'];
}

// say:"hello" arrives without quotes from a shell, and with them from anywhere else.
function unquote(text: string | undefined): string | undefined {
  return text !== undefined && text.length >= 2 && text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1) : text;
}
