import type { Spot } from '../../../language/condition.ts';
import type { Hl7Path } from '../expression/hl7-path.ts';
import { type LineSite, type Loop, reportAt, type Term } from '../expression/scope.ts';
import { Cell, isList, type One, plainText } from '../value.ts';
import type { GroupInstance, InboundRun } from './inbound-run.ts';
import type { LoopPlace } from './loop-place.ts';
import { segmentPlace } from './place-text.ts';
import { groupOfPath, groupsOf, mixedGroup } from './segments.ts';

interface Compiled<S> {
  readonly loop: Loop<InboundRun>;
  readonly inside: S;
}

/** `each:` over groups, segments or repetitions: `OBSERVATION[*] by OBX-3.1, OBX-4`, `AL1[*]`, `PID-11[7 != BA]`. */
export const compileLoop = <S extends LoopPlace<S>>(scope: S, spot: Spot, site: LineSite): Compiled<S> | undefined => {
  const by = /^(.*?)\s+by\s+(.+)$/s.exec(spot.text);
  const head: Spot = { text: (by?.[1] ?? spot.text).trim(), offset: spot.offset };
  const path = scope.parse(head, site);
  if (path === undefined) return undefined;
  if (path.component !== undefined)
    return reportAt(site, head.offset, 'each', 'a loop runs over groups, segments or repetitions, not components');
  if (by !== null && path.segment !== undefined)
    return reportAt(site, head.offset, 'each', '"by" puts equal groups together', 'name the group, as in OBSERVATION[*] by OBX-3.1');
  if (path.segment === undefined) return overGroups(scope, path, by === null ? undefined : keySpots(by[2] ?? '', spot), site);
  return path.field === undefined ? overSegments(scope, path, path.segment, site) : overRepetitions(scope, path, path.segment, site);
};

const keySpots = (text: string, whole: Spot): Spot[] => {
  const start = whole.offset + whole.text.lastIndexOf(text);
  let offset = 0;
  return text.split(',').map((part) => {
    const spot = { text: part.trim(), offset: start + offset + (part.length - part.trimStart().length) };
    offset += part.length + 1;
    return spot;
  });
};

const overGroups = <S extends LoopPlace<S>>(
  scope: S,
  path: Hl7Path,
  keys: readonly Spot[] | undefined,
  site: LineSite,
): Compiled<S> | undefined => {
  if (path.groupSelector?.kind !== 'all')
    return reportAt(site, path.offset, 'each', 'a loop over a group sees all of them', `write ${path.groups.join('.')}[*]`);
  const node = groupOfPath(path, scope.place, site);
  if (node === undefined) return undefined;
  const inside = scope.insideGroup(node, keys !== undefined);
  const terms = keys?.map((key) => scope.insideGroup(node, false).term(key, 'text', site));
  if (terms?.some((term) => term === undefined)) return undefined;
  const groups = groupsOf(node, scope.place);
  const { depth } = scope;
  const locate = (run: InboundRun): string => groupPlace(run.groupAt[depth]);
  if (terms === undefined) {
    return {
      inside,
      loop: {
        locate,
        run: (run, body) => {
          const found = groups(run);
          for (const [index, instance] of found.entries()) {
            run.groupAt[depth] = instance;
            body(index + 1);
          }
          return { seen: found.length, cleared: false };
        },
      },
    };
  }
  const known = terms.filter((term) => term !== undefined);
  return {
    inside,
    loop: {
      locate,
      run: (run, body) => {
        const bunches = bunched(groups(run), known, depth, run);
        for (const [index, bunch] of bunches.entries()) {
          const [first] = bunch;
          if (first === undefined) continue;
          run.groupAt[depth] = first;
          run.bunchAt[depth] = bunch;
          body(index + 1);
        }
        return { seen: bunches.length, cleared: false };
      },
    },
  };
};

/** Groups with equal keys together, in the order in which each key is first met. */
const bunched = (
  groups: readonly GroupInstance[],
  keys: readonly Term<InboundRun>[],
  depth: number,
  run: InboundRun,
): GroupInstance[][] => {
  const bunches = new Map<string, GroupInstance[]>();
  for (const instance of groups) {
    run.groupAt[depth] = instance;
    const key = JSON.stringify(keys.map((term) => keyText(term.read(run))));
    const bunch = bunches.get(key);
    if (bunch === undefined) bunches.set(key, [instance]);
    else bunch.push(instance);
  }
  return [...bunches.values()];
};
const keyText = (value: unknown): string => {
  const one = (Array.isArray(value) ? value[0] : value) as One; // a term reads one value or a list of them
  return typeof one === 'string' ? one : one instanceof Cell ? (plainText(one) ?? '') : '';
};

const groupPlace = (instance: GroupInstance | undefined): string => {
  const segment = instance?.everything()[0];
  return segment === undefined ? (instance?.name ?? 'the message') : segmentPlace(segment);
};

const overSegments = <S extends LoopPlace<S>>(scope: S, path: Hl7Path, name: string, site: LineSite): Compiled<S> | undefined => {
  if (path.segmentSelector === undefined) return reportAt(site, path.offset, 'each', 'a loop needs to say which', `write ${path.text}[*]`);
  const mixed = mixedGroup(scope.place, path, name);
  if (mixed !== undefined)
    return reportAt(
      site,
      path.offset,
      'each-in-group',
      `${name} stands in the repeating group ${mixed.name}: a loop over it would mix the groups`,
      `write each: ${mixed.name}[*]`,
    );
  const segments = scope.segments(path, name, site);
  if (segments === undefined) return undefined;
  const { depth } = scope;
  return {
    inside: scope.insideBound({ kind: 'segment', segment: name }),
    loop: {
      locate: (run) => {
        const segment = run.segmentAt[depth];
        return segment === undefined ? path.text : segmentPlace(segment);
      },
      run: (run, body) => {
        const found = segments(run);
        for (const [index, segment] of found.entries()) {
          run.segmentAt[depth] = segment;
          body(index + 1);
        }
        return { seen: found.length, cleared: false };
      },
    },
  };
};

const overRepetitions = <S extends LoopPlace<S>>(scope: S, path: Hl7Path, name: string, site: LineSite): Compiled<S> | undefined => {
  const cells = scope.term({ text: path.text, offset: path.offset }, 'whole', site);
  if (cells === undefined || path.field === undefined) return undefined;
  if (path.fieldSelector === undefined) return reportAt(site, path.offset, 'each', 'a loop needs to say which', `write ${path.text}[*]`);
  const { depth } = scope;
  return {
    inside: scope.insideBound({ kind: 'cell', segment: name, field: path.field }),
    loop: {
      locate: (run) => {
        const cell = run.cellAt[depth];
        return cell === undefined ? path.text : `${segmentPlace(cell.segment)}-${cell.field}[${cell.index}]`;
      },
      run: (run, body) => {
        const value = cells.read(run);
        const ones = isList(value) ? value : [value];
        let seen = 0;
        let cleared = false;
        for (const one of ones) {
          if (one instanceof Cell) {
            seen += 1;
            run.cellAt[depth] = one;
            body(seen);
          } else if (one !== undefined) cleared = true;
        }
        return { seen, cleared: cleared && seen === 0 };
      },
    },
  };
};
