// The side of the container that lives in a gadget's own frame: OpenSocial's and Finesse's names, as old gadgets call them, over Gatehouse's proxy and desktop.
// The frame's origin is nobody else's ("null"). It listens to one window at one origin: the desktop that holds it.
(() => {
  'use strict';
  const boot = JSON.parse(document.getElementById('gatehouse-gadget').textContent);
  const config = Object.assign({}, boot.config);
  const prefs = Object.assign({}, boot.prefs);
  const loads = [], fresh = [], topics = new Map();
  const desktop = window.parent, held = desktop !== window;
  let st = boot.st, loaded = false, told = 0, forged = 0;

  // Finesse's older libraries do not start without "authorization" (user and password), and send it as Basic. What they find here is the user without a password: send() knows it by its very value, and puts the gadget's token in its place.
  const fill = () => { if (config.authToken) config.authorization = btoa(String.fromCharCode(...new TextEncoder().encode(`${config.id ?? ''}:`))); };
  fill();

  const say = (type, more) => { if (held) desktop.postMessage({ gatehouse: 1, gadget: boot.gadget, type, ...more }, boot.desktop); };

  // --- what the desktop says -------------------------------------------------------------------
  const isText = value => typeof value === 'string' && value.length < 65536;
  addEventListener('message', event => {
    const message = event.data;
    if (typeof message !== 'object' || message === null || message.gatehouse !== 1) return;
    // Who speaks in our form without being the desktop, forges; the desktop has it audited, the first few times.
    if (event.source !== desktop || event.origin !== boot.desktop) return void (forged++ < 20 && say('forged', { origin: event.origin }));
    if (message.type === 'config' && typeof message.config === 'object' && message.config !== null && isText(message.st)) {
      for (const [name, value] of Object.entries(message.config)) if (isText(value)) config[name] = value;
      fill();
      st = message.st;
      for (const go of fresh.splice(0)) go();
      begin();
    } else if (message.type === 'publish' && isText(message.topic)) {
      deliver(message.topic, message.data);
    } else if (message.type === 'ended') {
      st = undefined;
      delete config.authToken;
      delete config.authorization;
    }
  });

  // OpenAjax: one "*" stands for a segment, "**" at the end for all that follow.
  const fits = (pattern, topic) => {
    const [wanted, parts] = [pattern.split('.'), topic.split('.')];
    for (let i = 0; i < wanted.length; i++) {
      if (wanted[i] === '**' && i === wanted.length - 1) return true;
      if (i >= parts.length || (wanted[i] !== '*' && wanted[i] !== parts[i])) return false;
    }
    return wanted.length === parts.length;
  };

  const deliver = (topic, data) => { for (const [pattern, all] of topics) if (fits(pattern, topic)) for (const one of [...all.values()]) attempt(() => one.callback.call(one.scope, topic, data, one.data)); };

  // One handler that fails keeps no other from running; the page's console has it.
  const attempt = work => { try { work(); } catch (wrong) { setTimeout(() => { throw wrong; }); } };

  // Handlers run once, when the page is there and it is known who the agent is. A page that no desktop holds has nobody to wait for.
  const begin = () => {
    if (loaded || document.readyState === 'loading' || (!boot.config && held && !config.authToken)) return;
    loaded = true;
    for (const handler of loads.splice(0)) attempt(handler);
    connected();
  };
  addEventListener('DOMContentLoaded', () => { say('ready'); begin(); });

  // Shindig's pubsub-2 connects the hub after the handlers of the load, and tells so once. Most of Finesse's gadgets start by that alone.
  let onConnect = null, greeted = false;
  const connected = () => { if (loaded && !greeted && typeof onConnect === 'function') { greeted = true; setTimeout(() => attempt(() => onConnect(hub, true, ''))); } };

  // --- gadgets.io ------------------------------------------------------------------------------
  const io = {
    RequestParameters: { METHOD: 'METHOD', CONTENT_TYPE: 'CONTENT_TYPE', POST_DATA: 'POST_DATA', HEADERS: 'HEADERS', AUTHORIZATION: 'AUTHORIZATION', NUM_ENTRIES: 'NUM_ENTRIES', GET_SUMMARIES: 'GET_SUMMARIES', REFRESH_INTERVAL: 'REFRESH_INTERVAL', GET_FULL_HEADERS: 'GET_FULL_HEADERS', OAUTH_SERVICE_NAME: 'OAUTH_SERVICE_NAME' },
    MethodType: { GET: 'GET', POST: 'POST', PUT: 'PUT', DELETE: 'DELETE', HEAD: 'HEAD', PATCH: 'PATCH' },
    ContentType: { TEXT: 'TEXT', DOM: 'DOM', JSON: 'JSON', FEED: 'FEED' },
    AuthorizationType: { NONE: 'NONE', SIGNED: 'SIGNED', OAUTH: 'OAUTH', OAUTH2: 'OAUTH2' },
    ProxyUrlRequestParameters: { REFRESH_INTERVAL: 'REFRESH_INTERVAL' },
    encodeValues: fields => Object.entries(fields).map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join('&'),
    getProxyUrl: url => url,
    makeRequest(url, callback, params = {}) {
      send(String(url), params).then(response => callback && attempt(() => callback(response)));
    },
  };

  async function send(url, params, again = true) {
    const headers = { ...params.HEADERS };
    for (const name of Object.keys(headers)) if (name.toLowerCase() === 'authorization' && config.authToken && [`Basic ${config.authorization}`, `Bearer ${config.authorization}`].includes(headers[name])) headers[name] = `Bearer ${config.authToken}`;
    const form = new URLSearchParams({ url, httpMethod: params.METHOD ?? 'GET', headers: io.encodeValues(headers), contentType: params.CONTENT_TYPE ?? 'TEXT', authz: (params.AUTHORIZATION ?? 'NONE').toLowerCase(), st: st ?? '' });
    const data = params.POST_DATA;
    if (data !== undefined && data !== null && data !== '') form.set('postData', typeof data === 'object' ? io.encodeValues(data) : String(data));
    let result;
    try {
      const answer = await fetch(boot.proxy, { method: 'POST', body: form, credentials: 'omit', cache: 'no-store' });
      const text = await answer.text();
      result = Object.values(JSON.parse(text.slice(text.indexOf('{'))))[0];
    } catch {
      return { data: null, text: '', rc: 0, errors: ['The container cannot be reached.'], headers: {} };
    }
    // The token is over: the desktop has a new one, or gets it. Once.
    if (again && result.rc === 401 && result.errors?.[0]?.startsWith('gadget.token') && held) {
      const used = config.authToken;
      await new Promise(resolve => { const late = setTimeout(resolve, 5000); fresh.push(() => { clearTimeout(late); resolve(); }); say('stale'); });
      const name = Object.keys(headers).find(one => one.toLowerCase() === 'authorization');
      if (name && used && headers[name] === `Bearer ${used}`) params = { ...params, HEADERS: { ...params.HEADERS, [name]: `Bearer ${config.authToken}` } };
      return send(url, params, false);
    }
    const response = { data: null, text: result.body, rc: result.rc, errors: result.errors ?? [], headers: result.headers };
    if (result.rc < 200 || result.rc >= 400) { if (!response.errors.length) response.errors.push(`${result.rc} Error`); }
    try {
      if (params.CONTENT_TYPE === 'JSON') response.data = result.body ? JSON.parse(result.body) : null;
      else if (params.CONTENT_TYPE === 'DOM') {
        const dom = new DOMParser().parseFromString(result.body, 'text/xml');
        if (dom.querySelector('parsererror')) throw new Error();
        response.data = dom;
      } else response.data = result.body;
    } catch {
      response.errors.push('500 Failed to parse the answer');
    }
    return response;
  }

  // --- gadgets.Prefs, util, window, views, Hub --------------------------------------------------
  class Prefs {
    getString(name) { return String(prefs[name] ?? config[name] ?? ''); }
    getInt(name) { return parseInt(this.getString(name), 10) || 0; }
    getFloat(name) { return parseFloat(this.getString(name)) || 0; }
    getBool(name) { return ['true', '1'].includes(this.getString(name).toLowerCase()); }
    getArray(name) { return this.getString(name).split('|').filter(Boolean).map(decodeURIComponent); }
    getMsg(name) { return boot.words[name] ?? ''; }
    getFormattedMsg(name, value) { return this.getMsg(name).replace(/\$\{[^}]*\}/, () => value); }
    getLang() { return boot.language; }
    getCountry() { return boot.country; }
    getModuleId() { return boot.gadget; }
    set(...pairs) { for (let i = 0; i + 1 < pairs.length; i += 2) { prefs[pairs[i]] = String(pairs[i + 1] ?? ''); if (Object.hasOwn(boot.prefs, pairs[i])) say('pref', { name: String(pairs[i]), value: prefs[pairs[i]] }); } }
    setArray(name, values) { this.set(name, values.map(value => encodeURIComponent(value)).join('|')); }
    dump() { return { ...prefs }; }
  }
  const entities = { '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;', '&': '&amp;' };
  const util = {
    registerOnLoadHandler: handler => { if (loaded) setTimeout(() => attempt(handler)); else loads.push(handler); },
    escapeString: text => String(text).replace(/[<>"'&]/g, c => entities[c]),
    unescapeString: text => String(text).replace(/&lt;|&gt;|&quot;|&#39;|&amp;/g, found => Object.keys(entities).find(c => entities[c] === found)),
    makeClosure: (scope, callback, ...first) => (...rest) => callback.apply(scope, [...first, ...rest]),
    makeEnum: names => Object.fromEntries(names.map(name => [name, name])),
    getUrlParameters: () => ({ ...Object.fromEntries(new URLSearchParams(location.search)), mid: boot.gadget }),
    getFeatureParameters: () => ({}),
    hasFeature: name => ['setprefs', 'dynamic-height', 'settitle', 'views', 'pubsub-2', 'loadingindicator', 'core', 'core.io'].includes(name),
  };
  const height = () => Math.ceil(document.documentElement.getBoundingClientRect().height);
  // Who asked once for the height of the content has it followed when the frame's width changes.
  let grows = false;
  addEventListener('resize', () => { if (grows) frame.adjustHeight(); });
  const frame = {
    adjustHeight: wanted => { grows = !wanted; const next = Math.max(0, parseInt(wanted, 10) || height()); if (next !== told) { told = next; say('height', { height: next }); } },
    setTitle: title => say('title', { title: String(title) }),
    getViewportDimensions: () => ({ width: innerWidth, height: innerHeight }),
  };
  let last = 0;
  const hub = {
    // A hub's publisher hears itself, where it subscribed.
    publish: (topic, data) => { say('publish', { topic: String(topic), data }); setTimeout(() => { deliver(String(topic), data); contain(String(topic), data); }); },
    // OpenAjax Hub 2.0: subscribe(topic, onData, scope, onComplete, subscriberData); older gadgets give their data fourth, or the scope before the function.
    subscribe: (topic, callback, scope, complete, data) => {
      const id = `${boot.gadget}-${++last}`, more = data ?? (typeof complete === 'function' ? undefined : complete), own = typeof scope === 'function' ? { callback: scope, scope: callback, data: more } : { callback, scope: scope ?? window, data: more };
      if (!topics.has(topic)) topics.set(topic, new Map());
      topics.get(topic).set(id, own);
      say('subscribe', { topic: String(topic) });
      if (typeof complete === 'function') setTimeout(() => attempt(() => complete.call(own.scope, id, true, '')));
      return id;
    },
    unsubscribe: (id, complete, scope) => {
      for (const all of topics.values()) all.delete(id);
      if (typeof complete === 'function') setTimeout(() => attempt(() => complete.call(scope ?? window, id, true, '')));
      return id;
    },
    isConnected: () => loaded,
    getClientID: () => boot.gadget,
  };
  // What Finesse's own library asks of its container by the hub ("….requests"): which tab is in front, and whether events come. Here every gadget is in front.
  const tab = 'desk';
  const contain = (topic, data) => {
    if (!topic.endsWith('.requests') || typeof data !== 'object' || data === null) return;
    if (data.type === 'ActiveTabReq') deliver('finesse.containerservices.activeTab', tab);
    else if (data.type === 'ConnectionInfoReq') deliver(topic.replace(/requests$/, 'connection'), { status: 'connected', xmppDomain: config.xmppDomain, pubsubDomain: config.pubsubDomain });
  };
  const named = name => Object.assign(window[name] ??= {}, {});
  window.gadgets = Object.assign(named('gadgets'), {
    io, Prefs, util, window: frame, Hub: hub, HubSettings: { init() {}, params: { HubClient: {}, IframeHubClient: {} }, get onConnect() { return onConnect; }, set onConnect(handler) { onConnect = handler; connected(); } },
    json: { parse: text => { try { return JSON.parse(text); } catch { return false; } }, stringify: JSON.stringify },
    log: Object.assign((...all) => console.log(...all), { info() {}, warn: console.warn, error: console.error, setLogLevel() {} }), warn: console.warn, error: console.error,
    views: { getCurrentView: () => ({ getName: () => 'default', isOnlyVisibleGadget: () => false }), getSupportedViews: () => ({}), getParams: () => ({}), requestNavigateTo() {}, ViewType: { DEFAULT: 'default', CANVAS: 'canvas', HOME: 'home', PREVIEW: 'preview', PROFILE: 'profile' } },
    config: { register() {}, get: () => ({}) },
    loadingindicator: { dismiss() {} },
  });
  window._IG_RegisterOnloadHandler = util.registerOnLoadHandler;
  window._IG_Prefs = Prefs;
  window._IG_AdjustIFrameHeight = frame.adjustHeight;

  // --- what a page of Finesse's own origin may look at ----------------------------------------------
  // Finesse's gadgets stand in the desktop's origin; here an origin of one's own has no storage, no cookies and no way to the desktop's window, and looking at them throws. So they find stand-ins, which live as long as the page.
  const put = (owner, name, descriptor) => { try { Object.defineProperty(owner, name, { configurable: true, ...descriptor }); } catch { /* Then it stays as it is. */ } };
  const storage = fixed => {
    const all = new Map(), read = name => (Object.hasOwn(fixed, name) ? fixed[name]() : all.get(String(name))) ?? null;
    const api = { getItem: read, setItem: (name, value) => void all.set(String(name), String(value)), removeItem: name => void all.delete(String(name)), clear: () => all.clear(), key: at => [...all.keys()][at] ?? null };
    return new Proxy(api, {
      get: (_, name) => (Object.hasOwn(api, name) ? api[name] : name === 'length' ? all.size : typeof name === 'string' ? read(name) ?? undefined : undefined),
      set: (_, name, value) => { all.set(String(name), String(value)); return true; },
      has: (_, name) => Object.hasOwn(api, name) || read(name) !== null,
      deleteProperty: (_, name) => { all.delete(String(name)); return true; },
      ownKeys: () => [...new Set([...Object.keys(api), ...all.keys()])],
      getOwnPropertyDescriptor: (_, name) => (Object.hasOwn(api, name) ? Object.getOwnPropertyDescriptor(api, name) : all.has(name) ? { value: all.get(name), writable: true, enumerable: true, configurable: true } : undefined),
    });
  };
  // Where Finesse keeps the agent's token, the gadget finds its own.
  const stored = storage({ ssoTokenObject: () => (config.authToken ? JSON.stringify({ token: config.authToken }) : null), userFinesseAuth: () => config.authorization ?? null });
  put(window, 'sessionStorage', { value: stored });
  put(window, 'localStorage', { value: storage({}) });
  const jar = new Map();
  put(document, 'cookie', { get: () => [...jar].map(([name, value]) => `${name}=${value}`).join('; '), set: text => { const [, name, value] = /^\s*([^=;]*)=([^;]*)/.exec(String(text)) ?? []; if (name !== undefined) jar.set(name.trim(), value.trim()); } });
  if (held) {
    const seen = {
      finesse: { container: { Container: {}, Tabs: { getActiveTab: () => tab, activateTab: wanted => wanted === tab } } },
      document: document.implementation.createHTMLDocument(''), location: { href: `${boot.desktop}/desk`, origin: boot.desktop, protocol: new URL(boot.desktop).protocol, host: new URL(boot.desktop).host, hostname: new URL(boot.desktop).hostname, pathname: '/desk', search: '', hash: '' },
    };
    put(window, 'gatehouseDesktop', { value: desktop });
    put(window, 'parent', { value: new Proxy(seen, { get: (_, name) => { if (Object.hasOwn(seen, name)) return seen[name]; const found = desktop[name]; return typeof found === 'function' && name === 'postMessage' ? found.bind(desktop) : found; } }) });
    const panel = Object.assign(document.createElement('div'), { className: 'tab-panel active', id: `panel_${tab}` });
    panel.append(Object.assign(document.createElement('span'), { id: `finesse_gadget_0` }));
    put(window, 'frameElement', { value: panel.firstChild });
  }

  // --- Finesse's own names -----------------------------------------------------------------------
  const finesse = window.finesse = window.finesse ?? {};
  finesse.gadget = Object.assign(finesse.gadget ?? {}, { Config: config });
  finesse.utilities = Object.assign(finesse.utilities ?? {}, {
    Utilities: { getAuthHeaderString: given => given.authToken ? `Bearer ${given.authToken}` : `Basic ${given.authorization ?? ''}`, getAuthHeader: () => (config.authToken ? { Authorization: `Bearer ${config.authToken}` } : {}) },
  });
  finesse.clientservices = Object.assign(finesse.clientservices ?? {}, { ClientServices: { init() {}, makeRequest: io.makeRequest, getRestHost: () => config.restHost ?? '' } });
})();
