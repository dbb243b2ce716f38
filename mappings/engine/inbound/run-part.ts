import type { Instant } from '../../../records/ids.ts';
import type { MappedCustody, MappedList, MappedMerge, MappedPart, MappedRecord } from '../../../records/mapped.ts';
import { instantOf } from '../dates.ts';
import { CLEARED } from '../value.ts';
import { evidenceOf, IDENTIFIERS } from './identity.ts';
import type { InboundPlan } from './inbound-plan.ts';
import type { InboundRun } from './inbound-run.ts';
import { fill, fillNow } from './patch.ts';
import { runRecords } from './run-records.ts';

/** A failed `required` outside the record rules holds the part. */
const settleFailure = (run: InboundRun): void => {
  run.hold ??= run.failure;
  run.failure = null;
};

const asOfOf = (plan: InboundPlan, run: InboundRun): Instant | null => {
  const value = plan.asOf?.read(run);
  if (typeof value !== 'string') return null;
  run.asOf = value;
  return instantOf(value, run.zone);
};

const needsTime = (event: unknown): boolean => event !== 'detail' && !(typeof event === 'string' && event.startsWith('undo'));

const custodyOf = (plan: NonNullable<InboundPlan['custody']>, run: InboundRun): MappedCustody | null => {
  if (plan.when?.(run) === false) return null;
  const fields = fillNow(plan.fields, run);
  const event = fields.event?.state === 'value' ? fields.event.value : undefined;
  const needed = [
    'event',
    'booking',
    ...(needsTime(event) ? ['at'] : []),
    ...(event === 'reception' || event === 'transfer' ? ['to'] : []),
  ];
  for (const name of needed) {
    if (fields[name]?.state === 'value') continue;
    // A value that was refused has its place already.
    const target = `custody.${name}`;
    run.fail('required', { rule: plan.meta.rule, target }, run.issues.find((issue) => issue.target === target)?.source);
  }
  return { rule: plan.meta.rule, fields, ifUnknown: plan.ifUnknown };
};

const mergeOf = (plan: NonNullable<InboundPlan['merge']>, run: InboundRun): MappedMerge | null => {
  const action = plan.action.read(run);
  const retired = evidenceOf(plan.retired, run);
  if (IDENTIFIERS.every((name) => retired[name] === undefined))
    run.fail('required', { rule: plan.meta.rule, target: 'merge.retired' }, undefined);
  if (action === undefined || action === CLEARED) run.fail('required', { rule: plan.meta.rule, target: 'merge.action' }, undefined);
  return { action: action === 'unmerge' || action === 'move' ? action : 'merge', retired, ifUnknown: plan.ifUnknown, rule: plan.meta.rule };
};

/** Runs a plan over one part of a message. A held part keeps its evidence and issues; nothing else of it may be used. */
export const runPart = (plan: InboundPlan, run: InboundRun, part: number): MappedPart => {
  run.issues = [];
  run.failure = null;
  run.hold = null;
  run.asOf = null;
  run.made.clear();
  const before = new Set(run.attachments.keys());
  const asOf = asOfOf(plan, run);
  settleFailure(run);
  const identify = evidenceOf(plan.identify, run);
  settleFailure(run);
  const patient = plan.patient === undefined || plan.patient.when?.(run) === false ? undefined : fill(plan.patient.fields, run);
  settleFailure(run);
  const custody = plan.custody === undefined ? null : custodyOf(plan.custody, run);
  settleFailure(run);
  const merge = plan.merge === undefined ? null : mergeOf(plan.merge, run);
  settleFailure(run);
  const records: MappedRecord[] = [];
  const lists: MappedList[] = [];
  for (const rule of plan.records) {
    const made = runRecords(rule, run, asOf);
    records.push(...made.records);
    if (made.list !== undefined) lists.push(made.list);
  }
  for (const check of plan.checks) {
    if (check.that(run)) continue;
    run.note('check', check.meta, undefined);
    if (check.otherwise === 'note') continue;
    run.hold ??= { reason: check.otherwise === 'reject' ? 'mapping-rejected' : 'mapping-check', rule: check.meta.rule, say: check.say };
  }
  const { hold, issues } = run;
  if (hold !== null) {
    for (const name of run.attachments.keys()) if (!before.has(name)) run.attachments.delete(name);
    return { part, identify, patient: null, patientDefaults: {}, custody: null, merge: null, records: [], lists: [], asOf, issues, hold };
  }
  return {
    part,
    identify,
    patient: patient?.fields ?? null,
    patientDefaults: patient?.defaults ?? {},
    custody,
    merge,
    records,
    lists,
    asOf,
    issues,
    hold: null,
  };
};
