import { linkedKeys, withFilledLinks, withLinks } from '../../patients/links.ts';
import { brandAs, type ItemId, type RecordId } from '../../records/ids.ts';
import { type StoredItem, scopedKeyText } from '../../records/process.ts';
import { mapped, person, record, stated } from './made.ts';

const LETTER = { kind: 'document', key: 'document', values: ['LETTER-1'] };
const KEY = { system: 'gp', kind: 'document', scope: 0, key: { name: 'document', values: ['LETTER-1'] } };
const letter = (owner = 1): StoredItem => ({
  id: brandAs<ItemId>(7),
  uuid: brandAs<RecordId>('the-letter'),
  personId: person(owner),
  kind: 'document',
  system: 'gp',
  state: 'current',
  parentId: null,
  recordId: 7,
  keys: [KEY.key],
  record: null,
});
const place = (item?: StoredItem) => ({
  system: 'gp',
  found: { get: (key: string) => (key === scopedKeyText(KEY) ? item : undefined) },
  persons: new Set([person(1), person(2)]),
});
const replacing = mapped('document', stated({ title: 'Corrected letter', replaces: LETTER }));

describe('link(document.document)', () => {
  it('is looked up by the key it names, of the same system', () => {
    expect(linkedKeys(replacing, 'gp')).toEqual([KEY]);
    expect(linkedKeys(mapped('document', stated({ title: 'x' })), 'gp')).toEqual([]);
  });

  it('becomes the reference to the record, also one of a person merged with this one', () => {
    for (const owner of [1, 2])
      expect(withLinks(replacing, place(letter(owner))).fields).toEqual(
        stated({ title: 'Corrected letter', replaces: { kind: 'document', id: 'the-letter' } }),
      );
  });

  it('stays open while the record is not known, and never leads to another patient’s', () => {
    expect(withLinks(replacing, place()).fields).toEqual(replacing.fields);
    expect(withLinks(replacing, place(letter(3))).fields).toEqual(replacing.fields);
  });

  it('is filled in the stored record when the other one comes', () => {
    const waiting = record('document', { title: 'Corrected letter', replaces: LETTER });
    expect(withFilledLinks(waiting, place())).toBeUndefined();
    expect(withFilledLinks(waiting, place(letter()))?.fields).toEqual({
      title: 'Corrected letter',
      replaces: { kind: 'document', id: 'the-letter' },
    });
    expect(withFilledLinks(record('document', { replaces: { kind: 'document', id: 'the-letter' } }), place(letter()))).toBeUndefined();
  });
});
