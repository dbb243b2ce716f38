import { hl7, IDENTIFY, inbound, onlyPart, patientOf, run, values } from './made.ts';

const PID =
  'PID|1||A1234BC^^^NOMIS^PI~9990000018^^^NHS^NH||Orchard^Sam^Lee^^Mr^^L~Ash^Sam^^^^^A||19800229|M|||1 Mill Lane^Beeston^Leeds^^ls118ab^^H~Old Road^^^^^^BA||0113 496 0000~^NET^Internet^sam@example.org';
const message = hl7('ADT^A01', 'EVN|A01|20260302100000', PID, 'PV1|1|I|A^1^12^LEI');

describe('choices of a line', () => {
  it('takes the first that is stated with or, all with +', () => {
    expect(patientOf('    nationality: PID-22.1 or PID-19 or PID-8\n', message)).toEqual({ nationality: 'M' });
    expect(patientOf('    nationality: PV1-3.1 + PV1-3.9 + PV1-3.2 | join("-")\n', message)).toEqual({ nationality: 'A-1' });
  });

  it('never lets an invalid value fall through to the next', () => {
    const set = '    birthDate: PID-8 or PID-7 | date\n';
    const part = onlyPart(run(inbound(`${IDENTIFY}patient:\n  set:\n${set}`), message));
    expect(values(part.patient)).toEqual({});
    expect(part.issues).toEqual([{ code: 'date', rule: 'm.map.yaml:12', target: 'patient.birthDate', source: 'PID-8' }]);
  });

  it('applies pipes to the whole choice', () => {
    expect(patientOf('    nationality: PID-22.1 or PV1-3.4 | lower\n', message)).toEqual({ nationality: 'lei' });
  });

  it('writes nothing where only constants are stated', () => {
    expect(patientOf(`    nationality: '"Wing " + PV1-3.9 | join("")'\n`, message)).toEqual({});
    expect(patientOf(`    nationality: '"Wing " + PV1-3.1 | join("")'\n`, message)).toEqual({ nationality: 'Wing A' });
    expect(patientOf('    name.use: = official\n    name.family: PID-6.1\n', message)).toEqual({});
    expect(patientOf('    name.use: = official\n    name.family: PID-5.1\n', message)).toMatchObject({
      name: { use: 'official', family: 'Orchard' },
    });
  });

  it('takes a constant as it stands', () => {
    expect(patientOf('    nationality: = a | b, "c"\n', message)).toEqual({ nationality: 'a | b, "c"' });
  });

  it('joins a line that runs on', () => {
    expect(patientOf('    nationality:\n      PV1-3.1\n      + PV1-3.2\n      | join("/")\n', message)).toEqual({ nationality: 'A/1' });
  });

  it('chooses with first:, each line with its own functions and condition', () => {
    const set = `    nationality:
      first:
        - PID-22.1
        - from: PV1-3.4 | lower
          when: PID-8 = F
        - PV1-3.1 | lower
      then: replace("a", "x")
`;
    expect(patientOf(set, message)).toEqual({ nationality: 'x' });
  });

  it('leaves a field with when: alone where the condition is not met', () => {
    expect(patientOf('    nationality:\n      from: PV1-3.1\n      when: PID-8 = F\n', message)).toEqual({});
  });
});

describe('several values', () => {
  it('takes the first for one value and says so where they differ', () => {
    const part = onlyPart(run(inbound(`${IDENTIFY}patient:\n  set:\n    nationality: PID-5[*].1\n`), message));
    expect(values(part.patient)).toEqual({ nationality: 'Orchard' });
    expect(part.issues).toEqual([{ code: 'many-values', rule: 'm.map.yaml:12', target: 'patient.nationality', source: 'PID-5[1].1' }]);
  });

  it('takes them in silence where they are equal', () => {
    const part = onlyPart(run(inbound(`${IDENTIFY}patient:\n  set:\n    nationality: PID-5[*].2\n`), message));
    expect(part.issues).toEqual([]);
  });

  it('refuses differing values under only', () => {
    const part = onlyPart(run(inbound(`${IDENTIFY}patient:\n  set:\n    nationality: PID-5[*].1 | only\n`), message));
    expect(values(part.patient)).toEqual({});
    expect(part.issues.map((issue) => issue.code)).toEqual(['values-differ']);
  });

  it('counts every field of identify as only', () => {
    const part = onlyPart(run(inbound('identify:\n  set:\n    prisonNumber: PID-3[5 = PI].1\n    familyName: PID-5[*].1\n'), message));
    expect(part.identify).toEqual({ prisonNumber: 'A1234BC' });
    expect(part.issues.map((issue) => issue.code)).toEqual(['values-differ']);
  });

  it('holds a part whose identifiers name two people, and matches on nothing of it', () => {
    const two = hl7('ADT^A01', 'PID|1||A1234BC^^^NOMIS^PI~9990000018^^^NHS^NH~9990000026^^^NHS||Orchard^Sam');
    const nhs = 'PID-3[4 = NHS and 5 = NH].1 + PID-3[4 = NHS and not exists 5].1 | nhsNumber | only';
    const part = onlyPart(run(inbound(`identify:\n  set:\n    prisonNumber: PID-3[5 = PI].1\n    nhsNumber: ${nhs}\n`), two));
    expect(part.hold).toEqual({ reason: 'identity-contradiction', rule: 'm.map.yaml:10', source: 'PID-3[2].1' });
    expect(part.identify).toEqual({ prisonNumber: 'A1234BC' });
    // The same number twice, in two shapes, is no contradiction.
    const same = hl7('ADT^A01', 'PID|1||A1234BC^^^NOMIS^PI~9990000018^^^NHS^NH~999 000 0018^^^NHS||Orchard^Sam');
    expect(onlyPart(run(inbound(`identify:\n  set:\n    nhsNumber: ${nhs}\n`), same)).identify).toEqual({ nhsNumber: '9990000018' });
  });

  it('leaves an invalid NHS number out, repeated digits too, and goes on with the rest', () => {
    for (const number of ['9990000019', '9999999999', '0000000000', '12345']) {
      const message = hl7('ADT^A01', `PID|1||A1234BC^^^NOMIS^PI~${number}^^^NHS^NH||Orchard^Sam`);
      const part = onlyPart(
        run(inbound('identify:\n  set:\n    prisonNumber: PID-3[5 = PI].1\n    nhsNumber: PID-3[5 = NH].1 | nhsNumber | only\n'), message),
      );
      expect(part).toMatchObject({
        identify: { prisonNumber: 'A1234BC' },
        hold: null,
        issues: [{ code: 'nhs-number', source: 'PID-3[2].1' }],
      });
      expect(part.identify).not.toHaveProperty('nhsNumber');
    }
  });

  it('sees repetitions that a bare path leads to', () => {
    const two = hl7('ADT^A01', 'PID|1||A1234BC^^^^PI||Orchard^Sam~Ash^Sam||1980');
    expect(
      onlyPart(run(inbound(`${IDENTIFY}patient:\n  set:\n    nationality: PID-5.1\n`), two)).issues.map((issue) => issue.code),
    ).toEqual(['many-values']);
    const gap = hl7('ADT^A01', 'PID|1||A1234BC^^^^PI||Orchard^Sam~~Ash^Sam||1980');
    expect(
      onlyPart(run(inbound(`${IDENTIFY}patient:\n  set:\n    nationality: PID-5.1\n`), gap)).issues.map((issue) => issue.code),
    ).toEqual(['many-values']);
    const twice = hl7('ADT^A01', 'PID|1||A1234BC^^^^PI||Orchard', 'PID|2||A1234BC^^^^PI||Ash');
    expect(onlyPart(run(inbound(`${IDENTIFY}patient:\n  set:\n    nationality: PID-5.1\n`), twice)).issues).toEqual([
      { code: 'many-values', rule: 'm.map.yaml:12', target: 'patient.nationality', source: 'PID[1]-5.1' },
    ]);
  });
});

describe('selectors', () => {
  const nhs = (...numbers: string[]): string => hl7('ADT^A01', `PID|1||A1234BC^^^NOMIS^PI~${numbers.join('~')}`);
  const line = '    nationality: PID-3[4 = NHS and not exists 5].1\n';
  it.each([
    ['9990000018^^^NHS', '9990000018'],
    ['9990000018^^^NHS^MR', undefined],
    ['9990000018^^^OTHER', undefined],
  ])('tells %s apart', (cx, expected) => {
    expect(patientOf(line, nhs(cx)).nationality).toBe(expected);
  });
  it('takes a number, a condition on text, and a pattern', () => {
    expect(patientOf('    nationality: PID-3[2].1\n', nhs('x1'))).toEqual({ nationality: 'x1' });
    expect(
      patientOf('    nationality: PID-3[5 starts "NH{"].5 | capture("status:(0[1-8])")\n', nhs('9990000018^^^NHS^NH{status:01}')),
    ).toEqual({ nationality: '01' });
    expect(patientOf('    nationality: PID-3[1 matches "x[0-9]"].1\n', nhs('x12', 'x3'))).toEqual({ nationality: 'x3' });
  });
  it('chooses segments by their fields', () => {
    const two = hl7('ORU^R01', 'PID|1||A1234BC^^^^PI', 'OBR|1', 'OBX|1|TX|a||text', 'OBX|2|NM|b||5');
    const mapping = inbound(`${IDENTIFY}patient:\n  set:\n    nationality: OBSERVATION.OBX[2 = NM]-5\n`, 'ORU^R01');
    expect(values(onlyPart(run(mapping, two)).patient)).toEqual({ nationality: '5' });
  });
});

describe('lists of objects', () => {
  it('makes one for each repetition that fits, and tells of empty ones', () => {
    const set = `    addresses:
      each: PID-11[7 != BA]
      set:
        use: PID-11.7 | map(H = home)
        line: PID-11.1 + PID-11.2
        postcode: PID-11.5 | postcode
`;
    expect(patientOf(set, message)).toEqual({ addresses: [{ use: 'home', line: ['1 Mill Lane', 'Beeston'], postcode: 'LS11 8AB' }] });
    const empty = hl7('ADT^A01', 'PID|1||A1234BC^^^^PI||||||||^^^^^^H~1 Mill Lane^^^^^^H');
    const part = onlyPart(
      run(inbound(`${IDENTIFY}patient:\n  set:\n    addresses:\n      each: PID-11[*]\n      set:\n        line: PID-11.1\n`), empty),
    );
    expect(values(part.patient)).toEqual({ addresses: [{ line: ['1 Mill Lane'] }] });
    expect(part.issues).toEqual([{ code: 'empty-item', rule: 'm.map.yaml:13', target: 'patient.addresses', source: 'PID-11[1]' }]);
  });
});
