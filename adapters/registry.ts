import type { MeshDestinationSettings, MeshFolderDestinationSettings, MeshSourceSettings } from '../config/types-mesh.ts';
import type { FarReceipts, Fates, Leases, MailboxDiary } from '../records/far-side.ts';
import type { DestinationName, SourceName } from '../records/ids.ts';
import type { DestinationAdapter, MailboxReceiver, Receiver, SourceAdapter } from '../records/ports.ts';
import type { Telemetry } from '../records/telemetry.ts';
import { FolderSource, type FolderSourceSettings } from './folder/inbound.ts';
import { FolderDestination, type FolderDestinationSettings } from './folder/outbound.ts';
import { MeshSource } from './mesh-api/inbound.ts';
import type { MeshMailbox } from './mesh-api/mailbox.ts';
import { MeshDestination } from './mesh-api/outbound.ts';
import { MeshFolderSource } from './mesh-folder/inbound.ts';
import { MeshFolderDestination } from './mesh-folder/outbound.ts';
import type { MeshFolderIntakeSettings } from './mesh-folder/round.ts';
import { MllpSource, type MllpSourceSettings } from './mllp/inbound.ts';
import { type LateAnswer, MllpDestination, type MllpDestinationSettings } from './mllp/outbound.ts';

/** In place of the mailbox's name, the mailbox: one for all that name it. */
type WithMailbox<S extends { readonly mailbox: unknown }> = Omit<S, 'mailbox' | 'kind'> & { readonly mailbox: MeshMailbox };

/** The kinds of source a configuration may name, each with its settings. */
export interface SourceSettings {
  readonly mllp: MllpSourceSettings;
  readonly folder: FolderSourceSettings;
  readonly 'mesh-api': Pick<WithMailbox<MeshSourceSettings>, 'mailbox' | 'workflows' | 'others' | 'page'>;
  readonly 'mesh-folder': MeshFolderIntakeSettings;
}
export type SourceKind = keyof SourceSettings;

/** The kinds of destination a configuration may name, each with its settings. */
export interface DestinationSettings {
  readonly mllp: MllpDestinationSettings;
  readonly folder: FolderDestinationSettings;
  readonly 'mesh-api': WithMailbox<MeshDestinationSettings>;
  readonly 'mesh-folder': MeshFolderDestinationSettings;
}
export type DestinationKind = keyof DestinationSettings;

/** What sources hand over to, and ask. */
export interface SourceParts {
  readonly receiver: Receiver;
  readonly telemetry: Telemetry;
  /** What sources of mailboxes need beside. */
  readonly mail: {
    readonly receiver: MailboxReceiver;
    readonly leases: Leases;
    readonly diary: MailboxDiary;
    readonly far: FarReceipts;
    readonly fates: Fates;
  };
}

export interface DestinationParts {
  readonly telemetry: Telemetry;
  /** Told of answers that come after a hand-over on the connection itself. */
  readonly onLate?: (answer: LateAnswer) => void;
}

const sources: { readonly [K in SourceKind]: (name: SourceName, settings: SourceSettings[K], parts: SourceParts) => SourceAdapter } = {
  mllp: (name, settings, { receiver, telemetry }) => new MllpSource(name, settings, receiver, telemetry),
  folder: (name, settings, { receiver, telemetry }) => new FolderSource(name, settings, receiver, telemetry),
  'mesh-api': (name, { mailbox, ...settings }, { receiver, telemetry, mail }) =>
    new MeshSource(name, settings, { mailbox, refuse: (refused) => receiver.refuse(refused), telemetry, ...mail }),
  'mesh-folder': (name, settings, { receiver, telemetry, mail }) =>
    new MeshFolderSource(name, settings, { ...mail, mailbox: mail.receiver, receiver, telemetry }),
};

const destinations: {
  readonly [K in DestinationKind]: (name: DestinationName, settings: DestinationSettings[K], parts: DestinationParts) => DestinationAdapter;
} = {
  mllp: (name, settings, { telemetry, onLate }) => new MllpDestination(name, settings, telemetry, onLate),
  folder: (name, settings, { telemetry }) => new FolderDestination(name, settings, telemetry),
  'mesh-api': (name, { mailbox, ...settings }, { telemetry }) =>
    new MeshDestination(name, { ...settings, mailbox: mailbox.name }, mailbox, telemetry),
  'mesh-folder': (name, settings, { telemetry }) => new MeshFolderDestination(name, settings, telemetry),
};

/** Makes a source, not started. Throws an Error that names the setting where one is not usable. */
export const createSource = <K extends SourceKind>(
  kind: K,
  name: SourceName,
  settings: SourceSettings[K],
  parts: SourceParts,
): SourceAdapter => sources[kind](name, settings, parts);

/** Makes a destination; it connects with its first delivery. Throws an Error that names the setting where one is not usable. */
export const createDestination = <K extends DestinationKind>(
  kind: K,
  name: DestinationName,
  settings: DestinationSettings[K],
  parts: DestinationParts,
): DestinationAdapter => destinations[kind](name, settings, parts);
