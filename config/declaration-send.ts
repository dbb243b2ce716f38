import { list } from './collections.ts';
import { type Fields, group } from './fields.ts';
import { optional, type Setting } from './setting.ts';
import type { ClientTls, MshSettings, Retry, SendSettings } from './types.ts';
import { choice, decimal, duration, integer, path, text } from './values.ts';

const msh = group<MshSettings>(
  {
    sendingApplication: optional(text({ doc: 'MSH-3.' })),
    sendingFacility: optional(text({ doc: 'MSH-4.' })),
    receivingApplication: optional(text({ doc: 'MSH-5.' })),
    receivingFacility: optional(text({ doc: 'MSH-6.' })),
  },
  { doc: 'Names in the header of what is sent, unless the mapping writes its own MSH.' },
);

const retry = group<Retry>(
  {
    first: duration({ doc: 'Wait before the second attempt.', default: '1s', min: 10 }),
    most: duration({ doc: 'Longest wait.', default: '5m', min: 10 }),
    factor: decimal({ doc: 'Each wait is this much longer than the one before.', default: '2', min: 1, max: 10 }),
  },
  { doc: 'Attempts after failures that pass by themselves. They go on until a person withdraws the delivery.' },
);

const breaker = group<SendSettings['breaker']>(
  {
    failures: integer({ doc: 'Transport failures in a row after which no lane tries any more.', default: '5', min: 1, max: 1000 }),
    first: duration({ doc: 'Time until one delivery is tried again.', default: '5s', min: 10 }),
    most: duration({ doc: 'Longest such time; it doubles while the far side stays down.', default: '60s', min: 10 }),
  },
  { doc: 'Stops all lanes of a destination whose far side is down, without using up their attempts.' },
);

/** What every destination has, whatever the transport. */
export const send: Fields<SendSettings> = {
  mappings: list(text({ doc: 'One mapping.', pattern: /^[a-z0-9][a-z0-9_/-]*$/, says: 'the name of a mapping, like outbound/report' }), {
    doc: 'Outbound mappings of this destination. Exactly one must match a record and its action; none holds the record as `no-rendering`.',
    type: 'list of mappings',
  }),
  advance: choice(['handed-over', 'confirmed'], {
    doc: 'When the next delivery of a lane may leave: when the far side has this one, or when it has confirmed it.',
    default: 'handed-over',
  }),
  retry,
  breaker,
  msh,
};

export const clientTls: Setting<ClientTls, false> = group<ClientTls>(
  {
    ca: optional(path({ doc: 'Certificates that the receiver is checked against, PEM. Absent: those the system trusts.' })),
    cert: optional(path({ doc: 'Our certificate for mutual TLS, PEM.' })),
    key: optional(path({ doc: 'Its private key, PEM.' })),
    servername: optional(text({ doc: 'Name the certificate must carry. Absent: `host`.' })),
  },
  { doc: 'TLS to this destination, always checked before the first byte. Absent: plain text.' },
);
