import { brandAs, type Instant } from '../records/ids.ts';
import type { Json, MappedRecord } from '../records/mapped.ts';
import type { CanonicalRecord } from '../records/record.ts';
import { BEFORE_ALL, recordTime, STATE } from './item-time.ts';
import { sameJson } from './same-json.ts';

/** The fields of a next version, and the times of those that were not stated with it. */
export interface Restated {
  /** Those of the version before, itself, where nothing differs. */
  readonly fields: CanonicalRecord['fields'];
  readonly fieldAsOf: Readonly<Record<string, Instant>> | undefined;
}

/**
 * Nearly every message: an update of a record all of whose fields were stated together, no earlier than they were. None of it can be older
 * than what is stored, so nothing need be weighed field by field. Comes to what `applyRecord` comes to for such a record.
 * `time`: of the message, also the new version's own; `stateAt`: when its state was last stated.
 */
export const restate = (base: CanonicalRecord, mapped: MappedRecord, time: string, stateAt: string): Restated => {
  const before = recordTime(base);
  const times: [string, string][] = [];
  let next: Record<string, Json> | undefined;
  if (before !== time) for (const field in base.fields) if (mapped.fields[field] === undefined) times.push([field, before]);
  for (const field of Object.keys(mapped.fields)) {
    const stated = mapped.fields[field];
    if (stated === undefined) continue;
    if (stated.state === 'cleared') {
      times.push([field, time]);
      if (!Object.hasOwn(base.fields, field)) continue;
      next ??= { ...base.fields };
      delete next[field];
    } else if (!sameJson(base.fields[field], stated.value)) {
      next ??= { ...base.fields };
      next[field] = stated.value;
    }
  }
  for (const [field, value] of Object.entries(mapped.defaults)) {
    if (Object.hasOwn(mapped.fields, field) || Object.hasOwn(base.fields, field)) continue;
    next ??= { ...base.fields };
    next[field] = value;
    times.push([field, BEFORE_ALL]);
  }
  if (stateAt !== time) times.push([STATE, stateAt]);
  return { fields: next ?? base.fields, fieldAsOf: times.length === 0 ? undefined : sorted(times) };
};

const sorted = (times: [string, string][]): Readonly<Record<string, Instant>> => {
  const kept: Record<string, Instant> = {};
  for (const [field, time] of times.sort(([a], [b]) => (a < b ? -1 : 1))) kept[field] = brandAs<Instant>(time);
  return kept;
};
