// The eleven secured components of the vendor's document, each with a call that its clients make, and who may. Licences are the administrators' alone.
import { createPublicKey, verify } from 'node:crypto';

export const components = [
  ['agent-manager', 'GET', '/agent-manager/agentSetting', ['agent', 'supervisor', 'admin']],
  ['bot-framework', 'GET', '/bot-framework/bots', ['supervisor', 'admin']],
  ['ccm', 'POST', '/ccm/message/send', ['agent', 'supervisor', 'admin', 'integration']],
  ['cim-customer', 'GET', '/cim-customer/customers?page=1', ['agent', 'supervisor', 'admin', 'integration']],
  ['conversation-manager', 'POST', '/conversation-manager/activities', ['agent', 'supervisor', 'admin', 'integration']],
  ['conversation-monitor', 'GET', '/conversation-monitor/conversations', ['supervisor', 'admin']],
  ['license-manager', 'GET', '/license-manager/license', ['admin']],
  ['routing-engine', 'GET', '/routing-engine/precision-queues', ['agent', 'supervisor', 'admin']],
  ['team-announcement', 'POST', '/team-announcement/announcement', ['supervisor', 'admin']],
  ['file-engine', 'GET', '/file-engine/api/downloadFileStream?filename=a.png', ['agent', 'supervisor', 'admin', 'integration']],
  ['unified-admin', 'GET', '/unified-admin/users', ['supervisor', 'admin']],
];

/** Stands in for a component: answers whoever brings a token that the realm signed for this component and that still lives, and says whom the token names. What the vendor leaves open it answers to nobody in particular. */
export class Component {
  static #open = /^\/ccm\/widget-configs\//;
  #keys;
  seen = [];
  now = () => Date.now();

  /** `realm` gives the issuer's address: its keys are read once, from where its discovery says. */
  constructor(name, realm) {
    this.name = name;
    this.realm = realm;
  }

  answer = async (request, response) => {
    const sent = request.headers.authorization;
    const claims = await this.#claims(sent).catch(error => ({ fault: error.message }));
    const open = sent === undefined && Component.#open.test(request.url);
    this.seen.push({ url: request.url, method: request.method, authorization: sent, open, who: claims.kind === 'service' ? claims.client_id : claims.preferred_username, fault: claims.fault });
    response.statusCode = open || !claims.fault ? 200 : 401;
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(open ? { component: this.name } : { component: this.name, ...claims }));
  };

  /** Who was answered by name since `from`, each once; nobody counts where one call came without a token that counts. */
  namesSince(from) {
    const calls = this.seen.slice(from);
    return calls.some(one => one.fault) ? [] : [...new Set(calls.map(one => one.who))].sort();
  }

  async #claims(sent) {
    const parts = /^Bearer ([\w-]+)\.([\w-]+)\.([\w-]+)$/.exec(sent ?? '')?.slice(1);
    if (!parts) throw new Error('token');
    this.#keys ??= await this.#read();
    const [header, claims] = parts.slice(0, 2).map(part => JSON.parse(Buffer.from(part, 'base64url')));
    const key = this.#keys.set.find(one => one.kid === header.kid && one.alg === header.alg);
    if (header.alg !== 'ES256' || !key) throw new Error('key');
    if (!verify('sha256', Buffer.from(`${parts[0]}.${parts[1]}`), { key: createPublicKey({ key, format: 'jwk' }), dsaEncoding: 'ieee-p1363' }, Buffer.from(parts[2], 'base64url'))) throw new Error('signature');
    if (claims.iss !== this.#keys.issuer) throw new Error('issuer');
    if (![claims.aud].flat().includes(this.name)) throw new Error('audience');
    if (!(claims.exp > this.now() / 1000)) throw new Error('expired');
    return claims;
  }

  async #read() {
    const { issuer, jwks_uri: keys } = await (await fetch(`${this.realm()}/.well-known/openid-configuration`)).json();
    return { issuer, set: (await (await fetch(keys)).json()).keys };
  }
}

/** Stands in for the text message provider: Twilio's Messages API, as far as a sender needs it. */
export class TextMessages {
  sent = [];

  answer = async (request, response) => {
    const parts = [];
    for await (const part of request) parts.push(part);
    const form = new URLSearchParams(Buffer.concat(parts).toString());
    const good = request.method === 'POST' && request.url === '/2010-04-01/Accounts/AC0123/Messages.json' && request.headers.authorization === `Basic ${Buffer.from('AC0123:secret-of-the-walk').toString('base64')}`;
    if (good) this.sent.push({ to: form.get('To'), text: form.get('Body') });
    response.statusCode = good ? 201 : 401;
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(good ? { sid: 'SM1', status: 'queued' } : { status: 401 }));
  };

  /** The code of the last message to a number. */
  codeFor(phone) {
    return /[0-9]{6}/.exec(this.sent.findLast(one => one.to === phone)?.text ?? '')?.[0];
  }
}
