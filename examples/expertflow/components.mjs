// The eleven secured components of the vendor's document, each with a call that its clients make, and who may.
export const components = [
  ['agent-manager', 'GET', '/agent-manager/agentSetting', ['agent', 'supervisor']],
  ['bot-framework', 'GET', '/bot-framework/bots', ['supervisor']],
  ['ccm', 'POST', '/ccm/message/send', ['agent', 'supervisor', 'integration']],
  ['cim-customer', 'GET', '/cim-customer/customers?page=1', ['agent', 'supervisor', 'integration']],
  ['conversation-manager', 'POST', '/conversation-manager/activities', ['agent', 'supervisor', 'integration']],
  ['conversation-monitor', 'GET', '/conversation-monitor/conversations', ['supervisor']],
  ['license-manager', 'GET', '/license-manager/license', []],
  ['routing-engine', 'GET', '/routing-engine/precision-queues', ['agent', 'supervisor']],
  ['team-announcement', 'POST', '/team-announcement/announcement', ['supervisor']],
  ['file-engine', 'GET', '/file-engine/api/downloadFileStream?filename=a.png', ['agent', 'supervisor', 'integration']],
  ['unified-admin', 'GET', '/unified-admin/users', ['supervisor']],
];

/** Stands in for a component: says who it is, and notes what reached it. */
export class Component {
  seen = [];

  constructor(name) {
    this.name = name;
  }

  answer = (request, response) => {
    this.seen.push({ url: request.url, method: request.method, authorization: request.headers.authorization });
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ component: this.name }));
  };
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
