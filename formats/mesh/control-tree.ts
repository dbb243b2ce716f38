import { isUtf8 } from 'node:buffer';
import { SaxesParser } from 'saxes';
import { decode, wideEncoding } from '../charset.ts';
import { type ControlElement, plainName, ROOT, type Tree } from './control-elements.ts';
import { mendControl } from './control-mend.ts';

/** Real ones have less than 3 kB. */
export const LARGEST_CONTROL_FILE = 65_536;
const DEEPEST = 16;

const DECLARED = /^\s*<\?xml[^<>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']/;
/** Character sets of one byte that a prolog may name; any other name is looked at like none. */
const NARROW = /^(?:windows-125\d|iso-8859-(?:[2-9]|1[0-6]))$/i;

/** A byte-order mark, then the prolog's word, then UTF-8 where it is that, else windows-1252. */
const textOf = (bytes: Buffer): string => {
  const wide = wideEncoding(bytes);
  const declared = DECLARED.exec(bytes.toString('latin1', 0, 400))?.[1];
  const narrow = isUtf8(bytes) ? 'utf-8' : 'windows-1252';
  const text = decode(bytes, wide ?? (declared !== undefined && NARROW.test(declared) ? declared.toLowerCase() : narrow));
  return (text.startsWith('\ufeff') ? text.slice(1) : text).replace(/\p{Surrogate}/gu, '\ufffd');
};

const NOT_SOUND = new Error('not well-formed');

interface Open {
  readonly name: string;
  readonly line: number;
  readonly column: number;
  text: string;
  readonly children: ControlElement[];
}

/** What a well-formed file says; null where it is not, and is to be mended. Neither document types nor entities are ever followed. */
const strictly = (text: string): Tree | null => {
  const parser = new SaxesParser({ position: true });
  const open: Open[] = [];
  let root: ControlElement | null = null;
  const doctypes: { readonly line: number; readonly column: number }[] = [];
  const here = () => ({ line: parser.line, column: parser.column + 1 });
  const addText = (piece: string): void => {
    const last = open.at(-1);
    if (last !== undefined) last.text += piece;
  };
  // The first fault ends it: the rest is for the mender.
  parser.on('error', () => {
    throw NOT_SOUND;
  });
  parser.on('doctype', () => {
    doctypes.push(here());
  });
  parser.on('opentag', ({ name }) => {
    if (open.length >= DEEPEST) throw NOT_SOUND;
    open.push({ name: name.slice(name.indexOf(':') + 1), ...here(), text: '', children: [] });
  });
  parser.on('text', addText);
  parser.on('cdata', addText);
  parser.on('closetag', () => {
    const element = open.pop();
    const parent = open.at(-1);
    if (element === undefined) return;
    if (parent === undefined) root = element;
    else parent.children.push(element);
  });
  try {
    parser.write(text).close();
  } catch (error) {
    if (error !== NOT_SOUND) throw error;
    return null;
  }
  const [doctype] = doctypes;
  if (doctype !== undefined) return { problem: { kind: 'doctype', ...doctype } };
  return root !== null ? { root, mended: false } : null;
};

/** Bytes → elements. */
export const readTree = (bytes: Buffer): Tree => {
  if (bytes.length > LARGEST_CONTROL_FILE) return { problem: { kind: 'too-large', line: 1, column: 1 } };
  const text = textOf(bytes);
  const tree = strictly(text) ?? mendControl(text);
  if ('root' in tree && plainName(tree.root.name) !== ROOT)
    return { problem: { kind: 'not-a-control-file', line: tree.root.line, column: tree.root.column } };
  return tree;
};
