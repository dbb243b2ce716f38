import { sendFault } from '../../formats/mesh/status.ts';
import type { SendResult } from '../../records/ports.ts';
import { MeshError } from './errors.ts';

type Failure = Exclude<SendResult, { outcome: 'delivered' }>;

/** How far a request had come when it failed. */
export interface Progress {
  /** The body was asked for: the request itself had begun, and not only what goes before it (handshake, look-up). */
  readonly begun: boolean;
  /** Its last byte was given to the connection. Before that the service has no whole request, and may not act on it (RFC 9112 §8). */
  readonly whole: boolean;
}

/** Statuses by which a server says that it will not look at the request now. */
const NOT_NOW: ReadonlySet<number> = new Set([408, 425, 429]);
/** Without a code of the service's, that nobody is there to look: a wrong address, a gateway. Nothing was taken over. */
const NOBODY: ReadonlySet<number> = new Set([404, 405, 407]);

const unavailable = (sentBytes: boolean): Failure => ({ outcome: 'transient', code: 'mesh-unavailable', sentBytes, transport: true });
/** Clear, so it must be a code: a text in its place may hold anything. */
const receiptOf = ({ code, status }: MeshError): string => (/^[A-Za-z0-9-]{1,40}$/.test(code) ? code : String(status ?? ''));

const reply = (error: MeshError): { readonly reply?: Buffer } => (error.words === '' ? {} : { reply: Buffer.from(error.words) });
/** A receipt code says that the service turned the attempt away, whole: where it may have taken something there is none. */
const words = (error: MeshError): { readonly receiptCode: string; readonly reply?: Buffer } => ({
  receiptCode: receiptOf(error),
  ...reply(error),
});

/** The service looked at the request and refused it, in a way that another try would not change. */
const refused = (error: MeshError): Failure => ({
  outcome: 'permanent',
  code: sendFault(error),
  sentBytes: true,
  ...words(error),
  transport: false,
});

/** The mailbox, and not this message, is refused: all lanes wait. A workflow that is not allowed may be refused by the same status. */
const isUnauthorised = (error: MeshError): boolean =>
  (error.unauthorised && sendFault(error) !== 'workflow-not-allowed') || error.code === '100';
const unauthorised = (error: MeshError): Failure => ({
  outcome: 'transient',
  code: 'mesh-unauthorised',
  sentBytes: true,
  ...words(error),
  transport: true,
});

/** Our own certificate was refused when the connection was made. */
const isCertificate = (error: MeshError): boolean => !error.reached && error.errno.includes('_ALERT_');

/** What every request may meet, whether it may be repeated or not; undefined: it depends on that. */
const ofAny = (error: unknown, progress: Progress): Failure | undefined => {
  if (!(error instanceof MeshError)) {
    // Our own side could not give the payload to its end: the store is away, or the time is over.
    return { outcome: 'transient', code: 'send-failed', sentBytes: progress.begun, transport: false };
  }
  if (error.trouble === 'header')
    return { outcome: 'permanent', code: 'mesh-refused', sentBytes: false, receiptCode: 'header', transport: false };
  if (isCertificate(error)) return { outcome: 'transient', code: 'mesh-unauthorised', sentBytes: false, transport: true };
  if (isUnauthorised(error)) return { ...unauthorised(error), sentBytes: progress.begun };
  if (!error.reached || !progress.begun) return unavailable(false);
  if (error.trouble === 'redirect') return { ...unavailable(true), ...words(error) };
  if (NOT_NOW.has(error.status ?? 0) || (NOBODY.has(error.status ?? 0) && error.code === ''))
    return { ...unavailable(true), ...words(error) };
  return undefined;
};

/**
 * What a failure of the first request of a message means. It is never repeated while the service may have taken it: no answer after the
 * whole of it had left, an answer without an id, and 5xx, which a gateway also gives for what went through. 503 is clear only with
 * `Retry-After`: gateways say it without one of connections that broke.
 */
export const firstFailure = (error: unknown, progress: Progress): Failure => {
  const any = ofAny(error, progress);
  if (any !== undefined || !(error instanceof MeshError)) return any ?? unavailable(progress.begun);
  if (error.status === null) {
    return progress.whole ? { outcome: 'ambiguous', code: 'mesh-unknown', sentBytes: true, transport: true } : unavailable(true);
  }
  if (error.status === 503 && error.retryAfterMs !== null) return { ...unavailable(true), ...words(error) };
  if (error.status >= 500 || error.trouble === 'bad-answer')
    return { outcome: 'ambiguous', code: 'mesh-unknown', sentBytes: true, ...reply(error), transport: true };
  return refused(error);
};

/**
 * The same of a further chunk, which may be sent again: it takes the place of its first copy. The message may be whole for all we know, so
 * what passes has no receipt code.
 */
export const chunkFailure = (error: unknown, progress: Progress): Failure => {
  if (error instanceof MeshError && error.reached && progress.begun) {
    // By its id the service knows no message that was begun: not somebody who is not there.
    if (error.status === 404) return refused(error);
    if (error.status === null || error.status >= 500 || error.trouble === 'bad-answer') return { ...unavailable(true), ...reply(error) };
  }
  const any = ofAny(error, progress);
  if (any === undefined) return error instanceof MeshError ? refused(error) : unavailable(true);
  const { receiptCode, ...uncoded } = any;
  return any.outcome === 'transient' ? { ...uncoded, sentBytes: true } : any;
};
