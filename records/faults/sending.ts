import type { FaultEntry } from './entry.ts';

/** Sending. */
export const sendingFaults = {
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
