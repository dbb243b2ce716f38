import { checkRenderings, loadMappings, selectMapping } from '../../../mappings/engine/index.ts';
import { IDENTIFY, outbound, record } from './made.ts';

const mapping = (name: string, when: string, kind = 'document') =>
  outbound(
    `mapping: ${name}\nformat: 1\ndirection: outbound\nfor: ${kind}\n${when === '' ? '' : `when: ${when}\n`}output:\n  kind: text\nsections:\n  - show:\n      - Id: ${kind}.id\n`,
  );
const place = { file: 'throughcare.yaml', line: 40, column: 5 };
const said = (...whens: string[]): string[] =>
  checkRenderings(
    whens.map((when, index) => mapping(`m${index + 1}`, when)),
    place,
    'gp',
  ).map((finding) => `${finding.severity} ${finding.code} ${finding.message}`);

describe('the mappings of one destination', () => {
  it('cover every action, each by exactly one (rulings C.30, C.31)', () => {
    expect(said('action not in (cancel, error)', 'action in (cancel, error)')).toEqual([]);
    expect(said('')).toEqual([]);
  });
  it('are told of an action that none renders (ruling C.30)', () => {
    expect(said('action not in (cancel, error)')).toEqual([
      'error action-not-rendered destination gp: no mapping renders a document with action cancel, error',
    ]);
    expect(said('action != cancel', 'action = cancel')).toEqual([]);
  });
  it('are told of an overlap (ruling C.31)', () => {
    expect(said('', 'action = cancel')).toEqual(['error renderings-overlap destination gp: m1 and m2 may both render one document']);
    expect(said('document.type.code = a', 'document.status = final')).toContain(
      'error renderings-overlap destination gp: m1 and m2 may both render one document',
    );
    expect(said('document.type.code = a', 'document.type.code != a')).toEqual([]);
    expect(said('document.type.code in (a, b)', 'document.type.code not in (a, b)')).toEqual([]);
    expect(said('exists document.content', 'not exists document.content')).toEqual([]);
  });
  it('are told of records that slip between them', () => {
    expect(said('document.type.code = a', 'document.type.code = b')).toEqual([
      'warning rendering-gap destination gp: some document records with action put, replace, cancel, error have no mapping: they are held with no-rendering',
    ]);
  });
  it('match a record by what it states and what was done to it', () => {
    const withdrawal = mapping('w', 'action in (cancel, error) and document.type.code != draft');
    expect(withdrawal.matches(record('document', {}), 'cancel')).toBe(true);
    expect(withdrawal.matches(record('document', { type: { code: 'draft' } }), 'cancel')).toBe(false);
    expect(withdrawal.matches(record('document', {}), 'put')).toBe(false);
    expect(withdrawal.matches(record('report', {}), 'cancel')).toBe(false);
  });
});

describe('the mapping for a message', () => {
  const inbound = (name: string, source: string, message: string) =>
    `mapping: ${name}\nformat: 1\ndirection: inbound\nmatch:\n${source === '' ? '' : `  source: ${source}\n`}  message: ${message}\n${IDENTIFY}`;
  const { inbound: mappings } = loadMappings(
    new Map([
      ['a.map.yaml', inbound('any', '', 'ADT^A01, ADT^A02')],
      ['b.map.yaml', inbound('own', 'leeds, moorland', 'ADT^A01')],
    ]),
  );
  it.each([
    ['leeds', 'ADT^A01', 'own'],
    ['moorland', 'ADT^A01^ADT_A01', 'own'],
    ['brixton', 'ADT^A01', 'any'],
    ['leeds', 'ADT^A02', 'any'],
    ['leeds', 'ADT^A03', undefined],
  ])('from %s, %s is %s', (source, type, name) => {
    expect(selectMapping(mappings, source, type)?.name).toBe(name);
  });
});

describe('the version of a mapping', () => {
  const files = (folder: string, table: string, name = 'm'): Map<string, string> =>
    new Map([
      [
        `${folder}m.map.yaml`,
        `mapping: ${name}\nformat: 1\ndirection: inbound\nmatch:\n  message: ADT^A01\ntables:\n  sex: tables/sex.csv\n${IDENTIFY}patient:\n  set:\n    gender: PID-8 | table(sex)\n`,
      ],
      [`${folder}tables/sex.csv`, table],
    ]);
  const version = (text: Map<string, string>): string | undefined => loadMappings(text).inbound[0]?.version;
  const CSV = 'from,to\nM,male\n*,!invalid\n';
  it('is that of all it draws on, wherever it is installed', () => {
    expect(version(files('', CSV))).toMatch(/^[0-9a-f]{64}$/);
    expect(version(files('a/b/', CSV))).toBe(version(files('', CSV)));
    expect(version(files('', `${CSV}F,female\n`))).not.toBe(version(files('', CSV)));
    expect(version(files('', CSV, 'n'))).not.toBe(version(files('', CSV)));
  });
});
