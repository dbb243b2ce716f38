import { list, map } from './collections.ts';
import { type Fields, group, variants } from './fields.ts';
import { optional, type Setting } from './setting.ts';
import type { FolderSourceSettings, MllpSourceSettings, ReceiptSettings, ServerTls, SourceSettings } from './types.ts';
import { choice, duration, integer, listen, NAME, NAME_SAYS, path, size, text, yesNo } from './values.ts';

const TRIGGER = /^[A-Z][A-Z0-9]{2}\^[A-Z0-9]{3}$/;
const TRIGGER_SAYS = 'an event of MSH-9, like ADT^A01';

const receipt: Fields<ReceiptSettings> = {
  accept: list(text({ doc: 'One event.', pattern: TRIGGER, says: TRIGGER_SAYS }), {
    doc: 'Events taken. An event on neither list is answered AR. None written: every event is taken, and one without a mapping is held.',
    type: 'list of events',
  }),
  ignore: map(text({ doc: 'Why it is not used.' }), {
    doc: 'Events that are acknowledged, kept and not used, each with the reason.',
    type: 'event: reason',
    key: TRIGGER,
    says: TRIGGER_SAYS,
    brand: String,
  }),
  system: optional(
    text({
      doc: 'Owner of the record keys this source speaks of. Two sources of one system share them. Absent: the name of the source.',
      pattern: NAME,
      says: NAME_SAYS,
    }),
  ),
  ack: choice(['auto', 'original', 'enhanced'], {
    doc: 'Acknowledgement mode. `auto` takes it from MSH-15 and MSH-16 of each message.',
    default: 'auto',
  }),
  controlId: choice(['plain', 'hashed'], {
    doc: 'Whether MSH-10 is kept as it is or as a keyed hash (for senders that put patient numbers into it).',
    default: 'plain',
  }),
  identity: choice(['message', 'transport'], {
    doc: 'What makes a message the same message: MSH-10, or the transport (file digest and position; on MLLP the digest).',
    default: 'message',
  }),
  reused: choice(['hold', 'accept'], { doc: 'What becomes of a control id that comes again with other content.', default: 'hold' }),
  window: duration({ doc: 'How long a control id is remembered.', default: '7d', min: 1000 }),
  sender: yesNo({ doc: 'Whether MSH-3 and MSH-4 belong to the identity (several senders that number on their own).', default: 'no' }),
  maxSize: size({
    doc: 'Largest message taken. A larger one is answered AR, and its head is kept.',
    default: '64MB',
    min: 1024,
    max: 1024 ** 3,
  }),
  versions: list(text({ doc: 'One version.', pattern: /^2\.[1-9](\.[0-9])?$/, says: 'an HL7 version, like 2.4' }), {
    doc: 'MSH-12 values taken. None written: 2.1 to 2.8.',
    type: 'list of versions',
  }),
  processingIds: list(choice(['P', 'T', 'D'], { doc: 'One processing id.' }), {
    doc: 'MSH-11 values taken. None written: the one of the environment (live P, test T, training D).',
    type: 'list of P, T, D',
  }),
  trustsNhsNumbers: yesNo({ doc: 'This source traces its NHS numbers: one without a trace status counts as verified.', default: 'no' }),
  replies: optional(
    text({
      doc: 'Destination for application answers (enhanced mode) whose connection is gone. Absent: they are recorded as not sent.',
      pattern: NAME,
      says: NAME_SAYS,
    }),
  ),
};

const serverTls: Setting<ServerTls, false> = group<ServerTls>(
  {
    cert: path({ doc: 'Certificate chain of this server, PEM.' }),
    key: path({ doc: 'Private key, PEM.' }),
    ca: optional(path({ doc: 'Certificates that client certificates are checked against, PEM.' })),
    requireClientCertificate: yesNo({ doc: 'Refuse a client without a certificate signed by `ca` (mutual TLS).', default: 'no' }),
  },
  { doc: 'TLS on this port. Absent: plain text.' },
);

const mllp: Fields<Omit<MllpSourceSettings, 'kind'>> = {
  listen: listen({ doc: 'Address and port to listen on. `0.0.0.0` for every address of this machine.' }),
  ...receipt,
  idle: duration({ doc: 'A connection that is silent this long between frames is closed; `0s` keeps it.', default: '5m', min: 0 }),
  frameTimeout: duration({
    doc: 'Longest silence inside a frame, and of a sender that does not read its answers.',
    default: '30s',
    min: 100,
  }),
  maxConnections: integer({ doc: 'Most connections at once; further ones are closed at once.', default: '500', min: 1, max: 50_000 }),
  maxHeld: size({
    doc: 'What all connections may hold in memory together before most of them are read no further.',
    default: '256MB',
    min: 1024 ** 2,
  }),
  tls: optional(serverTls),
};

const folder: Fields<Omit<FolderSourceSettings, 'kind'>> = {
  path: path({ doc: 'Folder that senders write into. `processing`, `done` and `error` are made inside it.' }),
  make: yesNo({
    doc: 'Make the folder at the start if it is not there. Not for a mount: while that is away, files would go to the local disk.',
    default: 'no',
  }),
  pattern: text({ doc: 'Names of the files taken; `*` and `?` stand for any letters and any letter.', default: '*' }),
  ready: choice(['stable', 'rename'], {
    doc: 'When a file is whole: `stable` when it has not changed for `stableFor`, `rename` when it appears under its final name.',
    default: 'stable',
  }),
  stableFor: duration({ doc: 'How long a file must not change.', default: '2s', min: 10 }),
  temporary: list(text({ doc: 'One pattern.' }), {
    doc: 'Names of files being written, never taken. None written: the usual ones (`*.tmp`, `*.part`, `*.writing` …). Hidden files are never taken.',
    type: 'list of patterns',
  }),
  interval: duration({ doc: 'Pause between looks into the folder.', default: '1s', min: 10 }),
  done: choice(['keep', 'delete'], { doc: 'What becomes of files that were taken whole: moved to `done`, or deleted.', default: 'keep' }),
  order: choice(['name', 'time'], { doc: 'Which of the files that are ready is taken first.', default: 'name' }),
  takeover: duration({ doc: 'A file that another daemon claimed and left is taken over after this time.', default: '10m', min: 100 }),
  ...receipt,
};

export const sourceSettings: Setting<SourceSettings, false> = variants<SourceSettings, 'kind'>(
  'kind',
  {
    mllp: { doc: 'HL7 v2 over MLLP: a port that senders connect to.', fields: mllp },
    folder: { doc: 'A folder that senders put files into; one file is one message or one HL7 batch.', fields: folder },
  },
  { doc: 'One way in.' },
);
