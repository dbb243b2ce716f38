/**
 * Group trees: which segments and groups a message structure has, and in what order. Written as text:
 *
 *   MSH SFT* PID PD1? PATIENT_RESULT{ PATIENT[PID PD1? VISIT[PV1 PV2?]] ORDER_OBSERVATION{ ORC? OBR NTE* OBSERVATION{OBX NTE*} } }
 *
 * `X` once · `X?` may be left out · `X*` may repeat or be left out · `X+` repeats · `X|Y` one of them · `NAME{…}` a group that repeats ·
 * `NAME[…]` a group at most once. Every group may be left out except where it is marked `{…}+` or `[…]!`.
 */
export interface SegmentItem {
  readonly kind: 'segment';
  /** The names that may stand here. */
  readonly names: readonly string[];
  readonly repeats: boolean;
  readonly optional: boolean;
}

export interface GroupNode {
  readonly kind: 'group';
  /** `ROOT` for the message itself. */
  readonly name: string;
  readonly repeats: boolean;
  readonly optional: boolean;
  readonly parent: GroupNode | undefined;
  readonly items: readonly GroupItem[];
  /** Segments with which an instance may begin. */
  readonly starters: ReadonlySet<string>;
  /** Segments that the group holds itself, not in inner groups. */
  readonly own: ReadonlySet<string>;
  /** Segments anywhere in it. */
  readonly all: ReadonlySet<string>;
}

export type GroupItem = SegmentItem | GroupNode;

const TOKEN = /\s*(?:([A-Z][A-Z0-9_]*)\s*([[{])|((?:[A-Z][A-Z0-9]{2}\|)*[A-Z][A-Z0-9]{2})([?*+]?)(?![A-Z0-9_])|([\]}])([!+]?))/y;
const CLOSES: Readonly<Record<string, string>> = { '[': ']', '{': '}' };

interface Open {
  readonly name: string;
  readonly bracket: string;
  readonly items: Loose[];
}
/** Items before their parents are known. */
type Loose =
  | SegmentItem
  | {
      readonly kind: 'loose';
      readonly name: string;
      readonly repeats: boolean;
      readonly optional: boolean;
      readonly items: readonly Loose[];
    };

/** @throws SyntaxError with the column (from 1) where the text is no group tree. */
export function parseGroupTree(text: string): GroupNode {
  const stack: Open[] = [{ name: 'ROOT', bracket: '', items: [] }];
  const token = new RegExp(TOKEN);
  const end = text.trimEnd().length;
  while (token.lastIndex < end) {
    const column = token.lastIndex + 1;
    const found = token.exec(text);
    const top = stack[stack.length - 1];
    if (found === null || top === undefined) throw new SyntaxError(`group tree: column ${column}`);
    const [, group, bracket, names, mark, close, need] = found;
    if (group !== undefined && bracket !== undefined) stack.push({ name: group, bracket, items: [] });
    else if (names !== undefined)
      top.items.push({
        kind: 'segment',
        names: names.split('|'),
        repeats: mark === '*' || mark === '+',
        optional: mark === '?' || mark === '*',
      });
    else if (close !== undefined) {
      stack.pop();
      const outer = stack[stack.length - 1];
      if (outer === undefined || CLOSES[top.bracket] !== close || top.items.length === 0)
        throw new SyntaxError(`group tree: column ${column}`);
      outer.items.push({ kind: 'loose', name: top.name, repeats: close === '}', optional: need === '', items: top.items });
    }
  }
  const [root, unclosed] = stack;
  if (root === undefined || unclosed !== undefined) throw new SyntaxError(`group tree: ${unclosed?.name ?? 'ROOT'} is not closed`);
  return tie({ kind: 'loose', name: 'ROOT', repeats: false, optional: false, items: root.items }, undefined);
}

function tie(loose: Extract<Loose, { kind: 'loose' }>, parent: GroupNode | undefined): GroupNode {
  const items: GroupItem[] = [];
  const starters = new Set<string>();
  const own = new Set<string>();
  const all = new Set<string>();
  const node: GroupNode = {
    kind: 'group',
    name: loose.name,
    repeats: loose.repeats,
    optional: loose.optional,
    parent,
    items,
    starters,
    own,
    all,
  };
  let beginning = true;
  for (const one of loose.items) {
    const item = one.kind === 'loose' ? tie(one, node) : one;
    items.push(item);
    for (const name of item.kind === 'segment' ? item.names : []) own.add(name);
    for (const name of item.kind === 'segment' ? item.names : item.all) all.add(name);
    if (beginning) for (const name of item.kind === 'segment' ? item.names : item.starters) starters.add(name);
    beginning &&= item.optional;
  }
  return node;
}

/** Groups of this name at or below a node, outermost first. */
export function groupsNamed(node: GroupNode, name: string): readonly GroupNode[] {
  const inner = node.items.flatMap((item) => (item.kind === 'group' ? groupsNamed(item, name) : []));
  return node.name === name ? [node, ...inner] : inner;
}

/** Groups at or below a node that hold a segment themselves. */
export function holders(node: GroupNode, segment: string): readonly GroupNode[] {
  const inner = node.items.flatMap((item) => (item.kind === 'group' ? holders(item, segment) : []));
  return node.own.has(segment) ? [node, ...inner] : inner;
}

/**
 * Where a segment name leads from a group: to the nearest enclosing group whose definition holds it (`[one]`); where none does, to the
 * inner groups that do – more than one means the name is ambiguous; none means that the structure does not know it.
 */
export function resolveSegment(from: GroupNode, segment: string): readonly GroupNode[] {
  for (let node: GroupNode | undefined = from; node !== undefined; node = node.parent) if (node.own.has(segment)) return [node];
  return holders(from, segment);
}
