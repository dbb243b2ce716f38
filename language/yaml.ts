import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, type Pair, parseAllDocuments, Scalar, type YAMLError } from 'yaml';
import type { Finding, Place } from '../records/issue.ts';
import { commentFindings } from './yaml-comments.ts';
import { type ListNode, type MapEntry, mapNode, type TextStyle, textNode, type YamlNode } from './yaml-node.ts';
import { sourceOffsets } from './yaml-offsets.ts';

export * from './yaml-node.ts';

/** What a kind of file may use of YAML. Anchors, aliases, tags, merge keys and several documents are never allowed. */
export interface YamlRules {
  readonly flow: 'forbidden' | 'allowed';
  /** `two-blanks`: a comment behind a value needs two blanks before `#`, so that `= REF #12` never loses `#12` unseen. */
  readonly comments: 'two-blanks' | 'free';
}
export const MAPPING_YAML: YamlRules = { flow: 'forbidden', comments: 'two-blanks' };
export const CONFIG_YAML: YamlRules = { flow: 'allowed', comments: 'free' };

export interface YamlFile {
  /** Nothing when the file is not YAML at all; a file with findings of severity error must not be used. */
  readonly root: YamlNode | undefined;
  readonly findings: readonly Finding[];
}

const styles: Readonly<Record<string, TextStyle>> = {
  [Scalar.QUOTE_SINGLE]: 'single',
  [Scalar.QUOTE_DOUBLE]: 'double',
  [Scalar.BLOCK_FOLDED]: 'block',
  [Scalar.BLOCK_LITERAL]: 'block',
};

const yamlHint = (error: YAMLError): { hint?: string } => {
  if (/nested mappings|implicit (map )?keys?|multiline/i.test(error.message))
    return { hint: 'a value that contains ": " goes in single quotes as a whole' };
  if (/flow|\[|\]|\{|\}/.test(error.message)) return { hint: 'a value that begins with [ or { goes in single quotes as a whole' };
  if (/closing .*quote|missing closing/i.test(error.message))
    return { hint: 'a value that contains " #" goes in single quotes as a whole' };
  if (/tab/i.test(error.message)) return { hint: 'indent with blanks' };
  return {};
};

/**
 * Reads a YAML file into nodes that know where they stand. Every value is text (failsafe schema), so `007` and `1E5` stay as written.
 * All that is wrong is found at once; nothing is thrown.
 */
export const readYaml = (file: string, text: string, rules: YamlRules): YamlFile => {
  const lines = new LineCounter();
  const findings: Finding[] = [];
  const placeOf = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(1, line), column: Math.max(1, col) };
  };
  const add = (code: string, offset: number, message: string, hint?: string): void => {
    findings.push({ code, severity: 'error', place: placeOf(offset), message, ...(hint === undefined ? {} : { hint }) });
  };

  const documents = parseAllDocuments(text, {
    schema: 'failsafe',
    lineCounter: lines,
    keepSourceTokens: true,
    prettyErrors: false,
    stringKeys: false,
  });
  if (!Array.isArray(documents) || documents.length === 0) return { root: mapNode({ file, line: 1, column: 1 }, []), findings };

  for (const document of documents) {
    for (const error of document.errors) {
      const message = error.message.replace(/\s+/g, ' ');
      if (error.code === 'DUPLICATE_KEY') add('duplicate-key', error.pos[0], 'this key stands twice at one level');
      else findings.push({ code: 'yaml', severity: 'error', place: placeOf(error.pos[0]), message, ...yamlHint(error) });
    }
    for (const warning of document.warnings)
      if (warning.code !== 'TAG_RESOLVE_FAILED') add('yaml', warning.pos[0], warning.message.replace(/\s+/g, ' '));
  }
  const [first, second] = documents;
  if (second !== undefined) add('several-documents', second.range[0], 'one file holds one document', 'remove the line ---');

  const forbidden = (node: Node): void => {
    const start = node.range?.[0] ?? 0;
    if (isAlias(node)) {
      add('alias', start, 'aliases are not allowed', 'a text that begins with * goes in single quotes');
      return;
    }
    if (node.anchor !== undefined) add('anchor', start, 'anchors are not allowed', 'a text that begins with & goes in single quotes');
    if (node.tag !== undefined && node.tag !== '')
      add('tag', start, 'tags are not allowed', 'a text that begins with ! goes in single quotes');
    if ((isMap(node) || isSeq(node)) && node.flow === true && rules.flow === 'forbidden')
      add('flow-form', start, 'the short forms {…} and […] are not allowed', 'write one line for each part');
  };

  const convert = (node: Node | null | undefined, fallback: number): YamlNode => {
    if (node === null || node === undefined) return textNode(placeOf(fallback), '');
    forbidden(node);
    const start = node.range?.[0] ?? fallback;
    if (isScalar(node)) {
      const style = styles[node.type ?? ''] ?? 'plain';
      const value = typeof node.value === 'string' ? node.value : String(node.value ?? '');
      const offsets = value === '' ? undefined : sourceOffsets(text, start, node.range?.[1] ?? start, value, style);
      return textNode(placeOf(start), value, style, offsets === undefined ? undefined : (offset) => placeOf(offsets(offset)));
    }
    if (isSeq(node)) {
      const items = node.items.map((item) => convert(item as Node | null, start)); // a parsed list holds nodes only
      return { kind: 'list', place: placeOf(start), items } satisfies ListNode;
    }
    if (isMap(node))
      return mapNode(
        placeOf(start),
        node.items.flatMap((pair) => entryOf(pair as Pair<Node, Node | null>, start)),
      ); // as parsed
    return textNode(placeOf(start), '');
  };

  const entryOf = (pair: Pair<Node, Node | null>, fallback: number): MapEntry[] => {
    const offset = pair.key.range?.[0] ?? fallback;
    const keyPlace = placeOf(offset);
    if (!isScalar(pair.key)) {
      if (isAlias(pair.key)) forbidden(pair.key);
      else add('key', offset, 'a key must be a word', 'a text that begins with [ or { goes in single quotes');
      return [];
    }
    forbidden(pair.key);
    const key = String(pair.key.value);
    if (key === '<<') add('merge-key', offset, 'merge keys are not allowed', 'repeat the lines, or put them in a block');
    return [{ key, keyPlace, value: convert(pair.value, pair.key.range?.[2] ?? offset) }];
  };

  const root = first === undefined ? undefined : convert(first.contents, 0);
  if (rules.comments === 'two-blanks') findings.push(...commentFindings(text, placeOf));
  findings.sort((a, b) => a.place.line - b.place.line || a.place.column - b.place.column);
  return { root: findings.some((finding) => finding.code === 'yaml') ? undefined : root, findings };
};
