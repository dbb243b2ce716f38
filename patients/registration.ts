import type { CanonicalRecord } from '../records/record.ts';
import {
  REGISTRATION_STANDINGS,
  type RegistrationEnd,
  type RegistrationStanding,
  type RegistrationState,
  type VitalFacts,
} from '../records/whereabouts.ts';
import { fieldText } from './fields.ts';
import { spanOf } from './timeline-order.ts';

const STANDING: Readonly<Record<string, RegistrationStanding>> = {
  accepted: 'registered',
  amended: 'registered',
  // A prior notification announces an end; until the removal comes, the patient is registered.
  'prior-notification': 'registered',
  requested: 'requested',
  previous: 'previous',
};
const ENDS: Readonly<Record<string, RegistrationEnd>> = { removed: 'removed', deducted: 'deducted', rejected: 'rejected' };
const ORDER: readonly RegistrationStanding[] = REGISTRATION_STANDINGS;
const DEATH = /^(death|deceased|died|dea|d)$/i;

/** When an entry was true: as stated, else when it came in. */
const statedAt = (record: CanonicalRecord): number =>
  spanOf(fieldText(record, 'startedAt') ?? null)?.start ?? spanOf(record.asOf ?? record.receivedAt)?.start ?? 0;
const newestFirst = (a: CanonicalRecord, b: CanonicalRecord): number => {
  const [left, right] = [spanOf(a.asOf ?? a.receivedAt)?.start ?? 0, spanOf(b.asOf ?? b.receivedAt)?.start ?? 0];
  return right - left || statedAt(b) - statedAt(a) || (a.id < b.id ? -1 : 1);
};

/**
 * The present GP registration from all `gpRegistration` records of a person, at `at` (ISO 8601). An accepted registration beats a requested
 * one, that beats a practice only named; among equals the newest statement stands. A historic entry is never used (domain H7): an end
 * takes away every older statement about that practice, and a removal or deduction every practice that was only named before it.
 */
export const presentRegistration = (records: readonly CanonicalRecord[], at: string): RegistrationState => {
  const now = spanOf(at)?.end ?? Number.POSITIVE_INFINITY;
  const entries = records.filter((record) => record.kind === 'gpRegistration' && record.state === 'current').sort(newestFirst);
  const endOf = (record: CanonicalRecord): RegistrationEnd | undefined => {
    const end = ENDS[fieldText(record, 'status') ?? ''];
    if (end !== undefined) return end;
    const until = spanOf(fieldText(record, 'endedAt') ?? null);
    if (until !== undefined && until.end <= now) return 'ended';
    const from = spanOf(fieldText(record, 'startedAt') ?? null);
    return from !== undefined && from.start > now && fieldText(record, 'status') !== 'requested' ? 'not-started' : undefined;
  };
  const over = new Set<string>();
  const alive: { record: CanonicalRecord; standing: RegistrationStanding; practiceOds: string }[] = [];
  let ended: RegistrationState['ended'] = null;
  let deathNotified = false;
  let serviceEnded = false;
  for (const record of entries) {
    const practiceOds = fieldText(record, 'practiceOds');
    const end = endOf(record);
    if (end !== undefined) {
      ended ??= { why: end, recordId: record.id };
      if (practiceOds !== undefined && end !== 'not-started') over.add(practiceOds);
      if (end === 'removed' || end === 'deducted') {
        serviceEnded = true;
        if (DEATH.test(fieldText(record, 'reason') ?? '')) deathNotified = true;
        if (practiceOds === undefined) break;
      }
      continue;
    }
    // Without a status it is a practice somebody named.
    const standing = STANDING[fieldText(record, 'status') ?? ''] ?? 'previous';
    if (practiceOds !== undefined && !over.has(practiceOds) && !(serviceEnded && standing === 'previous'))
      alive.push({ record, practiceOds, standing });
  }
  alive.sort((a, b) => ORDER.indexOf(a.standing) - ORDER.indexOf(b.standing) || newestFirst(a.record, b.record));
  const [best, ...others] = alive;
  const rivals =
    best?.standing === 'registered'
      ? others.filter(
          (other) => other.standing === 'registered' && other.practiceOds !== best.practiceOds && sameTime(best.record, other.record),
        )
      : [];
  return {
    present:
      best === undefined
        ? null
        : {
            practiceOds: best.practiceOds,
            standing: best.standing,
            recordId: best.record.id,
            startedAt: fieldText(best.record, 'startedAt') ?? null,
          },
    ended: best === undefined ? ended : null,
    deathNotified,
    contradictory: best === undefined || rivals.length === 0 ? [] : [best.record.id, ...rivals.map((rival) => rival.record.id)],
  };
};

const sameTime = (a: CanonicalRecord, b: CanonicalRecord): boolean => (a.asOf ?? a.receivedAt) === (b.asOf ?? b.receivedAt);

/** Restriction and death, from the patient record, the person's own flag and the legal status of the present stay. */
export const vitalFacts = (patient: CanonicalRecord | null, restricted = false, legalStatus?: string): VitalFacts => ({
  restricted: restricted || patient?.fields.restricted === true,
  deceased:
    patient?.fields.deceased === true || (patient !== null && fieldText(patient, 'deceasedAt') !== undefined) || legalStatus === 'DEAD',
});

/** Persons whose routing must be looked at again after these kinds of record changed (ruling A12). */
const ROUTING_KINDS: ReadonlySet<string> = new Set(['custody', 'gpRegistration']);
export const changesRouting = (kind: string, before: VitalFacts, after: VitalFacts): boolean =>
  ROUTING_KINDS.has(kind) || before.restricted !== after.restricted || before.deceased !== after.deceased;
