import type { CanonicalRecord } from '../records/record.ts';
import type { PriorityWord } from './facts.ts';
import { textsOf } from './facts.ts';

/** HL7 table 0078: beyond the panic limits, or very abnormal. */
const CRITICAL: ReadonlySet<string> = new Set(['HH', 'LL', 'AA', '<', '>']);
const ABNORMAL: ReadonlySet<string> = new Set(['H', 'L', 'A']);
const URGENT: ReadonlySet<string> = new Set(['urgent', 'asap', 'stat']);

/**
 * Clinical priority of a record: a critical result in a report makes it urgent, an abnormal one high, and so do the words of a referral or
 * appointment. It orders lanes, never deliveries within one (DESIGN §4.4).
 */
export const clinicalPriority = (record: CanonicalRecord, children: readonly CanonicalRecord[] = []): PriorityWord => {
  const flags = [record, ...children].filter((one) => one.state === 'current').flatMap((one) => textsOf(one.fields.interpretation));
  if (flags.some((flag) => CRITICAL.has(flag.toUpperCase()))) return 'urgent';
  if (textsOf(record.fields.priority).some((word) => URGENT.has(word.toLowerCase()))) return 'urgent';
  return flags.some((flag) => ABNORMAL.has(flag.toUpperCase())) ? 'high' : 'routine';
};
