// The side of the container that lives in a gadget's own frame: OpenSocial's and Finesse's names, as old gadgets call them, over Gatehouse's proxy and desktop.
// The frame's origin is nobody else's ("null"). It listens to one window at one origin: the desktop that holds it.
(() => {
  'use strict';
  const boot = JSON.parse(document.getElementById('gatehouse-gadget').textContent);
  const config = Object.assign({}, boot.config);
  const prefs = Object.assign({}, boot.prefs);
  const loads = [], fresh = [], topics = new Map();
  let st = boot.st, loaded = false, told = 0;

  const say = (type, more) => { if (parent !== window) parent.postMessage({ gatehouse: 1, gadget: boot.gadget, type, ...more }, boot.desktop); };

  // --- what the desktop says -------------------------------------------------------------------
  const isText = value => typeof value === 'string' && value.length < 65536;
  addEventListener('message', event => {
    const message = event.data;
    if (event.source !== parent || event.origin !== boot.desktop || typeof message !== 'object' || message === null || message.gatehouse !== 1) return;
    if (message.type === 'config' && typeof message.config === 'object' && message.config !== null && isText(message.st)) {
      for (const [name, value] of Object.entries(message.config)) if (isText(value)) config[name] = value;
      st = message.st;
      for (const go of fresh.splice(0)) go();
      begin();
    } else if (message.type === 'publish' && isText(message.topic)) {
      for (const [pattern, all] of topics) if (fits(pattern, message.topic)) for (const one of all.values()) attempt(() => one.callback.call(one.scope, message.topic, message.data, one.data));
    } else if (message.type === 'ended') {
      st = undefined;
      delete config.authToken;
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

  // One handler that fails keeps no other from running; the page's console has it.
  const attempt = work => { try { work(); } catch (wrong) { setTimeout(() => { throw wrong; }); } };

  // Handlers run once, when the page is there and it is known who the agent is. A page that no desktop holds has nobody to wait for.
  const begin = () => {
    if (loaded || document.readyState === 'loading' || (!boot.config && parent !== window && !config.authToken)) return;
    loaded = true;
    for (const handler of loads.splice(0)) attempt(handler);
  };
  addEventListener('DOMContentLoaded', () => { say('ready'); begin(); });

  // --- gadgets.io ------------------------------------------------------------------------------
  const io = {
    RequestParameters: { METHOD: 'METHOD', CONTENT_TYPE: 'CONTENT_TYPE', POST_DATA: 'POST_DATA', HEADERS: 'HEADERS', AUTHORIZATION: 'AUTHORIZATION', NUM_ENTRIES: 'NUM_ENTRIES', GET_SUMMARIES: 'GET_SUMMARIES', REFRESH_INTERVAL: 'REFRESH_INTERVAL', OAUTH_SERVICE_NAME: 'OAUTH_SERVICE_NAME' },
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
    const headers = params.HEADERS ?? {}, form = new URLSearchParams({ url, httpMethod: params.METHOD ?? 'GET', headers: io.encodeValues(headers), contentType: params.CONTENT_TYPE ?? 'TEXT', authz: (params.AUTHORIZATION ?? 'NONE').toLowerCase(), st: st ?? '' });
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
    if (again && result.rc === 401 && result.errors?.[0]?.startsWith('gadget.token') && parent !== window) {
      const used = config.authToken;
      await new Promise(resolve => { const late = setTimeout(resolve, 5000); fresh.push(() => { clearTimeout(late); resolve(); }); say('stale'); });
      const name = Object.keys(headers).find(one => one.toLowerCase() === 'authorization');
      if (name && used && headers[name] === `Bearer ${used}`) params = { ...params, HEADERS: { ...headers, [name]: `Bearer ${config.authToken}` } };
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
    set(...pairs) { for (let i = 0; i + 1 < pairs.length; i += 2) { prefs[pairs[i]] = String(pairs[i + 1]); say('pref', { name: String(pairs[i]), value: prefs[pairs[i]] }); } }
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
    getUrlParameters: () => Object.fromEntries(new URLSearchParams(location.search)),
    getFeatureParameters: () => ({}),
    hasFeature: name => ['setprefs', 'dynamic-height', 'settitle', 'views', 'pubsub-2', 'minimessage', 'core', 'io'].includes(name),
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
    publish: (topic, data) => say('publish', { topic: String(topic), data }),
    subscribe: (topic, callback, scope, data) => {
      const id = `${boot.gadget}-${++last}`, own = typeof scope === 'function' ? { callback: scope, scope: callback, data } : { callback, scope, data };
      if (!topics.has(topic)) topics.set(topic, new Map());
      topics.get(topic).set(id, own);
      say('subscribe', { topic: String(topic) });
      return id;
    },
    unsubscribe: id => { for (const all of topics.values()) all.delete(id); },
  };
  const named = name => Object.assign(window[name] ??= {}, {});
  window.gadgets = Object.assign(named('gadgets'), {
    io, Prefs, util, window: frame, Hub: hub, HubSettings: { init() {}, params: { HubClient: {}, IframeHubClient: {} }, onConnect: null },
    json: { parse: text => { try { return JSON.parse(text); } catch { return false; } }, stringify: JSON.stringify },
    log: Object.assign((...all) => console.log(...all), { info() {}, warn: console.warn, error: console.error, setLogLevel() {} }), warn: console.warn, error: console.error,
    views: { getCurrentView: () => ({ getName: () => 'default', isOnlyVisibleGadget: () => false }), getSupportedViews: () => ({}), getParams: () => ({}), requestNavigateTo() {}, ViewType: { DEFAULT: 'default', CANVAS: 'canvas', HOME: 'home', PREVIEW: 'preview', PROFILE: 'profile' } },
    config: { register() {}, get: () => ({}) },
  });
  window._IG_RegisterOnloadHandler = util.registerOnLoadHandler;
  window._IG_Prefs = Prefs;
  window._IG_AdjustIFrameHeight = frame.adjustHeight;

  // --- Finesse's own names -----------------------------------------------------------------------
  const finesse = window.finesse = window.finesse ?? {};
  finesse.gadget = Object.assign(finesse.gadget ?? {}, { Config: config });
  finesse.utilities = Object.assign(finesse.utilities ?? {}, {
    Utilities: { getAuthHeaderString: given => given.authToken ? `Bearer ${given.authToken}` : `Basic ${given.authorization ?? ''}`, getAuthHeader: () => (config.authToken ? { Authorization: `Bearer ${config.authToken}` } : {}) },
  });
  finesse.clientservices = Object.assign(finesse.clientservices ?? {}, { ClientServices: { init() {}, makeRequest: io.makeRequest, getRestHost: () => config.restHost ?? '' } });
})();
