import fc from 'fast-check';
import { applyRecord } from '../../patients/items.ts';
import type { Json } from '../../records/mapped.ts';
import { at, context, instant, mapped, record, stated } from './made.ts';

/** An update of a record whose fields were stated together takes a shorter way: it must come to the same as weighing field by field. */
const FIELDS = ['severity', 'notes', 'reaction', 'onset'] as const;
const value: fc.Arbitrary<Json> = fc.oneof(
  fc.constantFrom('mild', 'severe', true, 3),
  fc.constantFrom<Json>({ code: 'a' }, { code: 'b' }, ['x', 'y'], ['x', 'z'], []),
);
const some = fc.dictionary(fc.constantFrom(...FIELDS), value);
const time = fc.constantFrom('09:00', '10:00', '11:00');

describe('an update of a record stated as one', () => {
  it('comes to what weighing it field by field comes to', () => {
    fc.assert(
      fc.property(
        some,
        some,
        fc.subarray([...FIELDS]),
        some,
        fc.record({ stored: time, told: fc.option(time), state: fc.constantFrom('current', 'cancelled', 'error') }),
        (fields, update, cleared, defaults, { stored, told, state }) => {
          const base = record('allergy', fields, { asOf: instant(at(stored)), state: state as 'current' });
          const next = mapped('allergy', stated(update, cleared), { defaults, asOf: told === null ? null : instant(at(told)) });
          const present = { uuid: base.id, state: base.state };
          // The times of fields that were stated with the record are its own: to say so changes nothing but the way it is worked out.
          const weighed = applyRecord({ ...present, record: { ...base, fieldAsOf: {} } }, next, context());
          expect(applyRecord({ ...present, record: base }, next, context())).toEqual(weighed);
        },
      ),
    );
  });

  it('that says nothing new keeps the very fields, so that what was read of them stands', () => {
    const base = record('allergy', { severity: 'mild', notes: ['seen', 'once'] });
    const applied = applyRecord(
      { uuid: base.id, state: base.state, record: base },
      mapped('allergy', stated({ notes: ['seen', 'once'] })),
      context(),
    );
    expect(applied).toMatchObject({ outcome: 'applied', changed: false, filedBy: 'unchanged' });
    expect(applied.outcome === 'applied' && applied.next.fields).toBe(base.fields);
  });
});
