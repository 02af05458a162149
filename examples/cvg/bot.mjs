// A bot as VIER's own connector speaks (rasa-vier-cvg): it knows its platform by an exact token, takes 'authToken' and 'callback' from each event, and calls back with them. It has never heard of Gatehouse.
import { readJson } from '../stage.mjs';

export class Bot {
  /** The newest event of each dialog. */
  dialogs = new Map();
  #token;

  constructor(token) {
    this.#token = token;
  }

  answer = async (request, response) => {
    if (request.headers.authorization !== `Bearer ${this.#token}`) return response.writeHead(401).end('bot token is invalid!');
    if (request.headers['content-type'] !== 'application/json') return response.writeHead(415).end('content-type is not supported');
    const event = await readJson(request);
    if (!event?.dialogId || !event.callback || !event.projectContext) return response.writeHead(400).end('dialogId, callback and projectContext are needed');
    this.dialogs.set(event.dialogId, { ...event, signed: request.headers['webhook-signature'] !== undefined });
    switch (request.url) {
      case '/session':
        this.call(event.dialogId, 'call/say', { text: 'Good morning' });
        return response.writeHead(200, { 'content-type': 'application/json' }).end('{"action":"ACCEPT"}');
      case '/message':
        this.call(event.dialogId, 'call/say', { text: `You said ${event.text}` });
        break;
    }
    return response.writeHead(204).end();
  };

  /** Calls back for a dialog, with the token of another one if told so. */
  async call(dialogId, path, body, tokenOf = dialogId) {
    const { callback, authToken } = this.dialogs.get(tokenOf);
    return await fetch(`${callback}/${path}`, { method: 'POST', headers: { authorization: `Bearer ${authToken}`, 'content-type': 'application/json' }, body: JSON.stringify({ ...body, dialogId }) });
  }

  /** Fetches something of a dialog. */
  async get(dialogId, path) {
    const { callback, authToken } = this.dialogs.get(dialogId);
    return await fetch(`${callback}/${path}`, { headers: { authorization: `Bearer ${authToken}` } });
  }
}
