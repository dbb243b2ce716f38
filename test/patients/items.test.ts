import fc from 'fast-check';
import { custodyRecord, foundingRecord, INDEX_SYSTEM, patientRecord } from '../../patients/derived-records.ts';
import { applyRecord, type PresentItem } from '../../patients/items.ts';
import type { MappedRecord } from '../../records/mapped.ts';
import type { CanonicalRecord } from '../../records/record.ts';
import { at, context, instant, mapped, stated } from './made.ts';

const nextOf = (present: PresentItem | null, record: MappedRecord, when = '12:00'): CanonicalRecord => {
  const applied = applyRecord(present, record, context({ receivedAt: instant(at(when)) }));
  if (applied.outcome !== 'applied') throw new Error(applied.outcome);
  return applied.next;
};
const kept = (record: CanonicalRecord): PresentItem => ({ uuid: record.id, state: record.state, record });
const time = (text: string) => instant(at(text));

describe('put', () => {
  const first = nextOf(null, mapped('allergy', stated({ severity: 'mild', notes: 'seen once' })));

  it('creates, then updates the fields it states and no others', () => {
    expect(first).toMatchObject({ state: 'current', action: 'put', fields: { severity: 'mild', notes: 'seen once' }, asOf: at('10:00') });
    const second = nextOf(kept(first), mapped('allergy', stated({ severity: 'severe' }), { asOf: time('11:00') }));
    expect(second).toMatchObject({
      id: first.id,
      fields: { severity: 'severe', notes: 'seen once' },
      asOf: at('11:00'),
      fieldAsOf: { notes: at('10:00') },
    });
  });

  it('removes what is cleared', () => {
    expect(nextOf(kept(first), mapped('allergy', stated({}, ['notes']), { asOf: time('11:00') })).fields).toEqual({ severity: 'mild' });
  });

  it('does not apply an older statement, field by field, and says so', () => {
    const second = nextOf(kept(first), mapped('allergy', stated({ severity: 'severe' }), { asOf: time('11:00') }));
    const late = applyRecord(
      kept(second),
      mapped('allergy', stated({ severity: 'moderate', notes: 'seen twice' }), { asOf: time('10:30') }),
      context(),
    );
    expect(late).toMatchObject({
      next: { fields: { severity: 'severe', notes: 'seen twice' }, asOf: at('11:00') },
      issues: [{ code: 'older-than-stored', target: 'severity' }],
    });
    const cleared = nextOf(kept(second), mapped('allergy', stated({}, ['notes']), { asOf: time('11:30') }));
    expect(nextOf(kept(cleared), mapped('allergy', stated({ notes: 'old' }), { asOf: time('11:10') })).fields).toEqual({
      severity: 'severe',
    });
  });

  it('lets a default fill a field only while there is none; anything stated takes its place, however old', () => {
    const withDefault = mapped('patient', stated({ birthDate: '1984-03-07' }), { defaults: { gender: 'unknown' } });
    const patient = nextOf(null, withDefault);
    expect(patient.fields).toEqual({ birthDate: '1984-03-07', gender: 'unknown' });
    const older = nextOf(kept(patient), mapped('patient', stated({ gender: 'male' }), { asOf: time('09:00') }));
    expect(older.fields.gender).toBe('male');
    expect(nextOf(kept(older), { ...withDefault, asOf: time('11:00') }).fields.gender).toBe('male');
  });

  it('brings back a record that a list had ended', () => {
    const ended: CanonicalRecord = { ...first, state: 'ended' };
    expect(nextOf(kept(ended), mapped('allergy', stated({}), { asOf: time('11:00') })).state).toBe('current');
    expect(nextOf(kept(ended), mapped('allergy', stated({}), { asOf: time('09:00') })).state).toBe('ended');
  });
});

describe('replace', () => {
  it('takes the record for the whole', () => {
    const first = nextOf(null, mapped('document', stated({ title: 'Letter', text: 'draft' })));
    const second = nextOf(kept(first), mapped('document', stated({ title: 'Letter 2' }), { action: 'replace', asOf: time('11:00') }));
    expect(second.fields).toEqual({ title: 'Letter 2' });
    // An update of before the replacement must not bring the draft back, not even in a field never stated since.
    const late = nextOf(kept(second), mapped('document', stated({ text: 'draft', category: 'old' }), { asOf: time('10:30') }));
    expect(late.fields).toEqual({ title: 'Letter 2' });
  });
});

describe('cancel and error', () => {
  const first = nextOf(null, mapped('document', stated({ title: 'Letter' })));

  it('withdraw the record, keep its fields and go out as a withdrawal (ruling C30)', () => {
    const cancelled = nextOf(kept(first), mapped('document', stated({}), { action: 'cancel', asOf: time('11:00') }));
    expect(cancelled).toMatchObject({ state: 'cancelled', action: 'cancel', fields: { title: 'Letter' } });
    const wrong = nextOf(kept(cancelled), mapped('document', stated({}), { action: 'error', asOf: time('11:30') }));
    expect(wrong).toMatchObject({ state: 'error', action: 'error' });
  });

  it('★ C.30: a withdrawn document is never new again by a late or repeated original', () => {
    const cancelled = nextOf(kept(first), mapped('document', stated({}), { action: 'cancel', asOf: time('11:00') }));
    const applied = applyRecord(
      kept(cancelled),
      mapped('document', stated({ title: 'Letter again' }), { action: 'replace', asOf: time('10:30') }),
      context(),
    );
    expect(applied).toMatchObject({ next: { state: 'cancelled', action: 'cancel' } });
    expect(applied.outcome === 'applied' && applied.filedBy).not.toBeNull();
  });

  it('a result deleted and then reported again stands again', () => {
    const deleted = nextOf(kept(first), mapped('result', stated({}), { action: 'error', asOf: time('11:00') }));
    const again = applyRecord(
      kept(deleted),
      mapped('result', stated({ title: 'x' }), { action: 'replace', asOf: time('11:30') }),
      context(),
    );
    expect(again).toMatchObject({ filedBy: null, next: { state: 'current', action: 'replace' }, issues: [{ code: 'reinstated' }] });
  });

  it('of a record not seen hold, are remembered, or noted', () => {
    const cancel = mapped('document', stated({}), { action: 'cancel' });
    expect(applyRecord(null, cancel, context())).toMatchObject({ outcome: 'hold', reason: 'unknown-record' });
    expect(applyRecord(null, { ...cancel, ifUnknown: 'note' }, context())).toMatchObject({ outcome: 'noted' });
    const tombstone = applyRecord(null, { ...cancel, ifUnknown: 'remember' }, context());
    expect(tombstone).toMatchObject({ outcome: 'tombstone', state: 'cancelled', isNew: true });
    if (tombstone.outcome !== 'tombstone') return;
    const late = applyRecord(
      { uuid: tombstone.uuid, state: 'cancelled', record: null },
      mapped('document', stated({ title: 'Letter' }), { action: 'replace' }),
      context(),
    );
    expect(late).toMatchObject({
      outcome: 'applied',
      filedBy: 'withdrawn-before-it-came',
      next: { id: tombstone.uuid, state: 'cancelled', action: 'cancel' },
    });
  });

  it('older than what was stated since do not withdraw it', () => {
    const updated = nextOf(kept(first), mapped('document', stated({ title: 'New' }), { asOf: time('11:00') }));
    expect(applyRecord(kept(updated), mapped('document', stated({}), { action: 'cancel', asOf: time('10:30') }), context())).toMatchObject({
      next: { state: 'current' },
      issues: [{ code: 'older-than-stored', target: 'state' }],
    });
  });
});

describe('keys', () => {
  it('give a name-based id by the first key in alphabetical order, fixed from then on', () => {
    const placer = { name: 'placer', values: ['P1'] };
    const filler = { name: 'filler', values: ['F1', ''] };
    const first = nextOf(null, mapped('report', stated({}), { keys: [placer] }));
    const both = nextOf(kept(first), mapped('report', stated({}), { keys: [filler, placer] }));
    expect(both.id).toBe(first.id);
    expect(both.keys).toEqual([placer, filler]);
    expect(nextOf(null, mapped('report', stated({}), { keys: [placer, filler] })).id).toBe(
      nextOf(null, mapped('report', stated({}), { keys: [filler] })).id,
    );
  });

  it('count per patient, per parent or per system', () => {
    const id = (kind: string, more: Parameters<typeof context>[0]) => {
      const applied = applyRecord(null, mapped(kind, stated({})), context(more));
      return applied.outcome === 'applied' ? applied.next.id : undefined;
    };
    const other = context({ personId: context().personId });
    expect(id('allergy', { personId: other.personId })).not.toBe(id('allergy', { personId: 2 as typeof other.personId }));
    expect(id('report', { personId: other.personId })).toBe(id('report', { personId: 2 as typeof other.personId }));
    const parent = { id: 5, uuid: nextOf(null, mapped('report', stated({}))).id };
    expect(id('document', { parent })).not.toBe(id('document', {}));
    expect(applyRecord(null, mapped('document', stated({})), context({ parent }))).toMatchObject({ next: { parentId: parent.uuid } });
  });

  it('are needed', () => {
    expect(applyRecord(null, mapped('report', stated({}), { keys: [] }), context())).toMatchObject({ outcome: 'hold' });
  });
});

describe('replays', () => {
  const FIELDS = ['title', 'text', 'category'];
  const anyRecord = fc
    .record({
      action: fc.constantFrom('put', 'put', 'replace', 'cancel', 'error' as const),
      hour: fc.integer({ min: 0, max: 9 }),
      fields: fc.dictionary(fc.constantFrom(...FIELDS), fc.constantFrom('a', 'b', { nested: ['x'] })),
      cleared: fc.subarray(FIELDS),
      defaults: fc.dictionary(fc.constantFrom(...FIELDS), fc.constant('d')),
    })
    .map(
      ({ action, hour, fields, cleared, defaults }): MappedRecord =>
        mapped(
          'document',
          stated(
            fields,
            cleared.filter((name) => !(name in fields)),
          ),
          { action: action as MappedRecord['action'], asOf: time(`0${hour}:00`), ifUnknown: 'note', defaults },
        ),
    );
  const fold = (records: readonly MappedRecord[]): PresentItem | null =>
    records.reduce<PresentItem | null>((present, one, index) => {
      const applied = applyRecord(
        present,
        one,
        context({ messageId: index, receivedAt: instant(at(`12:${String(index).padStart(2, '0')}`)) }),
      );
      return applied.outcome === 'applied' ? kept(applied.next) : present;
    }, null);

  it('change nothing: the same record applied again differs in nothing and is not sent', () => {
    fc.assert(
      fc.property(fc.array(anyRecord, { minLength: 1, maxLength: 8 }), (records) => {
        const present = fold(records);
        const last = records.at(-1);
        if (present === null || last === undefined) return;
        expect(applyRecord(present, last, context({ receivedAt: instant(at('13:00')) }))).toMatchObject({
          changed: false,
          store: false,
          filedBy: 'unchanged',
        });
      }),
      { numRuns: 1000 },
    );
  });

  it('whatever the order of arrival, statements of different times leave the same fields', () => {
    const distinct = fc
      .uniqueArray(anyRecord, { minLength: 1, maxLength: 7, selector: (one) => one.asOf })
      .map((records) => records.filter((one) => one.action === 'put' || one.action === 'replace').map((one) => ({ ...one, defaults: {} })));
    fc.assert(
      fc.property(
        distinct.chain((records) => fc.tuple(fc.constant(records), fc.shuffledSubarray(records, { minLength: records.length }))),
        ([told, arrived]) => {
          expect(fold(arrived)?.record?.fields).toEqual(fold(told)?.record?.fields);
          expect(fold(arrived)?.record?.asOf).toEqual(fold(told)?.record?.asOf);
        },
      ),
      { numRuns: 1000 },
    );
  });
});

describe('records the index makes itself', () => {
  it('a custody event told again is the same record', () => {
    const custody = { rule: 'r', ifUnknown: 'hold' as const, fields: stated({ event: 'reception', booking: 'B1', at: at('09:00') }) };
    const one = nextOf(null, custodyRecord(custody, time('09:00'), time('09:01')));
    expect(applyRecord(kept(one), custodyRecord(custody, time('09:00'), time('15:00')), context())).toMatchObject({
      outcome: 'applied',
      filedBy: 'unchanged',
    });
    expect(
      custodyRecord({ ...custody, fields: stated({ event: 'undoReception', booking: 'B1' }) }, time('11:00'), time('11:01')).keys[0]
        ?.values,
    ).toEqual(['B1', 'undoReception', at('11:00')]);
  });

  it('one patient record a person, founded on evidence where no demographics came', () => {
    const part = {
      identify: { familyName: 'Marlowe', givenName: 'Robert', birthDate: '1984-03-07' },
      asOf: time('10:00'),
      patient: null,
      patientDefaults: {},
    };
    expect(patientRecord(part)).toBeNull();
    const founded = nextOf(null, foundingRecord(part));
    expect(founded.fields).toEqual({ name: { family: 'Marlowe', given: ['Robert'] }, birthDate: '1984-03-07' });
    const stating = patientRecord({ patient: stated({ birthDate: '1984-03-08' }), patientDefaults: {}, asOf: time('08:00') });
    expect(stating && applyRecord(kept(founded), stating, context({ system: INDEX_SYSTEM }))).toMatchObject({
      next: { fields: { birthDate: '1984-03-08' } },
    });
  });
});
