import type { AgencyCode, DestinationName, DirectoryVersion, OdsCode } from './ids.ts';
import type { Organisation } from './kinds/types.ts';

/** One organisation for one span of time, as the directory states it. */
export interface OrganisationEntry {
  readonly ods: OdsCode;
  readonly name: string;
  readonly type: string;
  /** Agency codes of an establishment; several may lead to one organisation. */
  readonly agencyCodes: readonly AgencyCode[];
  /** ODS code under which an establishment's healthcare unit registers patients (its own unless stated). */
  readonly practice: OdsCode;
  /** First and last day, ISO dates; null is open-ended. */
  readonly from: string | null;
  readonly until: string | null;
  readonly successors: readonly OdsCode[];
  /** Record kind, or `default`, → destination. */
  readonly endpoints: ReadonlyMap<string, DestinationName>;
  /** What may be shown outside in place of the name, where the name would disclose custody (domain H10). */
  readonly label: string | null;
}

/** `ambiguous`: the code belongs to several at that time; never the first of them. */
export type FoundOrganisation<E extends OrganisationEntry = OrganisationEntry> =
  | { readonly found: 'one'; readonly entry: E }
  | { readonly found: 'ambiguous'; readonly entries: readonly E[] }
  | { readonly found: 'closed'; readonly entry: E }
  | { readonly found: 'not-open'; readonly entry: E }
  | { readonly found: 'none' };

/** Where succession leads, followed to the end. For a person to see; clinical mail is never redirected by it (domain §2.5). */
export interface Succession<E extends OrganisationEntry = OrganisationEntry> {
  readonly outcome: 'one' | 'several' | 'none';
  readonly active: readonly E[];
  /** The succession runs in a circle somewhere. */
  readonly circular: boolean;
}

/** What the routes ask of the directory. Times are ISO dates or instants. */
export interface Organisations<E extends OrganisationEntry = OrganisationEntry> {
  readonly version: DirectoryVersion;
  /** Any organisation by ODS code. */
  organisation(code: string, at: string): FoundOrganisation<E>;
  /** A GP practice by ODS code; the healthcare unit of an establishment is one too. */
  practice(code: string, at: string): FoundOrganisation<E>;
  /** Establishments whose patients are registered under this code: none for a practice in the community. */
  establishmentsOfPractice(code: string, at: string): readonly E[];
  /** The entry of an organisation as a record names it: by agency code where it has one. */
  entryOf(organisation: Organisation, at: string): FoundOrganisation<E>;
  successors(entry: E, at: string): Succession<E>;
}
