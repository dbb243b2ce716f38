import type { DestinationName, SourceName } from '../records/ids.ts';
import type { DestinationAdapter, Receiver, SourceAdapter } from '../records/ports.ts';
import type { Telemetry } from '../records/telemetry.ts';
import { FolderSource, type FolderSourceSettings } from './folder/inbound.ts';
import { FolderDestination, type FolderDestinationSettings } from './folder/outbound.ts';
import { MllpSource, type MllpSourceSettings } from './mllp/inbound.ts';
import { type LateAnswer, MllpDestination, type MllpDestinationSettings } from './mllp/outbound.ts';

/** The kinds of source a configuration may name, each with its settings. */
export interface SourceSettings {
  readonly mllp: MllpSourceSettings;
  readonly folder: FolderSourceSettings;
}
export type SourceKind = keyof SourceSettings;

/** The kinds of destination a configuration may name, each with its settings. */
export interface DestinationSettings {
  readonly mllp: MllpDestinationSettings;
  readonly folder: FolderDestinationSettings;
}
export type DestinationKind = keyof DestinationSettings;

type SourceMaker<K extends SourceKind> = (
  name: SourceName,
  settings: SourceSettings[K],
  receiver: Receiver,
  telemetry: Telemetry,
) => SourceAdapter;
type DestinationMaker<K extends DestinationKind> = (
  name: DestinationName,
  settings: DestinationSettings[K],
  telemetry: Telemetry,
  onLate?: (answer: LateAnswer) => void,
) => DestinationAdapter;

const sources: { readonly [K in SourceKind]: SourceMaker<K> } = {
  mllp: (...args) => new MllpSource(...args),
  folder: (...args) => new FolderSource(...args),
};

const destinations: { readonly [K in DestinationKind]: DestinationMaker<K> } = {
  mllp: (...args) => new MllpDestination(...args),
  folder: (name, settings, telemetry) => new FolderDestination(name, settings, telemetry),
};

/** Makes a source, not started. Throws an Error that names the setting where one is not usable. */
export const createSource = <K extends SourceKind>(
  kind: K,
  name: SourceName,
  settings: SourceSettings[K],
  receiver: Receiver,
  telemetry: Telemetry,
): SourceAdapter => sources[kind](name, settings, receiver, telemetry);

/** Makes a destination; it connects with its first delivery, and tells of answers that come after a hand-over. Throws an Error that names the setting where one is not usable. */
export const createDestination = <K extends DestinationKind>(
  kind: K,
  name: DestinationName,
  settings: DestinationSettings[K],
  telemetry: Telemetry,
  onLate?: (answer: LateAnswer) => void,
): DestinationAdapter => destinations[kind](name, settings, telemetry, onLate);
