// The import of a directory (OpenLDAP) into SQLite, as an administrator runs it: the whole, again with nothing changed, and a delta. Time with the start of the program, and its peak memory.
import { execFileSync, spawn } from 'node:child_process';
import { createWriteStream, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import { options } from './measure.mjs';
import { freePort, scratch, start, stop } from './world.mjs';

const given = options({ people: 100_000, changes: 100, nested: 0 });
const here = new URL('.', import.meta.url).pathname;
const base = 'dc=site,dc=example';
const [admin, password] = [`cn=admin,${base}`, 'secret-of-the-bench'];
const env = { ...process.env, BENCH_DIRECTORY_PASSWORD: password };
const gatehouse = (...words) => execFileSync(join(here, '.work/gatehouse/gatehouse'), [...words, '--data', join(scratch, 'data')], { env, stdio: ['ignore', 'pipe', 'ignore'] }).toString();

async function directory() {
  const port = await freePort();
  const [config, ldif] = [join(scratch, 'slapd.conf'), join(scratch, 'people.ldif')];
  mkdirSync(join(scratch, 'db'));
  writeFileSync(config, `include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload memberof
pidfile ${scratch}/slapd.pid
sizelimit unlimited
database mdb
maxsize 4294967296
suffix "${base}"
rootdn "${admin}"
rootpw ${password}
directory ${scratch}/db
dbnosync
index objectClass,uid,entryUUID,member,modifyTimestamp eq
overlay memberof
`);
  const file = createWriteStream(ldif);
  file.write(`dn: ${base}\nobjectClass: dcObject\nobjectClass: organization\no: Site\ndc: site\n\ndn: ou=people,${base}\nobjectClass: organizationalUnit\nou: people\n\n`);
  for (let i = 1; i <= given.people; i++) {
    // Nobody is hired a hundred thousand times in one minute: they are as old as people are, or the delta would read them all again.
    const text = `dn: uid=agent${i},ou=people,${base}\nobjectClass: inetOrgPerson\nuid: agent${i}\ncn: Agent ${i}\ngivenName: Given ${i % 977}\nsn: Family ${i % 4001}\nmail: agent${i}@site.example\nemployeeNumber: ${i}\nmemberOf: cn=team-${i % 20},ou=groups,${base}\ncreateTimestamp: 20250101000000Z\nmodifyTimestamp: 20250101000000Z\n\n`;
    if (!file.write(text)) await once(file, 'drain');
  }
  if (given.nested) {
    // Groups within a group, members by name: each person's are asked for, as at a sign-in.
    file.write(`dn: ou=groups,${base}\nobjectClass: organizationalUnit\nou: groups\n\n`);
    for (let team = 0; team < 20; team++) {
      const members = [];
      for (let i = team || 20; i <= given.people; i += 20) members.push(`member: uid=agent${i},ou=people,${base}\n`);
      file.write(`dn: cn=team-${team},ou=groups,${base}\nobjectClass: groupOfNames\ncn: team-${team}\n${members.join('')}modifyTimestamp: 20250101000000Z\n\n`);
    }
    file.write(`dn: cn=everybody,ou=groups,${base}\nobjectClass: groupOfNames\ncn: everybody\n${Array.from({ length: 20 }, (_, team) => `member: cn=team-${team},ou=groups,${base}\n`).join('')}modifyTimestamp: 20250101000000Z\n\n`);
  }
  file.end();
  await once(file, 'finish');
  execFileSync('/usr/sbin/slapadd', ['-q', '-f', config, '-l', ldif], { stdio: ['ignore', 'ignore', 'pipe'] });
  await start('slapd', '/usr/sbin/slapd', ['-f', config, '-h', `ldap://127.0.0.1:${port}`, '-d', '0'], port);
  return `ldap://127.0.0.1:${port}`;
}

/** Runs an import; its seconds, its peak memory in MiB, and what it told. */
async function run(name, ...words) {
  process.stderr.write(`${name} …\n`);
  const began = performance.now();
  const child = spawn(join(here, '.work/gatehouse/gatehouse'), ['providers', 'import', 'site', '--json', '--data', join(scratch, 'data'), ...words], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  let [told, peak] = ['', 0];
  child.stdout.on('data', part => { told += part; });
  const watch = setInterval(() => {
    try { peak = Math.max(peak, Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1] ?? 0) / 1024); } catch { /* it has ended */ }
  }, 20);
  const [code] = await once(child, 'close');
  clearInterval(watch);
  const status = JSON.parse(told);
  if (code !== 0) throw new Error(`${name}: ${told}`);
  return { name, seconds: Number(((performance.now() - began) / 1000).toFixed(2)), peak_mib: Math.round(peak), read: status.read, made: status.added, changed: status.updated, unchanged: status.unchanged };
}

let failed = false;
try {
  const url = await directory();
  gatehouse('realms', 'add', 'bench');
  gatehouse('providers', 'add', 'site', '--kind', 'ldap', '--set', `urls=${url}`, '--set', `usersDn=ou=people,${base}`, '--set', `bindDn=${admin}`, '--secret', 'bindPassword=env:BENCH_DIRECTORY_PASSWORD', '--map', 'groups=team-1 -> role offline_access', '--map', 'employeeNumber -> attribute employee', ...(given.nested ? ['--set', `groupsDn=ou=groups,${base}`, '--set', 'nestedGroups=true'] : []));
  const rows = [await run('whole'), await run('whole, nothing changed')];
  const changes = Array.from({ length: given.changes }, (_, i) => `dn: uid=agent${(i + 1) * 7},ou=people,${base}\nchangetype: modify\nreplace: sn\nsn: Changed ${i}\n\n`).join('');
  writeFileSync(join(scratch, 'change.ldif'), changes);
  execFileSync('/usr/bin/ldapmodify', ['-x', '-H', url, '-D', admin, '-w', password, '-f', join(scratch, 'change.ldif')], { stdio: 'ignore' });
  rows.push(await run(`delta of ${given.changes}`, '--delta'));
  if (rows[0].made !== given.people || rows[1].unchanged !== given.people || rows[2].changed !== given.changes) throw new Error(`Something else was done than was to be measured: ${JSON.stringify(rows)}`);
  console.log(`\nimport of ${given.people} people\n`);
  console.log(`${'run'.padEnd(26)}${'seconds'.padStart(10)}${'peak MiB'.padStart(10)}${'read'.padStart(10)}${'written'.padStart(10)}`);
  for (const row of rows) console.log(`${row.name.padEnd(26)}${String(row.seconds).padStart(10)}${String(row.peak_mib).padStart(10)}${String(row.read).padStart(10)}${String(row.made + row.changed).padStart(10)}`);
  console.log(`\n${JSON.stringify({ bench: 'import', people: given.people, rows })}`);
} catch (error) {
  failed = true;
  console.error(error);
} finally {
  await stop(failed);
}
process.exit(failed ? 1 : 0);
