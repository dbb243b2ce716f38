import type { Place, Severity } from '../records/issue.ts';
import type { DirectoryEntry } from './entry.ts';

type Report = (place: Place, code: string, message: string, more?: { readonly severity?: Severity; readonly hint?: string }) => void;

const overlap = (a: DirectoryEntry, b: DirectoryEntry): boolean =>
  (a.from ?? '') <= (b.until ?? '9999') && (b.from ?? '') <= (a.until ?? '9999');

/** What only shows when the organisations are seen together: codes in two places, successions that lead nowhere, to several, or in a circle. */
export const checkEntries = (entries: readonly DirectoryEntry[], report: Report): void => {
  const byOds = new Map<string, DirectoryEntry[]>();
  const byAgency = new Map<string, DirectoryEntry[]>();
  for (const entry of entries) {
    if (entry.from !== null && entry.until !== null && entry.from > entry.until)
      report(entry.place, 'dates-reversed', `${entry.ods} closes before it opens`);
    if (entry.type === 'establishment' && entry.agencyCodes.length === 0)
      report(entry.place, 'no-agency-code', `establishment ${entry.ods} has no agency code: movements cannot name it`, {
        severity: 'warning',
      });
    if (entry.endpoints.size === 0 && (entry.type === 'establishment' || entry.type === 'gp-practice'))
      report(entry.place, 'no-endpoint', `${entry.ods} has no endpoint: whatever is for it will be held`, { severity: 'warning' });
    for (const code of entry.agencyCodes) {
      const other = byAgency.get(code)?.find((one) => overlap(one, entry));
      if (other !== undefined) report(entry.place, 'agency-code-twice', `agency code ${code} belongs to ${other.ods} at the same time`);
      byAgency.set(code, [...(byAgency.get(code) ?? []), entry]);
    }
    byOds.set(entry.ods, [...(byOds.get(entry.ods) ?? []), entry]);
  }
  for (const [ods, group] of byOds) {
    for (const [index, entry] of group.entries()) {
      const other = group.slice(0, index).find((one) => overlap(one, entry));
      if (other === undefined) continue;
      const shared =
        entry.type === 'establishment' && other.type === 'establishment' && entry.agencyCodes.length > 0 && other.agencyCodes.length > 0;
      if (shared)
        report(
          entry.place,
          'shared-code',
          `${ods} is shared by several establishments: by this code alone none of them is found, and its messages are held`,
          {
            severity: 'warning',
          },
        );
      else report(entry.place, 'ods-code-twice', `${ods} stands in line ${other.place.line} for the same time`);
    }
  }
  for (const entry of entries) checkSuccession(entry, byOds, report);
};

const checkSuccession = (entry: DirectoryEntry, byOds: ReadonlyMap<string, readonly DirectoryEntry[]>, report: Report): void => {
  for (const code of entry.successors)
    if (!byOds.has(code))
      report(entry.place, 'unknown-successor', `successor ${code} of ${entry.ods} is not in the directory`, { severity: 'warning' });
  if (entry.successors.length > 1)
    report(entry.place, 'several-successors', `${entry.ods} has several successors: none is chosen, its patients’ messages are held`, {
      severity: 'warning',
    });
  const seen = new Set<string>();
  const walk = (code: string): boolean => {
    if (code === entry.ods) return true;
    if (seen.has(code)) return false;
    seen.add(code);
    return (byOds.get(code) ?? []).some((next) => next.successors.some(walk));
  };
  if (entry.successors.some(walk)) report(entry.place, 'successor-cycle', `the successors of ${entry.ods} lead back to it`);
};
