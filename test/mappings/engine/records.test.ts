import { hl7, IDENTIFY, inbound, onlyPart, run, values } from './made.ts';

const PID = 'PID|1||A1234BC^^^NOMIS^PI||Orchard^Sam';
const allergies = (extra = '', head = ''): ReturnType<typeof inbound> =>
  inbound(
    `${head}${IDENTIFY}records:
  - record: allergy
    each: AL1[*]
    keys:
      code: AL1-3.1 or AL1-3.2
    set:
      code: AL1-3 | coding | required
      reactions: AL1-5[*]
${extra}`,
    'ADT^A08',
  );
const al1 = (...items: string[]): string => hl7('ADT^A08', PID, ...items.map((item, index) => `AL1|${index + 1}|DA|${item}`));
const kinds = (message: string, mapping = allergies()) => onlyPart(run(mapping, message));

describe('record rules', () => {
  it('make one record for each item, with keys, position and rule', () => {
    const part = kinds(al1('91936005^Penicillin^SCT||Rash~Wheeze', '^Bee sting'));
    expect(
      part.records.map(({ kind, rule, position, keys, action, ifUnknown }) => ({ kind, rule, position, keys, action, ifUnknown })),
    ).toEqual([
      {
        kind: 'allergy',
        rule: 'm.map.yaml:11',
        position: 1,
        keys: [{ name: 'code', values: ['91936005'] }],
        action: 'put',
        ifUnknown: 'hold',
      },
      {
        kind: 'allergy',
        rule: 'm.map.yaml:11',
        position: 2,
        keys: [{ name: 'code', values: ['Bee sting'] }],
        action: 'put',
        ifUnknown: 'hold',
      },
    ]);
    expect(part.records.map((record) => values(record.fields))).toEqual([
      {
        code: { code: '91936005', system: 'http://snomed.info/sct', display: 'Penicillin' },
        reactions: [{ text: 'Rash' }, { text: 'Wheeze' }],
      },
      { code: { originalText: 'Bee sting' } },
    ]);
  });

  it('hold the whole part when one item fails, by default', () => {
    const part = kinds(al1('91936005^Penicillin^SCT', ''));
    expect(part.hold).toEqual({ reason: 'mapping-failed', rule: 'm.map.yaml:11', source: 'AL1[2]' });
    expect(part.records).toEqual([]);
  });
  it('skip it with an issue under onFail: skip, and send it back under reject', () => {
    const skipped = kinds(al1('91936005^Penicillin^SCT', ''), allergies('    onFail: skip\n'));
    expect(skipped.records).toHaveLength(1);
    expect(skipped.issues.map((issue) => `${issue.code} ${issue.source}`)).toEqual(['no-key AL1[2]', 'record-skipped AL1[2]']);
    expect(kinds(al1(''), allergies('    onFail: reject\n')).hold?.reason).toBe('mapping-rejected');
  });
  it('refuse two items with equal keys', () => {
    const part = kinds(al1('91936005^Penicillin^SCT', '91936005^Penicillin again^SCT'));
    expect(part.hold).toMatchObject({ reason: 'mapping-failed', source: 'AL1[2]' });
    expect(part.issues.map((issue) => issue.code)).toEqual(['same-keys']);
  });

  it('leave out a key of which a part is not stated; default("") states an empty one', () => {
    const mapping = inbound(
      `${IDENTIFY}records:
  - record: document
    keys:
      filler:
        - TXA-13.1
        - TXA-13.2 | default("")
      placer:
        - TXA-14.1
        - TXA-14.2
    set:
      title: TXA-16
`,
      'MDM^T02',
    );
    const part = onlyPart(run(mapping, hl7('MDM^T02', PID, 'TXA|1||||||||||||F1|P1|||Letter')));
    expect(part.records[0]?.keys).toEqual([{ name: 'filler', values: ['F1', ''] }]);
  });

  it('fail on an action that cannot be read', () => {
    const mapping = inbound(
      `${IDENTIFY}records:
  - record: document
    keys:
      document: TXA-12.1
    action: TXA-17 | map(AU = put, CA = cancel)
    set:
      title: TXA-16 | required
`,
      'MDM^T02',
    );
    const txa = (status: string, title: string) => onlyPart(run(mapping, hl7('MDM^T02', PID, `TXA|1|||||||||||D1||||${title}|${status}`)));
    expect(txa('ZZ', 'Letter').hold).toMatchObject({ reason: 'mapping-failed', rule: 'm.map.yaml:14', source: 'TXA-17' });
    expect(txa('AU', '').hold).toMatchObject({ reason: 'mapping-failed', rule: 'm.map.yaml:16', source: 'TXA-16' });
    // Only keys are asked of a cancel: what is not stated stays as it is.
    const cancelled = txa('CA', '');
    expect(cancelled.hold).toBeNull();
    expect(cancelled.records[0]).toMatchObject({ action: 'cancel', fields: {}, defaults: {} });
  });
});

describe('lists', () => {
  const snapshot = (extra = '', clears = 'clears: yes\n') =>
    allergies(`    list: snapshot\n    noneKnown: AL1-3.1 in (716186003, NKDA)\n${extra}`, clears);
  const list = (message: string, mapping = snapshot()) => {
    const part = kinds(message, mapping);
    return {
      made: part.records.length,
      hold: part.hold?.reason,
      issues: part.issues.map((issue) => issue.code),
      lists: part.lists.map(({ ends, knownEmpty }) => ({ ends, knownEmpty })),
    };
  };
  it('a snapshot ends what it does not name', () => {
    expect(list(al1('91936005^Penicillin^SCT'))).toEqual({
      made: 1,
      hold: undefined,
      issues: [],
      lists: [{ ends: true, knownEmpty: null }],
    });
  });
  it('no item at all says nothing, unless whenNone: clear', () => {
    expect(list(al1())).toEqual({ made: 0, hold: undefined, issues: [], lists: [{ ends: false, knownEmpty: null }] });
    expect(list(al1(), snapshot('    whenNone: clear\n')).lists).toEqual([{ ends: true, knownEmpty: null }]);
  });
  it('an item that says "none known" makes no record and empties the list', () => {
    expect(list(al1('NKDA'))).toEqual({ made: 0, hold: undefined, issues: [], lists: [{ ends: true, knownEmpty: 'none-known' }] });
  });
  it('"none known" beside an allergy is not believed, and told', () => {
    expect(list(al1('NKDA', '91936005^Penicillin^SCT'))).toEqual({
      made: 1,
      hold: undefined,
      issues: ['none-known-beside-items'],
      lists: [{ ends: true, knownEmpty: null }],
    });
  });
  it('a lone "" empties the list; beside others nobody can tell what it means', () => {
    expect(list(al1('""'))).toEqual({ made: 0, hold: undefined, issues: [], lists: [{ ends: true, knownEmpty: null }] });
    expect(list(al1('""', '91936005^Penicillin^SCT')).hold).toBe('mapping-failed');
  });
  it('without clears: yes a lone "" ends nothing', () => {
    expect(list(al1('""'), snapshot('', '')).hold).toBe('mapping-failed');
  });
  it('a snapshot in which an item failed ends nothing', () => {
    const part = list(al1('91936005^Penicillin^SCT', ''), snapshot('    onFail: skip\n'));
    expect(part).toMatchObject({ made: 1, lists: [{ ends: false, knownEmpty: null }] });
  });
});

describe('checks', () => {
  const checked = (otherwise: string) =>
    inbound(
      `${IDENTIFY}records:
  - record: allergy
    each: AL1[*]
    when: AL1-2 = DA
    keys:
      code: AL1-3.1
    set:
      code: AL1-3 | coding
checks:
  - that: count(AL1) = made(allergy)
    otherwise: ${otherwise}
    say: every AL1 must become an allergy
`,
      'ADT^A08',
    );
  const message = hl7('ADT^A08', PID, 'AL1|1|DA|1', 'AL1|2|FA|2');
  it('hold, reject or note where the condition is not met', () => {
    expect(onlyPart(run(checked('hold'), message)).hold).toEqual({
      reason: 'mapping-check',
      rule: 'm.map.yaml:19',
      say: 'every AL1 must become an allergy',
    });
    expect(onlyPart(run(checked('reject'), message)).hold?.reason).toBe('mapping-rejected');
    const noted = onlyPart(run(checked('note'), message));
    expect(noted.hold).toBeNull();
    expect(noted.issues.map((issue) => issue.code)).toEqual(['check']);
  });
  it('say nothing where it is', () => {
    expect(onlyPart(run(checked('hold'), hl7('ADT^A08', PID, 'AL1|1|DA|1'))).hold).toBeNull();
  });
});

describe('what cannot be read', () => {
  it('lines that are no segments hold the message', () => {
    const part = kinds(`${al1('91936005^Penicillin^SCT')}free text that lost its segment\r`);
    expect(part.hold).toMatchObject({ reason: 'unreadable', source: 'segment 4' });
    expect(part.records).toEqual([]);
  });
});
