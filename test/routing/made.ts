import type { Directory } from '../../directory/directory.ts';
import { loadDirectory } from '../../directory/load.ts';
import { CONFIG_YAML, readYaml, type TextNode } from '../../language/yaml.ts';
import { brandAs, type OdsCode } from '../../records/ids.ts';
import type { Json } from '../../records/mapped.ts';
import type { CanonicalRecord } from '../../records/record.ts';
import type { RegistrationState, Whereabouts } from '../../records/whereabouts.ts';
import type { RoutingFacts } from '../../routing/facts.ts';
import { type CompiledRoute, compileRoutes, type RouteRule } from '../../routing/rule.ts';
import { at, instant, record } from '../patients/made.ts';

/** An invented site for the tests of the routes. */
const SITE = `organisations:
  - ods: Y98001
    name: HMP Leeds healthcare
    type: establishment
    agencyCodes: [LEI]
    label: Leeds health centre
    endpoints:
      default: leeds
  - ods: Y98002
    name: HMP Moorland healthcare
    type: establishment
    agencyCodes: [MDI]
    endpoints:
      default: moorland
  - ods: Y06017
    name: Unit F
    type: establishment
    agencyCodes: [FMI]
    endpoints:
      default: unit-f
  - ods: Y06017
    name: Unit Y
    type: establishment
    agencyCodes: [FYI]
    endpoints:
      default: unit-y
  - ods: Y99001
    name: Hill Lane Surgery
    type: gp-practice
    endpoints:
      default: gp-hill
      document: gp-hill-letters
  - ods: Y99002
    name: Quay Practice
    type: gp-practice
    until: 2026-01-31
    successor: [Y99001, Y99003]
    endpoints:
      default: gp-quay
  - ods: Y99003
    name: New Practice
    type: gp-practice
    from: 2026-01-01
  - ods: Y99004
    name: Later Practice
    type: gp-practice
    from: 2026-06-01
    endpoints:
      default: gp-later
`;
export const directory = (text = SITE): Directory => {
  const loaded = loadDirectory('directory.yaml', text);
  if (loaded.directory === undefined) throw new Error(JSON.stringify(loaded.findings));
  return loaded.directory;
};

export const LEEDS = { agencyCode: 'LEI', odsCode: 'Y98001' };
export const MOORLAND = { agencyCode: 'MDI', odsCode: 'Y98002' };

export const whereabouts = (more: Partial<Whereabouts> = {}): Whereabouts => ({
  location: 'in',
  custodian: LEEDS,
  previousCustodian: null,
  inTransit: false,
  because: null,
  since: at('2 09:00'),
  restsOn: 'e1',
  ...more,
});
export const RELEASED = whereabouts({ location: 'out', custodian: null, previousCustodian: LEEDS });
export const NOWHERE = whereabouts({ location: 'never', custodian: null, since: null, restsOn: null });

export const registered = (practiceOds: string | null, more: Partial<RegistrationState> = {}): RegistrationState => ({
  present: practiceOds === null ? null : { practiceOds, standing: 'registered', recordId: 'r1', startedAt: null },
  ended: null,
  deathNotified: false,
  contradictory: [],
  ...more,
});

export const facts = (more: Partial<RoutingFacts> = {}): RoutingFacts => ({
  record: record('report', { status: 'final' }, { source: brandAs<CanonicalRecord['source']>('lab') }),
  whereabouts: whereabouts(),
  episode: {},
  movement: null,
  registration: registered('Y99001'),
  vital: { restricted: false, deceased: false },
  sender: null,
  priority: 'routine',
  at: instant(at('20 12:00')),
  ...more,
});
export const ods = (code: string): OdsCode => brandAs<OdsCode>(code);
export const custodyEvent = (fields: Readonly<Record<string, Json>>): CanonicalRecord => record('custody', fields);

const nodeOf = (text: string): TextNode => {
  const { root } = readYaml('throughcare.yaml', `when: '${text.replaceAll("'", "''")}'\n`, CONFIG_YAML);
  const node = root?.kind === 'map' ? root.get('when') : undefined;
  if (node?.kind !== 'text') throw new Error('no text');
  return node;
};
export const rule = (name: string, when: string | null, more: Partial<RouteRule>): RouteRule => ({
  name,
  priority: 'routine',
  ...(when === null ? {} : { when: nodeOf(when) }),
  ...more,
});
export const routes = (...rules: RouteRule[]): readonly CompiledRoute[] => {
  const compiled = compileRoutes(rules);
  if (compiled.findings.length > 0) throw new Error(JSON.stringify(compiled.findings));
  return compiled.routes;
};

/** The rules a site would start with. */
export const HOUSE: readonly RouteRule[] = [
  rule('movements', 'kind = custody and custody.movement in (reception, transfer)', { to: 'receiving-establishment' }),
  rule('movements-kept', 'kind = custody', { file: 'its establishment wrote it' }),
  rule('summary', 'document.type.code = release-summary', { to: 'registered-gp', priority: 'high' }),
  rule('held-results', 'kind in (report, document) and person.location = in', { to: 'custodian' }),
  rule('late-results', 'kind in (report, document) and person.location = out', { to: 'registered-gp' }),
  rule('recall-notice', 'kind = encounter', { to: ['previous-custodian', 'sender'] }),
  rule('archive', 'kind = alert', { to: 'archive' }),
  rule('kept', 'kind in (patient, gpRegistration, allergy, medication)', { file: 'part of the summary' }),
];
