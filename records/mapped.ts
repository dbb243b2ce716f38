import type { FaultCode } from './faults.ts';
import type { ContentName, Instant, MappingVersion } from './ids.ts';
import type { Issue } from './issue.ts';

/** What a mapping makes of a message: plain data, no ids of the store, no clock. */

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** A field the message speaks of. A field it does not speak of is absent from the patch. */
export type Stated = { readonly state: 'value'; readonly value: Json } | { readonly state: 'cleared' };
/** Top-level canonical field → what the message says of it. */
export type Patch = Readonly<Record<string, Stated>>;

export type Action = 'put' | 'replace' | 'cancel' | 'error';
export type IfUnknown = 'hold' | 'remember' | 'note';

/** One named key with the value of each of its parts, in order. */
export interface RecordKey {
  readonly name: string;
  readonly values: readonly string[];
}

export interface MappedRecord {
  readonly kind: string;
  /** `file:line` of the record rule. */
  readonly rule: string;
  /** Place among the records of this rule within the part, from 1. */
  readonly position: number;
  readonly keys: readonly RecordKey[];
  readonly action: Action;
  readonly ifUnknown: IfUnknown;
  readonly fields: Patch;
  /** Values that fill a field only while the record has none (`default`). */
  readonly defaults: Readonly<Record<string, Json>>;
  readonly asOf: Instant | null;
  readonly children: readonly MappedRecord[];
}

/** A list of one kind that the message states whole (`list: snapshot`) or that is known to be empty. */
export interface MappedList {
  readonly kind: string;
  readonly rule: string;
  readonly snapshot: boolean;
  /** The snapshot ends what it does not name; false where an item failed or the list said nothing. */
  readonly ends: boolean;
  readonly knownEmpty: 'none-known' | null;
}

/** Evidence of who a message is about; each value already normalised (upper case, digits only, ISO date). */
export interface IdentityEvidence {
  readonly nhsNumber?: string;
  /** NHS Data Dictionary status 01–08. */
  readonly nhsNumberStatus?: string;
  readonly prisonNumber?: string;
  readonly pncNumber?: string;
  readonly croNumber?: string;
  readonly homeOfficeReference?: string;
  readonly localIds?: readonly { readonly value: string; readonly system: string; readonly type?: string }[];
  readonly familyName?: string;
  readonly givenName?: string;
  readonly birthDate?: string;
  readonly gender?: string;
  readonly postcode?: string;
}

export interface MappedMerge {
  readonly action: 'merge' | 'unmerge' | 'move';
  readonly retired: IdentityEvidence;
  readonly ifUnknown: IfUnknown;
  readonly rule: string;
}

export type CustodyEventType =
  | 'reception'
  | 'transfer'
  | 'courtOut'
  | 'courtReturn'
  | 'release'
  | 'detail'
  | 'undoReception'
  | 'undoTransfer'
  | 'undoRelease'
  | 'undoCourt';

export interface MappedCustody {
  readonly rule: string;
  /** Fields of kind `custody`; `event` and `booking` are always stated. */
  readonly fields: Patch;
  readonly ifUnknown: IfUnknown;
}

/** Why a part is held instead of processed. `say` is the mapping author's own text, never data of the message. */
export interface PartHold {
  readonly reason: FaultCode;
  readonly rule: string;
  readonly source?: string;
  readonly say?: string;
}

export interface MappedPart {
  /** From 1. */
  readonly part: number;
  readonly identify: IdentityEvidence;
  readonly patient: Patch | null;
  readonly patientDefaults: Readonly<Record<string, Json>>;
  readonly custody: MappedCustody | null;
  readonly merge: MappedMerge | null;
  readonly records: readonly MappedRecord[];
  readonly lists: readonly MappedList[];
  readonly asOf: Instant | null;
  readonly issues: readonly Issue[];
  /** Stated when nothing of this part may be used. */
  readonly hold: PartHold | null;
}

/** Bytes found inside a message (a PDF in OBX-5), named by keyed digest; the record holds the name. */
export interface MappedAttachment {
  readonly name: ContentName;
  readonly contentType: string;
  readonly bytes: Buffer;
}

export interface MappedMessage {
  readonly mapping: string;
  readonly version: MappingVersion;
  /** Owner of the record keys. */
  readonly system: string;
  readonly parts: readonly MappedPart[];
  readonly attachments: readonly MappedAttachment[];
}
