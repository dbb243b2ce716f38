import { loadMappings } from '../../../mappings/engine/index.ts';
import { findingsOf, IDENTIFY, inboundText } from './made.ts';

const PACK = `mapping: packs/p
format: 1
direction: inbound
tables:
  sex: sex.csv
blocks:
  ids:
    set:
      prisonNumber: PID-3.1
  more:
    set:
      gender: PID-8 | table(sex)
`;
const SEX = 'from,to\nM,male\n*,!invalid\n';
const check = (body: string, more: Readonly<Record<string, string>> = {}, severities?: readonly string[], message?: string): string[] =>
  findingsOf({ 'm.map.yaml': inboundText(body, message), ...more }, severities);
const PATIENT = `${IDENTIFY}patient:\n  set:\n`;
/** Line 12 of the file, behind four blanks. */
const line = (text: string): string[] => check(`${PATIENT}    ${text}\n`);

describe('check names file, line and column of what is wrong', () => {
  it.each([
    // unknown key, target, segment, field, component, function, table, block
    ['an unknown key', 'm.map.yaml:7:1 error unknown-key unknown key "identfy" (did you mean "identify"?)', check('identfy:\n  x: y\n')],
    [
      'an unknown target',
      'm.map.yaml:12:5 error unknown-target there is no patient.birthDat (did you mean "birthDate"?)',
      line('birthDat: PID-7 | date'),
    ],
    [
      'an unknown part of a target',
      'm.map.yaml:12:5 error unknown-target there is no patient.name.famly (did you mean "family"?)',
      line('name.famly: PID-5.1'),
    ],
    [
      'a target that is the index’s',
      'm.map.yaml:12:5 error read-only patient.nhsNumber is filled by the patient index (set it under identify:)',
      line('nhsNumber: PID-3.1'),
    ],
    [
      'an unknown segment',
      'm.map.yaml:12:16 error unknown-segment there is no segment PDI (did you mean "PID"?)',
      line('birthDate: PDI-7 | date'),
    ],
    ['an unknown field', 'm.map.yaml:12:16 error unknown-field AL1 has 6 fields, not 9', line('birthDate: AL1-9 | date')],
    [
      'an unknown component',
      'm.map.yaml:12:18 error unknown-component PID-3 (CX) has 10 components, not 12',
      line('nationality: PID-3.12'),
    ],
    [
      'an unknown subcomponent',
      'm.map.yaml:12:18 error unknown-component PID-3.4 (HD) has 3 subcomponents, not 5',
      line('nationality: PID-3.4.5'),
    ],
    [
      'an unknown component in a selector',
      'm.map.yaml:12:24 error unknown-component PID-3 has 10 components',
      line('nationality: PID-3[12 = NH].1'),
    ],
    ['a name in a selector', 'm.map.yaml:12:24 error selector "type" is no number of a part', line('nationality: PID-3[type = NH].1')],
    [
      'an unknown function',
      'm.map.yaml:12:24 error unknown-function unknown function "digts" (did you mean "digits"?)',
      line('birthDate: PID-7 | digts'),
    ],
    ['an unknown table', 'm.map.yaml:12:27 error unknown-table unknown table "sx"', line('gender: PID-8 | table(sx)')],
    ['an unknown block', 'm.map.yaml:11:8 error unknown-block unknown block "demo"', check(`${IDENTIFY}patient:\n  use: demo\n`)],
    [
      'an unknown kind',
      'm.map.yaml:11:13 error unknown-kind there is no kind alergy (did you mean "allergy"?)',
      check(`${IDENTIFY}records:\n  - record: alergy\n    keys:\n      a: PID-3.1\n`),
    ],
    [
      'a kind that is reserved',
      'm.map.yaml:11:13 error unsupported-kind kind screening is not supported yet',
      check(`${IDENTIFY}records:\n  - record: screening\n    keys:\n      a: PID-3.1\n`),
    ],
    [
      'an unknown group',
      'm.map.yaml:12:11 error unknown-group the structure has no group ORDERS',
      check(`${IDENTIFY}records:\n  - record: report\n    each: ORDERS[*]\n    keys:\n      a: PID-3.1\n`, {}, undefined, 'ORU^R01'),
    ],
    [
      'an unknown word',
      'm.map.yaml:12:11 error word list takes add, snapshot (did you mean "snapshot"?)',
      check(`${IDENTIFY}records:\n  - record: allergy\n    list: snapshots\n    keys:\n      a: PID-3.1\n`),
    ],
    // types
    [
      'a type break',
      'm.map.yaml:12:16 error type-break an HL7 TS cannot go into patient.birthDate, which is a date (write | date)',
      line('birthDate: PID-7'),
    ],
    [
      'a function on the wrong type',
      'm.map.yaml:12:22 error type-break humanName works on XPN or XCN or PPN, or on text',
      line('name: PID-3[1] | humanName'),
    ],
    [
      'text into a model object',
      'm.map.yaml:12:11 error type-break an HL7 ST cannot go into patient.name, which is a HumanName (write | humanName)',
      line('name: PID-19'),
    ],
    [
      'a constant that is none of the words',
      'm.map.yaml:12:15 error not-a-word patient.gender takes male, female, other, unknown',
      line('gender: = man'),
    ],
    [
      'a default that is none of the words',
      'm.map.yaml:12:13 error not-a-word patient.gender takes male, female, other, unknown',
      line('gender: PID-8 | map(M = male) | default(man)'),
    ],
    [
      'an outbound function',
      'm.map.yaml:12:27 error direction hl7Type belongs in outbound mappings',
      line('nationality: PID-10 | hl7Type'),
    ],
    [
      'a FHIR function',
      'm.map.yaml:12:27 error unsupported-kind codeableConcept belongs to FHIR output, which is not supported yet',
      line('nationality: PID-10 | codeableConcept'),
    ],
    // lines
    [
      'one target twice',
      'm.map.yaml:13:5 error duplicate-key this key stands twice at one level',
      line('birthDate: PID-7 | date\n    birthDate: PID-7 | date'),
    ],
    [
      'a target whole and in parts',
      'm.map.yaml:12:5 error target-twice patient.name is set whole and in parts',
      line('name: PID-5 | humanName\n    name.family: PID-5.1'),
    ],
    [
      'or with +',
      'm.map.yaml:12:35 error or-with-plus "or" and "+" do not stand on one line',
      line('nationality: PID-10 or PID-19 + PID-28 | join(" ")'),
    ],
    [
      '+ into one value',
      'm.map.yaml:12:18 error list-into-one "+" makes a list, and patient.nationality takes one value',
      line('nationality: PID-10.1 + PID-28.1'),
    ],
    ['a quoted word', 'm.map.yaml:12:18 error quoted-word a quoted word alone is no line (write = British', line('nationality: "British"')],
    [
      'a constant without its blank',
      'm.map.yaml:12:18 error line a constant is written with a blank behind = (write = British)',
      line('nationality: =British'),
    ],
    [
      'a function before its path',
      'm.map.yaml:12:18 error line a function goes behind a path and | (write PATH | upper)',
      line('nationality: upper(PID-10.1)'),
    ],
    [
      'and with or',
      'm.map.yaml:14:37 error and-or-brackets "and" beside "or" needs brackets',
      line('nationality:\n      from: PID-28.1\n      when: PID-8 = M and PID-7 = x or PID-9 = y'),
    ],
    [
      'a function behind required',
      'm.map.yaml:12:40 error policy-order "required" goes behind every function',
      line('nationality: PID-28.1 | required | upper'),
    ],
    ['wrong arguments', 'm.map.yaml:12:29 error arguments upper takes no brackets', line('nationality: PID-28.1 | upper(x)')],
    [
      'a text argument without quotes',
      'm.map.yaml:12:34 error arguments join takes a text in double quotes (write join("-"))',
      line('nationality: PID-28.1 | join(-)'),
    ],
    [
      'a date pattern that cannot be meant',
      'm.map.yaml:12:24 error pattern days are dd and years yyyy, in small letters',
      line('birthDate: PID-7 | date("DD/MM/yyyy")'),
    ],
    ['a pattern that is no RE2', 'm.map.yaml:12:29 error pattern not a pattern', line('nationality: PID-28.1 | capture("(?<=a)b")')],
    [
      'a list in one field',
      'm.map.yaml:13:7 error form patient.nationality takes one line, not a list',
      line('nationality:\n      - PID-28.1'),
    ],
    [
      'a field newer than the file says',
      'm.map.yaml:12:16 error unknown-field PID has 39 fields, not 40',
      line('birthDate: PID-40 | date'),
    ],
    // records
    [
      'a record without keys',
      'm.map.yaml:11:5 error no-keys record allergy needs keys:',
      check(`${IDENTIFY}records:\n  - record: allergy\n    set:\n      notes: PID-3.1\n`),
    ],
    [
      'a key of constants',
      'm.map.yaml:13:7 error constant-key key code is the same for every record',
      check(`${IDENTIFY}records:\n  - record: allergy\n    keys:\n      code: = x\n`),
    ],
    [
      'a child of the wrong kind',
      'm.map.yaml:15:17 error no-child a report has no allergy',
      check(
        `${IDENTIFY}records:\n  - record: report\n    keys:\n      a: PID-3.1\n    records:\n      - record: allergy\n        keys:\n          a: PID-3.1\n`,
      ),
    ],
    [
      'a loop that mixes groups',
      'm.map.yaml:12:11 error each-in-group OBX stands in the repeating group OBSERVATION: a loop over it would mix the groups (write each: OBSERVATION[*])',
      check(
        `${IDENTIFY}records:\n  - record: result\n    each: OBSERVATION.OBX[*]\n    keys:\n      a: OBX-3.1\n`,
        {},
        undefined,
        'ORU^R01',
      ),
    ],
    [
      'custody without its time',
      'm.map.yaml:10:1 error custody-needs a custody event needs at',
      check(`${IDENTIFY}custody:\n  set:\n    event: = release\n    booking: PV1-19.1\n`),
    ],
    [
      'a mapping about nobody',
      'm.map.yaml:1:1 error no-identify the mapping does not say who a message is about',
      check('patient:\n  set:\n    birthDate: PID-7 | date\n'),
    ],
    ['an unknown time zone', 'm.map.yaml:7:7 error zone "Europe/Leeds" is no time zone', check(`zone: Europe/Leeds\n${IDENTIFY}`)],
    [
      'a message type that is none',
      'm.map.yaml:6:12 error message-type "ADT-A01" is no message type',
      findingsOf({ 'm.map.yaml': inboundText(IDENTIFY, 'ADT-A01') }),
    ],
    [
      'a path under ignore that does not exist',
      'm.map.yaml:11:3 error unknown-field AL1 has 6 fields, not 9',
      check(`${IDENTIFY}ignore:\n  AL1-9: not used\n`),
    ],
    // YAML
    ['a flow form', 'm.map.yaml:10:10 error flow-form the short forms {…} and […] are not allowed', check(`${IDENTIFY}patient: {}\n`)],
    [
      'a comment that would eat the value',
      'm.map.yaml:12:24 error one-blank-comment a comment behind a value needs two blanks before #',
      line('nationality: = REF #12'),
    ],
    ['an alias', 'm.map.yaml:12:18 error alias aliases are not allowed', line('nationality: *x')],
  ])('%s', (_name, expected, findings) => {
    expect(findings.join('\n')).toContain(expected);
  });

  it('finds everything at once', () => {
    const findings = check(
      `${PATIENT}    birthDat: PID-7 | date\n    nationality: PDI-3\n    gender: PID-8 | digts\nrecords:\n  - record: allergy\n`,
    );
    expect(findings.map((finding) => finding.split(' ')[0])).toEqual([
      'm.map.yaml:12:5',
      'm.map.yaml:13:18',
      'm.map.yaml:14:21',
      'm.map.yaml:16:5',
    ]);
  });

  it('says once what several message structures share', () => {
    expect(findingsOf({ 'm.map.yaml': inboundText(`${PATIENT}    birthDate: PDI-7 | date\n`, 'ADT^A01, ADT^A02, ADT^A31') })).toHaveLength(
      1,
    );
  });
});

describe('check across files', () => {
  it('names the included file where the fault lies in it', () => {
    const files = {
      'packs/p.map.yaml': PACK.replace('PID-3.1', 'PDI-3.1'),
      'packs/sex.csv': SEX,
      'm.map.yaml': inboundText('include:\n  - packs/p.map.yaml\nidentify:\n  use: ids\n'),
    };
    expect(findingsOf(files)).toEqual(['packs/p.map.yaml:9:21 error unknown-segment there is no segment PDI (did you mean "PID"?)']);
    // A mapping that draws on a broken file is not loaded.
    expect(loadMappings(new Map(Object.entries(files))).inbound).toEqual([]);
  });
  const included = (body: string, more: Readonly<Record<string, string>> = {}, severities?: readonly string[]): string[] =>
    findingsOf({ 'm.map.yaml': inboundText(`include:\n  - p.map.yaml\n${body}`), 'p.map.yaml': PACK, 'sex.csv': SEX, ...more }, severities);
  it('tells which lines of a block are replaced', () => {
    expect(included('identify:\n  use: ids\n  set:\n    prisonNumber: PID-4.1\n', {}, ['info'])).toEqual([
      'm.map.yaml:12:5 info block-line-replaced this line replaces that of the block at p.map.yaml:9',
    ]);
  });
  it('tells of what nobody uses', () => {
    expect(included(`tables:\n  sex: sex.csv\nblocks:\n  mine:\n    set:\n      gender: PID-8\n${IDENTIFY}`, {}, ['warning'])).toEqual([
      'm.map.yaml:8:5 warning unused include p.map.yaml is not used',
      'm.map.yaml:10:3 warning unused table sex is not used',
      'm.map.yaml:12:3 warning unused block mine is not used',
    ]);
  });
  it('finds circles, missing files and mappings that are included', () => {
    const circle = {
      'q.map.yaml': 'mapping: q\nformat: 1\ndirection: inbound\ninclude:\n  - p.map.yaml\n',
      'p.map.yaml': `${PACK}include:\n  - q.map.yaml\n`,
    };
    expect(included(`identify:\n  use: ids\n`, circle)).toEqual([
      'q.map.yaml:5:5 error cyclic-include the includes run in a circle: m.map.yaml → p.map.yaml → q.map.yaml → p.map.yaml',
    ]);
    expect(included(IDENTIFY, { 'p.map.yaml': '' })).toEqual(
      [
        expect.stringContaining('m.map.yaml:8:5 error unknown-include there is no mapping file p.map.yaml'),
        expect.stringContaining('p.map.yaml:1:1 error form'),
      ].sort(),
    );
    expect(included(IDENTIFY, { 'p.map.yaml': inboundText(IDENTIFY, 'ADT^A02').replace('t/in', 't/two') })).toEqual([
      'm.map.yaml:8:5 error include-acts p.map.yaml is a mapping of its own (put the shared tables and blocks into a file without match: or for:)',
    ]);
    expect(check(`tables:\n  sex: nowhere.csv\n${IDENTIFY}`)).toEqual([
      'm.map.yaml:8:3 error unknown-file there is no table file nowhere.csv',
    ]);
  });
  it('asks of a table what becomes of unlisted codes', () => {
    expect(included('identify:\n  use: ids\npatient:\n  use: more\n', { 'sex.csv': 'from,to\nM,male\n' })).toEqual([
      'sex.csv:1:1 error table-default table "sex" has no row * (add *,!invalid or *,!keep or *,a value)',
    ]);
    expect(
      included('identify:\n  use: ids\npatient:\n  use: more\n', { 'sex.csv': 'from,to\nM,male\nM,x\n,y\n*,!omit\n' }).map(
        (finding) => finding.split(' (')[0],
      ),
    ).toEqual([
      'sex.csv:1:1 error table-default table "sex" has no row *',
      'sex.csv:3:1 error table this code stands twice in from',
      'sex.csv:4:1 error table from and to must both be filled',
      'sex.csv:5:1 error table "!omit" is no policy',
    ]);
  });
  it('allows exactly one mapping for a message; one for a source by name goes before one for any', () => {
    const two = (source: string, name: string) =>
      `mapping: ${name}\nformat: 1\ndirection: inbound\nmatch:\n${source}  message: ADT^A01\n${IDENTIFY}`;
    const files = {
      'a.map.yaml': two('', 'a'),
      'b.map.yaml': two('', 'b'),
      'c.map.yaml': two('  source: prison, other\n', 'c'),
      'd.map.yaml': two('  source: other\n', 'd'),
    };
    expect(findingsOf(files)).toEqual([
      'b.map.yaml:1:1 error two-mappings ADT^A01 from any source is mapped by a (a.map.yaml) too (exactly one mapping may take a message)',
      'd.map.yaml:1:1 error two-mappings ADT^A01 from other is mapped by c (c.map.yaml) too (exactly one mapping may take a message)',
    ]);
  });
  it('wants one name for one key in all mappings of a system', () => {
    const one = (name: string, key: string, message: string) =>
      `mapping: ${name}\nformat: 1\ndirection: inbound\nsystem: lab\nmatch:\n  message: ${message}\n${IDENTIFY}records:\n  - record: document\n    keys:\n      ${key}: TXA-12.1\n`;
    expect(findingsOf({ 'a.map.yaml': one('a', 'document', 'MDM^T02'), 'b.map.yaml': one('b', 'letter', 'MDM^T11') })).toEqual([
      'b.map.yaml:11:5 error key-names-differ keys of document are named letter here and document in a (one name for one thing in all mappings of a system)',
    ]);
  });
  it('tells of a source that is not configured', () => {
    const files = new Map([['m.map.yaml', inboundText(IDENTIFY).replace('match:\n', 'match:\n  source: prison-atd\n')]]);
    expect(loadMappings(files, { sources: ['prison-adt'] }).findings.map(({ code, severity, hint }) => ({ code, severity, hint }))).toEqual(
      [{ code: 'unknown-source', severity: 'warning', hint: 'did you mean "prison-adt"?' }],
    );
  });
});

describe('warnings', () => {
  it.each([
    [
      'several components taken as one',
      'm.map.yaml:12:18 warning several-components XAD has several components',
      check(`${PATIENT}    nationality: PID-11\n`, {}, ['warning']),
    ],
    [
      'a snapshot with when',
      'm.map.yaml:14:5 warning snapshot-with-when',
      check(
        `${IDENTIFY}records:\n  - record: allergy\n    each: AL1[*]\n    list: snapshot\n    when: AL1-2 = DA\n    keys:\n      a: AL1-3.1\n`,
        {},
        ['warning'],
      ),
    ],
    [
      'a map for action that leaves out codes',
      'm.map.yaml:14:22 warning action-codes map leaves out A, I, O, R, S, Y, Z of OBR-25: such a record fails',
      check(
        `${IDENTIFY}records:\n  - record: report\n    keys:\n      a: OBR-3.1\n    action: OBR-25 | map(F = put, P = put, C = put, X = cancel)\n`,
        {},
        ['warning'],
        'ORU^R01',
      ),
    ],
    [
      'a map for action that leaves out a trigger',
      'of MSH-9.2',
      check(
        `${IDENTIFY}records:\n  - record: document\n    keys:\n      a: TXA-12.1\n    action: MSH-9.2 | map(T02 = put)\n`,
        {},
        ['warning'],
        'MDM^T02, MDM^T11',
      ),
    ],
    [
      'a field newer than the versions named',
      'm.map.yaml:12:18 warning later-version PID-39 came with version 2.5',
      findingsOf({ 'm.map.yaml': inboundText(`${PATIENT}    nationality: PID-39.1\n`, 'ADT^A01', '2.4') }, ['warning']),
    ],
  ])('%s', (_name, expected, findings) => {
    expect(findings.join('\n')).toContain(expected);
  });
});

describe('what this version does not read or write yet', () => {
  it.each(['csv', 'fixed', 'fhir', 'json'])('input kind %s is said plainly', (kind) => {
    expect(check(`input:\n  kind: ${kind}\n${IDENTIFY}`)).toEqual([
      `m.map.yaml:8:9 error unsupported-kind input kind ${kind} is not supported yet (hl7 is)`,
    ]);
  });
  it.each(['csv', 'fhir', 'json'])('output kind %s is said plainly', (kind) => {
    const text = `mapping: o\nformat: 1\ndirection: outbound\nfor: report\noutput:\n  kind: ${kind}\n`;
    expect(findingsOf({ 'o.map.yaml': text })).toEqual([
      `o.map.yaml:6:9 error unsupported-kind output kind ${kind} is not supported yet (hl7 and text are)`,
    ]);
  });
  it.each(['file: "*.csv"', 'bundle: document'])('match by %s too', (match) => {
    const text = `mapping: m\nformat: 1\ndirection: inbound\nmatch:\n  ${match}\n${IDENTIFY}`;
    expect(findingsOf({ 'm.map.yaml': text })).toEqual([expect.stringContaining('error unsupported-kind')]);
  });
});
