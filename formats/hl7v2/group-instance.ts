import { type GroupNode, holders, resolveSegment } from './group-tree.ts';
import type { Segment } from './reader.ts';

/** One occurrence of a group in a message. */
export class GroupInstance {
  readonly node: GroupNode;
  readonly parent: GroupInstance | undefined;
  /** From 1, among the instances of this group in the parent. */
  readonly ordinal: number;
  /** Segments of the group itself, in document order; unknown ones (Z-segments) with the group that was open where they stand. */
  readonly segments: Segment[] = [];
  readonly groups = new Map<string, GroupInstance[]>();
  /** At the root: segments that stand where the structure has no place for them. They are held all the same. */
  readonly misplaced: Segment[] = [];
  /** Index of the item of the definition that was filled last. */
  cursor = -1;

  constructor(node: GroupNode, parent?: GroupInstance) {
    this.node = node;
    this.parent = parent;
    if (parent === undefined) {
      this.ordinal = 1;
      return;
    }
    const peers = parent.groups.get(node.name);
    if (peers === undefined) parent.groups.set(node.name, [this]);
    else peers.push(this);
    this.ordinal = parent.groups.get(node.name)?.length ?? 1;
  }

  get name(): string {
    return this.node.name;
  }

  /** Own segments of a name. */
  own(name: string): readonly Segment[] {
    return this.segments.filter((segment) => segment.name === name);
  }

  /** Instances of a group at any depth below, in document order. */
  below(name: string): readonly GroupInstance[] {
    const found: GroupInstance[] = [];
    for (const instances of this.groups.values())
      for (const instance of instances) {
        if (instance.name === name) found.push(instance);
        found.push(...instance.below(name));
      }
    return found.length > 1 ? found.sort((a, b) => a.begins() - b.begins()) : found;
  }

  /** The nearest enclosing instance of a group, this one included. */
  enclosing(name: string): GroupInstance | undefined {
    return this.name === name ? this : this.parent?.enclosing(name);
  }

  /**
   * Segments a name leads to from here: those of the nearest enclosing group whose definition holds the name, none if there are none
   * there; a name that no enclosing group holds is looked for in the inner ones. A name the structure does not know (Z-segments) is
   * found in the nearest enclosing instance that has one, else in all inner ones.
   */
  lookup(name: string): readonly Segment[] {
    const [holder] = resolveSegment(this.node, name);
    if (holder === undefined) return this.unknown(name);
    for (let at: GroupInstance | undefined = this; at !== undefined; at = at.parent) if (at.node === holder) return at.own(name);
    const found: Segment[] = [];
    for (const node of holders(this.node, name)) for (const at of this.below(node.name)) if (at.node === node) found.push(...at.own(name));
    return found.sort((a, b) => a.index - b.index);
  }

  private unknown(name: string): readonly Segment[] {
    for (let at: GroupInstance | undefined = this; at !== undefined; at = at.parent) {
      const own = at.own(name);
      if (own.length > 0) return own;
    }
    return this.everything().filter((segment) => segment.name === name);
  }

  /** All segments of the group and of those in it, in document order. */
  everything(): readonly Segment[] {
    const inner = [...this.groups.values()].flatMap((instances) => instances.flatMap((instance) => instance.everything()));
    return [...this.segments, ...inner].sort((a, b) => a.index - b.index);
  }

  /** Index in the message of the first segment held. */
  begins(): number {
    let first = this.segments[0]?.index ?? Number.MAX_SAFE_INTEGER;
    for (const instances of this.groups.values()) first = Math.min(first, instances[0]?.begins() ?? first);
    return first;
  }
}
