import { list } from './collections.ts';
import { type Fields, group, variants } from './fields.ts';
import { optional, type Setting } from './setting.ts';
import type {
  ClientTls,
  DestinationSettings,
  FolderDestinationSettings,
  MllpDestinationSettings,
  MshSettings,
  Retry,
  SendSettings,
} from './types.ts';
import { choice, decimal, duration, integer, path, text, yesNo } from './values.ts';

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

const send: Fields<SendSettings> = {
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

const clientTls: Setting<ClientTls, false> = group<ClientTls>(
  {
    ca: optional(path({ doc: 'Certificates that the receiver is checked against, PEM. Absent: those the system trusts.' })),
    cert: optional(path({ doc: 'Our certificate for mutual TLS, PEM.' })),
    key: optional(path({ doc: 'Its private key, PEM.' })),
    servername: optional(text({ doc: 'Name the certificate must carry. Absent: `host`.' })),
  },
  { doc: 'TLS to this destination, always checked before the first byte. Absent: plain text.' },
);

const mllp: Fields<Omit<MllpDestinationSettings, 'kind'>> = {
  host: text({ doc: 'Name or address of the receiver.', pattern: /^[A-Za-z0-9.:_-]+$/, says: 'a host name or address' }),
  port: integer({ doc: 'Its port.', min: 1, max: 65535 }),
  ...send,
  connections: integer({
    doc: 'Connections at once. A lane always uses the same one, so a slow patient stalls only those beside it.',
    default: '4',
    min: 1,
    max: 64,
  }),
  connectTimeout: duration({ doc: 'Longest wait for a connection, with its TLS handshake.', default: '10s', min: 10 }),
  timeout: duration({ doc: 'Longest wait for the acknowledgement of one message.', default: '30s', min: 10 }),
  idle: duration({ doc: 'A connection that is not used this long is closed; `0s` keeps it.', default: '5m', min: 0 }),
  onError: choice(['hold', 'retry'], {
    doc: 'What AE and CE mean from this receiver: a person decides, or it is tried again.',
    default: 'hold',
  }),
  tls: optional(clientTls),
};

const folder: Fields<Omit<FolderDestinationSettings, 'kind'>> = {
  path: path({
    doc: 'Folder that files are put into, each under a temporary name until it is whole.',
  }),
  make: yesNo({
    doc: 'Make the folder at the start if it is not there. Not for a mount: while that is away, files would go to the local disk.',
    default: 'no',
  }),
  ...send,
  name: text({
    doc: 'Name of each file: `{key}` is its transport key (needed), `{id}` its number, `{ext}` its extension.',
    default: '{key}.{ext}',
    pattern: /^(?!\.)(?=.*\{key\})(?:[A-Za-z0-9_.-]|\{key\}|\{id\}|\{ext\})+$/,
    says: 'a file name with {key}',
  }),
  extension: optional(
    text({ doc: 'Extension of the files. Absent: by the content.', pattern: /^[A-Za-z0-9]{1,10}$/, says: 'an extension' }),
  ),
  slots: integer({ doc: 'Files written at once.', default: '4', min: 1, max: 64 }),
};

export const destinationSettings: Setting<DestinationSettings, false> = variants<DestinationSettings, 'kind'>(
  'kind',
  {
    mllp: { doc: 'HL7 v2 over MLLP: a receiver we connect to.', fields: mllp },
    folder: { doc: 'A folder that we put files into.', fields: folder },
  },
  { doc: 'One way out.' },
);
