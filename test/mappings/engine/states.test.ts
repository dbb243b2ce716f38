import { hl7, IDENTIFY, inbound, onlyPart, run, values } from './made.ts';

const CLEARS = 'clears: yes\n';
const pid = (...fields: string[]): string => `PID|1||A1234BC^^^NOMIS^PI||${fields.join('|')}`;
const update = (...segments: string[]): string => hl7('ADT^A08', ...segments);
const SET = `    name: PID-5 | humanName
    aliases: PID-9[*] | humanName
    birthDate: PID-7 | date
    gender: PID-8 | map(M = male) | default(unknown)
    addresses: PID-11[*] | address
    nationality: PID-28.1 or PID-10.1
`;
const patient = (message: string, clears: boolean) =>
  onlyPart(run(inbound(`${clears ? CLEARS : ''}${IDENTIFY}patient:\n  set:\n${SET}`, 'ADT^A08'), message));

describe('value, cleared, unstated', () => {
  it('says nothing of what the message says nothing of', () => {
    expect(values(patient(update(pid('Orchard^Sam')), true).patient)).toEqual({ name: { family: 'Orchard', given: ['Sam'] } });
  });

  it('erases with "" where the file says so, a whole list by a lone ""', () => {
    expect(values(patient(update(pid('Orchard^Sam', '', '""', '""', '""', '', '""')), true).patient)).toEqual({
      name: { family: 'Orchard', given: ['Sam'] },
      aliases: 'CLEARED',
      birthDate: 'CLEARED',
      gender: 'CLEARED',
      addresses: 'CLEARED',
    });
  });

  it('erases nothing without leave, and says so', () => {
    const part = patient(update(pid('Orchard^Sam', '', '""')), false);
    expect(values(part.patient)).toEqual({ name: { family: 'Orchard', given: ['Sam'] } });
    expect(part.issues).toEqual([
      { code: 'clear-without-leave', rule: expect.stringMatching(/^m\.map\.yaml:\d+$/), target: 'patient.birthDate', source: 'PID-7' },
    ]);
  });

  it('counts a cleared value as stated for or', () => {
    expect(values(patient(update(`${pid('Orchard^Sam', '', '', '', '', 'W')}${'|'.repeat(18)}""`), true).patient)).toMatchObject({
      nationality: 'CLEARED',
    });
    expect(values(patient(update(pid('Orchard^Sam', '', '', '', '', 'W')), true).patient)).toMatchObject({ nationality: 'W' });
  });

  it('keeps a default apart: it never overwrites what is stored', () => {
    const part = patient(update(pid('Orchard^Sam')), true);
    expect(part.patient).not.toHaveProperty('gender');
    expect(part.patientDefaults).toEqual({ gender: 'unknown' });
    expect(patient(update(pid('Orchard^Sam', '', '', 'M')), true).patientDefaults).toEqual({});
  });

  it('reads a component of a field that is "" as cleared too', () => {
    const mapping = inbound(`${CLEARS}${IDENTIFY}patient:\n  set:\n    nationality: PID-5.2\n`, 'ADT^A08');
    expect(values(onlyPart(run(mapping, update(pid('""')))).patient)).toEqual({ nationality: 'CLEARED' });
    expect(values(onlyPart(run(mapping, update(pid('""^Sam')))).patient)).toEqual({ nationality: 'Sam' });
  });

  it('tells a "" among other repetitions', () => {
    const part = patient(update(pid('Orchard', '', '', '', '""~Ash^Sam')), true);
    expect(values(part.patient).aliases).toEqual([{ family: 'Ash', given: ['Sam'] }]);
    expect(part.issues.map((issue) => issue.code)).toEqual(['cleared-among-values']);
  });

  it('never takes "" as evidence of who somebody is', () => {
    const part = onlyPart(
      run(
        inbound(`${CLEARS}identify:\n  set:\n    prisonNumber: PID-3[5 = PI].1\n    birthDate: PID-7 | date\n`, 'ADT^A08'),
        update(pid('Orchard', '', '""')),
      ),
    );
    expect(part.identify).toEqual({ prisonNumber: 'A1234BC' });
  });
});

describe('what becomes of refused values', () => {
  const line = (text: string) => inbound(`${IDENTIFY}patient:\n  set:\n    birthDate: ${text}\n    nationality: PID-10.1\n`);
  const message = hl7('ADT^A01', pid('Orchard', '', '31/12/1980', '', '', 'W'));

  it('leaves them out with an issue that names rule and place, never the value', () => {
    const part = onlyPart(run(line('PID-7 | date'), message));
    expect(values(part.patient)).toEqual({ nationality: 'W' });
    expect(part.issues).toEqual([{ code: 'date', rule: 'm.map.yaml:12', target: 'patient.birthDate', source: 'PID-7' }]);
    expect(JSON.stringify(part.issues)).not.toContain('1980');
  });
  it('keeps the text as sent under invalid(keep), with an issue', () => {
    const part = onlyPart(run(line('PID-7 | date | invalid(keep)'), message));
    expect(values(part.patient)).toEqual({ birthDate: '31/12/1980', nationality: 'W' });
    expect(part.issues.map((issue) => issue.code)).toEqual(['date']);
  });
  it.each(['PID-7 | date | invalid(fail)', 'PID-7 | date | required'])('holds the part for %s', (text) => {
    const part = onlyPart(run(line(text), message));
    expect(part.hold).toEqual({ reason: 'mapping-failed', rule: 'm.map.yaml:12', source: 'PID-7' });
    expect(part.patient).toBeNull();
    expect(part.identify).toEqual({ prisonNumber: 'A1234BC' });
  });
  it('names the path where a required value is not there at all', () => {
    const part = onlyPart(run(line('PID-29 | date | required'), message));
    expect(part.hold).toEqual({ reason: 'mapping-failed', rule: 'm.map.yaml:12', source: 'PID-29' });
  });
});
