import type { DestinationName } from '../records/ids.ts';
import type { DirectoryEntry } from './entry.ts';

/** Codes (ODS, practice, agency) of organisations that differ between two editions. */
export const changedOrganisations = (before: readonly DirectoryEntry[], after: readonly DirectoryEntry[]): ReadonlySet<string> => {
  const lines = (entries: readonly DirectoryEntry[]): Map<string, string> => {
    const found = new Map<string, string>();
    for (const { place: _, endpoints, ...entry } of entries) {
      const line = JSON.stringify({ ...entry, endpoints: [...endpoints].sort() });
      for (const code of new Set([entry.ods, entry.practice, ...entry.agencyCodes])) found.set(code, `${found.get(code) ?? ''}\n${line}`);
    }
    return found;
  };
  const [old, now] = [lines(before), lines(after)];
  const changed = new Set<string>();
  for (const code of new Set([...old.keys(), ...now.keys()])) if (old.get(code) !== now.get(code)) changed.add(code);
  return changed;
};

/**
 * Where deliveries may wait whose route rests on what changed (ruling A12): every destination that a changed organisation, or one sharing a
 * code with it, had as an endpoint before. What waits anywhere else was decided by entries that both editions have.
 */
export const affectedDestinations = (before: readonly DirectoryEntry[], after: readonly DirectoryEntry[]): ReadonlySet<DestinationName> => {
  const changed = changedOrganisations(before, after);
  const affected = before.filter((entry) => [entry.ods, entry.practice, ...entry.agencyCodes].some((code) => changed.has(code)));
  return new Set(affected.flatMap((entry) => [...entry.endpoints.values()]));
};
