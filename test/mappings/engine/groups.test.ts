import { findingsOf, hl7, inbound, inboundText, onlyPart, run, values } from './made.ts';

const ORU = `onePatientPer: PATIENT_RESULT[*]
asOf: MSH-7 | dateTime
identify:
  set:
    prisonNumber: PID-3[5 = PI].1
records:
  - record: report
    each: ORDER_OBSERVATION[*]
    keys:
      filler: OBR-3.1
    asOf: OBR-22 | dateTime
    action: OBR-25 | map(X = cancel, * = put) | default(put)
    set:
      code: OBR-4 | coding | required
      notes: ORDER_OBSERVATION.NTE[*]-3[*] | lines
    records:
      - record: result
        each: OBSERVATION[*] by OBX-3.1, OBX-4
        when: OBX-2 != ED
        keys:
          test:
            - OBX-3.1
            - OBX-4 | default("")
        action: OBX-11 | map(D = error, * = replace)
        set:
          code: OBX-3 | coding | required
          value: OBX[*] | observation
          effectiveAt: OBX-14 or OBR-7 | dateTime
          notes: OBSERVATION.NTE[*]-3[*] | lines
      - record: document
        each: OBSERVATION[*]
        when: OBX-2 = ED
        keys:
          test: OBX-3.1
        set:
          content: OBX-5 | attachment | invalid(fail) | required
`;
const mapping = inbound(ORU, 'ORU^R01');
const pid = (number: string): string => `PID|1||${number}^^^NOMIS^PI||Orchard^Sam`;
const obr = (filler: string): string => `OBR|1|P1|${filler}|26604007^FBC^SCT|||20260301080000|||||||||||||||20260302090000|||F`;

describe('groups', () => {
  const message = hl7(
    'ORU^R01',
    pid('A1234BC'),
    obr('F1'),
    'NTE|1||of the order',
    'OBX|1|NM|HB^Haemoglobin^L||134|g/L|130-180|N|||F|||20260301081500',
    'NTE|1||of the result',
    'OBX|2|TX|COM^Comment^L||first line||||||F',
    'OBX|3|TX|COM^Comment^L||second line||||||F',
    obr('F2'),
    'OBX|1|NM|HB^Haemoglobin^L||5.20|mmol/L||||F',
  );
  const part = onlyPart(run(mapping, message));
  const results = part.records.map((record) => record.children.filter((child) => child.kind === 'result'));

  it('keep the results of one order apart from those of another', () => {
    expect(part.records.map((record) => [record.keys[0]?.values[0], record.children.length])).toEqual([
      ['F1', 2],
      ['F2', 1],
    ]);
    expect(values(results[1]?.[0]?.fields ?? null).value).toMatchObject({ value: '5.20' });
  });
  it('give a segment to the nearest group that is defined to hold it', () => {
    expect(values(part.records[0]?.fields ?? null).notes).toBe('of the order');
    expect(values(results[0]?.[0]?.fields ?? null).notes).toBe('of the result');
    expect(values(part.records[1]?.fields ?? null).notes).toBeUndefined();
  });
  it('reach outward for what an inner group does not hold', () => {
    expect(values(results[1]?.[0]?.fields ?? null).effectiveAt).toBe('2026-03-01T08:00:00.000Z');
    expect(values(results[0]?.[0]?.fields ?? null).effectiveAt).toBe('2026-03-01T08:15:00.000Z');
  });
  it('put equal ones together with by', () => {
    expect(values(results[0]?.[1]?.fields ?? null).value).toEqual({ type: 'text', text: 'first line\nsecond line' });
  });
  it('take the time of the record from its own line', () => {
    expect(part.records[0]?.asOf).toBe('2026-03-02T09:00:00.000Z');
  });
});

describe('several patients in one message', () => {
  it('are parts of their own, each with its own outcome', () => {
    const mapped = run(
      mapping,
      hl7(
        'ORU^R01',
        pid('A1234BC'),
        obr('F1'),
        'OBX|1|NM|HB||1||||||F',
        pid('A9999ZZ'),
        obr('F2').replace('26604007^FBC^SCT', ''),
        pid('A0001AA'),
        obr('F3'),
      ),
    );
    expect(mapped.parts.map((part) => [part.part, part.identify.prisonNumber, part.records.length, part.hold?.reason])).toEqual([
      [1, 'A1234BC', 1, undefined],
      [2, 'A9999ZZ', 0, 'mapping-failed'],
      [3, 'A0001AA', 1, undefined],
    ]);
    expect(mapped.parts[1]?.hold?.source).toBe('OBR[2]-4');
  });
  it('a message with nobody in it is held, never passed over', () => {
    const nobody = run(mapping, hl7('ORU^R01', 'ZZZ|1'));
    expect(nobody.parts.map((part) => part.hold?.reason)).toEqual(['unreadable']);
  });
});

describe('attachments', () => {
  const pdf = Buffer.from('%PDF-1.7 invented');
  const obx = (five: string): string => hl7('ORU^R01', pid('A1234BC'), obr('F1'), `OBX|1|ED|LET^Letter||${five}||||||F`);
  it('go out of the record by the name of their content', () => {
    const mapped = run(mapping, obx(`^AP^PDF^Base64^${pdf.toString('base64')}`));
    const content = values(mapped.parts[0]?.records[0]?.children[0]?.fields ?? null).content;
    expect(mapped.attachments.map(({ contentType, bytes }) => [contentType, bytes.toString()])).toEqual([
      ['application/pdf', pdf.toString()],
    ]);
    expect(content).toEqual({
      contentId: mapped.attachments[0]?.name,
      contentType: 'application/pdf',
      size: pdf.length,
      hash: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(JSON.stringify(mapped.parts)).not.toContain(pdf.toString('base64'));
  });
  it('are read across line breaks, and from a megabyte of base64', () => {
    const large = Buffer.alloc(1_000_000, 'x1y2z3');
    const wrapped = large.toString('base64').replace(/.{76}/g, '$&\\.br\\');
    expect(run(mapping, obx(`^AP^PDF^Base64^${wrapped}`)).attachments[0]?.bytes.equals(large)).toBe(true);
    expect(run(mapping, obx(`^TEXT^^A^plain \\T\\ simple`)).attachments[0]).toMatchObject({
      contentType: 'text/plain',
      bytes: Buffer.from('plain & simple'),
    });
    expect(run(mapping, obx('^AP^PDF^Hex^255044')).attachments[0]?.bytes.toString()).toBe('%PD');
  });
  it.each([
    '^AP^PDF^Base64^JVBERi0xLjc*',
    '^AP^PDF^Base64^JVBER',
    '^AP^PDF^Base64^JVBERi0=X',
    '^AP^PDF^Hex^25504',
    '^AP^PDF^Quoted^x',
    '^AP^PDF^Base64^',
  ])('that are cut short or garbled (%s) hold the part and store nothing', (five) => {
    const mapped = run(mapping, obx(five));
    expect(mapped.parts[0]?.hold).toMatchObject({ reason: 'mapping-failed', source: 'OBX-5' });
    expect(mapped.attachments).toEqual([]);
  });
});

describe('observation', () => {
  const value = (segment: string) => {
    const part = onlyPart(run(mapping, hl7('ORU^R01', pid('A1234BC'), obr('F1'), segment)));
    return {
      value: values(part.records[0]?.children[0]?.fields ?? null).value,
      issues: part.issues.map((issue) => `${issue.code} ${issue.source}`),
    };
  };
  it.each([
    [
      'NM',
      '2.50',
      'mmol/L^millimole per litre^UCUM',
      { type: 'quantity', value: '2.50', unit: 'millimole per litre', code: 'mmol/L', system: 'http://unitsofmeasure.org' },
    ],
    ['NM', '<0.5', 'g/L', { type: 'quantity', value: '0.5', comparator: '<', unit: 'g/L' }],
    ['SN', '>=^10', 'g/L', { type: 'quantity', value: '10', comparator: '>=', unit: 'g/L' }],
    ['SN', '^1^:^128', '', { type: 'ratio', numerator: { value: '1' }, denominator: { value: '128' } }],
    ['SN', '^2^-^5', '', { type: 'range', low: { value: '2' }, high: { value: '5' } }],
    ['CE', 'POS^Positive^L~NEG', '', { type: 'coding', codings: [{ code: 'POS', system: 'L', display: 'Positive' }, { code: 'NEG' }] }],
    ['ST', 'Not \\T\\ seen', '', { type: 'text', text: 'Not & seen' }],
    ['FT', 'one\\.br\\two~three', '', { type: 'text', text: 'one\ntwo\nthree' }],
    ['DT', '20260301', '', { type: 'date', date: '2026-03-01' }],
    ['TS', '202603010800', '', { type: 'dateTime', dateTime: '2026-03-01T08:00:00.000Z' }],
  ])('%s %s', (type, five, unit, expected) => {
    expect(value(`OBX|1|${type}|T^Test||${five}|${unit}|||||F`)).toEqual({ value: expected, issues: [] });
  });
  it('never loses what it cannot read as its type: it is kept as text, with an issue', () => {
    expect(value('OBX|1|NM|T^Test||clotted||||||F')).toEqual({ value: { type: 'text', text: 'clotted' }, issues: ['not-a-number OBX-5'] });
    expect(value('OBX|1|NM|T^Test||1~2||||||F')).toEqual({ value: { type: 'text', text: '1\n2' }, issues: ['several-numbers OBX-5'] });
    expect(value('OBX|1|SN|T^Test||^^+||||||F')).toEqual({
      value: { type: 'text', text: '^^+' },
      issues: ['not-a-structured-number OBX-5'],
    });
    expect(value('OBX|1||T^Test||5||||||F')).toEqual({ value: { type: 'text', text: '5' }, issues: ['value-type-missing OBX-5'] });
    expect(value('OBX|1|DT|T^Test||31/02/2026||||||F')).toEqual({ value: { type: 'text', text: '31/02/2026' }, issues: ['date OBX-5'] });
  });
});

describe('where a path could mean two things', () => {
  it('check asks for the group', () => {
    const rde = (line: string, severities?: readonly string[]): string[] => {
      const body = `identify:\n  set:\n    prisonNumber: PID-3.1\nrecords:\n  - record: medication\n    each: ORDER[*]\n    keys:\n      placer: ORC-2.1\n    set:\n      ${line}\n`;
      return findingsOf({ 'm.map.yaml': inboundText(body, 'RDE^O11') }, severities);
    };
    expect(rde('frequency: TQ1-3.1')).toEqual([
      'm.map.yaml:16:18 error segment-ambiguous TQ1 stands in several groups here (write which: TIMING.TQ1 or TIMING_ENCODED.TQ1)',
    ]);
    expect(rde('frequency: TIMING_ENCODED.TQ1-3.1')).toEqual([]);
    expect(rde('route: RXR-1 | coding', ['warning'])).toEqual([
      'm.map.yaml:16:14 warning segment-also-inside RXR here is ORDER.RXR; ORDER_DETAIL.RXR is another (write ORDER.RXR or ORDER_DETAIL.RXR)',
    ]);
    expect(rde('route: ORDER.RXR-1 | coding', ['warning', 'error'])).toEqual([]);
    const files = { 'm.map.yaml': inboundText('identify:\n  set:\n    prisonNumber: OBX-5\n', 'ORU^R01') };
    expect(findingsOf(files)).toEqual([
      'm.map.yaml:9:19 error segment-ambiguous OBX stands in several groups here (write which: OBSERVATION.OBX or SPECIMEN.OBX)',
    ]);
  });
});
