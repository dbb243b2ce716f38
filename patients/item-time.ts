import { brandAs, type Instant } from '../records/ids.ts';
import type { CanonicalRecord } from '../records/record.ts';

/**
 * Effective times within a record, so that an older statement never overwrites a newer one, whatever order they arrive in. `fieldAsOf` holds
 * the time of each field that differs from the record's own, and of each field that was cleared; two further names that no kind uses:
 */
/** When the record's state (current, ended, cancelled, error) was last stated. */
export const STATE = 'state';
/** When the record was last replaced as a whole: no older statement may bring back a field it left out. */
export const REPLACED = '*';

/** Before every statement: the time of a value that came from a `default`, so that anything really stated takes its place. */
export const BEFORE_ALL = '0000-01-01T00:00:00.000Z';

/** ISO 8601 texts of one form compare as texts; others (offsets, dates alone) by what they mean. */
export const isOlder = (left: string, right: string): boolean => {
  if (left.length === 24 && right.length === 24) return left < right;
  return Date.parse(left) < Date.parse(right);
};

export const recordTime = (record: CanonicalRecord): string => record.asOf ?? record.receivedAt;
/** Effective time of a field; nothing when it was never stated. */
export const fieldTime = (record: CanonicalRecord, field: string): string | undefined =>
  record.fieldAsOf?.[field] ?? (Object.hasOwn(record.fields, field) ? recordTime(record) : record.fieldAsOf?.[REPLACED]);
export const stateTime = (record: CanonicalRecord): string => record.fieldAsOf?.[STATE] ?? recordTime(record);

/** Keeps only the times that say something beyond the record's own. */
export const sparseTimes = (
  times: ReadonlyMap<string, string>,
  fields: Readonly<Record<string, unknown>>,
  own: string,
): Readonly<Record<string, Instant>> | undefined => {
  const names: string[] = [];
  for (const [name, time] of times) if (time !== own || (name !== STATE && !Object.hasOwn(fields, name))) names.push(name);
  if (names.length === 0) return undefined;
  const kept: Record<string, Instant> = {};
  for (const name of names.sort()) kept[name] = brandAs<Instant>(times.get(name) ?? own);
  return kept;
};
