import { KIND_NAMES, type KindName } from '../../records/kinds/index.ts';
import { checkRoutes } from '../../routing/check.ts';
import { resolvePath } from '../../routing/paths.ts';
import type { RouteRule } from '../../routing/rule.ts';
import { record } from '../patients/made.ts';
import { custodyEvent, facts, HOUSE, rule, whereabouts } from './made.ts';

const check = (rules: readonly RouteRule[], kinds: readonly KindName[] = []) =>
  checkRoutes(rules, {
    destinations: new Set(['archive', 'leeds']),
    kinds: new Set(kinds),
    placeOf: (index) => ({ file: 'throughcare.yaml', line: 100 + index, column: 5 }),
  }).findings;
const codes = (rules: readonly RouteRule[], kinds: readonly KindName[] = []): string[] =>
  check(rules, kinds).map((finding) => finding.code);

describe('paths of a condition', () => {
  const read = (path: string, more: Parameters<typeof facts>[0] = {}) => {
    const resolved = resolvePath(path);
    return 'wrong' in resolved ? resolved.wrong : resolved.read(facts(more));
  };

  it('read the record, the person, the stay and the words', () => {
    expect(read('kind')).toEqual(['report']);
    expect(read('source')).toEqual(['lab']);
    expect(read('report.status')).toEqual(['final']);
    expect(read('record.status')).toEqual(['final']);
    expect(read('record.state')).toEqual(['current']);
    expect(read('person.location', { whereabouts: whereabouts({ location: 'court' }) })).toEqual(['in', 'court']);
    expect(read('person.custodian')).toEqual(['LEI', 'Y98001']);
    expect(read('person.registered')).toEqual(['Y99001']);
    expect(read('person.restricted')).toEqual(['no', 'false']);
    expect(read('episode.legalStatus', { episode: { legalStatus: 'REMAND' } })).toEqual(['REMAND']);
  });

  it('look into lists and parts, and read nothing of another kind', () => {
    const document = record('document', { type: { code: 'x', translations: [{ code: 'y' }, { code: 'z' }] } });
    expect(read('document.type.code', { record: document })).toEqual(['x']);
    expect(read('document.type.translations.code', { record: document })).toEqual(['y', 'z']);
    expect(read('document.type.code')).toEqual([]);
    expect(read('custody.movement', { record: custodyEvent({ event: 'courtReturn' }), movement: 'transfer' })).toEqual(['transfer']);
    expect(read('record.value.unit', { record: record('result', { value: { type: 'quantity', value: '1', unit: 'mmol/L' } }) })).toEqual([
      'mmol/L',
    ]);
  });

  it('are refused with a hint where the model has no such thing', () => {
    expect(resolvePath('knd')).toMatchObject({ hint: 'did you mean "kind"?' });
    expect(resolvePath('document.typ.code')).toMatchObject({ hint: 'did you mean "type"?' });
    expect(resolvePath('documnt.type')).toMatchObject({ hint: 'did you mean "document"?' });
    expect(resolvePath('person.locaton')).toMatchObject({ hint: 'did you mean "location"?' });
    expect(resolvePath('patient.nhsNumber.value')).toHaveProperty('wrong');
  });
});

describe('checks of the routes', () => {
  it('find nothing wrong with the house rules', () => {
    expect(check(HOUSE)).toEqual([]);
  });

  it('find unknown destinations, paths and words, with their place', () => {
    const findings = check([
      rule('a', 'kind = raport', { to: 'leds' }),
      rule('b', 'kind = report and person.locaton = in', { to: 'custodian' }),
      rule('c', 'person.location = jail or custody.event in (reception, discharge)', { to: 'custodian' }),
    ]);
    expect(findings.map((finding) => [finding.code, finding.severity, finding.hint])).toEqual([
      ['unknown-path', 'error', 'did you mean "location"?'],
      ['unknown-destination', 'error', 'did you mean "leeds"?'],
      ['unknown-word', 'error', 'did you mean "report"?'],
      ['unknown-word', 'error', undefined],
      ['unknown-word', 'error', undefined],
      ['route-never-fires', 'warning', undefined],
    ]);
    expect(findings[2]?.place).toEqual({ file: 'throughcare.yaml', line: 1, column: 15 });
  });

  it('find rules that can never apply', () => {
    expect(codes([rule('a', 'kind = report and document.type.code = x', { to: 'archive' })])).toEqual(['route-never-fires']);
    expect(codes([rule('a', 'kind = report and not kind = report', { to: 'archive' })])).toEqual(['route-never-fires']);
    expect(codes([rule('a', 'kind = report and document.type.code != x', { to: 'archive' })])).toEqual([]);
  });

  it('find rules behind one that takes everything they could take', () => {
    expect(codes([rule('all', null, { file: 'kept' }), rule('b', 'kind = report', { to: 'archive' })])).toEqual(['route-shadowed']);
    expect(codes([rule('a', 'kind = report', { file: 'kept' }), rule('b', 'report.status = final', { to: 'archive' })])).toEqual([
      'route-shadowed',
    ]);
    expect(
      codes([rule('a', 'kind = report and person.location = in', { file: 'kept' }), rule('b', 'report.status = final', { to: 'archive' })]),
    ).toEqual([]);
  });

  it('find kinds of record that no rule takes, and places where none does', () => {
    expect(codes(HOUSE, ['report', 'document', 'custody', 'allergy', 'alert'])).toEqual([]);
    expect(check(HOUSE, ['appointment'])).toMatchObject([{ code: 'kind-without-route', message: expect.stringContaining('appointment:') }]);
    const inOnly = [rule('a', 'kind = report and person.location = in', { to: 'custodian' })];
    expect(check(inOnly, ['report'])).toMatchObject([
      { code: 'kind-without-route', message: expect.stringContaining('while its person is out') },
    ]);
    expect(codes([rule('all', null, { file: 'kept' })], KIND_NAMES)).toEqual([]);
  });
});
