import type { Place } from '../records/issue.ts';

/** How a text was written in the file; a double-quoted word means something else to a mapping than a plain one. */
export type TextStyle = 'plain' | 'single' | 'double' | 'block';

export interface TextNode {
  readonly kind: 'text';
  readonly place: Place;
  readonly text: string;
  readonly style: TextStyle;
  /** Where the character at this offset of `text` stands in the file, also when the text runs over several lines. */
  at(offset: number): Place;
}

export interface ListNode {
  readonly kind: 'list';
  readonly place: Place;
  readonly items: readonly YamlNode[];
}

export interface MapEntry {
  readonly key: string;
  readonly keyPlace: Place;
  readonly value: YamlNode;
}

export interface MapNode {
  readonly kind: 'map';
  readonly place: Place;
  readonly entries: readonly MapEntry[];
  get(key: string): YamlNode | undefined;
  entry(key: string): MapEntry | undefined;
}

/** A YAML value with its place. `key:` with nothing after it is an empty plain text. */
export type YamlNode = MapNode | ListNode | TextNode;

export const mapNode = (place: Place, entries: readonly MapEntry[]): MapNode => {
  const byKey = new Map(entries.map((entry) => [entry.key, entry]));
  return { kind: 'map', place, entries, get: (key) => byKey.get(key)?.value, entry: (key) => byKey.get(key) };
};

export const textNode = (place: Place, text: string, style: TextStyle = 'plain', at?: (offset: number) => Place): TextNode => ({
  kind: 'text',
  place,
  text,
  style,
  at: at ?? ((offset) => ({ ...place, column: place.column + offset })),
});

/** True for `key:` with nothing after it. */
export const isEmptyText = (node: YamlNode): boolean => node.kind === 'text' && node.style === 'plain' && node.text === '';

/** A word for a message to people: `a list`, `a map`, `text`. */
export const nodeWord = (node: YamlNode): string => (node.kind === 'text' ? 'text' : `a ${node.kind}`);
