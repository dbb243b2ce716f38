import { didYouMean } from '../../language/did-you-mean.ts';
import type { MapNode, TextNode, YamlNode } from '../../language/yaml.ts';
import type { Compilation } from './compilation.ts';

/** Keys of this language at one level; anything else is an error with a hint. */
export const checkKeys = (node: MapNode, allowed: readonly string[], file: Compilation): void => {
  for (const entry of node.entries)
    if (!allowed.includes(entry.key))
      file.reportAt(entry.keyPlace, 'unknown-key', `unknown key "${entry.key}"`, didYouMean(entry.key, allowed));
};

/** One of the words a key takes; `fallback` where the key is not there. */
export const wordOf = <const W extends readonly string[]>(
  node: MapNode,
  key: string,
  words: W,
  fallback: W[number],
  file: Compilation,
): W[number] => {
  const value = node.get(key);
  if (value === undefined) return fallback;
  const found = value.kind === 'text' ? words.find((word) => word === value.text) : undefined;
  if (found === undefined)
    file.reportAt(value.place, 'word', `${key} takes ${words.join(', ')}`, didYouMean(value.kind === 'text' ? value.text : '', words));
  return found ?? fallback;
};

/** The text of a key; reports where it is something else. */
export const textOf = (node: MapNode, key: string, file: Compilation): TextNode | undefined => {
  const value = node.get(key);
  if (value === undefined || value.kind === 'text') return value;
  return file.reportAt(value.place, 'form', `${key}: takes one line`);
};

export const mapOf = (node: MapNode, key: string, file: Compilation): MapNode | undefined => {
  const value = node.get(key);
  if (value === undefined || value.kind === 'map') return value;
  return file.reportAt(value.place, 'form', `${key}: holds keys with their lines`);
};

export const listOf = (node: MapNode, key: string, file: Compilation): readonly YamlNode[] => {
  const value = node.get(key);
  if (value === undefined) return [];
  if (value.kind === 'list') return value.items;
  file.reportAt(value.place, 'form', `${key}: holds a list, each item on a line with -`);
  return [];
};

/** Comma-separated words: `ADT^A08, ADT^A31`, with the place of each. */
export const commaWords = (node: TextNode): { readonly text: string; readonly offset: number }[] => {
  const found: { text: string; offset: number }[] = [];
  for (const match of node.text.matchAll(/[^,\s][^,]*/g)) found.push({ text: match[0].trim(), offset: match.index });
  return found;
};
