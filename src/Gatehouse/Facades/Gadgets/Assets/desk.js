// The agent desktop: signs in as the system and the person want it, holds the gadgets, and gives each what it may hold. Tokens and the password live in this page's memory alone.
import { Ended, GadgetHost, Renewal, finesseSso, gadgetTokens } from './gadget.js';

const words = JSON.parse(document.getElementById('words').textContent);
const word = (key, ...values) => values.reduce((text, value, i) => text.replace(`{${i}}`, value), words[key] ?? key);
const { realm, title } = document.body.dataset;
const language = document.documentElement.lang, country = (navigator.language.split('-')[1] ?? '').slice(0, 2);
const port = location.port || (location.protocol === 'https:' ? '443' : '80');
const host = new GadgetHost();

let renewal, gadgets, agent, offer, again, basic, state = 'NOT_READY';

// --- small tools --------------------------------------------------------------------------------
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (value !== undefined && value !== false) element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.filter(child => child !== undefined && child !== null));
  return element;
}
const clock = time => new Intl.DateTimeFormat(navigator.language.startsWith(language) ? navigator.language : language, { timeStyle: 'short' }).format(time);
const base64 = text => btoa(String.fromCharCode(...new TextEncoder().encode(text)));
const show = (...children) => document.body.replaceChildren(...children);
const xmlText = (parent, name) => parent?.querySelector(`:scope > ${name}`)?.textContent.trim() ?? '';

async function rest(path, init = {}, credential = basic ? `Basic ${basic}` : `Bearer ${renewal.current?.token}`) {
  const headers = { ...init.headers, ...(credential ? { Authorization: credential } : {}) };
  const answer = await fetch(`/finesse/api/${path}`, { ...init, headers, credentials: 'omit', cache: 'no-store' });
  const text = await answer.text();
  // Parsed as data and never put into the page as markup.
  const xml = text.startsWith('<') ? new DOMParser().parseFromString(trusted(text), 'application/xml').documentElement : null;
  return { ok: answer.ok, status: answer.status, xml, error: xmlText(xml?.querySelector('ApiError'), 'ErrorType') || xmlText(xml?.querySelector('ApiError'), 'ErrorMessage') };
}
const policy = globalThis.trustedTypes?.createPolicy('desk-xml', { createHTML: text => text });
const trusted = text => policy?.createHTML(text) ?? text;

// --- signing in ---------------------------------------------------------------------------------
// A card in the middle, as the sign-in page's.
function card(heading, ...children) {
  show(make('main', { class: 'card' }, make('p', { class: 'realm' }, make('span', { class: 'mark', 'aria-hidden': 'true' }), title), make('h1', {}, heading), ...children));
}
const field = (id, label, more = {}, hint) => [make('label', { for: id }, label), make('input', { id, name: id, type: 'text', autocapitalize: 'none', spellcheck: 'false', ...(hint ? { 'aria-describedby': `${id}-hint` } : {}), ...more }), hint ? make('p', { class: 'hint', id: `${id}-hint` }, hint) : undefined];

function alertOf(text) { return text ? make('p', { class: 'alert', role: 'alert' }, text) : undefined; }

function signInForm(mode, wrong, name = '') {
  const withPassword = mode === 'NON_SSO', asks = mode !== 'SSO';
  const form = make('form', { novalidate: true, onsubmit: event => { event.preventDefault(); void submit(); } },
    ...(asks ? field('username', word('name'), { autocomplete: 'username', value: name, required: true }) : [make('p', {}, word('signin.sso'))]),
    ...(withPassword ? [...field('password', word('password'), { type: 'password', autocomplete: 'current-password', required: true }), ...field('extension', word('extension'), { inputmode: 'numeric', autocomplete: 'off' }, word('extension.hint'))] : []),
    make('button', { type: 'submit' }, word(withPassword || !asks ? 'signin' : 'signin.go')));
  card(word('signin'), alertOf(wrong), form);
  (form.querySelector(name ? '#password' : 'input') ?? form.querySelector('button')).focus();

  async function submit() {
    const value = id => form.querySelector(`#${id}`)?.value.trim() ?? '';
    const username = value('username'), button = form.querySelector('button');
    if (asks && !username) return form.querySelector('#username').focus();
    button.disabled = true;
    try {
      if (!asks) return leave();
      if (withPassword) {
        const password = form.querySelector('#password').value;
        if (!password) { button.disabled = false; return form.querySelector('#password').focus(); }
        return await passwordIn(username, password, value('extension'), offer === 'HYBRID' ? 'NON_SSO' : mode);
      }
      const { ok, xml } = await rest(`UserAuthMode/${encodeURIComponent(username)}`, {}, null);
      if (!ok || xmlText(xml, 'authMode') !== 'NON_SSO') return await ssoIn(username, true);
      signInForm('NON_SSO', undefined, username);
    } catch { signInForm(mode, word('unreachable'), username); }
  }
}

// To the realm's own pages, and back here with a session.
function leave() {
  location.assign(`/realms/${encodeURIComponent(realm)}/sign-in?back=${encodeURIComponent('/desk')}`);
}

async function ssoIn(username, mayLeave) {
  basic = undefined;
  const next = new Renewal({ name: 'desk', ...finesseSso('', username) });
  try {
    await next.start();
  } catch (wrong) {
    next.stop();
    if (wrong instanceof Ended && mayLeave) return leave();
    if (wrong instanceof Ended) return signInForm(offer === 'HYBRID' ? 'HYBRID' : offer);
    throw wrong;
  }
  renewal = next;
  await enter(renewal.current.userId ?? username);
}

async function passwordIn(username, password, extension, mode) {
  basic = base64(`${username}:${password}`);
  const back = wrong => { basic = undefined; signInForm(mode, wrong, username); };
  const sent = await rest(`User/${encodeURIComponent(username)}`, { method: 'PUT', headers: { 'Content-Type': 'application/xml' }, body: userXml('LOGIN', extension) });
  if (!sent.ok) return back(sent.status === 503 || sent.status === 429 ? word('wait') : sent.status === 401 ? word('wrong') : seatWords(sent.error));
  // Gadgets get tokens, whichever way the agent came in: their password stays here.
  const own = async init => {
    const issuedAt = Date.now(), answer = await fetch('/gadgets/session', { method: 'POST', credentials: 'omit', cache: 'no-store', ...init }), all = await answer.json();
    if (!answer.ok) throw answer.status < 500 ? new Ended(all.title) : new Error(all.title);
    return { token: all.token, issuedAt, expiresAt: issuedAt + all.expires_in * 1000, userId: all.user_id };
  };
  const known = await rest(`User/${encodeURIComponent(username)}`);
  const next = new Renewal({
    // The password is each tab's own; who has proven it here takes over the token that another tab of this person has, and renews it with them.
    name: `desk-password:${xmlText(known.xml, 'loginId') || username}`,
    fetch: () => own({ headers: { Authorization: `Basic ${base64(`${xmlText(known.xml, 'loginName') || username}:${password}`)}` } }),
    renew: old => own({ headers: { Authorization: `Bearer ${old.token}` } }),
  });
  try {
    await next.start();
  } catch (wrong) {
    next.stop();
    return back(wrong instanceof Ended ? word('failed', wrong.message) : word('unreachable'));
  }
  renewal = next;
  await enter(username, known);
}

const seatWords = error => (error === 'Device Busy' ? word('busy') : ['Invalid Device', 'Invalid Input', 'Parameter Missing'].includes(error) ? word('device') : word('failed', error));

function userXml(wanted, extension) {
  const xml = document.implementation.createDocument(null, 'User');
  const add = (name, value) => { const element = xml.createElement(name); element.textContent = value; xml.documentElement.append(element); };
  add('state', wanted);
  if (extension) add('extension', extension);
  return new XMLSerializer().serializeToString(xml);
}

// --- the desktop --------------------------------------------------------------------------------
async function enter(id, known) {
  const { ok, xml } = known?.ok ? known : await rest(`User/${encodeURIComponent(id)}`);
  agent = {
    id: (ok && xmlText(xml, 'loginId')) || id, loginName: (ok && xmlText(xml, 'loginName')) || id, name: ok ? `${xmlText(xml, 'firstName')} ${xmlText(xml, 'lastName')}`.trim() || id : id, extension: ok ? xmlText(xml, 'extension') : '',
    teamId: ok ? xmlText(xml, 'teamId') : '', teamName: ok ? xmlText(xml, 'teamName') : '', mode: basic ? 'NON_SSO' : 'SSO',
  };
  if (ok) state = xmlText(xml, 'state');
  if (!basic && ok && state === 'LOGOUT') return seatForm();
  await desktop();
}

// Finesse signs an agent in at a telephone after it knows who they are.
function seatForm(wrong, named = '') {
  const form = make('form', { novalidate: true, onsubmit: event => { event.preventDefault(); void sit(form.querySelector('input').value.trim()); } }, ...field('extension', word('extension'), { inputmode: 'numeric', autocomplete: 'off', value: named }, word('extension.hint')), make('button', { type: 'submit' }, word('sit.go')),
    make('button', { type: 'button', class: 'quiet', onclick: () => void desktop() }, word('sit.none')));
  card(word('sit'), make('p', {}, agent.name), alertOf(wrong), form);
  form.querySelector('input').focus();
  async function sit(extension) {
    const sent = await rest(`User/${encodeURIComponent(agent.id)}`, { method: 'PUT', headers: { 'Content-Type': 'application/xml' }, body: userXml('LOGIN', extension) });
    if (!sent.ok) return seatForm(seatWords(sent.error), extension);
    const { ok, xml } = await rest(`User/${encodeURIComponent(agent.id)}`);
    if (ok) [agent.extension, state] = [xmlText(xml, 'extension'), xmlText(xml, 'state')];
    // The seat stands in tokens that are made from now on.
    await renewal.renewNow();
    await desktop();
  }
}

async function desktop() {
  const says = make('p', { class: 'says', role: 'status' }), grid = make('div', { class: 'grid', id: 'gadgets', tabindex: '-1' });
  const states = make('div', { class: 'states', role: 'group', 'aria-label': word('state') }, ...[['READY', 'ready'], ['NOT_READY', 'notready']].map(([name, key]) => make('button', { type: 'button', 'data-state': name, 'aria-pressed': String(state === name), onclick: () => void change(name) }, word(key))));
  const change = async name => {
    const sent = await rest(`User/${encodeURIComponent(agent.id)}`, { method: 'PUT', headers: { 'Content-Type': 'application/xml' }, body: userXml(name) });
    if (!sent.ok) return void (says.textContent = word('failed', sent.error));
    state = name;
    for (const button of states.children) button.setAttribute('aria-pressed', String(button.dataset.state === name));
    host.publish('finesse.info.state', { state });
  };
  show(
    make('a', { class: 'skip', href: '#gadgets' }, word('skip')),
    make('header', {}, make('span', { class: 'mark', 'aria-hidden': 'true' }), make('div', { class: 'place' }, make('h1', {}, word('title')), make('p', {}, title)),
      make('div', { class: 'who' }, make('p', { class: 'name' }, agent.name), make('p', {}, [agent.extension ? word('ext', agent.extension) : word('noext'), agent.teamName].filter(Boolean).join(' · '))),
      state === 'LOGOUT' ? undefined : states, make('button', { type: 'button', class: 'out', onclick: () => void signOut() }, word('signout'))),
    make('main', { class: 'desk' }, make('h2', { class: 'unseen' }, word('gadgets')), grid), says);
  const tell = tokens => { says.textContent = `${word('renewed', clock(tokens.expiresAt))} · ${word(agent.mode === 'SSO' ? 'sso' : 'nonsso')}`; };
  tell(renewal.current);
  renewal.on('expiring', tokens => host.expiring(tokens.expiresAt));
  // Gadgets' own tokens have their own time; one that holds the agent's gets the new one.
  renewal.on('renewed', tokens => { tell(tokens); if (gadgets?.current?.gadgets.some(one => one.trust === 'full')) void gadgets.renewNow(); });
  renewal.on('ended', ({ reason }) => over(reason));
  let all = [];
  try { all = await share(); } catch (wrong) { says.textContent = word('failed', wrong.message); }
  if (!all.length) grid.append(make('p', { class: 'none' }, word('nogadgets')));
  for (const one of all) place(grid, one);
}

const config = token => ({
  authToken: token, id: agent.id, loginName: agent.loginName, extension: agent.extension, teamId: agent.teamId, teamName: agent.teamName, host: location.hostname, hostPort: port, restHost: location.hostname, scheme: location.protocol.slice(0, -1), localhostFQDN: location.hostname, localhostPort: port,
  language, country, locale: country ? `${language}_${country}` : language, systemAuthMode: 'SSO', clientDriftInMillis: '0', theme: matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light',
});

function place(grid, one) {
  const heading = make('h3', { id: `title-${one.id}` }, one.title), key = make('p', { class: 'key' }, holds(one));
  const widen = make('button', { type: 'button', class: 'widen', 'aria-label': word('widen', one.title), 'aria-expanded': 'false', onclick: () => { const wide = section.classList.toggle('wide'); widen.setAttribute('aria-expanded', String(wide)); widen.setAttribute('aria-label', word(wide ? 'shrink' : 'widen', one.title)); } });
  const section = make('section', { class: 'gadget', 'data-gadget': one.id, 'aria-labelledby': `title-${one.id}` }, make('div', { class: 'head' }, heading, widen));
  grid.append(section);
  if (one.error || !one.token) {
    section.append(make('p', { class: 'broken' }, word('broken', one.error ?? '')));
    return;
  }
  // No allow-same-origin: what the container renders has an origin of its own, and so has a page of the gadget's.
  const name = `gadget-${one.id}`, frame = make('iframe', { name, title: one.title, sandbox: 'allow-scripts allow-forms allow-popups', ...(one.page ? { src: one.page } : {}) });
  frame.style.height = `${one.height}px`;
  section.append(frame, key);
  host.add({ id: one.id, frame });
  if (one.page) return;
  // Posted, not addressed: what the gadget holds is in no URL. What is there is for gadgets that read their own, as Shindig makes it; nobody else does.
  const seen = new URLSearchParams({ url: one.spec, mid: one.id, lang: language, country, up_scheme: location.protocol.slice(0, -1), up_host: location.hostname, up_hostPort: port });
  const form = make('form', { method: 'post', action: `/gadgets/ifr?${seen}`, target: name, hidden: true }, ...Object.entries({ st: one.st, token: one.token, lang: language, country, config: JSON.stringify(config(one.token)), ...kept(one.id) }).map(([key, value]) => make('input', { type: 'hidden', name: key, value })));
  document.body.append(form);
  form.submit();
  form.remove();
}

// A gadget's preferences, by person and gadget, for its next load: bounded, and never what looks like a credential.
const prefsOf = id => `gatehouse-prefs:${realm}:${agent.id}:${id}`;
function prefs(id) {
  try { return Object.fromEntries(Object.entries(JSON.parse(localStorage.getItem(prefsOf(id)) ?? '{}')).filter(([, value]) => typeof value === 'string').slice(0, 50)); } catch { return {}; }
}
const kept = id => Object.fromEntries(Object.entries(prefs(id)).map(([name, value]) => [`up_${name}`, value]));
host.on('pref', ({ id, name, value }) => {
  if (!agent || !/^[A-Za-z0-9_.-]{1,128}$/.test(name) || /^(authorization|authToken|password)$/i.test(name)) return;
  const all = { ...prefs(id), [name]: value };
  if (Object.keys(all).length > 50 || JSON.stringify(all).length > 16 * 1024) return;
  try { localStorage.setItem(prefsOf(id), JSON.stringify(all)); } catch { /* A browser that keeps nothing keeps no preferences. */ }
});

const until = one => gadgets.current.issuedAt + one.expires_in * 1000;
const holds = one => `${one.trust === 'full' ? word('holds.full') : word('holds', one.audiences.join(', '))} · ${word('until', clock(until(one)))}`;

// The gadgets' tokens are renewed once for all tabs of a session, as the agent's are, when three quarters of the shortest life are over.
async function share() {
  let asked = false;
  const own = async () => {
    asked = true;
    // A gadget's token does not outlive the agent's of which it is cut: near the end of that, the next one comes first, once for all tabs as ever.
    const mine = renewal?.current;
    if (mine && Date.now() > mine.issuedAt + (mine.expiresAt - mine.issuedAt) * 0.7) await renewal.renewNow();
    const ask = () => { if (!renewal?.current) throw new Error(words.ended); return gadgetTokens('', renewal.current.token, { language, country }); };
    let issuedAt = Date.now(), all;
    try { all = await ask(); } catch (wrong) {
      if (!(wrong instanceof Ended)) throw wrong;
      // The agent's own token does not count any more: a new one brings new ones for the gadgets, or it is over.
      await renewal?.renewNow();
      issuedAt = Date.now();
      all = await ask().catch(again => { throw new Error(again.message); });
    }
    return { token: 'gadgets', issuedAt, expiresAt: issuedAt + Math.min(3600, ...all.filter(one => one.token).map(one => one.expires_in)) * 1000, gadgets: all };
  };
  const next = new Renewal({ name: `desk-gadgets:${sessionOf(renewal.current.token)}`, fetch: own, renew: own });
  next.on('renewed', ({ gadgets: all }) => { for (const one of all) give(one); });
  next.on('ended', later);
  gadgets?.stop();
  gadgets = next;
  try {
    await next.start();
    // Another tab's may be of before: who reloads the page, or misses a gadget, means now.
    if (!asked && (next.current.gadgets.some(one => one.error) || performance.getEntriesByType('navigation')[0]?.type === 'reload')) await next.renewNow();
    return next.current.gadgets;
  } catch (wrong) { next.stop(); throw wrong; }
}
// What could not be renewed in time is tried again as long as the agent is there.
function later() {
  clearTimeout(again);
  again = setTimeout(() => { if (renewal && agent) share().then(all => { for (const one of all) give(one); }, later); }, 5000);
}
// Tabs of one session share; the session's name stands in the token.
function sessionOf(token) {
  try { return JSON.parse(atob(token.split('.')[1].replace(/-/g, '+').replace(/_/g, '/'))).sid ?? agent.id; } catch { return agent.id; }
}

function give(one) {
  if (!one?.token || !gadgets?.current) return;
  host.give(one.id, config(one.token), one.st, until(one));
  const key = document.querySelector(`[data-gadget="${CSS.escape(one.id)}"] .key`);
  if (key) key.textContent = holds(one);
}

// A gadget that complains without end is heard every few seconds.
let complained = 0;
host.on('stale', () => { if (Date.now() - complained > 3000) { complained = Date.now(); void gadgets?.renewNow(); } });
host.on('ready', ({ id }) => { const frame = document.querySelector(`[data-gadget="${CSS.escape(id)}"] iframe`); if (frame?.hasAttribute('src')) give(gadgets?.current?.gadgets.find(one => one.id === id)); });
// What somebody forged changed nothing; the audit log has it. A flood is the server's to thin out, and ours not to send.
let reports = [];
host.on('forged', ({ origin, claimed, from, at }) => {
  const now = Date.now();
  reports = reports.filter(one => now - one < 60_000);
  if (!renewal?.current || reports.push(now) > 20) return;
  fetch('/gadgets/forged', { method: 'POST', headers: { Authorization: `Bearer ${renewal.current.token}` }, body: new URLSearchParams({ origin, claimed, from, at }), credentials: 'omit', keepalive: true }).catch(() => {});
});
host.on('height', ({ id, height }) => { const frame = document.querySelector(`[data-gadget="${CSS.escape(id)}"] iframe`); if (frame) frame.style.height = `${Math.min(Math.max(height, 40), 1600)}px`; });
host.on('title', ({ id, title: text }) => { const heading = document.getElementById(`title-${id}`); if (heading) heading.textContent = text; });

// --- the end --------------------------------------------------------------------------------------
async function signOut() {
  const current = renewal, token = current.current?.token;
  try {
    await rest(`User/${encodeURIComponent(agent.id)}`, { method: 'PUT', headers: { 'Content-Type': 'application/xml' }, body: userXml('LOGOUT') });
    if (token) await fetch('/gadgets/session', { method: 'DELETE', headers: { Authorization: `Bearer ${token}` }, credentials: 'omit' });
  } catch { /* The tokens are dropped here all the same. */ }
  current.end('signed out');
}

function over(reason) {
  host.ended(reason);
  clearTimeout(again);
  gadgets?.stop();
  for (const frame of document.querySelectorAll('[data-gadget]')) host.remove(frame.dataset.gadget);
  [renewal, gadgets, basic, agent, state] = [undefined, undefined, undefined, undefined, 'NOT_READY'];
  card(word(reason === 'signed out' ? 'signedout' : 'signin'), reason === 'signed out' ? undefined : alertOf(word('ended')), make('form', { onsubmit: event => { event.preventDefault(); void begin(false); } }, make('button', { type: 'submit' }, word('signin'))));
  document.querySelector('button').focus();
}

async function begin(first) {
  card(word('loading'));
  try {
    const { ok, xml } = await rest('SystemInfo', {}, null);
    offer = ok ? xmlText(xml, 'systemAuthMode') : 'SSO';
    // A session of this browser is taken over without a question, unless this tab has just signed out of it.
    if (offer !== 'NON_SSO' && (first || offer === 'SSO')) return await ssoIn(undefined, !first);
    signInForm(offer);
  } catch {
    card(word('signin'), alertOf(word('unreachable')), make('form', { onsubmit: event => { event.preventDefault(); void begin(first); } }, make('button', { type: 'submit' }, word('signin'))));
  }
}

void begin(true);
