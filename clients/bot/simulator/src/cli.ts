import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { setTimeout as pause } from 'node:timers/promises';
import { Callback } from './callback.js';
import { PlayClock } from './clock.js';
import { PlayedDialog } from './dialog.js';
import { Player, type Play } from './player.js';
import { readDuration, readScript, UsageError, Words, type Step } from './script.js';
import { PlayedTokens } from './tokens.js';
import { Transcript } from './transcript.js';

const Help = `gatehouse-dialogs plays a voice platform's dialogs against a bot on this machine.

It sends the bot signed events with a fresh token in each, serves the API that the bot calls back, and checks that the bot uses
only live tokens of that dialog. Silence and expiry take no time: the clock jumps.

Usage
  gatehouse-dialogs --bot URL [options] play WORD…
  gatehouse-dialogs --bot URL [options] play SCRIPT.json

Words of a script
${Words.map(([word, what]) => `  ${word.padEnd(20)}${what}`).join('\n')}

Options
  --bot URL             where the bot listens, this machine only, as http://127.0.0.1:5005; /session and its kin are below it
  --bot-token-env NAME  environment variable that holds the bot token (default BOT_TOKEN)
  --secret-env NAME     environment variable that holds the secret that signs events, whsec_… (default BOT_SECRET; not set: not signed)
  --port N              port of the callback API (default: a free one); renewals are at http://127.0.0.1:N/realms/simulated
  --dialogs N           plays the script in N dialogs at once (default 1), to see that the bot does not mix their tokens
  --token-in PLACE      where events carry the token: body (authToken, default) or header (X-Dialog-Token)
  --patience TIME       how long the bot may take for an answer (default 10s)
  --headroom TIME       how long a dialog's tokens live after its end (default 1h)
  --decay TIME          silence that ends a dialog (default 15m)
  --hard-limit TIME     the longest dialog (default 24h)
  --language TAG        language of the events (default de-DE)
  -h, --help            this text

Examples
  A greeting, a wish, a hang-up:
    export BOT_TOKEN=… BOT_SECRET=whsec_…
    gatehouse-dialogs --bot http://127.0.0.1:5005 play start expect:say say:"hello" expect:say hangup

  Everything at once: the person types 5 and is transferred, is silent, hangs up; the bot downloads the recording; later nothing counts:
    gatehouse-dialogs --bot http://127.0.0.1:5005 play start say:"hello" dtmf:5 transfer silence:30s hangup recording expire

  Does the bot renew a token that died early, and refuse events that are not the platform's?
    gatehouse-dialogs --bot http://127.0.0.1:5005 --port 5099 play start stale say:"hello" expect:renew forge hangup

  Twenty calls at once, from a file ({"steps": ["start", {"say": "hello"}, "hangup"]}):
    gatehouse-dialogs --bot http://127.0.0.1:5005 --dialogs 20 play calls.json

Exit code: 0 when all went well, 1 when the bot did something WRONG (a token misused, no answer, nothing of what was expected),
2 when the command is not written right.`;

/** Runs the command; returns its exit code. */
export async function main(args: readonly string[], environment: Readonly<Record<string, string | undefined>>, out: (line: string) => void, err: (line: string) => void): Promise<number> {
  let command: Command | undefined;
  try {
    command = read(args, environment);
  } catch (error) {
    if (!(error instanceof UsageError) && !(error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS')) throw error;
    err(`gatehouse-dialogs: ${(error as Error).message}`);
    err('gatehouse-dialogs --help shows all words and options.');
    return 2;
  }
  if (command === undefined) {
    out(Help);
    return 0;
  }
  return await play(command, out);
}

interface Command { readonly play: Play; readonly steps: readonly Step[]; readonly port: number; readonly dialogs: number }

async function play({ play, steps, port, dialogs }: Command, out: (line: string) => void): Promise<number> {
  const [clock, tokens] = [new PlayClock(), new PlayedTokens()];
  const elapsed = () => clock.elapsed();
  const everybody = new Transcript(out, elapsed);
  const callback = new Callback(tokens, everybody);
  await callback.open(port);
  try {
    const transcripts = [everybody];
    await Promise.all(Array.from({ length: dialogs }, async (_, at) => {
      // The clock is one for all who play together: each has one of its own then.
      const own = dialogs === 1 ? clock : new PlayClock();
      const transcript = new Transcript(out, () => own.elapsed(), dialogs === 1 ? '' : `${String(at + 1).padStart(3)}  `);
      transcripts.push(transcript);
      const dialog = new PlayedDialog(tokens, transcript);
      callback.add(dialog);
      await new Player(play, callback, own, dialog).run(steps);
    }));
    // What the bot still does after its last answer counts as well.
    for (let quiet = 0; quiet < 3; quiet = callback.busy ? 0 : quiet + 1) await pause(50);
    const faults = transcripts.flatMap(one => one.faults);
    const calls = transcripts.reduce((sum, one) => sum + one.calls, 0);
    out(`${dialogs === 1 ? '1 dialog' : `${dialogs} dialogs`} of ${steps.length} steps; the bot called back ${calls} times; ${faults.length === 0 ? 'nothing wrong' : `WRONG: ${faults.length}`}`);
    return faults.length === 0 ? 0 : 1;
  } finally {
    callback.close();
  }
}

function read(args: readonly string[], environment: Readonly<Record<string, string | undefined>>): Command | undefined {
  const text = { type: 'string' } as const;
  const { values, positionals } = parseArgs({
    args: [...args], allowPositionals: true,
    options: {
      bot: text, 'bot-token-env': text, 'secret-env': text, port: text, dialogs: text, 'token-in': text, patience: text, headroom: text, decay: text, 'hard-limit': text, language: text,
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help || (args.length === 0)) return undefined;
  if (positionals[0] !== 'play') throw new UsageError(positionals[0] === undefined ? 'say what to play: play start say:"hello" hangup' : `'${positionals[0]}' is no command: there is play`);
  const name = values['bot-token-env'] ?? 'BOT_TOKEN';
  const botToken = environment[name];
  if (!botToken || !/^[\x21-\x7e]+$/.test(botToken)) throw new UsageError(`the bot token is read from the environment variable ${name}, which ${botToken ? 'holds no token' : 'is not set'}`);
  const secretName = values['secret-env'] ?? 'BOT_SECRET';
  const secret = environment[secretName] || undefined;
  if (secret === undefined && values['secret-env'] !== undefined) throw new UsageError(`the environment variable ${secretName} is not set`);
  if (secret !== undefined && !isSecret(secret)) throw new UsageError(`${secretName} holds no secret: it is whsec_ and the base64 of 24 to 64 bytes`);
  const tokenIn = values['token-in'] ?? 'body';
  if (tokenIn !== 'body' && tokenIn !== 'header') throw new UsageError('--token-in is body or header');
  const language = values.language ?? 'de-DE';
  if (!/^[A-Za-z0-9-]{2,35}$/.test(language)) throw new UsageError('--language is a tag as de-DE');
  return {
    steps: readScript(readWords(positionals.slice(1))), port: readNumber('port', values.port, 0, 65535), dialogs: readNumber('dialogs', values.dialogs, 1, 1000),
    play: {
      bot: readBot(values.bot), botToken, secret, tokenIn, language, patience: readDuration(values.patience ?? '10s'),
      headroom: readDuration(values.headroom ?? '1h'), decay: readDuration(values.decay ?? '15m'), hardLimit: readDuration(values['hard-limit'] ?? '24h'),
    },
  };
}

function readWords(words: readonly string[]): readonly unknown[] {
  const file = words[0];
  if (words.length !== 1 || !file?.endsWith('.json')) return words;
  try {
    const read: unknown = JSON.parse(readFileSync(file, 'utf8'));
    const steps = Array.isArray(read) ? read : (read as { steps?: unknown } | null)?.steps;
    if (Array.isArray(steps)) return steps;
  } catch (error) {
    throw new UsageError(`${file} cannot be read: ${(error as Error).message}`);
  }
  throw new UsageError(`${file} holds no steps: write {"steps": ["start", {"say": "hello"}, "hangup"]}`);
}

// The bot token goes there, and so do tokens that count: to nobody but this machine.
function readBot(text: string | undefined): string {
  if (text === undefined) throw new UsageError('--bot says where the bot listens, as http://127.0.0.1:5005');
  if (!/^https?:\/\/(?:localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\])(?::\d{1,5})?(?:\/[A-Za-z0-9._~/-]*)?$/.test(text) || !URL.canParse(text)) throw new UsageError(`--bot ${text}: the bot is played against on this machine only, as http://127.0.0.1:5005`);
  return text.replace(/\/+$/, '');
}

function readNumber(name: string, text: string | undefined, least: number, most: number): number {
  if (text === undefined) return least;
  if (!/^[0-9]{1,5}$/.test(text) || Number(text) < least || Number(text) > most) throw new UsageError(`--${name} is a number from ${least} to ${most}`);
  return Number(text);
}

function isSecret(text: string): boolean {
  const length = Buffer.from(text.replace(/^whsec_/, ''), 'base64').length;
  return /^(?:whsec_)?[A-Za-z0-9+/]+={0,2}$/.test(text) && length >= 24 && length <= 64;
}
