import { changesRouting, presentRegistration, vitalFacts } from '../../patients/registration.ts';
import type { Json } from '../../records/mapped.ts';
import type { CanonicalRecord } from '../../records/record.ts';
import { at, instant, record } from './made.ts';

const NOW = at('20 00:00');
const entry = (practiceOds: string, status: string | null, asOf: string, more: Record<string, Json> = {}): CanonicalRecord =>
  record('gpRegistration', { practiceOds, ...(status === null ? {} : { status }), ...more }, { asOf: instant(at(asOf)) });
const present = (...records: CanonicalRecord[]) => presentRegistration(records, NOW).present;

describe('present GP registration', () => {
  it('is what the registration service accepted, above a request and a practice only named', () => {
    const accepted = entry('A10001', 'accepted', '2 10:00');
    expect(present(entry('C10003', 'previous', '9 10:00'), entry('B10002', 'requested', '5 10:00'), accepted)).toMatchObject({
      practiceOds: 'A10001',
      standing: 'registered',
      recordId: accepted.id,
    });
    expect(present(entry('C10003', 'previous', '9 10:00'), entry('B10002', 'requested', '5 10:00'))).toMatchObject({
      practiceOds: 'B10002',
      standing: 'requested',
    });
    expect(present(entry('C10003', null, '9 10:00'))).toMatchObject({ practiceOds: 'C10003', standing: 'previous' });
    expect(present()).toBeNull();
  });

  it('is the newest statement among equals', () => {
    expect(present(entry('A10001', 'accepted', '2 10:00'), entry('B10002', 'amended', '5 10:00'))).toMatchObject({ practiceOds: 'B10002' });
  });

  it('is never a historic entry (hazard H7)', () => {
    expect(presentRegistration([entry('A10001', 'accepted', '2 10:00', { endedAt: '2026-03-10' })], NOW)).toMatchObject({
      present: null,
      ended: { why: 'ended' },
    });
    expect(presentRegistration([entry('A10001', 'accepted', '2 10:00', { startedAt: '2026-04-01' })], NOW)).toMatchObject({
      present: null,
      ended: { why: 'not-started' },
    });
    expect(
      presentRegistration(
        [
          entry('A10001', 'removed', '5 10:00', { reason: 'SCT' }),
          entry('A10001', 'accepted', '2 10:00'),
          entry('C10003', 'previous', '1 10:00'),
        ],
        NOW,
      ),
    ).toMatchObject({
      present: null,
      ended: { why: 'removed' },
      deathNotified: false,
    });
    expect(presentRegistration([entry('A10001', 'removed', '5 10:00', { reason: 'death' })], NOW).deathNotified).toBe(true);
  });

  it('survives being deducted from the practice before', () => {
    expect(
      present(entry('A10001', 'deducted', '6 10:00'), entry('B10002', 'accepted', '5 10:00'), entry('A10001', 'accepted', '2 10:00')),
    ).toMatchObject({ practiceOds: 'B10002' });
  });

  it('leaves out withdrawn records, and reports two that contradict', () => {
    expect(presentRegistration([{ ...entry('A10001', 'accepted', '2 10:00'), state: 'error' }], NOW).present).toBeNull();
    expect(
      presentRegistration([entry('A10001', 'accepted', '2 10:00'), entry('B10002', 'accepted', '2 10:00')], NOW).contradictory,
    ).toHaveLength(2);
  });
});

describe('restriction and death', () => {
  it('come from the patient record, the person, or the legal status', () => {
    expect(vitalFacts(record('patient', { restricted: true }))).toEqual({ restricted: true, deceased: false });
    expect(vitalFacts(record('patient', { deceasedAt: '2026-03-02' }))).toEqual({ restricted: false, deceased: true });
    expect(vitalFacts(null, true, 'DEAD')).toEqual({ restricted: true, deceased: true });
  });

  it('★ A12: custody, registration and restriction change the routing, clinical records do not', () => {
    const none = { restricted: false, deceased: false };
    expect(changesRouting('custody', none, none)).toBe(true);
    expect(changesRouting('gpRegistration', none, none)).toBe(true);
    expect(changesRouting('patient', none, { ...none, restricted: true })).toBe(true);
    expect(changesRouting('patient', none, none)).toBe(false);
    expect(changesRouting('report', none, none)).toBe(false);
  });
});
