import type { DirectoryVersion } from '../records/ids.ts';
import type { Organisation } from '../records/kinds/types.ts';
import type { FoundOrganisation, Organisations, Succession } from '../records/organisations.ts';
import { type DirectoryEntry, organisationOf, stateAt } from './entry.ts';

export type { DirectoryEntry } from './entry.ts';

export type Found = FoundOrganisation<DirectoryEntry>;

const NONE: Found = { found: 'none' };
const add = (map: Map<string, DirectoryEntry[]>, key: string, entry: DirectoryEntry): void => {
  const list = map.get(key);
  if (list === undefined) map.set(key, [entry]);
  else if (!list.includes(entry)) list.push(entry);
};

/** Organisations by code. Immutable; times are ISO dates or instants. */
export class Directory implements Organisations<DirectoryEntry> {
  /** SHA-256 (hex) of what it says, whatever the layout of the file. */
  readonly version: DirectoryVersion;
  readonly entries: readonly DirectoryEntry[];
  readonly #byOds = new Map<string, DirectoryEntry[]>();
  readonly #byAgency = new Map<string, DirectoryEntry[]>();
  readonly #byPractice = new Map<string, DirectoryEntry[]>();

  constructor(version: DirectoryVersion, entries: readonly DirectoryEntry[]) {
    this.version = version;
    this.entries = entries;
    for (const entry of entries) {
      add(this.#byOds, entry.ods, entry);
      for (const code of entry.agencyCodes) add(this.#byAgency, code, entry);
      if (entry.type === 'establishment') add(this.#byPractice, entry.practice, entry);
    }
  }

  /** Any organisation by ODS code. */
  organisation(code: string, at: string): Found {
    return pick(this.#byOds.get(plain(code)), at);
  }

  /** An establishment by agency code, or by ODS code where that leads to one alone. */
  establishment(code: string, at: string): Found {
    const key = plain(code);
    const agency = pick(this.#byAgency.get(key), at);
    if (agency.found !== 'none') return agency;
    const byOds = [...(this.#byOds.get(key) ?? []), ...(this.#byPractice.get(key) ?? [])].filter((entry) => entry.type === 'establishment');
    return pick([...new Set(byOds)], at);
  }

  /** A GP practice by ODS code; the healthcare unit of an establishment is one too (it may be the registered practice). */
  practice(code: string, at: string): Found {
    const key = plain(code);
    const practices = (this.#byOds.get(key) ?? []).filter((entry) => entry.type === 'gp-practice');
    if (practices.length > 0) return pick(practices, at);
    return pick(this.#byPractice.get(key), at);
  }

  /** Establishments whose patients are registered under this code: none for a practice in the community. */
  establishmentsOfPractice(code: string, at: string): readonly DirectoryEntry[] {
    return (this.#byPractice.get(plain(code)) ?? []).filter((entry) => stateAt(entry, at) === 'open');
  }

  /** The entry of an establishment or other organisation as a record names it: by agency code where it has one. */
  entryOf(organisation: Organisation, at: string): Found {
    if (organisation.agencyCode !== undefined) {
      const found = this.establishment(organisation.agencyCode, at);
      if (found.found !== 'none') return found;
    }
    if (organisation.odsCode === undefined) return NONE;
    const found = this.organisation(organisation.odsCode, at);
    return found.found === 'none' ? this.establishment(organisation.odsCode, at) : found;
  }

  successors(entry: DirectoryEntry, at: string): Succession<DirectoryEntry> {
    const active = new Set<DirectoryEntry>();
    let circular = false;
    const walk = (from: DirectoryEntry, path: ReadonlySet<string>): void => {
      for (const code of from.successors) {
        if (path.has(code)) {
          circular = true;
          continue;
        }
        for (const next of this.#byOds.get(code) ?? []) {
          if (stateAt(next, at) === 'open') active.add(next);
          else walk(next, new Set([...path, code]));
        }
      }
    };
    walk(entry, new Set([entry.ods]));
    return { outcome: active.size === 0 ? 'none' : active.size === 1 ? 'one' : 'several', active: [...active], circular };
  }
}

const plain = (code: string): string => code.trim().toUpperCase();

const pick = (entries: readonly DirectoryEntry[] | undefined, at: string): Found => {
  if (entries === undefined || entries.length === 0) return NONE;
  const open = entries.filter((entry) => stateAt(entry, at) === 'open');
  const [entry, second] = open;
  if (second !== undefined) return { found: 'ambiguous', entries: open };
  if (entry !== undefined) return { found: 'one', entry };
  const later = entries.filter((one) => stateAt(one, at) === 'not-open');
  const closed = entries.filter((one) => stateAt(one, at) === 'closed').sort((a, b) => ((a.until ?? '') < (b.until ?? '') ? 1 : -1));
  if (closed[0] !== undefined) return { found: 'closed', entry: closed[0] };
  return later[0] === undefined ? NONE : { found: 'not-open', entry: later[0] };
};

/** Codes as the mapping engine asks for them; `at` null where no time is known. */
export interface CodeLookup {
  practice(code: string, at: string | null): Organisation | undefined;
  establishment(code: string, at: string | null): Organisation | undefined;
}

/**
 * A code the directory knows gives its organisation, be it closed by now: the record keeps what was said, and routing decides what may be
 * sent. A code shared by several establishments gives no establishment, but is a practice all the same.
 */
export const codeLookup = (directory: Directory): CodeLookup => {
  const answer = (found: Found): Organisation | undefined =>
    found.found === 'one' || found.found === 'closed' || found.found === 'not-open' ? organisationOf(found.entry) : undefined;
  // Where no time is known the latest entry of a code is meant.
  const anyDay = '9999-12-31';
  return {
    practice: (code, at) => {
      const found = directory.practice(code, at ?? anyDay);
      const [first] = found.found === 'ambiguous' ? found.entries : [];
      return first === undefined ? answer(found) : { odsCode: first.practice, type: first.type };
    },
    establishment: (code, at) => answer(directory.establishment(code, at ?? anyDay)),
  };
};
