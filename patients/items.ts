import type { FaultCode } from '../records/faults.ts';
import type { DirectoryVersion, Instant, MappingVersion, RecordId, SourceName } from '../records/ids.ts';
import type { Issue } from '../records/issue.ts';
import type { Action, Json, MappedRecord, RecordKey } from '../records/mapped.ts';
import type { CanonicalRecord, RecordState } from '../records/record.ts';
import { type KeyPlace, type NameId, newRecordId } from './item-keys.ts';
import { BEFORE_ALL, fieldTime, isOlder, REPLACED, recordTime, STATE, sparseTimes, stateTime } from './item-time.ts';
import { type Restated, restate } from './restate.ts';
import { sameJson } from './same-json.ts';

/** The item a record's keys name, as stored; `record` is null for a cancellation remembered before its original. */
export interface PresentItem {
  readonly uuid: RecordId;
  readonly state: RecordState;
  readonly record: CanonicalRecord | null;
  /** Keys it is known by; where there is no record, they are kept for its original. */
  readonly keys?: readonly RecordKey[];
}

/** What the message brings beside the mapped record. */
export interface ItemContext extends KeyPlace {
  readonly source: SourceName;
  readonly messageId: number;
  readonly receivedAt: Instant;
  readonly mappingVersion: MappingVersion;
  readonly directoryVersion: DirectoryVersion;
  readonly nameId: NameId;
}

/** Rules of the house that file a record without sending it. */
export type FiledBy = 'unchanged' | 'withdrawn-already' | 'withdrawn-before-it-came';

export type Applied =
  | {
      readonly outcome: 'applied';
      readonly next: CanonicalRecord;
      readonly isNew: boolean;
      /** Fields or state differ from the stored version. */
      readonly changed: boolean;
      /** Anything differs, be it a further key or the time up to which it is known to be true: a version must be written. */
      readonly store: boolean;
      /** Why there is nothing to send; null where it is to be routed. */
      readonly filedBy: FiledBy | null;
      readonly newKeys: readonly RecordKey[];
      readonly issues: readonly Issue[];
    }
  | {
      readonly outcome: 'tombstone';
      readonly uuid: RecordId;
      readonly isNew: boolean;
      readonly state: 'cancelled' | 'error';
      readonly newKeys: readonly RecordKey[];
      readonly issues: readonly Issue[];
    }
  | { readonly outcome: 'noted'; readonly issues: readonly Issue[] }
  | { readonly outcome: 'hold'; readonly reason: FaultCode; readonly rule: string };

const isWithdrawn = (state: RecordState): boolean => state === 'cancelled' || state === 'error';
const sameKey = (a: RecordKey, b: RecordKey): boolean =>
  a.name === b.name && a.values.length === b.values.length && a.values.every((value, index) => value === b.values[index]);

/**
 * The next version of a record item (mapping language §5, §7): `put` updates what is stated, `replace` takes it for the whole, `cancel` and
 * `error` withdraw. Every field and the state carry the time they were last stated; an older statement is kept in history and not applied.
 * A record withdrawn before stays withdrawn unless it is stated again with a later time.
 */
export const applyRecord = (present: PresentItem | null, mapped: MappedRecord, context: ItemContext): Applied => {
  const issues: Issue[] = [];
  const issue = (code: string, target: string): void => {
    issues.push({ code, rule: mapped.rule, target });
  };
  const withdraws = mapped.action === 'cancel' || mapped.action === 'error';
  const uuid = present?.uuid ?? newRecordId(mapped, context, context.nameId);
  if (uuid === undefined) return { outcome: 'hold', reason: 'mapping-failed', rule: mapped.rule };
  const base = present?.record ?? null;
  const known = base?.keys ?? present?.keys ?? [];
  const newKeys = mapped.keys.filter((key) => !known.some((own) => sameKey(own, key)));

  if (base === null && withdraws) {
    const state = mapped.action === 'error' || present?.state === 'error' ? 'error' : 'cancelled';
    if (present !== null)
      return present.state === state ? { outcome: 'noted', issues } : { outcome: 'tombstone', uuid, isNew: false, state, newKeys, issues };
    if (mapped.ifUnknown === 'hold') return { outcome: 'hold', reason: 'unknown-record', rule: mapped.rule };
    issue('withdraws-unknown', mapped.kind);
    return mapped.ifUnknown === 'note' ? { outcome: 'noted', issues } : { outcome: 'tombstone', uuid, isNew: true, state, newKeys, issues };
  }

  const time = mapped.asOf ?? context.receivedAt;
  const { state, at, asOf, fields, fieldAsOf } = nextVersion(present, mapped, time, context.receivedAt, issue);
  const sameFields = base !== null && (fields === base.fields || sameJson(fields, base.fields));
  const changed = base === null || state !== base.state || !sameFields;
  const moved =
    base !== null &&
    (newKeys.length > 0 ||
      stateTime(base) !== at ||
      recordTime(base) !== (asOf ?? context.receivedAt) ||
      !sameJson(fieldAsOf ?? {}, base.fieldAsOf ?? {}));
  const stated: CanonicalRecord = {
    id: uuid,
    kind: mapped.kind,
    system: context.system,
    keys: newKeys.length === 0 ? known : [...known, ...newKeys],
    parentId: base?.parentId ?? context.parent?.uuid ?? null,
    position: mapped.position,
    state,
    // A withdrawn record never goes out as something new (ruling C30).
    action: state === 'cancelled' ? 'cancel' : state === 'error' ? 'error' : mapped.action,
    asOf,
    receivedAt: context.receivedAt,
    source: context.source,
    messageId: context.messageId,
    mappingVersion: context.mappingVersion,
    directoryVersion: context.directoryVersion,
    issues,
    // Versions that say the same share their fields: less is kept, and what was worked out of them stands.
    fields: sameFields ? base.fields : fields,
  };
  const next = fieldAsOf === undefined ? stated : { ...stated, fieldAsOf };
  const filedBy: FiledBy | null = !changed
    ? 'unchanged'
    : !isWithdrawn(state)
      ? null
      : base === null
        ? 'withdrawn-before-it-came'
        : isWithdrawn(base.state)
          ? 'withdrawn-already'
          : null;
  return { outcome: 'applied', next, isNew: present === null, changed, store: changed || moved, filedBy, newKeys, issues };
};

type Say = (code: string, target: string) => void;

interface Version extends Restated {
  readonly state: RecordState;
  /** When the state was last stated. */
  readonly at: string;
  readonly asOf: Instant | null;
}

const nextVersion = (present: PresentItem | null, mapped: MappedRecord, time: Instant, receivedAt: Instant, issue: Say): Version => {
  const base = present?.record ?? null;
  if (base !== null && base.fieldAsOf === undefined && mapped.action === 'put' && !isOlder(time, recordTime(base))) {
    const { state, at } = nextState(present, mapped.action, time, receivedAt, issue);
    const { fields, fieldAsOf } = restate(base, mapped, time, at);
    return { state, at, asOf: mapped.asOf, fields, fieldAsOf };
  }
  const { fields, times } = nextFields(base, mapped, time, issue);
  const { state, at } = nextState(present, mapped.action, time, receivedAt, issue);
  times.set(STATE, at);
  const kept = base !== null && isOlder(time, recordTime(base)) ? base : undefined;
  // The stored asOf stands for the stored time of receipt where there is none: the next version has another time of receipt.
  const asOf = kept === undefined ? mapped.asOf : (kept.asOf ?? kept.receivedAt);
  return { state, at, asOf, fields, fieldAsOf: sparseTimes(times, fields, asOf ?? receivedAt) };
};

const nextFields = (
  base: CanonicalRecord | null,
  mapped: MappedRecord,
  time: string,
  issue: Say,
): { fields: Record<string, Json>; times: Map<string, string> } => {
  const fields: Record<string, Json> = { ...base?.fields };
  const times = new Map<string, string>();
  if (base !== null) {
    for (const [name, stated] of Object.entries(base.fieldAsOf ?? {})) times.set(name, stated);
    for (const field of Object.keys(fields)) times.set(field, fieldTime(base, field) ?? recordTime(base));
  }
  const floor = times.get(REPLACED);
  const isPast = (field: string): boolean => {
    const stored = times.get(field);
    return (stored !== undefined && isOlder(time, stored)) || (floor !== undefined && isOlder(time, floor));
  };

  if (mapped.action === 'replace' && (floor === undefined || !isOlder(time, floor))) {
    for (const field of [...times.keys()]) {
      if (field === STATE || field === REPLACED || Object.hasOwn(mapped.fields, field) || isPast(field)) continue;
      delete fields[field];
      times.set(field, time);
    }
    times.set(REPLACED, time);
  }
  for (const field of Object.keys(mapped.fields)) {
    const stated = mapped.fields[field];
    if (stated === undefined) continue;
    if (isPast(field)) {
      if (stated.state === 'cleared' ? Object.hasOwn(fields, field) : !sameJson(fields[field], stated.value))
        issue('older-than-stored', field);
      continue;
    }
    if (stated.state === 'cleared') delete fields[field];
    else fields[field] = stated.value;
    times.set(field, time);
  }
  if (mapped.action === 'put' || mapped.action === 'replace') {
    for (const [field, value] of Object.entries(mapped.defaults)) {
      if (Object.hasOwn(mapped.fields, field) || Object.hasOwn(fields, field)) continue;
      fields[field] = value;
      if (!times.has(field)) times.set(field, times.get(REPLACED) ?? BEFORE_ALL);
    }
  }
  return { fields, times };
};

const nextState = (
  present: PresentItem | null,
  action: Action,
  time: string,
  receivedAt: string,
  issue: Say,
): { state: RecordState; at: string } => {
  if (present === null) return { state: 'current', at: time };
  const { record } = present;
  if (record === null) {
    // The withdrawal came first. Its own time is not kept, but it was before now.
    issue('withdrawn-before-it-came', STATE);
    return { state: present.state, at: receivedAt };
  }
  const before = stateTime(record);
  if (action === 'cancel' || action === 'error') {
    if (isOlder(time, before)) {
      issue('older-than-stored', STATE);
      return { state: record.state, at: before };
    }
    return { state: action === 'error' || record.state === 'error' ? 'error' : 'cancelled', at: time };
  }
  if (!isWithdrawn(record.state)) return isOlder(time, before) ? { state: record.state, at: before } : { state: 'current', at: time };
  if (isOlder(before, time)) {
    issue('reinstated', STATE);
    return { state: 'current', at: time };
  }
  issue('stays-withdrawn', STATE);
  return { state: record.state, at: before };
};
