import type { Place } from '../records/issue.ts';
import type { Organisation } from '../records/kinds/types.ts';
import type { OrganisationEntry } from '../records/organisations.ts';

/** Types the rules know. Any other word is kept and shown. */
export const ORGANISATION_TYPES = ['gp-practice', 'establishment', 'hospital', 'laboratory', 'pharmacy', 'community-service'] as const;

/** An organisation and where the directory file states it. */
export interface DirectoryEntry extends OrganisationEntry {
  readonly place: Place;
}

/** The organisation as records carry it. */
export const organisationOf = (entry: DirectoryEntry): Organisation => {
  const [agencyCode] = entry.agencyCodes;
  return { odsCode: entry.ods, name: entry.name, type: entry.type, ...(agencyCode === undefined ? {} : { agencyCode }) };
};

export type OpenState = 'open' | 'closed' | 'not-open';
/** On this day (ISO date or instant). A closing date in the future leaves it open; dates stand over every status word (domain §2.4). */
export const stateAt = (entry: DirectoryEntry, at: string): OpenState => {
  const day = at.slice(0, 10);
  if (entry.from !== null && day < entry.from) return 'not-open';
  return entry.until !== null && day > entry.until ? 'closed' : 'open';
};
