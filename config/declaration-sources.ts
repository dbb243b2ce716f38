import { list } from './collections.ts';
import { meshFolderSource, meshSource } from './declaration-mesh.ts';
import { receipt } from './declaration-receipt.ts';
import { type Fields, group, variants } from './fields.ts';
import { optional, type Setting } from './setting.ts';
import type { FolderSourceSettings, MllpSourceSettings, ServerTls, SourceSettings } from './types.ts';
import { choice, duration, integer, listen, path, size, text, yesNo } from './values.ts';

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
    'mesh-api': { doc: 'A MESH mailbox, by the API of the service.', fields: meshSource },
    'mesh-folder': { doc: 'The folders of a MESH client: pairs of a control file and a data file.', fields: meshFolderSource },
  },
  { doc: 'One way in.' },
);
