import { readEvidence } from '../../patients/evidence.ts';
import { type Candidate, decideIdentity, type IdentityRules, START_RULES } from '../../patients/identity.ts';
import type { IdentityEvidence } from '../../records/mapped.ts';
import { candidate, nhs, prison } from './made.ts';

const RULES: IdentityRules = { match: START_RULES, environment: 'test', trustsNhsNumbers: false };
const NUMBER = '9990000018';
const OTHER = '9990000026';
const decide = (evidence: IdentityEvidence, candidates: readonly Candidate[], rules: Partial<IdentityRules> = {}) =>
  decideIdentity(evidence, candidates, { ...RULES, ...rules });
const codes = (decision: ReturnType<typeof decide>): string[] => decision.reasons.map((reason) => reason.code);

const BOB = {
  birthDate: '1984-03-07',
  names: [
    { family: 'Marlowe', given: ['Robert', 'J'] },
    { family: 'Marsh', given: ['Bob'] },
  ],
};
const bob = candidate(7, [nhs(NUMBER, '01'), prison('A1234BC')], BOB);

describe('who a message is about', () => {
  it('matches a verified NHS number or a prison number, and learns what is new', () => {
    expect(decide({ nhsNumber: NUMBER, nhsNumberStatus: '01', birthDate: '1984-03-07' }, [bob])).toMatchObject({
      outcome: 'match',
      personId: 7,
      learns: [],
    });
    expect(decide({ prisonNumber: 'a1234bc' }, [bob])).toMatchObject({ outcome: 'match', personId: 7 });
    const learned = decide({ prisonNumber: 'A1234BC', nhsNumber: NUMBER, nhsNumberStatus: '02' }, [candidate(7, [prison('A1234BC')], BOB)]);
    expect(learned).toMatchObject({ outcome: 'match', learns: [{ type: 'nhs-number', value: NUMBER, status: '02' }] });
  });

  it('makes a new person when no identifier is known', () => {
    expect(decide({ prisonNumber: 'A1234BC', nhsNumber: NUMBER, nhsNumberStatus: '01' }, [])).toMatchObject({
      outcome: 'new',
      learns: [
        { type: 'nhs-number', value: NUMBER, status: '01' },
        { type: 'prison-number', value: 'A1234BC' },
      ],
    });
  });

  it('never matches on name and date of birth alone (hazard H5)', () => {
    const same = { familyName: 'Marlowe', givenName: 'Robert', birthDate: '1984-03-07', gender: 'male', postcode: 'LS1 1AA' };
    expect(decide(same, [bob])).toMatchObject({ outcome: 'unidentified', reason: 'no-identifier' });
  });

  it('★ D: holds two different NHS numbers, whatever else agrees', () => {
    const decision = decide(
      { nhsNumber: OTHER, nhsNumberStatus: '01', prisonNumber: 'A1234BC', birthDate: '1984-03-07', familyName: 'Marlowe' },
      [bob],
    );
    expect(decision).toMatchObject({ outcome: 'hold', reason: 'identity-contradiction' });
    expect(codes(decision)).toContain('other-nhs-number');
  });

  it('★ D: holds identifiers that point at two persons', () => {
    const decision = decide({ nhsNumber: NUMBER, nhsNumberStatus: '01', prisonNumber: 'B9876CD' }, [
      bob,
      candidate(9, [prison('B9876CD')]),
    ]);
    expect(decision).toMatchObject({ outcome: 'hold', reason: 'identity-contradiction' });
    expect(decision.reasons).toContainEqual({ code: 'several-persons', persons: [7, 9] });
    const byPnc = decide({ prisonNumber: 'A1234BC', pncNumber: '12/394773H' }, [
      bob,
      candidate(9, [{ type: 'pnc-number', value: '2012/0394773H' }]),
    ]);
    expect(byPnc).toMatchObject({ outcome: 'hold', reason: 'identity-contradiction' });
  });

  it('★ D: holds a birth date that differs, and lets one that is less precise agree', () => {
    expect(decide({ prisonNumber: 'A1234BC', birthDate: '1984-03-08' }, [bob])).toMatchObject({
      outcome: 'hold',
      reason: 'identity-contradiction',
    });
    expect(decide({ prisonNumber: 'A1234BC', birthDate: '1984' }, [bob])).toMatchObject({ outcome: 'match' });
    expect(decide({ prisonNumber: 'A1234BC', birthDate: '1984-03-08' }, [candidate(7, [prison('A1234BC')])])).toMatchObject({
      outcome: 'match',
    });
  });

  it('holds a second prison number for one NHS number', () => {
    expect(decide({ nhsNumber: NUMBER, nhsNumberStatus: '01', prisonNumber: 'Z9999ZZ' }, [bob])).toMatchObject({
      outcome: 'hold',
      reason: 'identity-contradiction',
    });
  });
});

describe('an NHS number without the status “verified”', () => {
  it('does not match alone', () => {
    const decision = decide({ nhsNumber: NUMBER }, [bob]);
    expect(decision).toMatchObject({ outcome: 'unidentified', reason: 'no-identifier' });
    expect(codes(decision)).toContain('number-not-verified');
  });

  it('matches with the birth date stated and equal on both sides and no name that differs from every known one', () => {
    expect(decide({ nhsNumber: NUMBER, birthDate: '1984-03-07' }, [bob])).toMatchObject({ outcome: 'match' });
    expect(decide({ nhsNumber: NUMBER, birthDate: '1984-03-07', familyName: 'MARSH', givenName: 'Bob T' }, [bob])).toMatchObject({
      outcome: 'match',
    });
    expect(
      decide({ nhsNumber: NUMBER, birthDate: '1984-03-07', familyName: 'Marlowe', givenName: 'Robert' }, [candidate(7, [nhs(NUMBER)], {})]),
    ).toMatchObject({
      outcome: 'unidentified',
    });
  });

  it('does not take a twin for the other', () => {
    const twin = { nhsNumber: NUMBER, birthDate: '1984-03-07', familyName: 'Marlowe', givenName: 'Rupert' };
    expect(decide(twin, [bob])).toMatchObject({ outcome: 'unidentified' });
  });

  it('compares names without case, marks and punctuation', () => {
    const oneill = candidate(7, [nhs(NUMBER)], { birthDate: '1990-01-02', names: [{ family: "O'Neill", given: ['Séan'] }] });
    expect(decide({ nhsNumber: NUMBER, birthDate: '1990-01-02', familyName: 'O’NEILL', givenName: 'SEAN' }, [oneill])).toMatchObject({
      outcome: 'match',
    });
  });

  it('counts as verified from a source that traces its numbers, unless it says otherwise', () => {
    expect(decide({ nhsNumber: NUMBER }, [bob], { trustsNhsNumbers: true })).toMatchObject({ outcome: 'match' });
    expect(decide({ nhsNumber: NUMBER, nhsNumberStatus: '03' }, [bob], { trustsNhsNumbers: true })).toMatchObject({
      outcome: 'unidentified',
    });
  });

  it('never matches, founds or is learned where its sender could not tell whose it is (status 04, 05)', () => {
    for (const nhsNumberStatus of ['04', '05']) {
      expect(decide({ nhsNumber: NUMBER, nhsNumberStatus, birthDate: '1984-03-07' }, [bob], { trustsNhsNumbers: true })).toMatchObject({
        outcome: 'unidentified',
      });
      expect(decide({ nhsNumber: NUMBER, nhsNumberStatus }, [])).toMatchObject({ outcome: 'unidentified' });
      expect(decide({ nhsNumber: NUMBER, nhsNumberStatus, prisonNumber: 'A1234BC' }, [candidate(7, [prison('A1234BC')])])).toMatchObject({
        learns: [],
      });
    }
  });

  it('raises a known number to verified, never back', () => {
    const known = candidate(7, [nhs(NUMBER, '02'), prison('A1234BC')]);
    expect(decide({ prisonNumber: 'A1234BC', nhsNumber: NUMBER, nhsNumberStatus: '01' }, [known])).toMatchObject({
      learns: [{ value: NUMBER, status: '01' }],
    });
    expect(decide({ prisonNumber: 'A1234BC', nhsNumber: NUMBER, nhsNumberStatus: '02' }, [bob])).toMatchObject({
      outcome: 'match',
      learns: [],
    });
  });
});

describe('identifiers that are not sound', () => {
  it('leaves them out and says so, without the value', () => {
    const read = readEvidence(
      { nhsNumber: '1111111111', prisonNumber: 'TT1234', pncNumber: '12/394773J', localIds: [{ value: 'X1', system: '' }] },
      'test',
    );
    expect(read.notes).toEqual(['nhs-number-invalid', 'prison-number-legacy', 'pnc-number-invalid']);
    expect(read.identifiers).toEqual([{ type: 'local-id', value: 'legacy-prison-number|TT1234' }]);
    expect(JSON.stringify(decide({ nhsNumber: '1111111111' }, []).reasons)).not.toContain('1111111111');
  });

  it('★ H15: holds a test number on a live system before anybody’s record is touched', () => {
    expect(decide({ nhsNumber: NUMBER, nhsNumberStatus: '01', prisonNumber: 'A1234BC' }, [bob], { environment: 'live' })).toMatchObject({
      outcome: 'hold',
      reason: 'test-identity',
    });
  });

  it('does not match local ids of different authorities, nor by a local id unless a rule says so', () => {
    const local = candidate(7, [{ type: 'local-id', value: 'RXX|12345' }]);
    expect(decide({ localIds: [{ value: '12345', system: 'RYY' }] }, [local])).toMatchObject({ outcome: 'new' });
    const evidence = { localIds: [{ value: '12345', system: 'RXX' }] };
    expect(decide(evidence, [local])).toMatchObject({ outcome: 'unidentified', reason: 'no-identifier' });
    expect(decide(evidence, [local], { match: [{ by: 'localId', agree: ['birthDate'], verified: false }] })).toMatchObject({
      outcome: 'match',
    });
  });
});

describe('restricted persons (hazards H8, H9)', () => {
  it('are matched, and no further number is linked to them by software', () => {
    const restricted = { ...bob, restricted: true };
    const decision = decide({ prisonNumber: 'A1234BC', localIds: [{ value: '5', system: 'RXX' }] }, [restricted]);
    expect(decision).toMatchObject({ outcome: 'match', learns: [] });
    expect(codes(decision)).toContain('restricted-learns-nothing');
  });
});

describe('a merge that arrives as an admission (domain trap 11)', () => {
  it('takes the number NOMIS merged away for an alias, not for another person', () => {
    const evidence: IdentityEvidence = {
      prisonNumber: 'B2222BB',
      localIds: [{ value: 'A1111AA', system: 'NOMIS', type: 'MERGED' }],
      nhsNumber: NUMBER,
      nhsNumberStatus: '01',
    };
    const decision = decide(evidence, [candidate(7, [prison('A1111AA'), nhs(NUMBER, '01')])]);
    expect(decision).toMatchObject({
      outcome: 'match',
      personId: 7,
      mergedAliases: [{ value: 'A1111AA' }],
      learns: [{ value: 'B2222BB' }],
    });
  });
});
