import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { parse } from 'yaml';
import { checkRenderings, loadMappings, type RenderContext } from '../../mappings/engine/index.ts';
import { brandAs, type RecordId } from '../../records/ids.ts';
import type { Action, Json } from '../../records/mapped.ts';
import type { CanonicalRecord, RecordState } from '../../records/record.ts';
import { PATIENT, record, renderContext, rendered } from './engine/made.ts';
import { shippedFiles, shippedPaths, shippedText } from './shipped-files.ts';

const update = process.env.THROUGHCARE_UPDATE_FIXTURES === '1';
const { outbound } = loadMappings(shippedFiles());
const contexts = shippedPaths('.context.yaml');
const named = (name: string) => {
  const mapping = outbound.find((one) => one.name === name);
  if (mapping === undefined) throw new Error(`no mapping ${name}`);
  return mapping;
};

interface WrittenRecord {
  readonly kind: string;
  readonly action?: Action;
  readonly state?: RecordState;
  readonly fields?: Readonly<Record<string, Json>>;
}
interface WrittenContext {
  readonly record: WrittenRecord;
  readonly children?: readonly WrittenRecord[];
  readonly records?: readonly WrittenRecord[];
  readonly episode?: Readonly<Record<string, Json>>;
  readonly patient?: Readonly<Record<string, Json>>;
}
const idOf = (number: number): RecordId => brandAs<RecordId>(`0198a000-0000-8000-8000-${String(number).padStart(12, '0')}`);
const made = (written: WrittenRecord, number: number, parent: CanonicalRecord | null = null): CanonicalRecord => {
  const { kind, fields = {}, ...more } = written;
  return record(kind, fields, { id: idOf(number), position: number, parentId: parent?.id ?? null, ...more });
};
const contextOf = (written: WrittenContext): RenderContext => {
  const of = made(written.record, 100);
  const records = (written.records ?? []).map((one, index) => made(one, index + 1));
  return renderContext(of, {
    children: (written.children ?? []).map((child, index) => made(child, index + 1, of)),
    records: (kind) => records.filter((one) => one.kind === kind),
    episode: written.episode ?? {},
    patient: record('patient', written.patient ?? PATIENT),
  });
};

describe('the records beside the outbound mappings', () => {
  it('are there for every one of them', () => {
    const without = outbound.filter((mapping) => !contexts.some((path) => path.startsWith(`${mapping.file.replace('.map.yaml', '')}.`)));
    expect(without.map((mapping) => mapping.name)).toEqual([]);
  });

  it.each(contexts)('%s is rendered as stands beside it', (path) => {
    const mapping = outbound.find((one) => one.file === `${path.split('.')[0]}.map.yaml`);
    if (mapping === undefined) throw new Error(`no mapping for ${path}`);
    // The file is one of this repository; its shape is what this test makes of it.
    const context = contextOf(parse(shippedText(path)) as WrittenContext);
    expect(mapping.matches(context.record, context.action)).toBe(true);
    const text = rendered(mapping, context).replace(/ \S+\.map\.yaml:\d+/, '');
    const expected = path.replace(/\.context\.yaml$/, '.expected.txt');
    if (update) writeFileSync(join(__dirname, '..', '..', 'mappings', expected), text);
    expect(text).toBe(shippedText(expected));
  });
});

describe('★ C.29: the release summary', () => {
  const summary = named('gp/summary-text');
  const shown = (kind: string, fields: Readonly<Record<string, Json>>, state: RecordState = 'current'): boolean => {
    const one = record(kind, { code: { display: 'ZZTOP' }, ...fields }, { state });
    return rendered(
      summary,
      renderContext(record('custody', { event: 'release' }), { records: (of) => (of === kind ? [one] : []) }),
    ).includes('ZZTOP');
  };
  it.each([undefined, 'active', 'inactive', 'anything else'])('names a current allergy whose status is %s', (clinicalStatus) => {
    expect(shown('allergy', clinicalStatus === undefined ? {} : { clinicalStatus })).toBe(true);
  });
  it.each([undefined, 'active', 'on-hold', 'intended', 'unknown', 'anything else'])(
    'names a current medicine whose status is %s',
    (status) => {
      expect(shown('medication', status === undefined ? {} : { status })).toBe(true);
    },
  );
  it('leaves out what has ended, was resolved or should never have been', () => {
    expect(shown('allergy', { clinicalStatus: 'resolved' })).toBe(false);
    expect(shown('allergy', {}, 'ended')).toBe(false);
    expect(shown('medication', {}, 'error')).toBe(false);
    expect(shown('medication', { status: 'stopped' })).toBe(false);
  });
  const ALLERGY_STATUSES = [undefined, 'active', 'inactive', 'resolved', 'anything else'];
  const MEDICINE_STATUSES = [undefined, 'active', 'completed', 'stopped', 'cancelled', 'not-taken', 'on-hold', 'anything else'];
  it('names every current allergy and medicine that is not over, whatever the others are', () => {
    const state = fc.constantFrom<RecordState>('current', 'current', 'ended', 'cancelled', 'error');
    const allergy = fc.record({ kind: fc.constant('allergy'), state, status: fc.constantFrom(...ALLERGY_STATUSES), dated: fc.boolean() });
    const medicine = fc.record({
      kind: fc.constant('medication'),
      state,
      status: fc.constantFrom(...MEDICINE_STATUSES),
      dated: fc.boolean(),
    });
    const over = new Set(['resolved', 'completed', 'stopped', 'cancelled', 'not-taken']);
    fc.assert(
      fc.property(fc.array(fc.oneof(allergy, medicine), { maxLength: 30 }), (all) => {
        const records = all.map((one, index) => {
          const status = one.status === undefined ? {} : { [one.kind === 'allergy' ? 'clinicalStatus' : 'status']: one.status };
          const dated = one.dated ? { [one.kind === 'allergy' ? 'recordedAt' : 'started']: '2024-05-01' } : {};
          return record(one.kind, { code: { display: `Item-${index}-X` }, ...status, ...dated }, { id: idOf(index + 1), state: one.state });
        });
        const text = rendered(
          summary,
          renderContext(record('custody', { event: 'release' }), { records: (kind) => records.filter((one) => one.kind === kind) }),
        );
        for (const [index, one] of all.entries())
          expect([index, text.includes(`Item-${index}-X`)]).toEqual([index, one.state === 'current' && !over.has(one.status ?? '')]);
      }),
    );
  });
  it('names every one of many, and never takes "nothing held" for "none"', () => {
    const records = Array.from({ length: 23 }, (_, index) =>
      record('medication', { code: { display: `Medicine ${index + 1} mg` } }, { id: idOf(index + 1) }),
    );
    const text = rendered(
      summary,
      renderContext(record('custody', { event: 'release' }), { records: (kind) => (kind === 'medication' ? records : []) }),
    );
    for (let index = 1; index <= 23; index += 1) expect(text).toContain(`Medicine ${index} mg`);
    expect(text).toContain('this is not the same as no allergies');
  });
});

describe('what is withdrawn', () => {
  it('★ C.30: is never sent again as new', () => {
    for (const action of ['cancel', 'error'] as const) {
      const document = record('document', { text: 'x' }, { action });
      for (const name of ['gp/letter', 'gp/letter-text']) expect(named(name).matches(document, action)).toBe(false);
      for (const name of ['gp/letter-cancel', 'gp/letter-text-cancel']) expect(named(name).matches(document, action)).toBe(true);
    }
  });
  it.each([
    [['gp/letter', 'gp/letter-cancel', 'gp/result']],
    [['gp/letter-text', 'gp/letter-text-cancel', 'gp/result-text']],
    [['gp/letter', 'gp/letter-cancel', 'gp/result', 'establishment/movement']],
  ])('has a rendering in every set a destination would list: %j (rulings C.30, C.31)', (names) => {
    expect(checkRenderings(names.map(named), { file: 'site.yaml', line: 1, column: 1 }, 'x')).toEqual([]);
  });
  it('★ C.32: is deleted in the report that is sent: OBX-11 comes from the state', () => {
    const report = record('report', { code: { code: 'a' }, status: 'final' });
    const child = (position: number, state: RecordState) =>
      record('result', { code: { code: `r${position}` }, status: 'final' }, { id: idOf(position), position, parentId: report.id, state });
    const sent = rendered(
      named('gp/result'),
      renderContext(report, { children: [child(1, 'current'), child(2, 'error'), child(3, 'cancelled')] }),
    );
    expect(
      sent
        .split('\n')
        .filter((line) => line.startsWith('OBX'))
        .map((line) => line.split('|')[11]),
    ).toEqual(['F', 'D', 'X']);
    const all = rendered(
      named('gp/result'),
      renderContext(record('report', report.fields, { action: 'error', state: 'error' }), { children: [child(1, 'current')] }),
    );
    expect(all).toMatch(/OBR.*\|X$/m);
    expect(all).toMatch(/OBX.*\|D$/m);
  });
});
