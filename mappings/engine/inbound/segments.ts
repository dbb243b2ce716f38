import { type GroupNode, groupsNamed, resolveSegment } from '../../../formats/hl7v2/groups.ts';
import type { Segment } from '../../../formats/hl7v2/reader.ts';
import { didYouMean } from '../../../language/did-you-mean.ts';
import type { Hl7Path } from '../expression/hl7-path.ts';
import { type LineSite, reportAt } from '../expression/scope.ts';
import type { GroupInstance, InboundRun } from './inbound-run.ts';

export type Segments = (run: InboundRun) => readonly Segment[];
export type Groups = (run: InboundRun) => readonly GroupInstance[];

/** The innermost group that a path stands in: its definition, how deep the loop over it is, and whether the loop puts equal ones together. */
export interface GroupPlace {
  readonly node: GroupNode;
  /** Undefined at the message itself. */
  readonly depth: number | undefined;
  readonly bunch: boolean;
}

const NONE: readonly Segment[] = [];
const isAbove = (node: GroupNode, from: GroupNode): boolean => {
  for (let at: GroupNode | undefined = from; at !== undefined; at = at.parent) if (at === node) return true;
  return false;
};
const rootOf = (node: GroupNode): GroupNode => (node.parent === undefined ? node : rootOf(node.parent));
const names = (node: GroupNode): string[] => [node.name, ...node.items.flatMap((item) => (item.kind === 'group' ? names(item) : []))];

/** Groups a name written in a path leads to: the nearest enclosing one, else inner ones, else any of the structure. */
const nodeNamed = (place: GroupPlace, name: string, site: LineSite, offset: number): GroupNode | undefined => {
  for (let at: GroupNode | undefined = place.node; at !== undefined; at = at.parent) if (at.name === name) return at;
  const root = rootOf(place.node);
  const inside = groupsNamed(place.node, name);
  const found = inside.length > 0 ? inside : groupsNamed(root, name);
  const [only, other] = found;
  if (only === undefined)
    return reportAt(site, offset, 'unknown-group', `the structure has no group ${name}`, didYouMean(name, names(root)));
  if (other !== undefined)
    return reportAt(
      site,
      offset,
      'segment-ambiguous',
      `the structure has several groups ${name}`,
      `write the group around it: ${found.map((node) => `${node.parent?.name}.${name}`).join(' or ')}`,
    );
  return only;
};

const instanceAt = (place: GroupPlace): ((run: InboundRun) => GroupInstance) => {
  const { depth } = place;
  // The loop at this depth has bound its group before anything in it is read.
  return depth === undefined ? (run) => run.root() : (run) => run.groupAt[depth] ?? run.root();
};

/** Instances of a definition as seen from a place: the enclosing one, or all inner ones. */
const instancesOf = (place: GroupPlace, node: GroupNode): Groups => {
  const here = instanceAt(place);
  if (isAbove(node, place.node))
    return (run) => {
      for (let at: GroupInstance | undefined = here(run); at !== undefined; at = at.parent) if (at.node === node) return [at];
      return [];
    };
  return (run) =>
    here(run)
      .below(node.name)
      .filter((instance) => instance.node === node);
};

const segmentsIn =
  (groups: Groups, name: string): Segments =>
  (run) => {
    if (run.message.named(name).length === 0) return NONE;
    const found = groups(run);
    const [only] = found;
    return found.length === 1 && only !== undefined ? only.own(name) : found.flatMap((instance) => [...instance.own(name)]);
  };

/** Resolves the groups of a path (`RESOURCES.SERVICE`). */
export const groupOfPath = (path: Hl7Path, place: GroupPlace, site: LineSite): GroupNode | undefined => {
  let node: GroupNode | undefined;
  for (const name of path.groups) {
    node = node === undefined ? nodeNamed(place, name, site, path.offset) : nodeNamed({ ...place, node }, name, site, path.offset);
    if (node === undefined) return undefined;
  }
  return node;
};

/**
 * Segments a path leads to (mapping language §3): of the group written before it; else of the nearest enclosing group whose definition
 * holds the name; else of the one inner group that does. In a bunch (`each: … by`) an own segment is the first group's, `[*]` all of them.
 */
export const segmentsOf = (path: Hl7Path, name: string, place: GroupPlace, site: LineSite): Segments | undefined => {
  const root = rootOf(place.node);
  const written = path.groups.length === 0 ? undefined : groupOfPath(path, place, site);
  if (path.groups.length > 0 && written === undefined) return undefined;
  const isElsewhere = written !== root || holdersIn(root, name).length > 0;
  if (written !== undefined && !written.own.has(name) && !name.startsWith('Z') && isElsewhere)
    return reportAt(
      site,
      path.offset,
      'unknown-segment',
      `group ${written.name} holds no ${name} of its own`,
      didYouMean(name, written.own),
    );
  const holders = written === undefined ? resolveSegment(place.node, name) : written.own.has(name) || name.startsWith('Z') ? [written] : [];
  const [holder, other] = holders;
  if (holder === undefined) {
    // Not in the structure (Z-segments, other versions): where it stands in the message.
    if (place.depth === undefined) return (run) => run.message.named(name);
    const here = instanceAt(place);
    return (run) => (run.message.named(name).length === 0 ? NONE : here(run).lookup(name));
  }
  if (other !== undefined)
    return reportAt(
      site,
      path.offset,
      'segment-ambiguous',
      `${name} stands in several groups here`,
      `write which: ${holders.map((node) => `${node.name}.${name}`).join(' or ')}`,
    );
  if (place.bunch && path.segmentSelector?.kind === 'all' && !(isAbove(holder, place.node) && holder !== place.node)) {
    const depth = place.depth ?? 0;
    return (run) =>
      (run.bunchAt[depth] ?? []).flatMap((instance) =>
        holder === place.node ? [...instance.own(name)] : instance.below(holder.name).flatMap((one) => [...one.own(name)]),
      );
  }
  // The only holder in the whole structure, seen from the message itself: no need to sort the message into groups.
  if (place.depth === undefined && resolveSegment(root, name).length === 1 && isOnlyHolder(root, holder, name))
    return (run) => run.message.named(name);
  if (holder === root && isOnlyHolder(root, holder, name)) return (run) => run.message.named(name);
  const warned = written === undefined && isAbove(holder, place.node) ? innerHolder(place.node, holder, name) : undefined;
  if (warned !== undefined)
    reportAt(
      site,
      path.offset,
      'segment-also-inside',
      `${name} here is ${holder.name}.${name}; ${warned.name}.${name} is another`,
      `write ${holder.name}.${name} or ${warned.name}.${name}`,
      'warning',
    );
  return segmentsIn(instancesOf(place, holder), name);
};

const holdersIn = (node: GroupNode, name: string): GroupNode[] => [
  ...(node.own.has(name) ? [node] : []),
  ...node.items.flatMap((item) => (item.kind === 'group' ? holdersIn(item, name) : [])),
];
const isOnlyHolder = (root: GroupNode, holder: GroupNode, name: string): boolean => {
  const all = holdersIn(root, name);
  return all.length === 1 && all[0] === holder;
};
const innerHolder = (from: GroupNode, holder: GroupNode, name: string): GroupNode | undefined =>
  holdersIn(from, name).find((node) => node !== holder);

/** Groups an `each:` runs over: inner instances of the definition, in the order of the message. */
export const groupsOf = (node: GroupNode, place: GroupPlace): Groups => instancesOf(place, node);

/** A repeating group between the place and the definition that holds the segment, where a loop over the segment would mix its instances. */
export const mixedGroup = (place: GroupPlace, path: Hl7Path, name: string): GroupNode | undefined => {
  const [holder] = path.groups.length > 0 ? groupsNamed(rootOf(place.node), path.groups.at(-1) ?? '') : resolveSegment(place.node, name);
  for (let at = holder; at !== undefined && !isAbove(at, place.node); at = at.parent) if (at.repeats) return at;
  return undefined;
};
