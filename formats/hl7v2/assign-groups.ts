import { GroupInstance } from './group-instance.ts';
import type { GroupItem, GroupNode } from './group-tree.ts';
import type { Segment } from './reader.ts';

const accepts = (item: GroupItem, name: string): boolean => (item.kind === 'segment' ? item.names.includes(name) : item.starters.has(name));

/** Index of the item at or after the cursor that takes the segment; -1 where there is none. */
function forward(at: GroupInstance, name: string): number {
  const { items } = at.node;
  for (let i = Math.max(at.cursor, 0); i < items.length; i++) {
    const item = items[i];
    if (item === undefined || !accepts(item, name)) continue;
    if (i > at.cursor || item.repeats) return i;
  }
  return -1;
}

/** Puts a segment into an item of an instance, opening the groups on the way; returns the instance that holds it. */
function enter(at: GroupInstance, i: number, segment: Segment): GroupInstance {
  at.cursor = Math.max(at.cursor, i);
  const item = at.node.items[i];
  if (item === undefined || item.kind === 'segment') {
    at.segments.push(segment);
    return at;
  }
  const inner = new GroupInstance(item, at);
  return enter(inner, forward(inner, segment.name), segment);
}

/** The instance to begin anew when a segment that begins `at` comes again: `at` where it repeats, else what it begins. */
function restartable(at: GroupInstance, name: string): GroupInstance | undefined {
  for (let up: GroupInstance | undefined = at; up?.node.starters.has(name); up = up.parent) if (up.node.repeats) return up;
  return undefined;
}

/** A group of this instance that begins with the segment, though its place in the order has passed. */
function late(at: GroupInstance, segment: Segment): GroupInstance | undefined {
  const i = at.node.items.findIndex((item) => item.kind === 'group' && item.starters.has(segment.name));
  const item = at.node.items[i];
  if (item === undefined || item.kind !== 'group') return undefined;
  const open = item.repeats ? undefined : at.groups.get(item.name)?.at(-1);
  return open === undefined ? enter(at, i, segment) : hold(open, segment);
}

const hold = (at: GroupInstance, segment: Segment): GroupInstance => {
  at.segments.push(segment);
  return at;
};

/** A group further in that holds the segment, though the message has not begun it as it should (PV2 without PV1): its last instance, or a new one. */
function inner(at: GroupInstance, segment: Segment): GroupInstance | undefined {
  for (const [i, item] of at.node.items.entries()) {
    if (item.kind !== 'group' || !item.all.has(segment.name)) continue;
    if (item.repeats && item.starters.has(segment.name)) return enter(at, i, segment);
    at.cursor = Math.max(at.cursor, i);
    const instance = at.groups.get(item.name)?.at(-1) ?? new GroupInstance(item, at);
    return item.own.has(segment.name) ? hold(instance, segment) : (inner(instance, segment) ?? hold(instance, segment));
  }
  return undefined;
}

/**
 * Where the next segment belongs, given the innermost open instance. From there outwards, the first that fits: the place the order
 * gives it; a new instance of a group it begins; its group out of order. Only then groups further in.
 */
function place(open: GroupInstance, segment: Segment, root: GroupInstance): GroupInstance {
  const { name } = segment;
  for (let at: GroupInstance | undefined = open; at !== undefined; at = at.parent) {
    const i = forward(at, name);
    if (i >= 0) return enter(at, i, segment);
    const again = restartable(at, name);
    if (again?.parent !== undefined) return enter(again.parent, again.parent.node.items.indexOf(again.node), segment);
    if (!at.node.all.has(name)) continue;
    if (at.node.own.has(name)) {
      root.misplaced.push(segment);
      return hold(at, segment);
    }
    const found = late(at, segment);
    if (found !== undefined) {
      root.misplaced.push(segment);
      return found;
    }
  }
  for (let at: GroupInstance | undefined = open; at !== undefined; at = at.parent) {
    const found = inner(at, segment);
    if (found !== undefined) {
      root.misplaced.push(segment);
      return found;
    }
  }
  // Unknown to the structure: it stays with the group that is open here, and opens or closes none.
  return hold(open, segment);
}

/** Sorts the segments of a message, or of one part of it, into the instances of its groups. Every segment ends up in exactly one. */
export function assignGroups(message: { readonly segments: readonly Segment[] }, tree: GroupNode): GroupInstance {
  const root = new GroupInstance(tree);
  let open = root;
  for (const segment of message.segments) open = place(open, segment, root);
  return root;
}
