export { signEvent, Tolerance, verifyEvent, type HeaderSource, type SignatureFault, type Verdict } from './signature.js';
export { EventError, EventKinds, parseEvent } from './event.js';
export type { AnswerEvent, BotEvent, EventHead, EventKind, EventRules, InactivityEvent, Lists, MessageEvent, RecordingEvent, SessionEvent, TerminatedEvent } from './event.js';
export { CallError, type SendingRules } from './sending.js';
export type { CallAnswer, Dialog, Download } from './dialog.js';
export { Dialogs, type DialogRules } from './dialogs.js';
export { createBot, type Bot, type BotRules } from './bot.js';
