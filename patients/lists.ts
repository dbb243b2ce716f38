import type { RecordId } from '../records/ids.ts';
import type { Json, MappedList } from '../records/mapped.ts';
import type { CanonicalRecord } from '../records/record.ts';
import { isObject, type WithFields } from './fields.ts';
import { isOlder, recordTime, STATE, stateTime } from './item-time.ts';
import type { Applied, ItemContext, PresentItem } from './items.ts';
import { sameJson } from './same-json.ts';

/**
 * What a whole list ends (`list: snapshot`): this system's other current records of the kind, for this patient or parent, that it does not
 * name and that were not stated later than it. Nothing where an item of it failed (`ends: false`).
 */
export const endedBySnapshot = (
  list: MappedList,
  asOf: CanonicalRecord['asOf'],
  present: readonly PresentItem[],
  named: ReadonlySet<RecordId>,
  context: ItemContext,
): readonly CanonicalRecord[] => {
  if (!list.ends) return [];
  const time = asOf ?? context.receivedAt;
  const ended: CanonicalRecord[] = [];
  for (const { record } of present) {
    if (record === null || record.kind !== list.kind || record.system !== context.system) continue;
    if (record.state !== 'current' || named.has(record.id) || isOlder(time, stateTime(record))) continue;
    ended.push({
      ...record,
      state: 'ended',
      action: 'put',
      asOf: record.asOf ?? record.receivedAt,
      receivedAt: context.receivedAt,
      source: context.source,
      messageId: context.messageId,
      mappingVersion: context.mappingVersion,
      directoryVersion: context.directoryVersion,
      issues: [{ code: 'ended-by-snapshot', rule: list.rule, target: list.kind }],
      fieldAsOf: { ...record.fieldAsOf, ...(time === recordTime(record) ? {} : { [STATE]: time }) },
    });
  }
  return ended;
};

/** A list that a system says is empty (`noneKnown`): field `knownEmpty` of the patient record. */
export interface KnownEmpty {
  readonly kind: string;
  readonly system: string;
  readonly value: 'none-known';
  readonly asOf: string;
}

const knownEmptyOf = (patient: WithFields | null): KnownEmpty[] => {
  const value = patient?.fields.knownEmpty;
  if (!Array.isArray(value)) return [];
  return value.flatMap((entry: Json) => {
    const { kind, system, asOf } = isObject(entry) ? entry : {};
    return typeof kind === 'string' && typeof system === 'string' && typeof asOf === 'string'
      ? [{ kind, system, asOf, value: 'none-known' as const }]
      : [];
  });
};

/**
 * The patient's `knownEmpty` after a message: `lists` as mapped, `kinds` of which it made a record (a list with an item is not empty).
 * Nothing when it stays as it was.
 */
export const knownEmptyAfter = (
  patient: WithFields | null,
  lists: readonly MappedList[],
  kinds: ReadonlySet<string>,
  system: string,
  asOf: string,
): readonly KnownEmpty[] | null => {
  const before = knownEmptyOf(patient);
  const said = new Set([...lists.filter((list) => list.knownEmpty !== null).map((list) => list.kind), ...kinds]);
  const after = before.filter((one) => one.system !== system || !said.has(one.kind) || isOlder(asOf, one.asOf));
  for (const list of lists) {
    if (list.knownEmpty === null || kinds.has(list.kind) || after.some((one) => one.system === system && one.kind === list.kind)) continue;
    after.push({ kind: list.kind, system, value: list.knownEmpty, asOf });
  }
  const plain = (all: readonly KnownEmpty[]): Json => all.map((one) => ({ ...one }));
  return sameJson(plain(before), plain(after)) ? null : after;
};

/**
 * How a record with children is routed: a change of any child routes its parent, with the parent's own action (ruling C32), so that a
 * corrected or withdrawn result goes out within its report.
 */
export const filedWithChildren = (parent: Applied, children: readonly Applied[]): Extract<Applied, { outcome: 'applied' }>['filedBy'] => {
  if (parent.outcome !== 'applied') return 'withdrawn-already';
  if (parent.filedBy !== 'unchanged') return parent.filedBy;
  const state = parent.next.state;
  if (state === 'cancelled' || state === 'error') return 'withdrawn-already';
  return children.some((child) => child.outcome === 'applied' && child.changed && child.filedBy === null) ? null : 'unchanged';
};
