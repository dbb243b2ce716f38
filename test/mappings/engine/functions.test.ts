import { hl7, IDENTIFY, inbound, onlyPart, patientOf, run, values } from './made.ts';

const field = (path: string, value: string, functions: string): unknown => {
  const number = Number(/\d+/.exec(path)?.[0]);
  const message = hl7('ADT^A01', 'PID|1||A1234BC^^^^PI', `ZZZ${'|'.repeat(number)}${value}`);
  return patientOf(`    nationality: ${path}${functions === '' ? '' : ` | ${functions}`}\n`, message).nationality;
};

describe('functions on text', () => {
  it.each([
    ['upper', 'aBc', 'ABC'],
    ['lower', 'aBc', 'abc'],
    ['trim', ' a ', 'a'],
    ['digits', 'a1 b2', '12'],
    ['split(" ") | join("-")', 'a b  c', 'a-b-c'],
    ['capture("x([0-9])")', 'ax7', '7'],
    ['capture("x([0-9])")', 'a', undefined],
    ['replace("[0-9]+", "#")', 'a12b3', 'a#b#'],
    ['map(a = b, * = c)', 'a', 'b'],
    ['map(a = b, * = c)', 'z', 'c'],
    ['map(a = b)', 'z', undefined],
    ['nhsNumber', '999 000 0018', '9990000018'],
    ['nhsNumber', '999-000-0018', '9990000018'],
    ['nhsNumber', '9990000019', undefined],
    ['nhsNumber', '9999999999', undefined],
    ['nhsNumber', '0000000000', undefined],
    ['postcode', 'ls118ab', 'LS11 8AB'],
    ['postcode', 'zz993vz', 'ZZ99 3VZ'],
    ['postcode', 'LS11', undefined],
    ['number', '2.50', '2.50'],
    ['number', '2,5', undefined],
    ['date', '19800229', '1980-02-29'],
    ['date("dd/MM/yyyy")', '29/02/1980', '1980-02-29'],
    ['dateTime', '202607150930', '2026-07-15T08:30:00.000Z'],
    ['dateTime("dd/MM/yyyy HH:mm")', '15/07/2026 09:30', '2026-07-15T08:30:00.000Z'],
  ])('%s of %s', (call, value, expected) => {
    const functions = call.startsWith('date') ? call : call;
    const target = call.startsWith('dateTime') ? 'deceasedAt' : call.startsWith('date') ? 'birthDate' : 'nationality';
    const message = hl7('ADT^A01', 'PID|1||A1234BC^^^^PI', `ZZZ|${value}`);
    expect(patientOf(`    ${target}: ZZZ-1 | ${functions}\n`, message)[target]).toBe(expected);
  });

  it('lays out lines with the escapes of HL7', () => {
    expect(field('ZZZ-1[*]', 'one\\.br\\two~three \\T\\ four', 'lines')).toBe('one\ntwo\nthree & four');
  });

  it('skips the hour that the clocks skip, and the one they show twice', () => {
    for (const time of ['20260329013000', '20261025013000']) {
      const part = onlyPart(
        run(
          inbound(`${IDENTIFY}patient:\n  set:\n    deceasedAt: PID-29 | dateTime\n`),
          hl7('ADT^A01', `PID|1||A1234BC^^^^PI${'|'.repeat(26)}${time}`),
        ),
      );
      expect(values(part.patient)).toEqual({});
      expect(part.issues.map((issue) => issue.code)).toEqual(['date-time']);
    }
  });

  it('reads dates in the zone of the file', () => {
    const message = hl7('ADT^A01', `PID|1||A1234BC^^^^PI${'|'.repeat(26)}20260715093000`);
    expect(patientOf('    deceasedAt: PID-29 | dateTime\n', message, 'zone: Europe/Warsaw\n')).toEqual({
      deceasedAt: '2026-07-15T07:30:00.000Z',
    });
  });
});

describe('functions on composites', () => {
  const person = (fields: string): string => hl7('ADT^A01', `PID|1||A1234BC^^^^PI||${fields}`);
  it('humanName reads an XPN', () => {
    expect(patientOf('    name: PID-5 | humanName\n', person('O\\T\\Neill&van^Sam^Lee Ann^Jr^Mr^BSc^L'))).toEqual({
      name: { use: 'official', family: 'O&Neill', given: ['Sam', 'Lee', 'Ann'], prefix: ['Mr'], suffix: ['Jr', 'BSc'] },
    });
  });
  it('address reads an XAD, dates and kind included', () => {
    expect(
      patientOf(
        '    addresses: PID-11[*] | address\n',
        person('||||||1 Mill Lane&Mill Lane&1^Flat 2^Leeds^West Yorkshire^ls118ab^GBR^C^^^^^^20260101^20260301~PO Box 1^^^^^^M'),
      ),
    ).toEqual({
      addresses: [
        {
          use: 'temp',
          line: ['1 Mill Lane', 'Flat 2'],
          city: 'Leeds',
          district: 'West Yorkshire',
          postcode: 'LS11 8AB',
          country: 'GBR',
          started: '2026-01-01',
          ended: '2026-03-01',
        },
        { type: 'postal', line: ['PO Box 1'] },
      ],
    });
  });
  it('phone reads an XTN', () => {
    expect(
      patientOf(
        '    telecom: PID-13[*] + PID-14[*] | phone\n',
        person('||||||||0113 496 0000^PRN^PH~07700 900000^PRS^CP~^NET^Internet^sam@example.org|^WPN^PH^^44^113^4960001'),
      ),
    ).toEqual({
      telecom: [
        { system: 'phone', value: '0113 496 0000', use: 'home' },
        { system: 'phone', value: '07700 900000', use: 'mobile' },
        { system: 'email', value: 'sam@example.org', use: 'home' },
        { system: 'phone', value: '44 113 4960001', use: 'work' },
      ],
    });
  });
});

describe('look-ups in the directory', () => {
  const custody = (line: string) =>
    inbound(`${IDENTIFY}custody:\n  set:\n    event: = reception\n    booking: = b\n    at: MSH-7 | dateTime\n    to: ${line}\n`);
  const at = (code: string): string => hl7('ADT^A01', 'PID|1||A1234BC^^^^PI', `PV1|1|I|A^1^12^${code}`);
  it('gives the entry of a known establishment', () => {
    expect(values(onlyPart(run(custody('PV1-3.4 | establishment'), at('lei'))).custody?.fields ?? null).to).toEqual({
      agencyCode: 'LEI',
      name: 'HMP Leeds',
      type: 'establishment',
    });
  });
  it('refuses an unknown one, or keeps its code under invalid(keep)', () => {
    const refused = onlyPart(run(custody('PV1-3.4 | establishment'), at('XXX')));
    expect(refused.hold?.reason).toBe('mapping-failed'); // a reception needs a place
    const kept = onlyPart(run(custody('PV1-3.4 | establishment | invalid(keep)'), at('XXX')));
    expect(values(kept.custody?.fields ?? null).to).toEqual({ agencyCode: 'XXX' });
    expect(kept.issues).toEqual([{ code: 'establishment-unknown', rule: expect.any(String), target: 'custody.to', source: 'PV1-3.4' }]);
  });
  it('gives a practice as its ODS code', () => {
    const record = `${IDENTIFY}records:\n  - record: gpRegistration\n    keys:\n      current: = current\n    set:\n      practiceOds: PD1-3.3 | upper | practice | invalid(keep)\n      status: = previous\n`;
    const one = (code: string) => onlyPart(run(inbound(record), hl7('ADT^A01', 'PID|1||A1234BC^^^^PI', `PD1|||Surgery^^${code}`)));
    expect(values(one('a81001').records[0]?.fields ?? null)).toEqual({ practiceOds: 'A81001', status: 'previous' });
    // Nothing is thinned: the code stays, and the issue is what routing holds by.
    const unknown = one('Z99999');
    expect(values(unknown.records[0]?.fields ?? null)).toEqual({ practiceOds: 'Z99999', status: 'previous' });
    expect(unknown.issues.map((issue) => issue.code)).toEqual(['practice-unknown']);
  });
});

describe('tables', () => {
  const files = (csv: string) => ({ 'sex.csv': csv });
  const gender = (csv: string, code: string) =>
    onlyPart(
      run(
        inbound(`tables:\n  sex: sex.csv\n${IDENTIFY}patient:\n  set:\n    gender: PID-8 | table(sex)\n`, 'ADT^A01', files(csv)),
        hl7('ADT^A01', `PID|1||A1234BC^^^^PI|||||${code}`),
      ),
    );
  it('looks a code up; the row * says what an unlisted one becomes', () => {
    expect(values(gender('from,to\r\nM,male\r\n*,!invalid\r\n', 'M').patient)).toEqual({ gender: 'male' });
    expect(gender('from,to\nM,male\n*,!invalid\n', 'Q').issues.map((issue) => issue.code)).toEqual(['not-in-table']);
    expect(values(gender('\ufefffrom,to\nM,male\n*,unknown\n', 'Q').patient)).toEqual({ gender: 'unknown' });
    expect(values(gender('note,to,from\n"a, b",male,M\n,!keep,*\n', 'M').patient)).toEqual({ gender: 'male' });
  });
  it('never puts a word into a closed field that is none of its words', () => {
    expect(gender('from,to\nM,man\n*,!keep\n', 'M').issues.map((issue) => issue.code)).toEqual(['not-a-word-of-this-field']);
  });
});
