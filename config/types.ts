import type { TextNode } from '../language/yaml.ts';
import type { DestinationName, MailboxName, SourceName } from '../records/ids.ts';
import type { Place } from '../records/issue.ts';
import type { LogFormat, LogLevel } from '../telemetry/log.ts';
import type { Secret } from './secret.ts';
import type {
  MailboxSettings,
  MeshDestinationSettings,
  MeshFolderDestinationSettings,
  MeshFolderSourceSettings,
  MeshSourceSettings,
} from './types-mesh.ts';
import type { ClientTls, ReceiptSettings, SendSettings, ServerTls } from './types-transport.ts';

export type { ClientTls, MshSettings, ReceiptSettings, Retry, SendSettings, ServerTls } from './types-transport.ts';

/** The configuration as the rooms see it: checked, defaults filled in, durations in ms, sizes in bytes, paths absolute. */
export interface Config {
  readonly site: string;
  readonly environment: Environment;
  readonly zone: string;
  readonly data: string;
  readonly store: { readonly url?: Secret; readonly keys?: Secret; readonly connections: number };
  /** Milliseconds messages and deliveries are kept at least; absent = for ever. */
  readonly retention?: number;
  readonly queue: { readonly redis?: Secret };
  readonly console: ConsoleSettings;
  readonly log: { readonly level: LogLevel; readonly format: LogFormat };
  readonly directory: string;
  readonly mappings: readonly string[];
  /** Name of the outbound mapping that makes the release summary. */
  readonly summary?: string;
  readonly identity: { readonly match: readonly MatchRule[] };
  readonly shutdown: { readonly drain: number };
  readonly mailboxes: ReadonlyMap<MailboxName, MailboxSettings>;
  readonly sources: ReadonlyMap<SourceName, SourceSettings>;
  readonly destinations: ReadonlyMap<DestinationName, DestinationSettings>;
  readonly routes: readonly RouteSettings[];
  readonly advanced: AdvancedSettings;
}

export type Environment = 'live' | 'test' | 'training';
/** MSH-11 of what a site of each environment takes and sends (HL7 table 0103). */
export const PROCESSING_ID = { live: 'P', test: 'T', training: 'D' } as const satisfies Readonly<Record<Environment, string>>;

/** An address to listen on. Port 0 lets the system choose. */
export interface HostPort {
  readonly host: string;
  readonly port: number;
}

export interface ConsoleSettings {
  readonly listen: HostPort;
  readonly allowRemote: boolean;
}

/** One way in which a person is recognised: by an identifier, while the details named do not disagree where both state them. */
export interface MatchRule {
  readonly by: 'nhsNumber' | 'prisonNumber' | 'pncNumber' | 'croNumber' | 'homeOfficeReference' | 'localId';
  readonly agree: readonly ('birthDate' | 'familyName' | 'gender')[];
  /** NHS number only: its trace status must be 01, or its source trusted. */
  readonly verified: boolean;
}

export interface MllpSourceSettings extends ReceiptSettings {
  readonly kind: 'mllp';
  readonly listen: HostPort;
  readonly idle: number;
  readonly frameTimeout: number;
  readonly maxConnections: number;
  readonly maxHeld: number;
  readonly tls?: ServerTls;
}

export interface FolderSourceSettings extends ReceiptSettings {
  readonly kind: 'folder';
  readonly path: string;
  /** Make the folder at the start if it is not there. */
  readonly make: boolean;
  readonly pattern: string;
  readonly ready: 'stable' | 'rename';
  readonly stableFor: number;
  readonly temporary: readonly string[];
  readonly interval: number;
  readonly done: 'keep' | 'delete';
  readonly order: 'name' | 'time';
  readonly takeover: number;
}

export type SourceSettings = MllpSourceSettings | FolderSourceSettings | MeshSourceSettings | MeshFolderSourceSettings;

export interface MllpDestinationSettings extends SendSettings {
  readonly kind: 'mllp';
  readonly host: string;
  readonly port: number;
  readonly connections: number;
  readonly connectTimeout: number;
  readonly timeout: number;
  readonly idle: number;
  readonly onError: 'hold' | 'retry';
  readonly tls?: ClientTls;
}

export interface FolderDestinationSettings extends SendSettings {
  readonly kind: 'folder';
  readonly path: string;
  /** Make the folder at the start if it is not there. */
  readonly make: boolean;
  readonly name: string;
  readonly extension?: string;
  readonly slots: number;
}

export type DestinationSettings =
  | MllpDestinationSettings
  | FolderDestinationSettings
  | MeshDestinationSettings
  | MeshFolderDestinationSettings;

/** A route as written; `when` is compiled by routing, which finds mistakes inside it by the node's places. */
export interface RouteSettings {
  readonly name: string;
  readonly when?: TextNode;
  readonly to?: string;
  readonly file?: string;
  readonly priority: 'urgent' | 'high' | 'routine';
}

/** Pace and limits of the machinery. The defaults are right for a site; tests shorten them. */
export interface AdvancedSettings {
  readonly claimTtl: number;
  readonly sendDeadline: number;
  readonly lease: number;
  readonly heartbeat: number;
  readonly processBatch: number;
  readonly processPoll: number;
  readonly reconcile: number;
  readonly wipePoll: number;
  readonly statementTimeout: number;
}

/** A checked configuration and where each of its values stands. */
export interface LoadedConfig {
  readonly file: string;
  readonly config: Config;
  /** Place of a setting by its dotted path, e.g. `sources.prison-adt.listen`; the nearest owner's where it is not written. */
  readonly placeOf: (path: string) => Place;
}
