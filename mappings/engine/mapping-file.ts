import { posix } from 'node:path';
import { didYouMean } from '../../language/did-you-mean.ts';
import { MAPPING_YAML, type MapNode, readYaml } from '../../language/yaml.ts';
import type { Finding, Place } from '../../records/issue.ts';

export interface Named<T> {
  readonly name: string;
  readonly place: Place;
  readonly value: T;
}

/** One mapping file as written, before anything in it is compiled. */
export interface MappingFile {
  readonly file: string;
  readonly root: MapNode;
  readonly name: string;
  /** A pack gives tables and blocks and does nothing by itself. */
  readonly role: 'inbound' | 'outbound' | 'pack';
  /** Paths of the files it includes. */
  readonly includes: readonly Named<string>[];
  /** Table name → path of its CSV file. */
  readonly tables: readonly Named<string>[];
  readonly blocks: readonly Named<MapNode>[];
}

const COMMON = ['mapping', 'format', 'direction', 'describes', 'hl7', 'include', 'tables', 'blocks', 'note'];
export const INBOUND_KEYS = [
  ...COMMON,
  'match',
  'input',
  'onePatientPer',
  'zone',
  'asOf',
  'system',
  'clears',
  'identify',
  'patient',
  'custody',
  'merge',
  'records',
  'checks',
  'ignore',
  'groups',
];
export const OUTBOUND_KEYS = [
  ...COMMON,
  'for',
  'when',
  'reads',
  'output',
  'zone',
  'segments',
  'resources',
  'rows',
  'columns',
  'sections',
  'data',
];
const ACTING = ['identify', 'patient', 'custody', 'merge', 'records', 'checks', 'segments', 'sections', 'resources', 'rows', 'columns'];

/** Reads a mapping file and what it names. Everything wrong with its frame is reported; nothing is returned for a file that is not YAML. */
export const readMappingFile = (file: string, text: string, report: (finding: Finding) => void): MappingFile | undefined => {
  const { root, findings } = readYaml(file, text, MAPPING_YAML);
  for (const finding of findings) report(finding);
  const error = (place: Place, code: string, message: string, hint: { hint?: string } = {}): void =>
    report({ code, severity: 'error', place, message, ...hint });
  if (root === undefined) return undefined;
  if (root.kind !== 'map' || root.entries.length === 0) {
    error({ file, line: 1, column: 1 }, 'form', 'a mapping file begins with mapping: and its name');
    return undefined;
  }
  const text1 = (key: string): string | undefined => {
    const node = root.get(key);
    return node?.kind === 'text' ? node.text : undefined;
  };
  const name = text1('mapping');
  if (name === undefined || name === '')
    error(root.place, 'form', 'the file needs mapping: and a name', { hint: 'as in mapping: prison-adt/admit' });
  const format = root.entry('format');
  if (text1('format') !== '1') error(format?.value.place ?? root.place, 'format', 'this version reads format: 1');
  const direction = text1('direction');
  if (direction !== 'inbound' && direction !== 'outbound')
    error(
      root.get('direction')?.place ?? root.place,
      'form',
      'direction: is inbound or outbound',
      didYouMean(direction ?? '', ['inbound', 'outbound']),
    );
  const isOut = direction === 'outbound';
  const allowed = isOut ? OUTBOUND_KEYS : INBOUND_KEYS;
  for (const entry of root.entries)
    if (!allowed.includes(entry.key)) error(entry.keyPlace, 'unknown-key', `unknown key "${entry.key}"`, didYouMean(entry.key, allowed));
  const isActive = root.get(isOut ? 'for' : 'match') !== undefined;
  const acting = root.entries.find((entry) => ACTING.includes(entry.key));
  if (!isActive && acting !== undefined)
    error(
      acting.keyPlace,
      'pack-acts',
      isOut ? 'the file does not say for: which kind it is' : 'the file does not say match: which messages it is for',
      { hint: 'a file without it may give tables and blocks only' },
    );
  return {
    file,
    root,
    name: name ?? file,
    role: isActive ? (isOut ? 'outbound' : 'inbound') : 'pack',
    includes: includesOf(root, file, error),
    tables: tablesOf(root, file, error),
    blocks: blocksOf(root, error),
  };
};

type Report = (place: Place, code: string, message: string, hint?: { hint?: string }) => void;
const resolve = (file: string, path: string): string => posix.normalize(posix.join(posix.dirname(file), path));

const includesOf = (root: MapNode, file: string, error: Report): Named<string>[] => {
  const node = root.get('include');
  if (node === undefined) return [];
  const items = node.kind === 'list' ? node.items : [node];
  return items.flatMap((item) => {
    if (item.kind === 'text' && item.text !== '') return [{ name: item.text, place: item.place, value: resolve(file, item.text) }];
    error(item.place, 'form', 'include: holds a list of files');
    return [];
  });
};

const tablesOf = (root: MapNode, file: string, error: Report): Named<string>[] => {
  const node = root.get('tables');
  if (node === undefined) return [];
  if (node.kind !== 'map') {
    error(node.place, 'form', 'tables: holds names with their CSV files');
    return [];
  }
  return node.entries.flatMap((entry) => {
    if (entry.value.kind === 'text' && entry.value.text !== '')
      return [{ name: entry.key, place: entry.keyPlace, value: resolve(file, entry.value.text) }];
    error(entry.value.place, 'form', 'a table is the path of a CSV file');
    return [];
  });
};

const blocksOf = (root: MapNode, error: Report): Named<MapNode>[] => {
  const node = root.get('blocks');
  if (node === undefined) return [];
  if (node.kind !== 'map') {
    error(node.place, 'form', 'blocks: holds names with set: under them');
    return [];
  }
  return node.entries.flatMap((entry) => {
    const set = entry.value.kind === 'map' ? entry.value.get('set') : undefined;
    if (entry.value.kind === 'map') {
      const use = entry.value.entry('use');
      if (use !== undefined) error(use.keyPlace, 'block-in-block', 'blocks may not use blocks');
      for (const other of entry.value.entries)
        if (other.key !== 'set' && other.key !== 'use' && other.key !== 'note')
          error(other.keyPlace, 'unknown-key', `unknown key "${other.key}"`, { hint: 'a block holds set:' });
    }
    if (set?.kind === 'map') return [{ name: entry.key, place: entry.keyPlace, value: set }];
    error(entry.value.place, 'form', 'a block holds set: with its lines');
    return [];
  });
};
