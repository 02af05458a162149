// A stand-in for the platform: the call, dialog and recording APIs, and events in CVG's wire form. It knows nothing of tokens, as CVG's own APIs did before the end of 2023.
import { randomUUID } from 'node:crypto';
import { readJson } from '../stage.mjs';

export class Platform {
  reseller = '7100c0de-0000-4000-8000-000000000001';
  /** What was asked of it: `call/say hello`. */
  heard = [];
  #history = new Map();

  /** Answers the platform's APIs. */
  answer = async (request, response) => {
    const [, , api, ...rest] = new URL(request.url, 'http://platform').pathname.split('/');
    const body = request.method === 'POST' ? await readJson(request) : undefined;
    const json = (status, value) => response.writeHead(status, { 'content-type': 'application/json' }).end(value === undefined ? '' : JSON.stringify(value));
    if (api === 'call') {
      this.heard.push(`call/${rest.join('/')} ${body.text ?? ''}`.trim());
      this.#keep(body.dialogId, { type: rest.join('/'), text: body.text });
      return json(204);
    }
    const [reseller, dialog, last] = rest;
    if (reseller !== this.reseller) return json(404, { message: 'unknown reseller' });
    if (api === 'dialog' && last === 'data') {
      this.#keep(dialog, { type: 'data', data: body.data });
      return json(204);
    }
    if (api === 'dialog' && request.method === 'GET') return json(200, { dialogId: dialog, entries: this.#history.get(dialog) ?? [] });
    if (api === 'recording') return response.writeHead(200, { 'content-type': 'audio/wav' }).end(`RIFF of ${dialog}`);
    return json(404, { message: 'unknown' });
  };

  /** Sends an event to the bot's address, as the CVG project knows it. */
  async send(bot, kind, dialogId, project, callback, token, more = {}) {
    const body = { dialogId, projectContext: { projectToken: project, resellerToken: this.reseller }, callback, timestamp: Date.now(), language: 'de-DE', ...more };
    return await fetch(`${bot}/${kind}`, { method: 'POST', headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' }, body: JSON.stringify(body) });
  }

  newDialog() {
    return randomUUID();
  }

  #keep(dialog, entry) {
    this.#history.set(dialog, [...this.#history.get(dialog) ?? [], entry]);
  }
}
