import type { Json, Patch, Stated } from '../../../records/mapped.ts';
import type { FieldPlan } from '../expression/object.ts';
import { CLEARED } from '../value.ts';
import type { InboundRun } from './inbound-run.ts';

export interface Filled {
  readonly fields: Patch;
  readonly defaults: Readonly<Record<string, Json>>;
}

const CLEARED_FIELD: Stated = { state: 'cleared' };

/** What a message says of the fields of a record. `default(…)` stays apart: it fills a field only while the record has none. */
export const fill = (plans: readonly FieldPlan<InboundRun>[], run: InboundRun): Filled => {
  const fields: Record<string, Stated> = {};
  const defaults: Record<string, Json> = {};
  for (const plan of plans) {
    const value = plan.read(run);
    if (value === CLEARED) fields[plan.name] = CLEARED_FIELD;
    else if (value !== undefined) fields[plan.name] = { state: 'value', value };
    else if (plan.fallback !== undefined && !run.lenient) defaults[plan.name] = plan.fallback;
  }
  return { fields, defaults };
};

/** The same where there is nothing stored that a default could wait for (custody events, identity evidence). */
export const fillNow = (plans: readonly FieldPlan<InboundRun>[], run: InboundRun): Patch => {
  const { fields, defaults } = fill(plans, run);
  const filled: Record<string, Stated> = { ...fields };
  for (const [name, value] of Object.entries(defaults)) filled[name] = { state: 'value', value };
  return filled;
};
