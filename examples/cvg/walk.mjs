// A voice gateway, its bot and Gatehouse between them, from nothing.
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { Stage, serviceToken, verdict } from '../stage.mjs';
import { Bot } from './bot.mjs';
import { Platform } from './platform.mjs';

const here = new URL('.', import.meta.url).pathname;

await Stage.play('CVG: a dialog, its bot and its tokens', async stage => {
  const [platform, bot] = [new Platform(), new Bot(process.env.CVG_BOT_TOKEN = randomBytes(24).toString('base64url'))];
  const platformToken = process.env.CVG_PLATFORM_TOKEN = randomBytes(24).toString('base64url');
  const until = new Date(Date.now() + 90 * 86_400_000).toISOString().slice(0, 10);
  const access = readFileSync(`${here}access.yaml`, 'utf8')
    .replaceAll('${CVG_PLATFORM}', await stage.listen(platform.answer)).replaceAll('${CVG_BOT}', await stage.listen(bot.answer)).replaceAll('${CVG_UNTIL}', until);

  stage.part('Set up: a realm, a project, a service account for exports');
  await stage.gatehouse('realms', 'add', 'contact-centre');
  const project = '9a00c0de-0000-4000-8000-000000000001';
  await stage.gatehouse('dialogs', 'project', project, '--headroom', '3s', '--silence', '1m', '--hard-limit', '2h', '--after', 'recording', '--role', 'bot');
  await stage.gatehouse('roles', 'add', 'history-export');
  const secret = await stage.gatehouse('clients', 'add', 'dialog-history', '--service-account', '--role', 'history-export');
  const gate = await stage.serve(access);
  const [realm, callback, botAddress] = [`${gate}/realms/contact-centre`, `${gate}/v1`, `${gate}/bot`];
  const event = (kind, dialog, more) => platform.send(botAddress, kind, dialog, project, callback, platformToken, more);

  stage.part('Observed: calls without a token pass, and are counted');
  const old = await fetch(`${callback}/call/say`, { method: 'POST', headers: { 'content-type': 'application/json', 'user-agent': 'old-bot/1.0' }, body: JSON.stringify({ dialogId: platform.newDialog(), text: 'no token' }) });
  stage.expect('an old bot calls without a token', `${old.status} ${old.headers.get('gatehouse-observed')}`, '204 credential.missing');
  await stage.until('the report names it, and what it must send', async () => /old-bot\/1\.0/.test(await stage.gatehouse('observe', 'report')), true);

  stage.part('Enforced: the access file is read anew, nothing is restarted');
  writeFileSync(stage.access, access.replace(/observe: \{[^\n]*/, 'observe: off'));
  await stage.until('the old bot is refused', async () => verdict(await fetch(`${callback}/call/say`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' })), '401 credential.missing');

  stage.part('A call comes in: each event brings the bot a fresh token, and the bot calls back with it');
  const [call, other] = [platform.newDialog(), platform.newDialog()];
  const accepted = await event('session', call, { callType: 'INBOUND' });
  stage.expect('the bot accepts', `${accepted.status} ${await accepted.text()}`, '200 {"action":"ACCEPT"}');
  const first = bot.dialogs.get(call).authToken;
  stage.expect('its token is opaque', first.replace(/_.*/, '_'), 'gtdialog_');
  stage.expect('the event was signed', bot.dialogs.get(call).signed, true);
  await stage.until('the customer hears it', () => platform.heard.at(-1), 'call/say Good morning');
  await event('message', call, { type: 'SPEECH', text: 'hello', confidence: 97, vendor: 'GOOGLE' });
  stage.expect('the next event brings another token', bot.dialogs.get(call).authToken !== first, true);
  await stage.until('and the bot goes on', () => platform.heard.at(-1), 'call/say You said hello');
  stage.expect('an event from somebody else', await verdict(await platform.send(botAddress, 'session', other, project, callback, 'guessed')), /^401 /);

  stage.part('The token is good for this dialog alone');
  await event('session', other);
  stage.expect('the other call, in the body', await verdict(await bot.call(other, 'call/say', { text: 'overheard' }, call)), '403 dialog.other');
  await stage.until('that token is frozen now', async () => verdict(await bot.get(call, `dialog/${platform.reseller}/${call}`)), '401 dialog.frozen');
  await event('inactivity', call, { duration: 5000 });
  stage.expect('the next event brings one that works', await verdict(await bot.call(call, `dialog/${platform.reseller}/${call}/data`, { data: { topic: 'meter' } })), '204');

  stage.part('The call ends: the recording remains until the headroom is over');
  await event('terminated', call);
  stage.expect('the bot may say no more', await verdict(await bot.call(call, 'call/say', { text: 'still there?' })), '403 dialog.ended');
  stage.expect('it downloads the recording', await (await bot.get(call, `recording/${platform.reseller}/${call}/default`)).text(), `RIFF of ${call}`);
  await stage.until('after the headroom nothing works', async () => verdict(await bot.get(call, `recording/${platform.reseller}/${call}/default`)), '401 dialog.over');

  stage.part('History, exported by a service account');
  const token = await serviceToken(realm, 'dialog-history', secret);
  const history = await fetch(`${callback}/dialog/${platform.reseller}/${call}`, { headers: { authorization: `Bearer ${token}` } });
  stage.expect('every entry is there', (await history.json()).entries.map(entry => entry.type), ['say', 'say', 'data']);
  stage.expect('without a token it is not given', await verdict(await fetch(`${callback}/dialog/${platform.reseller}/${call}`)), '401 credential.missing');
  stage.expect('nor may it call', await verdict(await fetch(`${callback}/call/say`, { method: 'POST', headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' }, body: JSON.stringify({ dialogId: other }) })), '403 rule.denied');
});
