import {
  type ControlElement,
  type ControlProblem,
  FLAGS,
  KNOWN,
  plainName,
  ROOT,
  STATUS,
  STATUS_PARTS,
  TEXTS,
} from './control-elements.ts';
import { readTree } from './control-tree.ts';
import { readFlag } from './headers.ts';

/** What happened to a message, as a control file says it. Its event and code are to be read together (control-status.ts). */
export interface StatusRecord {
  /** `yyyyMMddHHmmss`, as written. */
  readonly dateTime?: string;
  /** COLLECT, TRANSFER, SEND, RECEIVE; capitals. */
  readonly event?: string;
  /** SUCCESS, ERROR; capitals. */
  readonly status?: string;
  /** `00`, `14`, `EPL-152`. */
  readonly code?: string;
  readonly description?: string;
}

/**
 * A control file (`.ctl`) of the MESH client's folders, formerly DTS. What is absent or empty in the file is absent here. Subject and To_DTS
 * may hold patient data. Values are on one line, trimmed.
 */
export interface ControlFile {
  readonly version?: string;
  /** DTS, SMTP, ALL; capitals. */
  readonly addressType?: string;
  /** `Data`, `Report`, or as written. */
  readonly messageType?: string;
  readonly from?: string;
  /** A mailbox, or `GPPROVIDER_…`, which is patient data. */
  readonly to?: string;
  readonly fromEsmtp?: string;
  readonly toEsmtp?: string;
  readonly subject?: string;
  readonly localId?: string;
  readonly dtsId?: string;
  readonly partnerId?: string;
  readonly workflowId?: string;
  readonly processId?: string;
  readonly dataChecksum?: string;
  readonly compress?: boolean;
  readonly allowChunking?: boolean;
  readonly encrypted?: boolean;
  readonly isCompressed?: boolean;
  readonly status?: StatusRecord;
  /** Elements nobody here knows, and flags that are neither Y nor N, as they stand. */
  readonly others: readonly Pick<ControlElement, 'name' | 'text'>[];
}

export type ReadControl =
  /** `mended`: it is not well-formed XML, and could yet mean one thing only. */
  { readonly control: ControlFile; readonly mended: boolean } | { readonly problem: ControlProblem };

class Unusable extends Error {
  readonly problem: ControlProblem;
  constructor(kind: ControlProblem['kind'], { name, line, column }: ControlElement) {
    super(kind);
    const known = KNOWN.get(plainName(name));
    this.problem = { kind, line, column, ...(known === undefined ? {} : { element: known }) };
  }
}

const CONTROL = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]/;

/** The text of an element that holds nothing else, on one line. */
const textIn = (element: ControlElement): string => {
  if (element.children.length > 0) throw new Unusable('nested', element);
  if (CONTROL.test(element.text)) throw new Unusable('control-character', element);
  return element.text.replace(/[\t\r\n ]+/g, ' ').trim();
};

/** Each element's value by plain name. One that stands twice must say the same twice, or nothing once. */
const valuesOf = (elements: readonly ControlElement[]): ReadonlyMap<string, string> => {
  const values = new Map<string, string>();
  for (const element of elements) {
    const key = plainName(element.name);
    const value = textIn(element);
    const before = values.get(key);
    if (before !== undefined && before !== '' && value !== '' && before !== value) throw new Unusable('repeated', element);
    if (before === undefined || before === '') values.set(key, value);
  }
  return values;
};

const statusOf = (element: ControlElement): StatusRecord => {
  const values = valuesOf(element.children.filter(({ name }) => STATUS_PARTS.has(plainName(name))));
  const said = (name: string): string | undefined => values.get(name) || undefined;
  const record: Record<keyof StatusRecord, string | undefined> = {
    dateTime: said('datetime'),
    event: said('event')?.toUpperCase(),
    status: said('status')?.toUpperCase(),
    code: said('statuscode'),
    description: said('description'),
  };
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined));
};

type TextName = (typeof TEXTS)[keyof typeof TEXTS];
type FlagName = (typeof FLAGS)[keyof typeof FLAGS];

/** Words of a fixed meaning, in one spelling. */
const usual = (property: TextName, value: string): string => {
  if (property === 'addressType') return value.toUpperCase();
  if (property !== 'messageType') return value;
  return /^data$/i.test(value) ? 'Data' : /^report$/i.test(value) ? 'Report' : value;
};

const TEXT_BY_NAME = new Map(Object.entries(TEXTS).map(([name, property]) => [plainName(name), property]));
const FLAG_BY_NAME = new Map(Object.entries(FLAGS).map(([name, property]) => [plainName(name), property]));

const controlOf = (root: ControlElement): ControlFile => {
  const inner = root.children.find(({ name }) => plainName(name) === ROOT);
  if (inner !== undefined) throw new Unusable('broken', inner);
  const isKnown = ({ name }: ControlElement) => TEXT_BY_NAME.has(plainName(name)) || FLAG_BY_NAME.has(plainName(name));
  const texts: Partial<Record<TextName, string>> = {};
  const flags: Partial<Record<FlagName, boolean>> = {};
  let status: StatusRecord | undefined;
  const others: { name: string; text: string }[] = [];
  for (const [key, value] of valuesOf(root.children.filter(isKnown))) {
    if (value === '') continue;
    const text = TEXT_BY_NAME.get(key);
    const yesOrNo = FLAG_BY_NAME.get(key);
    const yes = yesOrNo === undefined ? undefined : readFlag(value);
    if (text !== undefined) texts[text] = usual(text, value);
    else if (yesOrNo !== undefined && yes !== undefined) flags[yesOrNo] = yes;
    else others.push({ name: KNOWN.get(key) ?? key, text: value });
  }
  for (const element of root.children) {
    if (isKnown(element)) continue;
    // Of several records the last one is what is known now.
    if (plainName(element.name) === STATUS) status = statusOf(element);
    else if (element.children.length === 0) others.push({ name: element.name, text: textIn(element) });
  }
  return { ...texts, ...flags, ...(status === undefined ? {} : { status }), others };
};

/**
 * Reads a control file, tolerantly: elements in any order and case, either spelling of DataChecksum, with or without a prolog, UTF-8,
 * UTF-16 or windows-1252, and broken in the ways hand-made ones are, as long as it can mean one thing only.
 */
export const readControlFile = (bytes: Buffer): ReadControl => {
  const tree = readTree(bytes);
  if ('problem' in tree) return tree;
  try {
    return { control: controlOf(tree.root), mended: tree.mended };
  } catch (error) {
    if (error instanceof Unusable) return { problem: error.problem };
    throw error;
  }
};

const SAYS: Readonly<Record<ControlProblem['kind'], string>> = {
  empty: 'it is empty',
  'too-large': 'it is too large for a control file',
  unfinished: 'it ends before its closing tag',
  doctype: 'it has a document type, which is not allowed',
  'not-a-control-file': 'its outermost element is not DTSControl',
  broken: 'it is no well-formed XML, and could mean more than one thing',
  repeated: 'an element stands twice with different values',
  nested: 'an element lies within one that holds text',
  'control-character': 'a value holds a control character',
};

/** For people: the place, the element and what is wrong; nothing the file says. */
export const explainProblem = ({ kind, line, column, element }: ControlProblem): string =>
  `line ${line}:${column}${element === undefined ? '' : `, ${element}`}: ${SAYS[kind]}`;
