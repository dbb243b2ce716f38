import type { FaultEntry } from './entry.ts';

/** Receipt checks: answered to the sender, row `rejected`. */
export const receiptFaults = {
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
} as const satisfies Readonly<Record<string, FaultEntry>>;
