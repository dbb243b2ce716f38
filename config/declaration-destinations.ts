import { meshDestination, meshFolderDestination } from './declaration-mesh.ts';
import { clientTls, send } from './declaration-send.ts';
import { type Fields, variants } from './fields.ts';
import { optional, type Setting } from './setting.ts';
import type { DestinationSettings, FolderDestinationSettings, MllpDestinationSettings } from './types.ts';
import { choice, duration, integer, path, text, yesNo } from './values.ts';

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
    'mesh-api': { doc: 'MESH, by the API of the service.', fields: meshDestination },
    'mesh-folder': { doc: 'The folders of a MESH client: pairs of a control file and a data file.', fields: meshFolderDestination },
  },
  { doc: 'One way out.' },
);
