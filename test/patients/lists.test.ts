import { resolveItem, scopedKeys, withoutMetKeys } from '../../patients/item-keys.ts';
import { applyRecord, type PresentItem } from '../../patients/items.ts';
import { endedBySnapshot, filedWithChildren, knownEmptyAfter } from '../../patients/lists.ts';
import { brandAs, type ItemId } from '../../records/ids.ts';
import type { MappedList, MappedRecord } from '../../records/mapped.ts';
import { type StoredItem, scopedKeyText } from '../../records/process.ts';
import { at, context, instant, mapped, person, record, stated } from './made.ts';

const list = (more: Partial<MappedList> = {}): MappedList => ({
  kind: 'allergy',
  rule: 'r:9',
  snapshot: true,
  ends: true,
  knownEmpty: null,
  ...more,
});
const item = (code: string, more: Parameters<typeof record>[2] = {}): PresentItem => {
  const one = record('allergy', { code: { code } }, { system: 'lab', keys: [{ name: 'code', values: [code] }], ...more });
  return { uuid: one.id, state: one.state, record: one };
};

describe('a list told whole', () => {
  const [penicillin, nuts, other] = [item('penicillin'), item('nuts'), item('latex', { system: 'gp' })];
  const named = new Set([penicillin.uuid]);

  it('ends what it does not name, of its own system', () => {
    const ended = endedBySnapshot(list(), instant(at('11:00')), [penicillin, nuts, other], named, context());
    expect(ended).toMatchObject([{ id: nuts.uuid, state: 'ended', fields: { code: { code: 'nuts' } } }]);
  });

  it('ends nothing where an item failed, nor what was stated later', () => {
    expect(endedBySnapshot(list({ ends: false }), instant(at('11:00')), [nuts], named, context())).toEqual([]);
    expect(endedBySnapshot(list(), instant(at('09:00')), [nuts], named, context())).toEqual([]);
  });

  it('keeps that it is known to be empty, until it has an item again', () => {
    const empty = knownEmptyAfter(null, [list({ knownEmpty: 'none-known' })], new Set(), 'gp', at('10:00'));
    expect(empty).toEqual([{ kind: 'allergy', system: 'gp', value: 'none-known', asOf: at('10:00') }]);
    const patient = { fields: { knownEmpty: (empty ?? []).map((one) => ({ ...one })) } };
    expect(knownEmptyAfter(patient, [list({ knownEmpty: 'none-known' })], new Set(), 'lab', at('10:00'))).toHaveLength(2);
    expect(knownEmptyAfter(patient, [], new Set(['allergy']), 'gp', at('11:00'))).toEqual([]);
    expect(knownEmptyAfter(patient, [], new Set(['problem']), 'gp', at('11:00'))).toBeNull();
  });
});

describe('items found by key', () => {
  const stored = (id: number, personId: number, keys: { name: string; values: string[] }[], kind = 'report'): StoredItem => {
    const one = record(kind, {}, { system: 'lab', keys, asOf: instant(at(`1${id}:00`)) });
    return {
      id: brandAs<ItemId>(id),
      uuid: one.id,
      personId: person(personId),
      kind,
      system: 'lab',
      state: 'current',
      parentId: null,
      recordId: id,
      keys,
      record: one,
    };
  };
  const filler = { name: 'filler', values: ['F1'] };
  const placer = { name: 'placer', values: ['P1'] };
  const found = (...items: StoredItem[]): Map<string, StoredItem> =>
    new Map(
      items.flatMap((one) =>
        scopedKeys({ kind: one.kind, keys: one.record?.keys ?? [] }, { system: 'lab', personId: one.personId, parent: null }).map((key) => [
          scopedKeyText(key),
          one,
        ]),
      ),
    );
  const report = (more: Partial<MappedRecord> = {}): MappedRecord => mapped('report', stated({}), { keys: [filler, placer], ...more });

  it('any one key finds the record', () => {
    const one = stored(1, 1, [placer]);
    expect(resolveItem(report(), context(), found(one))).toEqual({ outcome: 'one', item: one });
    expect(resolveItem(report({ keys: [{ name: 'filler', values: ['F2'] }] }), context(), found(one))).toEqual({ outcome: 'none' });
  });

  it('holds two keys that find two records, and a record of another patient', () => {
    expect(resolveItem(report(), context(), found(stored(1, 1, [placer]), stored(2, 1, [filler])))).toEqual({
      outcome: 'hold',
      reason: 'key-conflict',
    });
    expect(resolveItem(report(), context(), found(stored(1, 2, [placer])))).toEqual({ outcome: 'hold', reason: 'key-conflict' });
    expect(resolveItem(report(), context(), found(stored(1, 2, [placer])), new Set([person(1), person(2)]))).toMatchObject({
      outcome: 'one',
    });
  });

  it('after a merge, where per-patient keys meet, the newest is read and the other kept', () => {
    const code = { name: 'code', values: ['penicillin'] };
    const [older, newer] = [stored(1, 1, [code], 'allergy'), stored(2, 2, [code], 'allergy')];
    expect(withoutMetKeys([older, newer])).toEqual({ kept: [newer], hidden: [older] });
    expect(withoutMetKeys([older])).toEqual({ kept: [older], hidden: [] });
    // What was withdrawn for one of them says nothing of the other's.
    const withdrawn: StoredItem = { ...newer, state: 'error' };
    expect(withoutMetKeys([older, withdrawn]).kept).toContain(older);
    expect(
      resolveItem(mapped('allergy', stated({}), { keys: [code] }), context(), found(older, newer), new Set([person(1), person(2)])),
    ).toEqual({ outcome: 'one', item: older });
  });
});

describe('★ C.32: a child routes its parent', () => {
  const parent = applyRecord(null, mapped('report', stated({ status: 'final' })), context());
  const again = (present: typeof parent) =>
    present.outcome === 'applied'
      ? applyRecord(
          { uuid: present.next.id, state: 'current', record: present.next },
          mapped('report', stated({ status: 'final' })),
          context(),
        )
      : present;
  const child = applyRecord(null, mapped('result', stated({ subId: '1' })), context());
  const withdrawn =
    child.outcome === 'applied'
      ? applyRecord(
          { uuid: child.next.id, state: 'current', record: child.next },
          mapped('result', stated({}), { action: 'error', asOf: instant(at('11:00')) }),
          context(),
        )
      : child;

  it('an unchanged report goes out when a result of it is new, corrected or withdrawn', () => {
    expect(filedWithChildren(again(parent), [child])).toBeNull();
    expect(filedWithChildren(again(parent), [withdrawn])).toBeNull();
    expect(filedWithChildren(again(parent), [])).toBe('unchanged');
    expect(filedWithChildren(parent, [])).toBeNull();
  });
});
