import type { ContentName, DirectoryVersion, Instant, MappingVersion, OdsCode, RecordId, SourceName, TransportKey } from './ids.ts';
import type { Issue } from './issue.ts';
import type { Action, Json, RecordKey } from './mapped.ts';
import type { Envelope } from './ports.ts';

export const RECORD_STATES = ['current', 'ended', 'cancelled', 'error'] as const;
export type RecordState = (typeof RECORD_STATES)[number];

/** One version of one record item, as stored (sealed) and as outbound mappings see it. */
export interface CanonicalRecord {
  readonly id: RecordId;
  readonly kind: string;
  readonly system: string;
  readonly keys: readonly RecordKey[];
  readonly parentId: RecordId | null;
  readonly position: number;
  readonly state: RecordState;
  readonly action: Action;
  readonly asOf: Instant | null;
  readonly receivedAt: Instant;
  readonly source: SourceName;
  readonly messageId: number;
  /** ODS code of the organisation that stated it, where the message names one the directory knows. */
  readonly assertedBy?: OdsCode;
  readonly mappingVersion: MappingVersion;
  readonly directoryVersion: DirectoryVersion;
  readonly issues: readonly Issue[];
  /** Canonical fields of the kind (kinds/), top level. A cleared or never stated field is absent. */
  readonly fields: Readonly<Record<string, Json>>;
  /** Effective time of each field that differs from the record's own `asOf`. */
  readonly fieldAsOf?: Readonly<Record<string, Instant>>;
}

/** What a route decided and an outbound mapping may name as `route.*`. */
export interface RouteFacts {
  readonly name: string;
  readonly to: string;
  readonly destination: string;
  readonly organisationOds?: string;
  readonly organisationName?: string;
  readonly practiceOds?: string;
  readonly practiceName?: string;
  readonly senderOds?: string;
  readonly establishment?: string;
}

/** What a delivery knows of itself at filing; nothing here changes on a second rendering. */
export interface DeliveryFacts {
  readonly id: string;
  readonly controlId: TransportKey;
  readonly createdAt: Instant;
  /** MSH-11 of what is sent. */
  readonly processingId: 'P' | 'T' | 'D';
  /** MSH-3…6 defaults of the destination. */
  readonly msh: {
    readonly sendingApplication?: string;
    readonly sendingFacility?: string;
    readonly receivingApplication?: string;
    readonly receivingFacility?: string;
  };
}

/** A rendered payload: literal bytes and stored content that is spliced in while sending. */
export type PayloadPart =
  | { readonly kind: 'bytes'; readonly bytes: Buffer }
  | { readonly kind: 'content'; readonly name: ContentName; readonly encoding: 'raw' | 'base64'; readonly size: number };
export interface Payload {
  readonly contentType:
    | 'x-application/hl7-v2+er7'
    | 'text/plain'
    | 'text/csv'
    | 'application/json'
    | 'application/fhir+json'
    | 'application/octet-stream';
  readonly charset: string;
  readonly parts: readonly PayloadPart[];
  /** Absent where the bytes say all that their destination needs. */
  readonly envelope?: Envelope;
}
