import { affectedDestinations, changedOrganisations } from '../../directory/changes.ts';
import { codeLookup, type Directory } from '../../directory/directory.ts';
import { loadDirectory } from '../../directory/load.ts';

const file = 'directory.yaml';
const yaml = (...organisations: string[]): string =>
  `organisations:\n${organisations.map((one) => one.trim().replace(/^/gm, '    ').replace(/^ {4}/, '  - ')).join('\n')}\n`;
const load = (...organisations: string[]): Directory => {
  const { directory, findings } = loadDirectory(file, yaml(...organisations));
  if (directory === undefined) throw new Error(JSON.stringify(findings));
  return directory;
};
const codes = (...organisations: string[]): string[] => loadDirectory(file, yaml(...organisations)).findings.map((finding) => finding.code);

const LEEDS =
  'ods: Y98001\nname: HMP Leeds healthcare\ntype: establishment\nagencyCodes: [LEI, LEX]\nendpoints:\n  default: leeds\n  document: leeds-letters';
const HILL = 'ods: Y99001\nname: Hill Lane Surgery\ntype: gp-practice\nendpoints:\n  default: gp-hill-lane';
const NOW = '2026-03-02T10:00:00.000Z';

describe('directory file', () => {
  it('finds organisations by ODS and agency code, in any case', () => {
    const directory = load(LEEDS, HILL);
    expect(directory.establishment('lei', NOW)).toMatchObject({ found: 'one', entry: { ods: 'Y98001' } });
    expect(directory.establishment('LEX', NOW)).toMatchObject({ found: 'one' });
    expect(directory.establishment('Y98001', NOW)).toMatchObject({ found: 'one' });
    expect(directory.establishment('Y99001', NOW)).toEqual({ found: 'none' });
    expect(directory.practice(' y99001 ', NOW)).toMatchObject({ found: 'one', entry: { name: 'Hill Lane Surgery' } });
    expect(directory.practice('A00000', NOW)).toEqual({ found: 'none' });
    expect(directory.entryOf({ agencyCode: 'LEI', odsCode: 'Y98001' }, NOW)).toMatchObject({ found: 'one', entry: { ods: 'Y98001' } });
  });

  it('leads each kind of record to its destination', () => {
    const found = load(LEEDS).establishment('LEI', NOW);
    expect(found.found === 'one' && Object.fromEntries(found.entry.endpoints)).toEqual({ default: 'leeds', document: 'leeds-letters' });
  });

  it('has a version that changes with what it says, not with its layout', () => {
    expect(load(LEEDS, HILL).version).toBe(loadDirectory('other.yaml', `# a remark\n${yaml(HILL, LEEDS)}`).directory?.version);
    expect(load(LEEDS, HILL).version).not.toBe(load(LEEDS, HILL.replace('Hill Lane', 'Mill Lane')).version);
    expect(load(LEEDS).version).toMatch(/^[0-9a-f]{64}$/);
  });
});

describe('codes shared by two establishments (domain trap 9)', () => {
  const fmi = 'ods: Y06017\nname: Unit F\ntype: establishment\nagencyCodes: [FMI]\nendpoints:\n  default: f';
  const fyi = 'ods: Y06017\nname: Unit Y\ntype: establishment\nagencyCodes: [FYI]\nendpoints:\n  default: y';

  it('are ambiguous by the practice code alone, never the first match, and plain by agency code', () => {
    const directory = load(fmi, fyi);
    expect(directory.establishment('Y06017', NOW)).toMatchObject({ found: 'ambiguous' });
    expect(directory.practice('Y06017', NOW)).toMatchObject({ found: 'ambiguous' });
    expect(directory.establishment('FYI', NOW)).toMatchObject({ found: 'one', entry: { name: 'Unit Y' } });
    expect(directory.entryOf({ agencyCode: 'FMI', odsCode: 'Y06017' }, NOW)).toMatchObject({ found: 'one', entry: { name: 'Unit F' } });
    expect(directory.entryOf({ odsCode: 'Y06017' }, NOW)).toMatchObject({ found: 'ambiguous' });
    expect(codes(fmi, fyi)).toEqual(['shared-code']);
  });

  it('may be a practice code beside an own one', () => {
    const directory = load(LEEDS.replace('type:', 'practice: Y06017\ntype:'), fyi);
    expect(directory.practice('Y06017', NOW)).toMatchObject({ found: 'ambiguous' });
    expect(directory.establishmentsOfPractice('Y06017', NOW)).toHaveLength(2);
    expect(directory.establishmentsOfPractice('Y99001', NOW)).toEqual([]);
  });
});

describe('opening, closing and succession (domain trap 8)', () => {
  const closed = `${HILL}\nuntil: 2026-01-31\nsuccessor: Y99002`;
  const next = 'ods: Y99002\nname: Quay Practice\ntype: gp-practice\nendpoints:\n  default: gp-quay';

  it('goes by the dates: a closing date in the future leaves it open', () => {
    expect(load(closed, next).practice('Y99001', '2026-01-31')).toMatchObject({ found: 'one' });
    expect(load(closed, next).practice('Y99001', NOW)).toMatchObject({ found: 'closed' });
    expect(load(`${HILL}\nfrom: 2026-04-01`).practice('Y99001', NOW)).toMatchObject({ found: 'not-open' });
  });

  const succession = (directory: Directory) => {
    const found = directory.practice('Y99001', NOW);
    return found.found === 'closed' ? directory.successors(found.entry, NOW) : undefined;
  };
  it('follows successors to the open ones, and never chooses among several', () => {
    expect(succession(load(closed, next))).toMatchObject({ outcome: 'one', active: [{ ods: 'Y99002' }] });
    const third = 'ods: Y99003\nname: Third\ntype: gp-practice\nendpoints:\n  default: x';
    expect(succession(load(closed, `${next}\nuntil: 2026-02-01\nsuccessor: Y99003`, third))).toMatchObject({
      outcome: 'one',
      active: [{ ods: 'Y99003' }],
    });
    expect(succession(load(closed.replace('Y99002', '[Y99002, Y99003]'), next, third))).toMatchObject({ outcome: 'several' });
    expect(codes(closed.replace('Y99002', '[Y99002, Y99003]'), next, third)).toEqual(['several-successors']);
    expect(succession(load(closed.replace('Y99002', 'Y99009')))).toMatchObject({ outcome: 'none', active: [] });
  });

  it('ends where succession runs in a circle, and the check refuses such a file', () => {
    const back = `${next}\nuntil: 2026-02-01\nsuccessor: Y99001`;
    expect(codes(closed, back)).toEqual(['successor-cycle', 'successor-cycle']);
    expect(codes(`${HILL}\nuntil: 2026-01-31\nsuccessor: Y99001`)).toEqual(['successor-cycle']);
  });
});

describe('findings', () => {
  it('name file, line and column, all at once, with a hint', () => {
    const text =
      'organisations:\n  - ods: Y98001\n    nme: HMP Leeds\n    type: establishment\n    agencyCodes: [L]\n    from: 2026-02-30\n    endpoints:\n      documnt: leeds\n      default: leds\n';
    const { directory, findings } = loadDirectory(file, text, new Set(['leeds']));
    expect(directory).toBeUndefined();
    expect(findings.map((finding) => [finding.code, finding.place.line, finding.place.column, finding.hint])).toEqual([
      ['missing-key', 2, 5, undefined],
      ['unknown-key', 3, 5, 'did you mean "name"?'],
      ['bad-code', 5, 19, undefined],
      ['bad-date', 6, 11, undefined],
      ['unknown-kind', 8, 7, 'did you mean "document"?'],
      ['unknown-destination', 9, 16, 'did you mean "leeds"?'],
    ]);
  });

  it('refuse one code twice at a time, and allow it one after the other', () => {
    expect(codes(HILL, HILL)).toEqual(['ods-code-twice']);
    expect(codes(`${HILL}\nuntil: 2025-12-31`, `${HILL}\nfrom: 2026-01-01`)).toEqual([]);
    expect(codes(LEEDS, LEEDS.replace('Y98001', 'Y98009'))).toEqual(['agency-code-twice', 'agency-code-twice']);
    expect(codes(`${HILL}\nfrom: 2026-01-01\nuntil: 2025-01-01`)).toEqual(['dates-reversed']);
  });

  it('warn of organisations that nothing can reach', () => {
    expect(codes('ods: Y98001\nname: X\ntype: establishment')).toEqual(['no-agency-code', 'no-endpoint']);
    expect(codes(HILL.replace('gp-practice', 'gp-practise'))).toEqual(['unknown-type']);
  });

  it('refuse another shape without throwing', () => {
    for (const text of ['', '- a', 'organisations: x', 'organisations:\n  - x', 'organisations: [\n'])
      expect(loadDirectory(file, text).directory).toBeUndefined();
  });
});

describe('codes as mappings ask for them', () => {
  it('give the organisation, be it closed, and nothing where a code is shared', () => {
    const shared = 'ods: Y06017\nname: Unit F\ntype: establishment\nagencyCodes: [FMI]\nendpoints:\n  default: f';
    const lookup = codeLookup(load(LEEDS, `${HILL}\nuntil: 2020-01-01`, shared, shared.replace('FMI', 'FYI')));
    expect(lookup.establishment('LEI', NOW)).toEqual({
      odsCode: 'Y98001',
      agencyCode: 'LEI',
      name: 'HMP Leeds healthcare',
      type: 'establishment',
    });
    expect(lookup.practice('Y99001', null)).toMatchObject({ odsCode: 'Y99001' });
    expect(lookup.establishment('Y06017', NOW)).toBeUndefined();
    expect(lookup.practice('Y06017', NOW)).toMatchObject({ odsCode: 'Y06017' });
    expect(lookup.establishment('OUT', NOW)).toBeUndefined();
  });
});

describe('two editions', () => {
  it('tell which codes changed, so that only those persons are looked at again', () => {
    const before = load(LEEDS, HILL).entries;
    expect(changedOrganisations(before, load(HILL, LEEDS).entries)).toEqual(new Set());
    expect(changedOrganisations(before, load(LEEDS.replace('default: leeds', 'default: other'), HILL).entries)).toEqual(
      new Set(['Y98001', 'LEI', 'LEX']),
    );
    expect(changedOrganisations(before, load(LEEDS).entries)).toEqual(new Set(['Y99001']));
  });

  it('★ A12: tell where deliveries may wait that rest on what changed', () => {
    const before = load(LEEDS, HILL).entries;
    expect(affectedDestinations(before, load(HILL, LEEDS).entries)).toEqual(new Set());
    expect(affectedDestinations(before, load(LEEDS, HILL.replace('gp-hill-lane', 'gp-new')).entries)).toEqual(new Set(['gp-hill-lane']));
    expect(affectedDestinations(before, load(HILL).entries)).toEqual(new Set(['leeds', 'leeds-letters']));
    // A prison that registers its patients under a practice's code makes that practice's deliveries doubtful.
    const unit =
      'ods: Y98009\nname: HMP Other healthcare\ntype: establishment\nagencyCodes: [OTH]\npractice: Y99001\nendpoints:\n  default: other';
    expect(affectedDestinations(before, load(LEEDS, HILL, unit).entries)).toEqual(new Set(['gp-hill-lane']));
  });
});
