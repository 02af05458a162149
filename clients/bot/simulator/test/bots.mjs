// Bots to play against: one made with the kit, and some that do what no bot may.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createBot } from '@gatehouse/bot';

export const botToken = 'bot-token-of-the-tests';
export const secret = `whsec_${Buffer.alloc(32, 5).toString('base64')}`;

/** Serves a listener while something runs. */
export async function serve(listener, then) {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    return await then(`http://127.0.0.1:${server.address().port}`);
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

/** The bot of the guide. */
export function goodBot(more = {}) {
  const downloads = [];
  const bot = createBot({
    botToken, secrets: [secret],
    onSession: async dialog => { await dialog.say('Hello! Press 5 for a person.'); },
    onMessage: async (dialog, event) => {
      if (event.type === 'DTMF' && event.text === '5') {
        const { body } = await dialog.call('call/forward', { destinationNumber: '+4972112345' });
        if (body.status !== 'Success') await dialog.say('Nobody is there.');
      } else if (event.text === 'bye') await dialog.end();
      else await dialog.say(`You said: ${event.text}`);
    },
    onInactivity: async dialog => { await dialog.say('Are you there?'); },
    onTerminated: async dialog => { await dialog.data({ seen: 'yes' }); },
    onRecording: async (dialog, event) => {
      const { stream } = await dialog.recording(event.recordingId);
      let length = 0;
      for await (const part of stream) length += part.length;
      downloads.push(length);
    },
    ...more,
  });
  return { bot, downloads };
}

/** A bot written by hand: `act` gets kind, event and a function that calls back with any token, path and body. */
export function roughBot(act) {
  return async (request, response) => {
    const parts = [];
    for await (const part of request) parts.push(part);
    const kind = request.url.split('/').at(-1);
    const event = JSON.parse(Buffer.concat(parts).toString('utf8'));
    const call = async (path, token, body, method = 'POST') => await fetch(`${event.callback}/${path}`, { method, headers: { ...(token ? { authorization: `Bearer ${token}` } : {}), 'content-type': 'application/json' }, body: method === 'POST' ? JSON.stringify(body) : undefined }).then(async answer => { await answer.arrayBuffer(); return answer.status; });
    const answer = await act(kind, event, call) ?? (kind === 'session' ? [200, '{"action":"ACCEPT"}'] : [204, '']);
    response.writeHead(answer[0], { 'content-type': 'application/json' }).end(answer[1]);
  };
}
