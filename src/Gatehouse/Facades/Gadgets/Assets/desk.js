// The agent desktop: signs in as the system and the person want it, holds the gadgets, and gives each what it may hold. Tokens and the password live in this page's memory alone.
import { Ended, GadgetHost, Renewal, finesseSso, gadgetTokens } from './gadget.js';

const words = JSON.parse(document.getElementById('words').textContent);
const word = (key, ...values) => values.reduce((text, value, i) => text.replace(`{${i}}`, value), words[key] ?? key);
const { realm, title } = document.body.dataset;
const language = document.documentElement.lang, country = (navigator.language.split('-')[1] ?? '').slice(0, 2);
const host = new GadgetHost();

let renewal, agent, offer, giving, basic, state = 'NOT_READY';

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
    name: `desk-password-${crypto.randomUUID()}`, // The password is this tab's, and so is the token.
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
  renewal.on('renewed', tokens => { tell(tokens); void give(); });
  renewal.on('ended', ({ reason }) => over(reason));
  let all = [];
  try { all = await gadgetTokens('', renewal.current.token, { language, country }); } catch (wrong) { says.textContent = word('failed', wrong.message); }
  if (!all.length) grid.append(make('p', { class: 'none' }, word('nogadgets')));
  for (const one of all) place(grid, one);
  again(all);
}

const config = token => ({
  authToken: token, id: agent.id, loginName: agent.loginName, extension: agent.extension, teamId: agent.teamId, teamName: agent.teamName, host: location.hostname, hostPort: location.port, restHost: location.hostname, scheme: location.protocol.slice(0, -1), localhostFQDN: location.hostname, localhostPort: location.port,
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
  // Posted, not addressed: what the gadget holds is in no URL.
  const form = make('form', { method: 'post', action: '/gadgets/ifr', target: name, hidden: true }, ...Object.entries({ st: one.st, token: one.token, lang: language, country, config: JSON.stringify(config(one.token)) }).map(([key, value]) => make('input', { type: 'hidden', name: key, value })));
  document.body.append(form);
  form.submit();
  form.remove();
}

const holds = one => `${one.trust === 'full' ? word('holds.full') : word('holds', one.audiences.join(', '))} · ${word('until', clock(Date.now() + one.expires_in * 1000))}`;

// Each gadget's token is renewed when three quarters of its life are over, of the agent's that is at hand.
function again(all) {
  clearTimeout(giving);
  const soonest = Math.min(...all.filter(one => one.token).map(one => one.expires_in), 3600);
  giving = setTimeout(() => void give(), Math.max(5, soonest * 0.75) * 1000);
}

async function give(gadget) {
  if (!renewal?.current) return;
  try {
    const all = await gadgetTokens('', renewal.current.token, { language, country, gadget });
    for (const one of all.filter(one => one.token)) {
      host.give(one.id, config(one.token), one.st, Date.now() + one.expires_in * 1000);
      const key = document.querySelector(`[data-gadget="${CSS.escape(one.id)}"] .key`);
      if (key) key.textContent = holds(one);
    }
    if (!gadget) again(all);
  } catch (wrong) {
    // The agent's own token does not count any more: a new one brings new ones for the gadgets, or it is over.
    if (wrong instanceof Ended) await renewal?.renewNow();
    else again([]);
  }
}

host.on('stale', ({ id }) => void give(id));
host.on('ready', ({ id }) => { const frame = document.querySelector(`[data-gadget="${CSS.escape(id)}"] iframe`); if (frame?.hasAttribute('src')) void give(id); });
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
  clearTimeout(giving);
  for (const frame of document.querySelectorAll('[data-gadget]')) host.remove(frame.dataset.gadget);
  [renewal, basic, agent, state] = [undefined, undefined, undefined, 'NOT_READY'];
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
