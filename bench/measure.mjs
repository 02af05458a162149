// Measuring: CPU seconds of a process and all its descendants from /proc, medians of interleaved rounds, a table and a JSON line.
import { readFileSync, readdirSync } from 'node:fs';

const TICKS = 100; // USER_HZ of every Linux that Debian ships

function stat(pid) {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return { parent: Number(fields[1]), ticks: Number(fields[11]) + Number(fields[12]) };
}

/** CPU seconds used so far by `root` and every process below it. */
export function cpuSeconds(root) {
  const all = new Map();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try { all.set(Number(name), stat(name)); } catch { /* it ended while we looked */ }
  }
  let ticks = 0;
  for (const [pid, one] of all) {
    for (let at = pid; at > 1; at = all.get(at)?.parent ?? 0) {
      if (at === root) { ticks += one.ticks; break; }
    }
  }
  return ticks / TICKS;
}

/** Resident memory in MiB of one process. */
export function residentMiB(pid) {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;
}

export const median = values => {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
};

/** Runs every contender once per round, in turn, after one warm-up round. `run(contender)` returns `{ requests, seconds, cpu }`. */
export async function interleave(contenders, rounds, run) {
  const results = new Map(contenders.map(one => [one.name, []]));
  for (let round = -1; round < rounds; round++) {
    for (const contender of contenders) {
      process.stderr.write(`\r${round < 0 ? 'warm-up' : `round ${round + 1} of ${rounds}`}: ${contender.name.padEnd(40)}`);
      const result = await run(contender);
      if (round >= 0) results.get(contender.name).push(result);
    }
  }
  process.stderr.write('\r'.padEnd(70) + '\r');
  return results;
}

/** Prints the table and the JSON line. Ratios are medians of per-round ratios against `base`. */
export function report(title, results, base, extra = {}) {
  const per10k = one => one.cpu / one.requests * 10_000;
  const baseRows = results.get(base);
  const rows = [...results].map(([name, rounds]) => ({
    name,
    cpu_s_per_10k: Number(median(rounds.map(per10k)).toFixed(4)),
    requests_per_s: Math.round(median(rounds.map(one => one.requests / one.seconds))),
    ratio: Number(median(rounds.map((one, i) => per10k(one) / per10k(baseRows[i]))).toFixed(3)),
  }));
  console.log(`\n${title}\n`);
  console.log(`${'contender'.padEnd(34)}${'CPU s / 10,000'.padStart(16)}${'requests / s'.padStart(14)}${`CPU ÷ ${base}`.padStart(24)}`);
  for (const row of rows) console.log(`${row.name.padEnd(34)}${String(row.cpu_s_per_10k).padStart(16)}${String(row.requests_per_s).padStart(14)}${String(row.ratio).padStart(24)}`);
  console.log();
  console.log(JSON.stringify({ bench: title, base, rows, ...extra }));
}

/** Options `--name value` of the command line. */
export function options(defaults) {
  const given = { ...defaults };
  for (let i = 2; i < process.argv.length; i += 2) {
    const name = process.argv[i].replace(/^--/, '');
    if (!(name in defaults)) { console.error(`Unknown option ${process.argv[i]}; known: ${Object.keys(defaults).map(one => `--${one}`).join(' ')}`); process.exit(2); }
    given[name] = typeof defaults[name] === 'number' ? Number(process.argv[i + 1]) : process.argv[i + 1];
  }
  return given;
}
