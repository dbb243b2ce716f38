import type { Instant } from '../../../records/ids.ts';
import type { Action, MappedList, MappedRecord, PartHold, RecordKey } from '../../../records/mapped.ts';
import { instantOf } from '../dates.ts';
import { CLEARED } from '../value.ts';
import type { InboundRun } from './inbound-run.ts';
import { fill } from './patch.ts';
import type { RecordPlan } from './record-plan.ts';

interface Tally {
  made: number;
  excluded: number;
  noneKnown: number;
  skipped: number;
  /** The lone item that states nothing but the end of the list. */
  emptied: number;
}
interface Made {
  readonly records: readonly MappedRecord[];
  readonly list: MappedList | undefined;
}

/**
 * Runs one record rule over the part in sight. Every item seen is booked as made, excluded by `when`, known to be none, or skipped; where
 * the books do not balance the part is held.
 */
export const runRecords = (plan: RecordPlan, run: InboundRun, partAsOf: Instant | null): Made => {
  const records: MappedRecord[] = [];
  const tally: Tally = { made: 0, excluded: 0, noneKnown: 0, skipped: 0, emptied: 0 };
  const known = new Set<string>();
  const one = (position: number): void => {
    if (plan.noneKnown?.(run) === true) {
      tally.noneKnown += 1;
      return;
    }
    if (plan.when?.(run) === false) {
      tally.excluded += 1;
      return;
    }
    const outer = run.failure;
    run.failure = null;
    const record = makeRecord(plan, run, position, partAsOf, known);
    const failure: PartHold | null = run.failure;
    run.failure = outer;
    if (record === 'cleared') tally.emptied += 1;
    else if (record !== undefined && failure === null) {
      records.push(record);
      tally.made += 1;
    } else {
      tally.skipped += 1;
      failed(plan, run, failure);
    }
  };
  const { loop } = plan;
  let seen = 1;
  if (loop === undefined) one(1);
  else seen = loop.run(run, one).seen;

  if (tally.emptied > 0 && (tally.emptied > 1 || seen > 1)) {
    // `""` empties a list only alone; beside other items nobody can tell what was meant.
    run.note('cleared-among-items', plan.meta, undefined);
    run.hold ??= { reason: 'mapping-failed', rule: plan.meta.rule };
  }
  if (seen !== tally.made + tally.excluded + tally.noneKnown + tally.skipped + tally.emptied)
    run.hold ??= { reason: 'rows-unaccounted', rule: plan.meta.rule };
  run.made.set(plan.kind, (run.made.get(plan.kind) ?? 0) + tally.made);
  return { records, list: listOf(plan, run, tally) };
};

const failed = (plan: RecordPlan, run: InboundRun, failure: PartHold | null): void => {
  const source = failure?.source ?? plan.loop?.locate(run);
  const at = { rule: failure?.rule ?? plan.meta.rule, ...(source === undefined ? {} : { source }) };
  if (plan.onFail === 'skip') run.note('record-skipped', plan.meta, plan.loop?.locate(run));
  else run.hold ??= { reason: plan.onFail === 'reject' ? 'mapping-rejected' : 'mapping-failed', ...at };
};

/** What the message says of the list as a whole. A snapshot in which any item failed ends nothing. */
const listOf = (plan: RecordPlan, run: InboundRun, tally: Tally): MappedList | undefined => {
  if (plan.list !== 'snapshot' && tally.noneKnown === 0) return undefined;
  const isNone = tally.noneKnown > 0 && tally.made === 0 && tally.skipped === 0;
  if (tally.noneKnown > 0 && !isNone) run.note('none-known-beside-items', plan.meta, undefined);
  const states = tally.made > 0 || isNone || tally.emptied > 0 || (tally.excluded === 0 && plan.whenNone === 'clear');
  return {
    kind: plan.kind,
    rule: plan.meta.rule,
    snapshot: plan.list === 'snapshot',
    ends: plan.list === 'snapshot' && states && tally.skipped === 0,
    knownEmpty: isNone ? 'none-known' : null,
  };
};

const isAction = (value: unknown): value is Action => value === 'put' || value === 'replace' || value === 'cancel' || value === 'error';

const makeRecord = (
  plan: RecordPlan,
  run: InboundRun,
  position: number,
  partAsOf: Instant | null,
  known: Set<string>,
): MappedRecord | 'cleared' | undefined => {
  const keys = keysOf(plan, run);
  if (keys === 'cleared') return 'cleared';
  if (keys.length === 0) {
    if (run.failure === null) run.fail('no-key', plan.meta, plan.loop?.locate(run) ?? plan.keys[0]?.parts[0]?.locate(run)[0]);
    return undefined;
  }
  for (const key of keys) {
    const identity = `${key.name}\n${key.values.join('\n')}`;
    if (known.has(identity)) {
      run.fail('same-keys', plan.meta, plan.loop?.locate(run));
      return undefined;
    }
    known.add(identity);
  }
  const stated = plan.action?.read(run) ?? plan.action?.fallback;
  const action = stated === undefined || stated === CLEARED ? 'put' : stated;
  if (run.failure !== null || !isAction(action)) return undefined;
  const outer = run.lenient;
  const outerAsOf = run.asOf;
  run.lenient = action === 'cancel' || action === 'error';
  const asOf = asOfOf(plan, run, partAsOf);
  const { fields, defaults } = fill(plan.fields, run);
  const children = plan.children.flatMap((child) => runRecords(child, run, asOf).records);
  run.lenient = outer;
  run.asOf = outerAsOf;
  return { kind: plan.kind, rule: plan.meta.rule, position, keys, action, ifUnknown: plan.ifUnknown, fields, defaults, asOf, children };
};

const asOfOf = (plan: RecordPlan, run: InboundRun, partAsOf: Instant | null): Instant | null => {
  const value = plan.asOf?.read(run);
  if (typeof value !== 'string') return partAsOf;
  run.asOf = value;
  return instantOf(value, run.zone);
};

/** Keys of which every part is stated. `cleared` where the item is the lone `""` that empties a list. */
const keysOf = (plan: RecordPlan, run: InboundRun): readonly RecordKey[] | 'cleared' => {
  const keys: RecordKey[] = [];
  let cleared = false;
  for (const { name, parts } of plan.keys) {
    const values: string[] = [];
    for (const part of parts) {
      const value = part.read(run);
      if (value === CLEARED) cleared = true;
      const text = value === undefined || value === CLEARED ? part.fallback : value;
      if (typeof text === 'string') values.push(text);
    }
    if (values.length === parts.length) keys.push({ name, values });
  }
  return keys.length === 0 && cleared && plan.list === 'snapshot' && run.failure === null ? 'cleared' : keys;
};
