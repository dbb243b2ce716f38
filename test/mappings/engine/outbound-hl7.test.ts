import { brandAs, type RecordId } from '../../../records/ids.ts';
import type { Json } from '../../../records/mapped.ts';
import { findingsOf, outbound, PATIENT, record, renderContext, rendered } from './made.ts';

const frame = (body: string, kind = 'report', more = '', type = 'ORU^R01^ORU_R01'): string =>
  `mapping: t/out\nformat: 1\ndirection: outbound\nfor: ${kind}\n${more}zone: Europe/London\noutput:\n  kind: hl7\n  message: ${type}\n  version: 2.4\nsegments:\n${body}`;
const one = (segment: string, set: string): string => frame(`  - segment: ${segment}\n    set:\n${set}`);
const REPORT = record('report', {
  code: { code: 'FBC', system: 'http://snomed.info/sct', display: 'Full blood count' },
  status: 'final',
  effectiveAt: '2026-07-01T08:00:00.000Z',
  notes: 'one\ntwo',
});
const segments = (text: string, context = renderContext(REPORT), tables: Readonly<Record<string, string>> = {}): string[] =>
  rendered(outbound(text, tables), context).trimEnd().split('\n');
const child = (kind: string, position: number, fields: Readonly<Record<string, Json>>, more = {}) =>
  record(kind, fields, { id: brandAs<RecordId>(`c${position}`), parentId: REPORT.id, position, ...more });

describe('the frame of what is sent', () => {
  it('comes from output, delivery and destination', () => {
    expect(segments(one('OBR', '      OBR-1: = 1\n'))).toEqual([
      'MSH|^~\\&|THROUGHCARE|LEI|GP|A81001|20260302123000+0000||ORU^R01^ORU_R01|TC0001|T|2.4||||||UNICODE UTF-8',
      'OBR|1',
    ]);
  });
  it('takes MSH-3 to 6 from the mapping where it writes them', () => {
    expect(segments(frame('  - segment: MSH\n    set:\n      MSH-4: route.practiceOds\n      MSH-15: = AL\n'))[0]).toBe(
      'MSH|^~\\&|THROUGHCARE|A81001|GP|A81001|20260302123000+0000||ORU^R01^ORU_R01|TC0001|T|2.4|||AL|||UNICODE UTF-8',
    );
  });
  it('is the same, byte for byte, a second time', () => {
    const text = one('PID', '      PID-5: patient.name | humanName\n      PID-7: patient.birthDate | date\n');
    expect(rendered(outbound(text), renderContext(REPORT))).toBe(rendered(outbound(text), renderContext(REPORT)));
  });
  it('may choose the message by event', () => {
    const text = `mapping: t/out\nformat: 1\ndirection: outbound\nfor: custody\noutput:\n  kind: hl7\n  message:\n    from: custody.event | map(reception = ADT^A01^ADT_A01, release = ADT^A03^ADT_A03) | required\nsegments:\n  - segment: EVN\n    set:\n      EVN-1: = x\n`;
    const mapping = outbound(text);
    const event = (name: string) => rendered(mapping, renderContext(record('custody', { event: name })));
    expect(event('release')).toContain('|ADT^A03^ADT_A03|');
    expect(event('detail')).toBe('HELD rendering-failed o.map.yaml:8 custody.event');
  });
});

describe('segments', () => {
  it('write full-path targets, repetitions and composites', () => {
    const set = `      PID-3[1].1: patient.nhsNumber
      PID-3[1].4: = NHS
      PID-3[1].5: = NH
      PID-3[2].1: patient.prisonNumber
      PID-3[2].4.1: = NOMIS
      PID-3[2].5: = PI
      PID-5: patient.name | humanName | required
      PID-7: patient.birthDate | date
      PID-8: patient.gender | map(male = M)
      PID-11: patient.addresses | address
`;
    expect(segments(one('PID', set))[1]).toBe(
      'PID|||9990000018^^^NHS^NH~A1234BC^^^NOMIS^PI||Orchard^Sam^Lee^^Mr^^L||19800229|M|||1 Mill Lane^Beeston^Leeds^^LS11 8AB^^H',
    );
  });
  it('do not write a repetition or component group of which constants alone are stated', () => {
    const { nhsNumber: _, ...without } = PATIENT;
    const set =
      '      PID-3[1].1: patient.nhsNumber\n      PID-3[1].5: = NH\n      PID-3[2].1: patient.prisonNumber\n      PID-3[2].5: = PI\n      PID-4.1: = X\n';
    expect(segments(one('PID', set), renderContext(REPORT, { patient: record('patient', without) }))[1]).toBe('PID|||A1234BC^^^^PI|X');
  });
  it('escape what a value holds, line ends too', () => {
    const hard = record('report', { ...REPORT.fields, conclusion: 'a|b^c&d~e\\f', notes: 'one\ntwo' });
    expect(segments(one('OBR', '      OBR-13: report.conclusion\n'), renderContext(hard))[1]).toBe(
      'OBR|||||||||||||a\\F\\b\\S\\c\\T\\d\\R\\e\\E\\f',
    );
    expect(segments(one('NTE', '      NTE-3: report.notes\n'), renderContext(hard))[1]).toBe('NTE|||one\\.br\\two');
  });
  it('loop in loops, so that OBX and its NTE alternate', () => {
    const text = frame(`  - each: report.results
    as: result
    segments:
      - segment: OBX
        set:
          OBX-1: result.position
          OBX-2: result.value | hl7Type
          OBX-3: result.code | coding | required
          OBX-5: result.value | observation
          OBX-6: result.value.unit
          OBX-8: result.interpretation
      - segment: NTE
        when: exists result.notes
        set:
          NTE-3: result.notes
`);
    const children = [
      child('result', 1, {
        code: { code: 'HB', system: 'http://loinc.org', display: 'Hb', translations: [{ code: '1', system: 'L', display: 'local' }] },
        value: { type: 'quantity', value: '134', unit: 'g/L' },
        interpretation: ['N', 'X'],
        notes: 'seen',
      }),
      child('document', 2, { title: 'no result' }),
      child('result', 3, { code: { originalText: 'Comment' }, value: { type: 'text', text: 'one\ntwo' } }),
    ];
    expect(segments(text, renderContext(REPORT, { children })).slice(1)).toEqual([
      'OBX|1|NM|HB^Hb^LN^1^local^L||134|g/L||N~X',
      'NTE|||seen',
      'OBX|2|TX|^Comment||one\\.br\\two',
    ]);
  });
  it.each([
    [{ type: 'quantity', value: '0.5', comparator: '<', unit: 'g' }, 'SN', '<^0.5'],
    [{ type: 'range', low: { value: '2' }, high: { value: '5' } }, 'SN', '^2^-^5'],
    [{ type: 'ratio', numerator: { value: '1' }, denominator: { value: '128' } }, 'SN', '^1^:^128'],
    [{ type: 'coding', codings: [{ code: 'POS', display: 'Positive' }, { code: 'NEG' }] }, 'CE', 'POS^Positive~NEG'],
    [{ type: 'text', text: 'clear' }, 'ST', 'clear'],
    [{ type: 'date', date: '2026-03' }, 'DT', '202603'],
    [{ type: 'dateTime', dateTime: '2026-07-01T08:00:00.000Z' }, 'TS', '20260701090000+0100'],
  ])('write a value as its type: %j', (value, type, five) => {
    const text = frame(
      '  - each: report.results\n    as: r\n    segments:\n      - segment: OBX\n        set:\n          OBX-2: r.value | hl7Type\n          OBX-5: r.value | observation\n',
    );
    expect(segments(text, renderContext(REPORT, { children: [child('result', 1, { value })] }))[1]).toBe(`OBX||${type}|||${five}`);
  });
  it('splice stored content in by its name', () => {
    const content = { contentId: 'abc', contentType: 'application/pdf', size: 12, hash: 'h' };
    const text = frame(
      '  - segment: OBX\n    set:\n      OBX-2: = ED\n      OBX-5: document.content | attachment | required\n      OBX-11: = F\n',
      'document',
      '',
      'MDM^T02^MDM_T02',
    );
    const mapping = outbound(text);
    expect(rendered(mapping, renderContext(record('document', { content }))).split('\n')[1]).toBe(
      'OBX||ED|||^AP^PDF^Base64^<abc:base64>||||||F',
    );
    expect(rendered(mapping, renderContext(record('document', {})))).toBe('HELD rendering-failed o.map.yaml:14 document.content');
    expect(
      rendered(
        mapping,
        renderContext(record('document', { content: { url: 'https://example.org/x', contentType: 'application/pdf' } })),
      ).split('\n')[1],
    ).toBe('OBX||ED|||https://example.org/x^^AP^PDF||||||F');
  });
  it('hold what lacks a required value, naming rule and path, never a value', () => {
    expect(
      rendered(
        outbound(one('PID', '      PID-5: patient.name | humanName | required\n')),
        renderContext(REPORT, { patient: record('patient', {}) }),
      ),
    ).toBe('HELD rendering-failed o.map.yaml:13 patient.name');
  });
  it('tell of letters the character set does not have', () => {
    const text = one('PID', '      PID-5.1: patient.name.family\n').replace('version: 2.4', 'version: 2.4\n  charset: 8859/1');
    const rendering = outbound(text).render(renderContext(REPORT, { patient: record('patient', { name: { family: 'Łuk' } }) }));
    expect(rendering.ok && rendering.issues).toEqual([{ code: 'unencodable', rule: 'o.map.yaml:1', target: 'PID-5' }]);
  });
});

describe('paths to records', () => {
  const note = (path: string, context = renderContext(REPORT)): string =>
    segments(one('NTE', `      NTE-3: ${path}\n`), context)[1]?.slice('NTE|||'.length) ?? '';
  it.each([
    ['patient.name.family', 'Orchard'],
    ['patient.name.given[2]', 'Lee'],
    ['patient.addresses[use = home].city', 'Leeds'],
    ['patient.addresses[use = work].city', ''],
    ['report.id', REPORT.id],
    ['report.state', 'current'],
    ['report.code.display', 'Full blood count'],
    ['route.practiceOds', 'A81001'],
    ['delivery.controlId', 'TC0001'],
    ['action', 'put'],
    ['patient.name | text', 'ORCHARD, Sam Lee (Mr)'],
    ['patient.nhsNumber | text("000 000 0000")', '999 000 0018'],
    ['report.effectiveAt | dateTime("dd MMM yyyy HH:mm")', '01 Jul 2026 09:00'],
    ['count(report.results) | text', '0'],
  ])('%s is %s', (path, expected) => {
    expect(note(path)).toBe(expected);
  });
  it('the episode is empty where there is none', () => {
    expect(note('episode.booking', renderContext(REPORT, { episode: { booking: 'B1' } }))).toBe('B1');
    expect(note('episode.booking')).toBe('');
  });
  it.each([
    ['an unknown name', 'patint.name', 'o.map.yaml:13:14 error unknown-name there is no patint here (did you mean "patient"?)'],
    ['an unknown field', 'patient.nam', 'o.map.yaml:13:22 error unknown-name there is no nam here (did you mean "name"?)'],
    ['a kind nobody reads', 'allergies.code', 'o.map.yaml:13:14 error unknown-name there is no allergies here'],
    [
      'a date that would go out as ISO text',
      'report.effectiveAt',
      'o.map.yaml:13:14 error type-break a dateTime cannot go into NTE-3, which is an HL7 FT (write | dateTime)',
    ],
    [
      'a model object',
      'patient.name',
      'o.map.yaml:13:14 error type-break a HumanName cannot go into NTE-3, which is an HL7 FT (write | humanName)',
    ],
    ['an inbound function', 'patient.nhsNumber | practice', 'o.map.yaml:13:34 error direction practice belongs in inbound mappings'],
  ])('check finds %s', (_name, path, expected) => {
    expect(findingsOf({ 'o.map.yaml': one('NTE', `      NTE-3: ${path}\n`) }).join('\n')).toContain(expected);
  });
  it.each([
    ['a bare number', '3: = x', 'o.map.yaml:13:7 error target a target is a full path (write NTE-3)'],
    ['another segment', 'PID-3: = x', 'o.map.yaml:13:7 error target this target is not in segment NTE'],
    ['an unknown field', 'NTE-9: = x', 'o.map.yaml:13:7 error unknown-field NTE has 4 fields, not 9'],
    ['an unknown component', 'NTE-4.9: = x', 'o.map.yaml:13:7 error unknown-component NTE-4 (CE) has 6 components, not 9'],
    ['a repetition of what does not repeat', 'NTE-4[2].1: = x', 'o.map.yaml:13:7 error no-repetition NTE-4 does not repeat'],
    ['a target twice', 'NTE-4: report.code | coding\n      NTE-4.1: = x', 'o.map.yaml:14:7 error target-twice'],
  ])('check finds %s as a target', (_name, set, expected) => {
    expect(findingsOf({ 'o.map.yaml': one('NTE', `      ${set}\n`) }).join('\n')).toContain(expected);
  });
  it('check finds a line that is the writer’s', () => {
    expect(findingsOf({ 'o.map.yaml': one('MSH', '      MSH-10: = x\n') })).toEqual([
      'o.map.yaml:13:7 error writer-owned MSH-10 is filled by the writer (it comes from output:, the delivery and the destination)',
    ]);
  });
});

describe('reads', () => {
  const reads = (text: string): string =>
    frame(
      '  - each: found\n    as: item\n    segments:\n      - segment: NTE\n        set:\n          NTE-3: item.code.code\n',
      'custody',
      `reads:\n  found: ${text}\n`,
    );
  const item = (code: string, fields: Readonly<Record<string, Json>>, more = {}) =>
    record('allergy', { code: { code }, ...fields }, { id: brandAs<RecordId>(code), ...more });
  const records = [
    item('a', { clinicalStatus: 'active', recordedAt: '2026-01-02' }),
    item('b', { recordedAt: '2026-01-01' }),
    item('c', { clinicalStatus: 'resolved' }),
    item('d', {}),
    item('e', { clinicalStatus: 'active' }, { state: 'ended' }),
    item('f', {}, { state: 'error' }),
  ];
  const seen = (text: string) =>
    segments(reads(text), renderContext(record('custody', { event: 'release' }), { records: () => records }))
      .slice(1)
      .map((segment) => segment.replace('NTE|||', ''));

  it('see what is current, absent status included, in the order asked for (ruling C.29)', () => {
    expect(seen('allergy where clinicalStatus != resolved order by recordedAt')).toEqual(['b', 'a', 'd']);
    expect(seen('allergy where clinicalStatus != resolved order by recordedAt desc')).toEqual(['a', 'b', 'd']);
    expect(seen('allergy')).toEqual(['a', 'b', 'c', 'd']);
  });
  it.each([
    'clinicalStatus = active',
    'clinicalStatus in (active, inactive)',
    'exists clinicalStatus',
    'recordedAt >= episode.receptionAt',
  ])('may not leave out a current allergy whose status nobody stated: where %s is an error (ruling C.29)', (where) => {
    expect(findingsOf({ 'o.map.yaml': reads(`allergy where ${where}`) })).toEqual([
      'o.map.yaml:6:10 error reads-leave-out a current allergy whose status nobody stated would be left out (leave out by exclusion: clinicalStatus != resolved)',
    ]);
  });
  it('may choose results by what they state', () => {
    expect(findingsOf({ 'o.map.yaml': reads('result where status in (final, corrected)') })).toEqual([]);
  });
  it('are checked like paths', () => {
    expect(findingsOf({ 'o.map.yaml': reads('allergy where clinicalStats != resolved') })).toEqual([
      expect.stringContaining('o.map.yaml:6:24 error unknown-name there is no clinicalStats here (did you mean "clinicalStatus"?)'),
    ]);
    expect(findingsOf({ 'o.map.yaml': reads('allergies') }).join()).toContain('unknown-kind there is no kind allergies');
  });
});
