import type { FailureClass } from './states.ts';

/**
 * The catalogue of everything that can go wrong with a message or a delivery. A code is stable: it is what logs, metrics,
 * holds, attempts and answers carry. `means` and `next` are shown to the person on call. Neither ever holds patient data.
 */
interface FaultEntry {
  readonly class: FailureClass;
  /** What has happened. */
  readonly means: string;
  /** What is safe to do. */
  readonly next: string;
  /** Answer to the sender where a receipt check failed: MSA-1 in original mode, and the code of HL7 table 0357. */
  readonly answer?: { readonly ack: 'AR' | 'AE'; readonly err: number; readonly location?: string };
}

const entries = {
  // ── receipt checks (answered to the sender, row `rejected`)
  'not-hl7': {
    class: 'permanent',
    means: 'The frame does not begin with an MSH segment.',
    next: 'The sender must correct it; the bytes are kept.',
    answer: { ack: 'AR', err: 100, location: 'MSH^1' },
  },
  'bad-delimiters': {
    class: 'permanent',
    means: 'MSH-1 or MSH-2 does not declare usable delimiters.',
    next: 'The sender must correct MSH-1 and MSH-2.',
    answer: { ack: 'AR', err: 102, location: 'MSH^1^2' },
  },
  'no-control-id': {
    class: 'permanent',
    means: 'MSH-10 is empty, so the message cannot be told from another.',
    next: 'The sender must fill MSH-10, or set `identity: transport` on the source.',
    answer: { ack: 'AR', err: 101, location: 'MSH^1^10' },
  },
  'unsupported-version': {
    class: 'permanent',
    means: 'MSH-12 names a version this source does not take.',
    next: 'Check the `versions` setting of the source.',
    answer: { ack: 'AR', err: 203, location: 'MSH^1^12' },
  },
  'wrong-processing-id': {
    class: 'permanent',
    means: 'MSH-11 is not the one this source takes (test traffic on a live port, or the other way round).',
    next: 'Check the sender is pointed at the right environment.',
    answer: { ack: 'AR', err: 202, location: 'MSH^1^11' },
  },
  'trigger-not-accepted': {
    class: 'permanent',
    means: 'The source has an `accept` list and this event is not on it.',
    next: 'Add the event to `accept` or `ignore`, or ask the sender to stop it.',
    answer: { ack: 'AR', err: 201, location: 'MSH^1^9' },
  },
  'message-too-large': {
    class: 'permanent',
    means: 'The frame is larger than the source allows.',
    next: 'Raise `maxSize` on the source if the size is legitimate.',
    answer: { ack: 'AR', err: 207, location: 'MSH^1' },
  },
  'wrong-charset': {
    class: 'permanent',
    means: 'The bytes are not valid in the character set that MSH-18 declares.',
    next: 'The sender must correct MSH-18 or its encoding.',
    answer: { ack: 'AE', err: 102, location: 'MSH^1^18' },
  },
  'batch-count': {
    class: 'permanent',
    means: 'BTS-1 or FTS-1 differs from what the file holds.',
    next: 'The file may be cut short: ask the sender for the whole file.',
    answer: { ack: 'AE', err: 207 },
  },
  'empty-file': { class: 'permanent', means: 'The file is empty.', next: 'Ask the sender for the file again.' },
  'incomplete-frame': {
    class: 'transient',
    means: 'The connection ended, or went silent, inside a frame.',
    next: 'Nothing was acknowledged; the sender will send it again.',
  },
  'store-unavailable': {
    class: 'transient',
    means: 'The store did not take the message.',
    next: 'Nothing was acknowledged. See the readiness page for the store.',
    answer: { ack: 'AE', err: 207 },
  },
  // ── processing (holds; the sender has been told the message is safe)
  'control-id-reused': {
    class: 'permanent',
    means: 'A control id seen before came with other content.',
    next: 'Compare the two messages; release this one if both are wanted.',
  },
  'no-mapping': {
    class: 'permanent',
    means: 'No mapping matches this source and event.',
    next: 'Write a mapping, or list the event under `ignore` with a reason, then release.',
  },
  unreadable: {
    class: 'permanent',
    means: 'The message could not be read as its mapping expects.',
    next: 'See the place named; correct the mapping or ask the sender, then release.',
  },
  'mapping-failed': {
    class: 'permanent',
    means: 'A required value is missing or invalid.',
    next: 'See the rule and source position; correct the mapping or ask the sender, then release.',
  },
  'mapping-rejected': {
    class: 'permanent',
    means: 'A check of the mapping rejects this message.',
    next: 'Read the reason; release after correction or withdraw.',
  },
  'mapping-check': {
    class: 'permanent',
    means: 'A check of the mapping holds this message.',
    next: 'Read the reason; release or withdraw.',
  },
  'rows-unaccounted': {
    class: 'permanent',
    means: 'A repeating part of the message was not fully accounted for.',
    next: 'Nothing was thinned: the message is held whole. Report the mapping.',
  },
  'identity-contradiction': {
    class: 'permanent',
    means: 'The identifiers point at more than one person, or the details disagree.',
    next: 'Find out who this is; correct at source, or merge, then release.',
  },
  'test-identity': {
    class: 'permanent',
    means: 'The NHS number is of the test range, and this system is live.',
    next: 'Test traffic reached a live system: tell its sender, then withdraw.',
  },
  'no-identifier': {
    class: 'permanent',
    means: 'The message names no person that could be matched.',
    next: 'Identify the person, then release.',
  },
  restricted: {
    class: 'permanent',
    means: 'The person is restricted: nothing is sent automatically.',
    next: 'Follow the manual procedure for restricted patients.',
  },
  'unknown-record': {
    class: 'permanent',
    means: 'A cancellation or correction names a record not seen.',
    next: 'Wait for the original, or withdraw.',
  },
  'key-conflict': {
    class: 'permanent',
    means: 'The keys of a record find two records, or one of another patient.',
    next: 'Compare the records; nothing was overwritten.',
  },
  'movement-unknown': {
    class: 'permanent',
    means: 'This movement does not fit what is known of the person.',
    next: 'Check the custody timeline; correct at source or release.',
  },
  'stay-to-be-moved': {
    class: 'permanent',
    means: 'A message (A45) asks to move a stay in custody from one person to another; nothing was moved.',
    next: 'See both persons; have the movements of that stay stated for the right one and cancelled for the other, then withdraw this.',
  },
  'taken-apart': {
    class: 'permanent',
    means: 'Two persons were taken apart; what was received while they were one stayed with the one that was kept.',
    next: 'Compare what came meanwhile with its senders; have what is the other one’s stated again, and cancelled here, then release.',
  },
  'moved-in-doubt': {
    class: 'permanent',
    means: 'Its person has moved or was taken apart from another, or their practice changed, after an attempt that may have arrived.',
    next: 'Ask the receiver; withdraw it if it arrived, or release it to send it there again.',
  },
  'location-unknown': {
    class: 'permanent',
    means: 'Nobody is known to hold this person now.',
    next: 'Wait for the movement, or decide where it belongs, then release.',
  },
  'practice-unknown': {
    class: 'permanent',
    means: 'The GP practice code is not in the directory.',
    next: 'Add the practice to the directory or correct the registration, then release.',
  },
  'practice-closed': {
    class: 'permanent',
    means: 'The GP practice is closed and its successor is not certain.',
    next: 'Find the present practice, correct the registration, then release.',
  },
  'no-registered-gp': {
    class: 'permanent',
    means: 'The person has no GP registration to send to.',
    next: 'Find the practice, then release.',
  },
  'establishment-ambiguous': {
    class: 'permanent',
    means: 'The code is shared by several establishments: it does not say which one is meant.',
    next: 'Find out which establishment it is, correct at source, then release.',
  },
  'registered-in-custody': {
    class: 'permanent',
    means:
      'The registered practice is the healthcare unit of an establishment: it would be sending to itself, or to a place the person has left.',
    next: 'Find the practice in the community, correct the registration, then release.',
  },
  'establishment-unknown': {
    class: 'permanent',
    means: 'The establishment is not in the directory.',
    next: 'Add it to the directory, then release.',
  },
  'no-endpoint': {
    class: 'permanent',
    means: 'The organisation has no destination for this kind of record.',
    next: 'Add an endpoint in the directory, then release.',
  },
  deceased: {
    class: 'permanent',
    means: 'The person has died: routine sending stops.',
    next: 'Follow the procedure for deaths in custody.',
  },
  'no-route': {
    class: 'permanent',
    means: 'No route applies to this record.',
    next: 'Add a route, or a `file` rule that says why it stays, then release.',
  },
  'no-rendering': {
    class: 'permanent',
    means: 'None of the destination’s mappings renders this record and action, or several would.',
    next: 'See that exactly one mapping of the destination renders it, then release.',
  },
  'rendering-failed': {
    class: 'permanent',
    means: 'A required value is missing in what would be sent.',
    next: 'See the rule; complete the record, then release.',
  },
  poison: { class: 'permanent', means: 'Processing or sending ended the daemon repeatedly.', next: 'Keep it held; report it with its id.' },
  internal: { class: 'permanent', means: 'Throughcare failed on this message.', next: 'Keep it held; report it with its id.' },
  // ── sending
  'connection-refused': {
    class: 'transient',
    means: 'The destination did not accept the connection.',
    next: 'Nothing was sent; retries go on.',
  },
  'connection-lost': {
    class: 'ambiguous',
    means: 'The connection ended after bytes were sent and before the answer.',
    next: 'A receiver that recognises duplicates is sent it again; others are asked first.',
  },
  'tls-failed': {
    class: 'transient',
    means: 'The TLS handshake or certificate check failed.',
    next: 'Nothing was sent. Check certificates and names.',
  },
  'answer-timeout': {
    class: 'ambiguous',
    means: 'No answer came in time.',
    next: 'A receiver that recognises duplicates is sent it again; others are asked first.',
  },
  'answer-mismatch': {
    class: 'ambiguous',
    means: 'The answer names another message.',
    next: 'The connection was dropped. See the receiver’s log.',
  },
  'answer-unreadable': {
    class: 'ambiguous',
    means: 'The answer is not an HL7 acknowledgement.',
    next: 'The connection was dropped. See the receiver’s log.',
  },
  'answer-error': {
    class: 'permanent',
    means: 'The receiver answered AE or CE: it could not process the content.',
    next: 'See the receiver’s reply; correct and release, or withdraw.',
  },
  'answer-reject': {
    class: 'permanent',
    means: 'The receiver answered AR or CR: it will not take this message.',
    next: 'See the receiver’s reply; correct and release, or withdraw.',
  },
  'answer-busy': { class: 'transient', means: 'The receiver answered that it cannot take messages now.', next: 'Retries go on.' },
  'send-failed': { class: 'transient', means: 'The sending side failed before any byte left.', next: 'Retries go on.' },
  'reserved-bytes': {
    class: 'permanent',
    means: 'The payload holds a byte (0x0B or 0x1C) that ends or begins an MLLP frame.',
    next: 'Correct the mapping or the value at its source, then release.',
  },
  'disk-full': { class: 'transient', means: 'The folder’s disk is full.', next: 'Free space; retries go on.' },
  'folder-unreachable': {
    class: 'transient',
    means: 'The folder does not exist or may not be written.',
    next: 'Check the mount and its permissions; retries go on.',
  },
  'file-exists': {
    class: 'ambiguous',
    means: 'A file of that name with other content lies there.',
    next: 'Compare the two files, then release or withdraw.',
  },
  'claim-expired': {
    class: 'ambiguous',
    means: 'A claim ended without a result.',
    next: 'The daemon that held it is gone or slow; the head is looked at again.',
  },
  'operator-hold': { class: 'permanent', means: 'A person put this on hold.', next: 'See the reason given.' },
} as const satisfies Readonly<Record<string, FaultEntry>>;

export type FaultCode = keyof typeof entries;
export interface Fault extends FaultEntry {
  readonly code: FaultCode;
}
export const FAULTS: Readonly<Record<FaultCode, FaultEntry>> = entries;
export const fault = (code: FaultCode): Fault => ({ code, ...FAULTS[code] });
export const isFaultCode = (text: string): text is FaultCode => Object.hasOwn(entries, text);

/** An error of the product: its code says everything; `detail` is for a place (file:line, setting name), never for data. */
export class ThroughcareError extends Error {
  readonly code: FaultCode;
  constructor(code: FaultCode, detail = '', options?: ErrorOptions) {
    super(detail === '' ? code : `${code}: ${detail}`, options);
    this.name = 'ThroughcareError';
    this.code = code;
  }
}
