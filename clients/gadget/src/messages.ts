/** What a desktop says to a gadget's frame. */
export type DesktopMessage =
  | { type: 'config'; config: Record<string, string>; st: string; expiresAt: number }
  | { type: 'expiring'; expiresAt: number }
  | { type: 'ended'; reason: string }
  | { type: 'publish'; topic: string; data: unknown };

/** What a gadget's frame says to its desktop. */
export type GadgetMessage =
  | { type: 'ready' }
  | { type: 'stale' }
  | { type: 'height'; height: number }
  | { type: 'title'; title: string }
  | { type: 'pref'; name: string; value: string }
  | { type: 'forged'; origin: string }
  | { type: 'subscribe'; topic: string }
  | { type: 'publish'; topic: string; data: unknown };

const longest = 64 * 1024;
const isText = (value: unknown, most = longest): value is string => typeof value === 'string' && value.length <= most;
const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);

/** Whether something claims to be a message in this form; whoever says so from elsewhere than it may come from, forges. Extensions of browsers and other libraries post all the time, and claim nothing. */
export function claims(data: unknown): { gadget: string } | undefined {
  const all = members(data);
  return all ? { gadget: isText(all['gadget'], 64) ? all['gadget'] : '' } : undefined;
}

function members(data: unknown): Record<string, unknown> | undefined {
  return typeof data === 'object' && data !== null && (data as Record<string, unknown>)['gatehouse'] === 1 ? (data as Record<string, unknown>) : undefined;
}

/** A message of the desktop's, checked in every member; undefined for anything else. Who sent it is checked before. */
export function readDesktopMessage(data: unknown): DesktopMessage | undefined {
  const all = members(data);
  switch (all?.['type']) {
    case 'config': {
      const given = all['config'];
      if (typeof given !== 'object' || given === null || !isText(all['st'], 4096) || !isNumber(all['expiresAt'])) return undefined;
      const config: Record<string, string> = {};
      for (const [name, value] of Object.entries(given)) {
        if (!isText(value)) return undefined;
        if (name !== '__proto__') config[name] = value;
      }
      return { type: 'config', config, st: all['st'], expiresAt: all['expiresAt'] };
    }
    case 'expiring': return isNumber(all['expiresAt']) ? { type: 'expiring', expiresAt: all['expiresAt'] } : undefined;
    case 'ended': return isText(all['reason'], 256) ? { type: 'ended', reason: all['reason'] } : undefined;
    case 'publish': return isText(all['topic'], 512) ? { type: 'publish', topic: all['topic'], data: all['data'] } : undefined;
    default: return undefined;
  }
}

/** A message of a gadget's, checked in every member; undefined for anything else. From which frame it came is checked before. */
export function readGadgetMessage(data: unknown): GadgetMessage | undefined {
  const all = members(data);
  switch (all?.['type']) {
    case 'ready': return { type: 'ready' };
    case 'stale': return { type: 'stale' };
    case 'height': return isNumber(all['height']) && all['height'] >= 0 ? { type: 'height', height: Math.min(all['height'], 10000) } : undefined;
    case 'title': return isText(all['title'], 200) ? { type: 'title', title: all['title'] } : undefined;
    case 'pref': return isText(all['name'], 128) && isText(all['value'], 2048) ? { type: 'pref', name: all['name'], value: all['value'] } : undefined;
    case 'forged': return isText(all['origin'], 512) ? { type: 'forged', origin: all['origin'] } : undefined;
    case 'subscribe': return isText(all['topic'], 512) ? { type: 'subscribe', topic: all['topic'] } : undefined;
    case 'publish': return isText(all['topic'], 512) ? { type: 'publish', topic: all['topic'], data: all['data'] } : undefined;
    default: return undefined;
  }
}

/** Whether a topic is one of a pattern's: "*" stands for one part, "**" at the end for all that follow. */
export function fits(pattern: string, topic: string): boolean {
  const [wanted, parts] = [pattern.split('.'), topic.split('.')];
  for (const [i, part] of wanted.entries()) {
    if (part === '**' && i === wanted.length - 1) return true;
    if (i >= parts.length || (part !== '*' && part !== parts[i])) return false;
  }
  return wanted.length === parts.length;
}
