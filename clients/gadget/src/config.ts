/** What a desktop tells a gadget: `finesse.gadget.Config`. All texts; a desktop may tell more. */
export interface GadgetConfig {
  /** Bearer token. Where Gatehouse is the desktop's container it is the gadget's own: good at its own back ends, for minutes. */
  authToken?: string;
  /** Base64 of `id:password`, of desktops without single sign-on. */
  authorization?: string;
  id?: string;
  host?: string;
  restHost?: string;
  hostPort?: string;
  scheme?: string;
  systemAuthMode?: string;
  country?: string;
  language?: string;
  locale?: string;
  teamId?: string;
  teamName?: string;
  extension?: string;
  [more: string]: string | undefined;
}

/** The value of an Authorization header: the bearer token where there is one, else what a desktop without single sign-on gives. Throws where the desktop gave neither. */
export function getAuthHeaderString(config: GadgetConfig): string {
  if (config.authToken) return `Bearer ${config.authToken}`;
  if (config.authorization) return `Basic ${config.authorization}`;
  throw new Error('The desktop gave neither authToken nor authorization.');
}
