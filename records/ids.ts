/**
 * Branded identifiers. A control id, an ODS code and a MESH id are all strings; the brand keeps one from being
 * handed over as another. Row ids are PostgreSQL bigints held as JavaScript numbers (safe to 2^53).
 */
declare const brand: unique symbol;
export type Brand<T, B extends string> = T & { readonly [brand]: B };

export type MessageId = Brand<number, 'MessageId'>;
export type PersonId = Brand<number, 'PersonId'>;
export type LaneId = Brand<number, 'LaneId'>;
export type DeliveryId = Brand<number, 'DeliveryId'>;
export type HoldId = Brand<number, 'HoldId'>;
export type ItemId = Brand<number, 'ItemId'>;
export type SourceId = Brand<number, 'SourceId'>;
export type DestinationId = Brand<number, 'DestinationId'>;
/** Fencing token of a claim or a lease; rises by one each time the right changes hands. */
export type Token = Brand<number, 'Token'>;

/** Name of a source or destination as written in the configuration. */
export type SourceName = Brand<string, 'SourceName'>;
export type DestinationName = Brand<string, 'DestinationName'>;
/** Name of a mailbox as written in the configuration; not the mailbox's id. */
export type MailboxName = Brand<string, 'MailboxName'>;
/** MSH-10 of a received message. */
export type ControlId = Brand<string, 'ControlId'>;
/** What a delivery is known by to its receiver: MSH-10, MESH local id, bundle id or file name stem. Fixed at filing. */
export type TransportKey = Brand<string, 'TransportKey'>;
/** Name-based UUIDv8 of a record item; leaves the house in documents and reports. */
export type RecordId = Brand<string, 'RecordId'>;
/** Ten digits, modulus 11 checked, never one repeated digit. */
export type NhsNumber = Brand<string, 'NhsNumber'>;
/** NOMIS number: letter, four digits, two letters, upper case. */
export type PrisonNumber = Brand<string, 'PrisonNumber'>;
/** Organisation Data Service code, upper case. */
export type OdsCode = Brand<string, 'OdsCode'>;
/** Establishment's agency code, e.g. LEI. */
export type AgencyCode = Brand<string, 'AgencyCode'>;
/** SHA-256 (hex) of a mapping and everything it includes. */
export type MappingVersion = Brand<string, 'MappingVersion'>;
/** SHA-256 (hex) of a directory edition. */
export type DirectoryVersion = Brand<string, 'DirectoryVersion'>;
/** Keyed digest (hex) by which stored content (payload, attachment) is named. */
export type ContentName = Brand<string, 'ContentName'>;
/** ISO 8601 instant in UTC, e.g. 2026-03-02T14:05:00.000Z. */
export type Instant = Brand<string, 'Instant'>;

/** The only place where a plain value becomes a branded one without a check of its content. */
// A brand exists at compile time alone, so the cast is the definition of branding.
export const brandAs = <B extends string | number>(value: B extends string ? string : number): B => value as unknown as B;
