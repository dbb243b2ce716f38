import type { Condition, Value } from '../../../language/condition.ts';
import { compileCondition, type Predicate } from '../../../language/condition-compile.ts';
import type { Finding, Place } from '../../../records/issue.ts';
import type { KindName } from '../../../records/kinds/index.ts';
import type { Action } from '../../../records/mapped.ts';
import type { OutboundMapping } from '../outbound/outbound-mapping.ts';

/** One way the paths of some conditions may turn out: path → its value; a path that is not there is absent. */
type Facts = ReadonlyMap<string, string>;

const ACTIONS: readonly Action[] = ['put', 'replace', 'cancel', 'error'];
/** More ways than this are not tried out; nothing is said then that was not proved. */
const MOST = 4096;
const OTHER = '\u0000other';

const mentioned = (condition: Condition, into: Map<string, Set<string>>): void => {
  const at = (path: string): Set<string> => {
    const known = into.get(path) ?? new Set<string>();
    into.set(path, known);
    return known;
  };
  const add = (path: string, values: readonly Value[]): void => {
    for (const value of values) if (value.kind === 'text') at(path).add(value.text);
  };
  switch (condition.op) {
    case 'and':
    case 'or':
      for (const part of condition.of) mentioned(part, into);
      return;
    case 'not':
      mentioned(condition.of, into);
      return;
    case 'compare':
      add(condition.path.text, [condition.value]);
      return;
    case 'in':
      add(condition.path.text, condition.values);
      return;
    case 'starts':
      at(condition.path.text).add(condition.text.text);
      return;
    default:
      at(condition.path.text);
  }
};

/** Every combination of the values the conditions name, of another value, and of none. */
const ways = (conditions: readonly Condition[]): Facts[] | undefined => {
  const paths = new Map<string, Set<string>>();
  for (const condition of conditions) mentioned(condition, paths);
  paths.delete('action');
  let found: Map<string, string>[] = [new Map()];
  for (const [path, values] of paths) {
    const choices: (string | undefined)[] = [...values, OTHER, undefined];
    if (found.length * choices.length > MOST) return undefined;
    found = found.flatMap((facts) => choices.map((choice) => (choice === undefined ? facts : new Map(facts).set(path, choice))));
  }
  return found;
};

const predicateOf = (mapping: OutboundMapping): Predicate<Facts> => {
  if (mapping.condition === undefined) return () => true;
  const compiled = compileCondition<Facts>(mapping.condition, {
    place: () => mapping.place,
    report: () => undefined,
    path: ({ text }) => ({
      some: (facts, test) => {
        const value = facts.get(text);
        return value !== undefined && test(value);
      },
      exists: (facts) => facts.has(text),
      cleared: () => false,
    }),
  });
  return compiled ?? (() => false);
};

/** Everything a check finds at one destination is told at its list of mappings. */
class Findings {
  readonly all: Finding[] = [];
  readonly #place: Place;
  readonly #destination: string;

  constructor(place: Place, destination: string) {
    this.#place = place;
    this.#destination = destination;
  }

  add(code: string, severity: Finding['severity'], message: string, hint: string): void {
    this.all.push({ code, severity, place: this.#place, message: `destination ${this.#destination}: ${message}`, hint });
  }
}

/** Kinds and actions that the routes may send to a destination. */
export type RoutedKinds = ReadonlyMap<KindName, ReadonlySet<Action>>;

/**
 * Checks the mappings of one destination (rulings C.30, C.31): no record and action may be rendered by two of them (error), every action of
 * a kind they render must be rendered (error: a withdrawal would never leave), and what the routes may send there should be (`routed`;
 * warning: it is held with no-rendering).
 */
export const checkRenderings = (
  mappings: readonly OutboundMapping[],
  place: Place,
  destination: string,
  routed: RoutedKinds = new Map(),
): Finding[] => {
  const findings = new Findings(place, destination);
  const kinds = new Set(mappings.map((mapping) => mapping.kind));
  for (const kind of kinds) checkKind(kind, mappings, findings);
  for (const [kind, actions] of routed) {
    if (kinds.has(kind) || actions.size === 0) continue;
    findings.add(
      'kind-not-rendered',
      'warning',
      `routes may send a ${kind} here and no mapping on its list renders one: it is held with no-rendering`,
      'add a mapping for it, or route it elsewhere',
    );
  }
  return findings.all;
};

const checkKind = (kind: KindName, mappings: readonly OutboundMapping[], findings: Findings): void => {
  const ofKind = mappings.filter((mapping) => mapping.kind === kind);
  const cases = ways(ofKind.flatMap((mapping) => mapping.condition ?? []));
  if (cases === undefined) return;
  const asked = ofKind.map((mapping) => ({ mapping, matches: predicateOf(mapping) }));
  const overlaps = new Set<string>();
  const uncovered: Action[] = [];
  const gaps: Action[] = [];
  for (const action of ACTIONS) {
    let covered = 0;
    for (const facts of cases) {
      const full = new Map(facts).set('action', action);
      const names = asked.filter(({ matches }) => matches(full)).map(({ mapping }) => mapping.name);
      if (names.length > 0) covered += 1;
      if (names.length > 1) overlaps.add(names.slice(0, 2).join(' and '));
    }
    if (covered === 0) uncovered.push(action);
    else if (covered < cases.length) gaps.push(action);
  }
  for (const pair of overlaps)
    findings.add(
      'renderings-overlap',
      'error',
      `${pair} may both render one ${kind}`,
      'exactly one may: narrow when:, or take one of them off the list',
    );
  if (uncovered.length > 0)
    findings.add(
      'action-not-rendered',
      'error',
      `no mapping renders a ${kind} with action ${uncovered.join(', ')}`,
      'add a mapping for it, or it is held with no-rendering',
    );
  if (gaps.length > 0)
    findings.add(
      'rendering-gap',
      'warning',
      `some ${kind} records with action ${gaps.join(', ')} have no mapping: they are held with no-rendering`,
      'see when: of the mappings listed',
    );
};
