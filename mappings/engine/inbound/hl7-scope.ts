import type { GroupNode } from '../../../formats/hl7v2/groups.ts';
import type { Segment } from '../../../formats/hl7v2/reader.ts';
import type { Spot } from '../../../language/condition.ts';
import type { ConditionPath } from '../../../language/condition-compile.ts';
import { didYouMean } from '../../../language/did-you-mean.ts';
import {
  componentsOf,
  DESCRIBED_UNTIL,
  fieldFacts,
  fieldTotal,
  isComposite,
  isLater,
  isSegment,
  newest,
  SEGMENT_NAMES,
} from '../dictionary.ts';
import { type Hl7Path, parseHl7Path } from '../expression/hl7-path.ts';
import { type LineSite, type Loop, reportAt, type Scope, type Term, type Want } from '../expression/scope.ts';
import type { TypeName } from '../types.ts';
import { CLEARED, isList, isStated, type One, plainText, SegmentItem, type Value } from '../value.ts';
import { givenTerm } from './given.ts';
import { compileLoop } from './hl7-loop.ts';
import type { InboundRun } from './inbound-run.ts';
import type { Bound, LoopPlace } from './loop-place.ts';
import { segmentPlace, valuePlace } from './place-text.ts';
import { type Chosen, type FieldRead, fieldPlaces, fieldReader } from './read-field.ts';
import { type GroupPlace, groupOfPath, groupsOf, type Segments, segmentsOf } from './segments.ts';
import { repetitionSelector, segmentSelector } from './selector.ts';

const UNKNOWN_TREE: GroupNode = {
  kind: 'group',
  name: 'ROOT',
  repeats: false,
  optional: false,
  parent: undefined,
  items: [],
  starters: new Set(),
  own: new Set(),
  all: new Set(),
};

/** What HL7 paths mean at one place of an inbound mapping. */
export class Hl7Scope implements Scope<InboundRun>, LoopPlace<Hl7Scope> {
  readonly place: GroupPlace;
  /** Innermost last. */
  readonly bound: readonly Bound[];
  readonly depth: number;

  private constructor(place: GroupPlace, bound: readonly Bound[], depth: number) {
    this.place = place;
    this.bound = bound;
    this.depth = depth;
  }

  static ofMessage(tree: GroupNode | undefined): Hl7Scope {
    return new Hl7Scope({ node: tree ?? UNKNOWN_TREE, depth: undefined, bunch: false }, [], 0);
  }
  insideGroup(node: GroupNode, bunch: boolean): Hl7Scope {
    return new Hl7Scope({ node, depth: this.depth, bunch }, this.bound, this.depth + 1);
  }
  insideBound(bound: Omit<Bound, 'depth'>): Hl7Scope {
    return new Hl7Scope(this.place, [...this.bound, { ...bound, depth: this.depth }], this.depth + 1);
  }

  term(spot: Spot, want: Want, site: LineSite): Term<InboundRun> | undefined {
    if (/^(message|file)\./.test(spot.text)) return givenTerm(spot, site);
    const path = this.parse(spot, site);
    if (path === undefined) return undefined;
    const { segment: name } = path;
    if (name === undefined)
      return reportAt(site, spot.offset, 'path', 'a group alone has no value', `write ${spot.text}.PID-3 for a field of it`);
    const segments = this.segments(path, name, site);
    if (segments === undefined) return undefined;
    if (path.field === undefined) return wholeSegments(path, name, segments, want, site);
    const type = this.typeOf(path, name, site);
    if (type === undefined) return undefined;
    const bound = this.boundCell(path, name);
    const whole = want !== 'text' && path.component === undefined;
    if (bound !== undefined) return cellTerm(path, type, bound.depth, whole);
    const read = this.fieldRead(path, name, site);
    if (read === undefined) return undefined;
    const one = fieldReader(read, whole);
    return {
      type,
      constant: false,
      read: (run) => {
        const found = segments(run);
        const [only] = found;
        if (found.length === 0 || only === undefined) return undefined;
        return found.length === 1 ? one(only, run) : gather(found, (segment) => one(segment, run));
      },
      locate: (run) => {
        const found = segments(run);
        const places = found.flatMap((segment) => fieldPlaces(segment, read, run));
        const [segment] = found;
        if (places.length > 0 || segment === undefined || read.chosen.kind !== 'all') return placesOr(spot.text, places);
        return [valuePlace(segment, read.field, 1, read.component, read.subcomponent)];
      },
    };
  }

  condition(spot: Spot, site: LineSite): ConditionPath<InboundRun> | undefined {
    const isCount = /^(count|made)\(\s*(.*?)\s*\)$/.exec(spot.text);
    if (isCount !== null) {
      const inner: Spot = { text: isCount[2] ?? '', offset: spot.offset + spot.text.indexOf('(') + 1 };
      const term = isCount[1] === 'count' ? this.count(inner, site) : this.made(inner, site);
      return term && conditionOf(term);
    }
    const path = /^[a-z]/.test(spot.text) ? undefined : parseHl7Path(spot, site.at).path;
    if (path?.segment !== undefined && path.field === undefined) {
      const segments = this.segments(path, path.segment, site);
      return segments === undefined ? undefined : { some: () => false, exists: (run) => segments(run).length > 0, cleared: () => false };
    }
    const term = this.term(spot, 'text', site);
    if (term === undefined) return undefined;
    // A field without component is there when any part of it is.
    return conditionOf(term, path?.field !== undefined && path.component === undefined ? this.term(spot, 'whole', site) : term);
  }

  count(spot: Spot, site: LineSite): Term<InboundRun> | undefined {
    const path = this.parse(spot, site);
    if (path === undefined) return undefined;
    const { segment } = path;
    let read: (run: InboundRun) => number;
    if (segment === undefined) {
      const node = groupOfPath(path, this.place, site);
      if (node === undefined) return undefined;
      const groups = groupsOf(node, this.place);
      read = (run) => groups(run).length;
    } else {
      if (path.field !== undefined)
        return reportAt(site, spot.offset, 'path', 'count takes a segment or a group', `write count(${segment})`);
      const { depth } = this.place;
      read =
        depth === undefined
          ? (run) => run.message.named(segment).length
          : (run) => run.groupAt[depth]?.everything().filter((one) => one.name === segment).length ?? 0;
    }
    return { type: 'integer', constant: false, read, locate: () => [spot.text] };
  }

  made(spot: Spot, _site: LineSite): Term<InboundRun> | undefined {
    const kind = spot.text;
    return { type: 'integer', constant: false, read: (run) => run.made.get(kind) ?? 0, locate: () => [`made(${kind})`] };
  }

  loop(spot: Spot, site: LineSite): { readonly loop: Loop<InboundRun>; readonly inside: Hl7Scope } | undefined {
    return compileLoop<Hl7Scope>(this, spot, site);
  }

  /** Parses a path and checks its segment against the dictionary. */
  parse(spot: Spot, site: LineSite): Hl7Path | undefined {
    const parsed = parseHl7Path(spot, site.at);
    for (const finding of parsed.findings) site.file.report(finding);
    const name = parsed.path?.segment;
    if (name !== undefined && !isSegment(name))
      return reportAt(site, spot.offset, 'unknown-segment', `there is no segment ${name}`, didYouMean(name, SEGMENT_NAMES));
    return parsed.path;
  }

  /** Segments of the path with its selector applied; the one an `each:` looks at where the path names no other. */
  segments(path: Hl7Path, name: string, site: LineSite): Segments | undefined {
    const chosen = path.segmentSelector;
    const bound = path.groups.length > 0 || chosen !== undefined ? undefined : this.bound.findLast((one) => one.segment === name);
    if (bound !== undefined) {
      const { depth, kind } = bound;
      return kind === 'segment' ? (run) => asList(run.segmentAt[depth]) : (run) => asList(run.cellAt[depth]?.segment);
    }
    const all = segmentsOf(path, name, this.place, site);
    if (all === undefined || chosen === undefined || chosen.kind === 'all') return all;
    if (chosen.kind === 'index') return (run) => asList(all(run)[chosen.index - 1]);
    const fits = segmentSelector(chosen, name, site);
    if (fits === undefined) return undefined;
    return (run) => {
      const found = all(run);
      if (found.length === 0) return found;
      const outer = run.lookedSegment;
      const kept = found.filter((segment) => {
        run.lookedSegment = segment;
        return fits(run);
      });
      run.lookedSegment = outer;
      return kept;
    };
  }

  fieldRead(path: Hl7Path, name: string, site: LineSite): FieldRead | undefined {
    const chosen = this.chosen(path, name, site);
    return chosen && { field: path.field ?? 1, chosen, component: path.component, subcomponent: path.subcomponent };
  }

  private chosen(path: Hl7Path, name: string, site: LineSite): Chosen | undefined {
    const selector = path.fieldSelector;
    if (selector === undefined || selector.kind === 'all') return { kind: 'all' };
    if (selector.kind === 'index') return selector;
    const fits = repetitionSelector(selector, name, path.field ?? 1, site);
    return fits && { kind: 'fit', fits };
  }

  private boundCell(path: Hl7Path, name: string): Bound | undefined {
    if (path.fieldSelector !== undefined || path.segmentSelector !== undefined || path.groups.length > 0) return undefined;
    return this.bound.findLast((one) => one.kind === 'cell' && one.segment === name && one.field === path.field);
  }

  /** Type of what the path ends in, from the dictionary; says where a field, component or subcomponent is not known. */
  typeOf(path: Hl7Path, name: string, site: LineSite): TypeName | undefined {
    const field = path.field ?? 1;
    const known = fieldFacts(name, field);
    const version = newest(site.file.versions);
    if (known === undefined) {
      // The dictionary ends at 2.5.1: what a newer version may have is taken as written.
      if (isLater(version, DESCRIBED_UNTIL)) return 'hl7:varies';
      return reportAt(
        site,
        path.offset,
        'unknown-field',
        `${name} has ${fieldTotal(name)} fields, not ${field}`,
        `hl7: says ${site.file.versions.join(', ') || 'nothing'}; the dictionary ends at ${DESCRIBED_UNTIL}`,
      );
    }
    if (isLater(known.since, version))
      reportAt(
        site,
        path.offset,
        'later-version',
        `${name}-${field} came with version ${known.since}; hl7: says ${site.file.versions.join(', ')}`,
        {},
        'warning',
      );
    if (path.component === undefined) return `hl7:${known.type}`;
    const components = componentsOf(known.type);
    const type = components === undefined ? 'varies' : components[path.component - 1];
    const many = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;
    if (type === undefined)
      return reportAt(
        site,
        path.offset,
        'unknown-component',
        `${name}-${field} (${known.type}) has ${many(components?.length ?? 0, 'component')}, not ${path.component}`,
      );
    const inner = componentsOf(type);
    if (path.subcomponent !== undefined && inner !== undefined && path.subcomponent > inner.length)
      return reportAt(
        site,
        path.offset,
        'unknown-component',
        `${name}-${field}.${path.component} (${type}) has ${many(inner.length, 'subcomponent')}, not ${path.subcomponent}`,
      );
    // First subcomponent of a component: that is what a text target takes, without a warning.
    return isComposite(type) ? 'text' : `hl7:${type}`;
  }
}

const asList = (segment: Segment | undefined): readonly Segment[] => (segment === undefined ? [] : [segment]);
const placesOr = (path: string, places: readonly string[]): readonly string[] => (places.length === 0 ? [path] : places);

const gather = (segments: readonly Segment[], read: (segment: Segment) => Value): Value => {
  const out: One[] = [];
  for (const segment of segments) {
    const value = read(segment);
    if (isList(value)) out.push(...value);
    else if (value !== undefined) out.push(value);
  }
  return out.length === 0 ? undefined : out;
};

const wholeSegments = (path: Hl7Path, name: string, segments: Segments, want: Want, site: LineSite): Term<InboundRun> | undefined => {
  if (want !== 'segment')
    return reportAt(site, path.offset, 'path', 'a whole segment is no value', `write ${path.text}-3 for a field of it`);
  return {
    type: `segment:${name}`,
    constant: false,
    read: (run) => segments(run).map((segment) => new SegmentItem(segment)),
    locate: (run) => placesOr(path.text, segments(run).map(segmentPlace)),
  };
};

/** Reads the repetition that an `each:` looks at. */
const cellTerm = (path: Hl7Path, type: TypeName, depth: number, whole: boolean): Term<InboundRun> => {
  const { component = 1, subcomponent = 1 } = path;
  return {
    type,
    constant: false,
    read: (run) => {
      const cell = run.cellAt[depth];
      if (whole || cell === undefined) return cell;
      const text = cell.repetition.subcomponent(component, subcomponent);
      return text === '""' ? CLEARED : text;
    },
    locate: (run) => {
      const cell = run.cellAt[depth];
      return [
        cell === undefined
          ? path.text
          : `${segmentPlace(cell.segment)}-${cell.field}[${cell.index}]${path.component === undefined ? '' : `.${component}`}`,
      ];
    },
  };
};

const anyOf = (term: Term<InboundRun>, run: InboundRun, test: (one: One) => boolean): boolean => {
  const value = term.read(run);
  return isList(value) ? value.some(test) : test(value);
};

/** A term as a condition asks for it. */
const conditionOf = (term: Term<InboundRun>, whole: Term<InboundRun> = term): ConditionPath<InboundRun> => ({
  some: (run, test) =>
    anyOf(term, run, (one) => {
      const text = isStated(one) ? plainText(one) : undefined;
      return text !== undefined && test(text);
    }),
  exists: (run) => anyOf(whole, run, isStated),
  cleared: (run) => anyOf(whole, run, (one) => one === CLEARED),
});
