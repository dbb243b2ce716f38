import { brandAs, type RecordId } from '../../../records/ids.ts';
import type { Json } from '../../../records/mapped.ts';
import { findingsOf, outbound, record, renderContext, rendered } from './made.ts';

const text = (sections: string, kind = 'custody', width = 40): string =>
  `mapping: t/text\nformat: 1\ndirection: outbound\nfor: ${kind}\nzone: Europe/London\nreads:\n  medicines: medication where status != stopped order by started\noutput:\n  kind: text\n  width: ${width}\nsections:\n${sections}`;
const RELEASE = record('custody', { event: 'release', at: '2026-03-02T10:00:00.000Z' });
const medicine = (id: string, fields: Readonly<Record<string, Json>>) =>
  record('medication', { code: { display: id }, ...fields }, { id: brandAs<RecordId>(id) });
const shown = (sections: string, medicines: readonly ReturnType<typeof medicine>[] = [], more = {}): string[] =>
  rendered(outbound(text(sections)), renderContext(RELEASE, { records: () => medicines, ...more })).split('\n');

describe('text', () => {
  it('shows lines under a heading and leaves out what is not stated', () => {
    expect(
      shown(
        '  - heading: Person\n    show:\n      - Name: patient.name | text\n      - Born: patient.birthDate | date("dd MMM yyyy")\n      - Religion: patient.religion\n',
      ),
    ).toEqual(['PERSON', '------', 'Name: ORCHARD, Sam Lee (Mr)', 'Born: 29 Feb 1980', '']);
  });
  it('wraps long values beside their label, and cuts nothing off', () => {
    const long = medicine('x', { doseText: 'one tablet in the morning and two tablets at night with food', started: '2026' });
    expect(
      shown(
        '  - each: medicines\n    as: item\n    show:\n      - Dose: item.doseText\n      - Since: item.started | date("dd MMM yyyy")\n',
        [long],
      ),
    ).toEqual(['Dose:  one tablet in the morning and two', '       tablets at night with food', 'Since: 2026', '']);
  });
  it('lays a list out as a table that fits the width', () => {
    const lines = shown(
      '  - heading: Medicines\n    each: medicines\n    as: item\n    layout: table\n    show:\n      - Medicine: item.code | text\n      - Dose: item.doseText\n',
      [
        medicine('Methadone 1 mg/mL oral solution', { doseText: '40 mL daily, supervised', started: '2026-01-01' }),
        medicine('Sertraline', { started: '2026-02-01' }),
      ],
    );
    expect(lines).toEqual([
      'MEDICINES',
      '---------',
      'Medicine             Dose',
      'Methadone 1 mg/mL    40 mL daily,',
      'oral solution        supervised',
      'Sertraline',
      '',
    ]);
    expect(lines.every((line) => line.length <= 40)).toBe(true);
  });
  it('says what an empty list means', () => {
    const sections = `  - each: medicines\n    as: item\n    show:\n      - Medicine: item.code | text\n    ifNone: 'medicines.knownEmpty | map(none-known = "No medicines") | default("Nothing held: this is not the same as none")'\n`;
    expect(shown(sections)).toEqual(['Nothing held: this is not the same as', 'none', '']);
    const none = record('patient', { knownEmpty: [{ kind: 'medication', system: 'nomis', value: 'none-known' }] });
    expect(shown(sections, [], { patient: none })).toEqual(['No medicines', '']);
  });
  it('leaves a section out where its condition is not met', () => {
    expect(
      shown(
        '  - when: custody.event = reception\n    heading: A\n    show:\n      - Name: patient.name | text\n  - heading: B\n    show:\n      - Gender: patient.gender\n',
      ),
    ).toEqual(['B', '-', 'Gender: male', '']);
  });
  it('is held where a required value is missing', () => {
    expect(shown('  - show:\n      - Name: patient.religion | required\n')).toEqual([
      'HELD rendering-failed o.map.yaml:13 patient.religion',
    ]);
  });
  it('ends lines with CR LF', () => {
    const rendering = outbound(text('  - show:\n      - Gender: patient.gender\n')).render(renderContext(RELEASE));
    expect(rendering.ok && rendering.payload).toMatchObject({
      contentType: 'text/plain',
      charset: 'utf-8',
      parts: [{ kind: 'bytes', bytes: Buffer.from('Gender: male\r\n') }],
    });
  });
});

describe('a body', () => {
  const body = (fields: Readonly<Record<string, Json>>, before = '') => {
    const sections = `${before}  - when: exists document.content\n    body: document.content | attachment\n  - when: not exists document.content\n    body: document.text | required\n`;
    return outbound(text(sections, 'document')).render(renderContext(record('document', fields)));
  };
  const pdf = { contentId: 'abc', contentType: 'application/pdf', size: 12 };
  it('hands stored content over as it is', () => {
    const rendering = body({ content: pdf, text: 'x' });
    expect(rendering.ok && rendering.payload).toEqual({
      contentType: 'application/octet-stream',
      charset: 'utf-8',
      parts: [{ kind: 'content', name: 'abc', encoding: 'raw', size: 12 }],
    });
    const plain = body({ content: { ...pdf, contentType: 'text/plain' } }, '  - show:\n      - Title: document.title\n');
    expect(plain.ok && plain.payload.contentType).toBe('text/plain');
  });
  it('writes text, wrapped', () => {
    const rendering = body({ text: 'one\ntwo' });
    expect(rendering.ok && rendering.payload.parts).toEqual([{ kind: 'bytes', bytes: Buffer.from('one\r\ntwo\r\n') }]);
  });
  it('never mixes words with bytes of another kind', () => {
    const rendering = body({ content: pdf, title: 'Letter' }, '  - show:\n      - Title: document.title\n');
    expect(rendering).toMatchObject({ ok: false, hold: { reason: 'rendering-failed' } });
  });
});

it('check asks a section for what it needs', () => {
  expect(findingsOf({ 'o.map.yaml': text('  - heading: A\n') })).toEqual(['o.map.yaml:12:5 error form a section needs show: or body:']);
  expect(findingsOf({ 'o.map.yaml': text('  - each: medicines\n    show:\n      - A: patient.gender\n') })).toEqual([
    'o.map.yaml:12:5 error each each: needs as: with a name for the item (write as: item)',
  ]);
  expect(findingsOf({ 'o.map.yaml': text('  - show:\n      - A: patient.addresses\n') })).toEqual([
    expect.stringContaining('o.map.yaml:13:12 error type-break a Address cannot go into A, which is a text'),
  ]);
});
