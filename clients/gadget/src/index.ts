export { getAuthHeaderString, type GadgetConfig } from './config.js';
export { connect, type Gadget, type GadgetEvents, type ConnectOptions } from './gadget.js';
export { makeRequest, type GadgetAnswer, type RequestOptions } from './request.js';
export { GadgetHost, type HostedGadget, type HostEvents } from './host.js';
export { claims, readDesktopMessage, readGadgetMessage, type DesktopMessage, type GadgetMessage } from './messages.js';
export { Renewal, Ended, type RenewalEvents, type RenewalOptions, type Tokens } from './renewal.js';
export { finesseSso, gadgetTokens, type GrantedGadget, type SsoTokens } from './finesse.js';
export { Emitter } from './emitter.js';
