import { ItemSet } from '../../../pipeline/process/item-set.ts';
import { KeyIndex, storedKeys } from '../../../pipeline/process/key-index.ts';
import { lookUp, type OwnedPart } from '../../../pipeline/process/look-up.ts';
import { PersonCache } from '../../../pipeline/process/person-cache.ts';
import { knownPerson, type PersonState, withItems } from '../../../pipeline/process/person-state.ts';
import { brandAs, type ItemId, type PersonId, type RecordId } from '../../../records/ids.ts';
import { identifierKey, type PersonRow, type ProcessTransaction, type StoredItem, scopedKeyText } from '../../../records/process.ts';
import { mapped, nhs, person, record, stated } from '../../patients/made.ts';

/** Who a batch is about and which records it names: asked of the store only where what was seen lately does not tell. */

const row = (id: number, version: number, mergedInto: number | null = null): PersonRow => ({
  id: person(id),
  mergedInto: mergedInto === null ? null : person(mergedInto),
  version,
  routingVersion: 1,
  restricted: false,
});
const report = (id: number, owner: number, key: string): StoredItem => ({
  id: brandAs<ItemId>(id),
  uuid: brandAs<RecordId>(`report-${id}`),
  personId: person(owner),
  kind: 'report',
  system: 'lab',
  state: 'current',
  parentId: null,
  recordId: id,
  keys: [{ name: 'filler', values: [key] }],
  record: record('report', { status: 'final' }),
});
const NUMBER = nhs('9990000018');
const OTHER = nhs('9990000026');
const seen = (id: number, version: number, items: readonly StoredItem[] = []): PersonState =>
  withItems(knownPerson([row(id, version)], row(id, version), [NUMBER]), items, ['report']);

/** A part about whoever holds these numbers, with a report under this key. */
const part = (numbers: readonly (typeof NUMBER)[], key: string): OwnedPart => ({
  system: 'lab',
  part: {
    part: {
      part: 1,
      identify: {},
      patient: null,
      patientDefaults: {},
      custody: null,
      merge: null,
      records: [mapped('report', stated({}), { keys: [{ name: 'filler', values: [key] }] })],
      lists: [],
      asOf: null,
      issues: [],
      hold: null,
    },
    evidence: { identifiers: numbers, mergedAliases: [], notes: [] },
    custody: null,
    retired: null,
  },
});
const textOf = (key: string): string => scopedKeyText({ system: 'lab', kind: 'report', scope: 0, key: { name: 'filler', values: [key] } });

/** What the store holds, and what it was asked. */
const store = (rows: readonly PersonRow[], holders: ReadonlyMap<string, PersonId>, items: readonly StoredItem[] = []) => {
  const asked: string[] = [];
  const byKey = new Map(items.flatMap((item) => storedKeys(item).map((key) => [key, item] as const)));
  const tx: Pick<ProcessTransaction, 'personsOf' | 'itemsByKey' | 'lock'> = {
    personsOf: async (identifiers) => {
      const keys = identifiers.map(identifierKey);
      asked.push(...keys);
      return new Map([...holders].filter(([key]) => keys.includes(key)));
    },
    itemsByKey: async (keys) => {
      const texts = keys.map(scopedKeyText);
      asked.push(...texts);
      return new Map([...byKey].filter(([key]) => texts.includes(key)));
    },
    lock: async (ids) => rows.filter(({ id }) => ids.includes(id)),
  };
  return { tx, asked };
};

describe('a batch about somebody seen lately', () => {
  it('asks the index for nothing, where the locked row says that nothing has changed', async () => {
    const cache = new PersonCache(100);
    cache.put(seen(1, 7, [report(5, 1, 'F1')]));
    const { tx, asked } = store([row(1, 7)], new Map());
    const found = await lookUp(tx, [part([NUMBER], 'F1')], cache);
    expect(found.holders.get(identifierKey(NUMBER))).toBe(1);
    expect(found.known.get(textOf('F1'))?.id).toBe(5);
    expect(asked).toEqual([]);
  });

  it('asks for what that person is not known by', async () => {
    const cache = new PersonCache(100);
    cache.put(seen(1, 7, [report(5, 1, 'F1')]));
    // The second number and the second report are another person's.
    const { tx, asked } = store([row(1, 7)], new Map([[identifierKey(OTHER), person(2)]]), [report(6, 2, 'F2')]);
    const found = await lookUp(tx, [part([NUMBER, OTHER], 'F2')], cache);
    expect(asked.sort()).toEqual([identifierKey(OTHER), textOf('F2')].sort());
    expect([...found.holders.values()].sort()).toEqual([1, 2]);
    expect(found.read.get(textOf('F2'))?.personId).toBe(2);
  });

  it.each([
    ['whose version was raised by another leader', row(1, 8)],
    ['who was merged by another leader', row(1, 7, 2)],
  ])('believes nothing of one %s', async (_what, now) => {
    const cache = new PersonCache(100);
    cache.put(seen(1, 7, [report(5, 1, 'F1')]));
    const { tx } = store([now], new Map([[identifierKey(NUMBER), person(2)]]), [{ ...report(5, 1, 'F1'), recordId: 9 }]);
    const found = await lookUp(tx, [part([NUMBER], 'F1')], cache);
    expect(found.holders.get(identifierKey(NUMBER))).toBe(2);
    expect(found.known.size).toBe(0);
    expect(found.read.get(textOf('F1'))?.recordId).toBe(9);
  });
});

describe('the items of a person', () => {
  it('keep their order within a kind, and change by copy', () => {
    const before = ItemSet.of([report(1, 1, 'F1'), report(2, 1, 'F2')]);
    const after = before.with({ ...report(1, 1, 'F1'), recordId: 8 }).with(report(3, 1, 'F3'));
    expect(after.ofKind('report').map(({ id, recordId }) => [id, recordId])).toEqual([
      [1, 8],
      [2, 2],
      [3, 3],
    ]);
    expect(before.ofKind('report').map(({ recordId }) => recordId)).toEqual([1, 2]);
    expect([before.size, after.size]).toEqual([2, 3]);
    expect(after.get(brandAs<ItemId>(1), 'result')).toBeUndefined();
  });

  it('are found by key within their parent, their person or the whole system', () => {
    const result: StoredItem = { ...report(4, 1, 'R1'), kind: 'result', parentId: brandAs<ItemId>(1) };
    const allergy: StoredItem = { ...report(5, 1, 'A1'), kind: 'allergy' };
    const index = KeyIndex.of([report(1, 1, 'F1'), result, allergy]);
    const at = (kind: string, scope: number, key: string) =>
      index.get(scopedKeyText({ system: 'lab', kind, scope, key: { name: 'filler', values: [key] } }))?.id;
    expect([at('report', 0, 'F1'), at('result', 1, 'R1'), at('allergy', 1, 'A1')]).toEqual([1, 4, 5]);
    expect([at('result', 0, 'R1'), at('allergy', 2, 'A1')]).toEqual([undefined, undefined]);
  });
});
