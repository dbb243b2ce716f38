import type { FaultCode } from './faults.ts';
import type {
  ContentName,
  DeliveryId,
  DestinationId,
  DirectoryVersion,
  Instant,
  ItemId,
  LaneId,
  MappingVersion,
  MessageId,
  PersonId,
  RecordId,
  SourceId,
  Token,
  TransportKey,
} from './ids.ts';
import type { Issue } from './issue.ts';
import type { RecordKey } from './mapped.ts';
import type { CanonicalRecord, Payload, RecordState } from './record.ts';
import type { Outcome, Priority } from './states.ts';

/** The seam between the processing leader (pipeline) and the store: one batch, one transaction. */

/** What a mailbox brought and nobody has looked into: its `type` is the workflow id. */
export interface ByWorkflow {
  /** As kept at receipt, the transport's headers among it. */
  readonly meta: Readonly<Record<string, string>>;
  /** Names the bytes where they are too many to be read before it is known what for; `bytes` is empty then. */
  readonly content: ContentName | null;
}

export interface TodoMessage {
  readonly id: MessageId;
  readonly sourceId: SourceId;
  readonly controlId: string | null;
  readonly type: string | null;
  readonly received: Instant;
  readonly size: number;
  /** Bits of `Arrival.answer`. */
  readonly answer: number;
  /** Times a daemon ended while this message was being processed. */
  readonly tries: number;
  /** Released from a hold: parts that came out otherwise do not run again. */
  readonly again: boolean;
  readonly bytes: Buffer;
  readonly byWorkflow: ByWorkflow | null;
}

export const IDENTIFIER_TYPES = ['nhs-number', 'prison-number', 'pnc-number', 'cro-number', 'home-office-reference', 'local-id'] as const;
export type IdentifierType = (typeof IDENTIFIER_TYPES)[number];

export interface PersonIdentifier {
  readonly type: IdentifierType;
  /** Canonical value; a local id is `system|value`. */
  readonly value: string;
  /** NHS number status 01–08, where it has one. */
  readonly status?: string;
}

export interface PersonRow {
  readonly id: PersonId;
  readonly mergedInto: PersonId | null;
  readonly version: number;
  readonly routingVersion: number;
  readonly restricted: boolean;
}

/** An item with its present version; `record` is null for a tombstone (a cancellation that came before its original). */
export interface StoredItem {
  readonly id: ItemId;
  readonly uuid: RecordId;
  readonly personId: PersonId;
  readonly kind: string;
  readonly system: string;
  readonly state: RecordState;
  readonly parentId: ItemId | null;
  readonly recordId: number | null;
  readonly keys: readonly RecordKey[];
  readonly record: CanonicalRecord | null;
}

/** Where a key is unique: 0 for the whole system, else the person or the parent item. */
export interface ScopedKey {
  readonly system: string;
  readonly kind: string;
  readonly scope: number;
  readonly key: RecordKey;
}

export interface HeldPart {
  readonly reason: FaultCode;
  readonly rule?: string;
  readonly source?: string;
  readonly say?: string;
}

export interface PartWrite {
  readonly part: number;
  readonly personId: PersonId | null;
  readonly outcome: Exclude<Outcome, 'rejected' | 'duplicate'>;
  readonly reason: string | null;
  readonly rule: string | null;
  readonly deliveries: number;
  readonly holds: readonly HeldPart[];
  readonly issues: readonly Issue[];
  /** Routing evidence, sealed by the store; null where nothing was decided. */
  readonly decision: unknown;
}

export interface MessageWrite {
  readonly message: TodoMessage;
  /** Parts the message has, those of an earlier run too. */
  readonly partCount: number;
  readonly outcome: Exclude<Outcome, 'rejected' | 'duplicate'>;
  readonly reason: string | null;
  readonly rule: string | null;
  readonly parts: readonly PartWrite[];
  /** Application answer due later (enhanced mode). */
  readonly reply: { readonly code: string; readonly bytes: Buffer } | null;
}

export interface ItemWrite {
  readonly id: ItemId;
  readonly isNew: boolean;
  readonly uuid: RecordId;
  readonly personId: PersonId;
  readonly kind: string;
  readonly system: string;
  readonly state: RecordState;
  readonly parentId: ItemId | null;
  readonly newKeys: readonly ScopedKey[];
  readonly keys: readonly RecordKey[];
  readonly mappingVersion: MappingVersion;
  readonly directoryVersion: DirectoryVersion;
  readonly recordId: number;
  readonly messageId: MessageId;
  readonly part: number;
  /** Null writes a tombstone: a withdrawal remembered before its original; it keeps the keys alone. */
  readonly record: CanonicalRecord | null;
}

export interface PersonWrite {
  readonly id: PersonId;
  readonly isNew: boolean;
  readonly version: number;
  readonly routingVersion: number;
  readonly restricted: boolean;
  readonly newIdentifiers: readonly PersonIdentifier[];
}

/** One delivery to be filed on the lane of its person and destination. */
export interface Filing {
  readonly destinationId: DestinationId;
  readonly personId: PersonId;
  readonly messageId: MessageId;
  readonly part: number;
  readonly itemId: ItemId | null;
  readonly recordId: number | null;
  readonly route: string;
  readonly role: string;
  readonly transportKey: TransportKey;
  readonly priority: Priority;
  readonly decidedVersion: number;
  readonly mappingVersion: MappingVersion;
  readonly directoryVersion: DirectoryVersion;
  readonly payload: Payload;
  readonly size: number;
}

/** A lane's head that may be hinted after the commit. */
export interface FiledHead {
  readonly lane: LaneId;
  readonly delivery: DeliveryId;
  readonly destination: DestinationId;
  readonly priority: Priority;
  readonly size: number;
}

export type MergeWrite = {
  readonly from: PersonId;
  readonly into: PersonId;
  readonly messageId: MessageId;
  readonly part: number;
} & (
  | { readonly undo: false }
  /** `root`: whose lanes the two shared. `following`: persons merged into `from`, who go with it. */
  | { readonly undo: true; readonly root: PersonId; readonly following: readonly PersonId[] }
);

/** A merge that stands: `from` is read as part of `into`, by the message that asked for it. */
export interface StandingMerge {
  readonly from: PersonId;
  readonly into: PersonId;
  readonly messageId: MessageId;
}

export interface BatchWrite {
  readonly persons: readonly PersonWrite[];
  readonly items: readonly ItemWrite[];
  readonly merges: readonly MergeWrite[];
  readonly filings: readonly Filing[];
  readonly messages: readonly MessageWrite[];
}

/** Everything the leader may do inside the fenced transaction of one batch. */
export interface ProcessTransaction {
  /** Unprocessed messages above `low`, by id, at most `limit` and 8 MB of bodies; what is only named counts for nothing. */
  todo(low: number, limit: number): Promise<readonly TodoMessage[]>;
  /** The bytes of a message that `todo` only named. */
  bytesOf(message: TodoMessage): Promise<Buffer>;
  /** Part numbers of released messages that came out otherwise than held. */
  doneParts(messageIds: readonly MessageId[]): Promise<ReadonlyMap<MessageId, ReadonlySet<number>>>;
  personsOf(identifiers: readonly PersonIdentifier[]): Promise<ReadonlyMap<string, PersonId>>;
  /** Locks the persons and all that are merged with them, ascending by id. */
  lock(ids: readonly PersonId[]): Promise<readonly PersonRow[]>;
  identifiersOf(ids: readonly PersonId[]): Promise<ReadonlyMap<PersonId, readonly PersonIdentifier[]>>;
  /** Merges into any of these that were not taken back. */
  mergesInto(ids: readonly PersonId[]): Promise<readonly StandingMerge[]>;
  /** Items of these persons with one of the kinds, tombstones included. */
  itemsOf(ids: readonly PersonId[], kinds: readonly string[]): Promise<readonly StoredItem[]>;
  itemsByKey(keys: readonly ScopedKey[]): Promise<ReadonlyMap<string, StoredItem>>;
  childrenOf(parents: readonly ItemId[]): Promise<readonly StoredItem[]>;
  /** Transport keys among these that are already filed and not withdrawn. */
  filed(keys: readonly TransportKey[]): Promise<ReadonlySet<TransportKey>>;
  /** Items of these, final and handed over (or confirmed) to the destination before. */
  handedOver(items: readonly ItemId[], destination: DestinationId): Promise<ReadonlySet<ItemId>>;
  /** Writes everything; resolves with the heads to hint once the commit is through. */
  write(batch: BatchWrite): Promise<readonly FiledHead[]>;
}

export interface ProcessStore {
  /** Ids drawn ahead in blocks; gaps are harmless. */
  readonly ids: { person(): PersonId; item(): ItemId; record(): number };
  /** Makes sure that at least `n` of each id can be drawn without waiting. */
  reserve(n: number): Promise<void>;
  /** Runs one batch under the fence of the lease; rejects with `LeaseLost` when another leads. */
  inBatch<T>(token: Token, work: (tx: ProcessTransaction) => Promise<T>): Promise<T>;
  /** Holds one message that cannot be processed at all, in a transaction of its own. */
  holdAlone(token: Token, id: MessageId, reason: FaultCode): Promise<void>;
  /** Counts a try before suspect messages are processed, committed at once; resolves with the most that any of them has now. */
  countTry(token: Token, ids: readonly MessageId[]): Promise<number>;
}

export const identifierKey = (identifier: { readonly type: IdentifierType; readonly value: string }): string =>
  `${identifier.type}|${identifier.value}`;
export const sameIdentifier = (a: PersonIdentifier, b: PersonIdentifier): boolean => a.type === b.type && a.value === b.value;
export const scopedKeyText = (k: ScopedKey): string => `${k.system}|${k.kind}|${k.scope}|${k.key.name}|${JSON.stringify(k.key.values)}`;
