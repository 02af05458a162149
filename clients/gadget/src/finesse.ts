import { Ended, type RenewalOptions, type Tokens } from './renewal.js';

/** Tokens of the desktop's single sign-on. */
export interface SsoTokens extends Tokens {
  userId?: string;
  userPrincipal?: string;
}

interface Answer { token?: unknown; refresh_token?: unknown; expires_in?: unknown; user_id?: unknown; user_principal?: unknown; error?: unknown; message?: unknown }

/** How a desktop obtains and renews its tokens by Finesse's addresses (`/desktop/sso/token`): what `Renewal` needs. `user` is who is meant to sign in; left out, whoever is signed in. */
export function finesseSso(base: string, user?: string): Pick<RenewalOptions, 'fetch' | 'renew'> {
  const who = user ? `cc_username=${encodeURIComponent(user)}&` : '';
  const ask = async (query: string, init: RequestInit, old?: Tokens): Promise<SsoTokens> => {
    const issuedAt = Date.now();
    const answer = await fetch(`${base}/desktop/sso/token?${who}${query}`, { credentials: 'same-origin', cache: 'no-store', ...init });
    const body = (answer.headers.get('content-type')?.includes('json') ? await answer.json() : {}) as Answer;
    if (!answer.ok || typeof body.token !== 'string' || typeof body.expires_in !== 'number') {
      const reason = typeof body.message === 'string' ? body.message : `The desktop answers ${answer.status}.`;
      throw [400, 401, 403].includes(answer.status) ? new Ended(reason) : new Error(reason);
    }
    const refresh = typeof body.refresh_token === 'string' ? body.refresh_token : old?.refreshToken;
    return {
      ...old, token: body.token, issuedAt, expiresAt: issuedAt + body.expires_in * 1000, ...(refresh === undefined ? {} : { refreshToken: refresh }),
      ...(typeof body.user_id === 'string' ? { userId: body.user_id } : {}), ...(typeof body.user_principal === 'string' ? { userPrincipal: body.user_principal } : {}),
    };
  };
  return {
    fetch: () => ask('return_refresh_token=true&return_user=yes', {}),
    renew: old => ask('', { method: 'POST', body: new URLSearchParams({ token: old.token, 'refresh-token': old.refreshToken ?? '', return_user: 'yes' }) }, old),
  };
}

/** What a desktop is given for one gadget. */
export interface GrantedGadget {
  id: string;
  title: string;
  trust: 'narrow' | 'full';
  /** Address of its specification. */
  spec?: string;
  height: number;
  /** Address of the gadget's own page, where it has one; else the container renders it. */
  page?: string;
  /** Why the gadget cannot be shown, or has no token. */
  error?: string;
  /** The token that the gadget may hold. */
  token?: string;
  expires_in?: number;
  /** Its security token for the container's proxy. */
  st?: string;
}

/** Cuts the agent's token to each gadget (`POST /gadgets/tokens`). */
export async function gadgetTokens(base: string, token: string, options: { language?: string; country?: string; gadget?: string } = {}): Promise<GrantedGadget[]> {
  const query = new URLSearchParams({ ...(options.language ? { lang: options.language } : {}), ...(options.country ? { country: options.country } : {}), ...(options.gadget ? { gadget: options.gadget } : {}) });
  const answer = await fetch(`${base}/gadgets/tokens?${query}`, { method: 'POST', headers: { Authorization: `Bearer ${token}` }, credentials: 'omit', cache: 'no-store' });
  if (!answer.ok) throw answer.status === 401 ? new Ended('The agent\'s token does not count any more.') : new Error(`The container answers ${answer.status}.`);
  return ((await answer.json()) as { gadgets: GrantedGadget[] }).gadgets;
}
