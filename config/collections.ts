import { isEmptyText, nodeWord, type YamlNode } from '../language/yaml.ts';
import type { Place } from '../records/issue.ts';
import { EMPTY, join, type Reading, type Setting, WRONG, type Wrong } from './setting.ts';

export interface Doc {
  readonly doc: string;
}

/** Reports that a value of another form stands there. */
export const expected = (node: YamlNode, wanted: 'a list' | 'a map', path: string, reading: Reading): Wrong => {
  const hint =
    wanted === 'a list' ? 'put each value on a line of its own, with "- " before it' : 'write `name: value` on lines of its own, indented';
  reading.report('bad-value', 'error', node.place, `${path}: ${nodeWord(node)} stands where ${wanted} is expected`, hint);
  return WRONG;
};

/** What stands there, or what its absence means where it is empty. */
export const readAt = <T>(setting: Setting<T>, node: YamlNode, owner: Place, path: string, reading: Reading): T | Wrong | undefined => {
  reading.places.set(path, node.place);
  if (setting.shape.kind !== 'scalar' && isEmptyText(node)) return setting.absent(owner, path, reading);
  const value = setting.read(node, path, reading);
  return value === EMPTY ? setting.absent(owner, path, reading) : value;
};

/** Values in order. Absent means the default, or none. */
export const list = <T>(
  of: Setting<T, false>,
  options: Doc & { readonly type: string; readonly default?: readonly T[] },
): Setting<readonly T[], false> => ({
  doc: options.doc,
  type: options.type,
  optional: false,
  fallback: '',
  secret: false,
  restart: false,
  shape: { kind: 'list', of },
  schema: { description: options.doc, type: 'array', items: of.schema },
  read(node, path, reading) {
    if (node.kind !== 'list') return expected(node, 'a list', path, reading);
    const values = node.items.map((item, index) => readAt(of, item, item.place, `${path}[${index + 1}]`, reading));
    return values.every((value): value is T => value !== WRONG && value !== undefined) ? values : WRONG;
  },
  absent: () => options.default ?? [],
});

interface MapOptions<K> extends Doc {
  readonly type: string;
  /** What a name must look like, and the same in words. */
  readonly key: RegExp;
  readonly says: string;
  readonly brand: (name: string) => K;
}

/** Entries under names of the operator's choice, in the order written. Absent means none. */
export const map = <K extends string, T>(of: Setting<T, false>, options: MapOptions<K>): Setting<ReadonlyMap<K, T>, false> => ({
  doc: options.doc,
  type: options.type,
  optional: false,
  fallback: '',
  secret: false,
  restart: false,
  shape: { kind: 'map', of, key: options.says },
  schema: { description: options.doc, type: 'object', additionalProperties: false, patternProperties: { [options.key.source]: of.schema } },
  read(node, path, reading) {
    if (node.kind !== 'map') return expected(node, 'a map', path, reading);
    const values = new Map<K, T>();
    let wrong = false;
    for (const { key, keyPlace, value } of node.entries) {
      if (!options.key.test(key)) {
        reading.report('bad-name', 'error', keyPlace, `“${key}” is not ${options.says}`);
        wrong = true;
      }
      const entryPath = join(path, key);
      const entry = readAt(of, value, keyPlace, entryPath, reading);
      reading.places.set(entryPath, keyPlace);
      if (entry === WRONG || entry === undefined) wrong = true;
      else values.set(options.brand(key), entry);
    }
    return wrong ? WRONG : values;
  },
  absent: () => new Map(),
});
