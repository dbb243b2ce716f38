import { isNhsShaped, type Withheld, whyWithheld, withheld } from './patient-data.ts';

/**
 * Redaction by construction. A text passes only under a declared name and only in the shape of its kind; everything else is
 * replaced by the reason. Numbers and booleans pass under any name (a number of NHS shape only under the name of an id or a measure).
 */
export type FactKind = 'code' | 'name' | 'id' | 'hex' | 'place' | 'folder' | 'address' | 'trigger' | 'instant' | 'version';

const shapes: Readonly<Record<FactKind, RegExp>> = {
  /** Codes of ours, of drivers and of far sides: `no-route`, `courtOut`, `ECONNREFUSED`, `57P01`, `AA`, `EPL-153`. A capitalised word is no code. */
  code: /^[a-z0-9]+(?:[-_.:/][a-z0-9]+)*$|^[A-Z0-9_]{1,40}$|^[A-Z]{2,8}-[0-9]{1,5}$|^[a-z]+(?:[A-Z][a-z0-9]+)+$|^[A-Za-z]{0,30}Error$|^[a-z-]+: (?:SQLSTATE )?[0-9A-Z]{5}(?: on [a-z_]+)?$/,
  /** Names given in the configuration, and paths of mappings. */
  name: /^[a-z0-9][a-z0-9_./-]*$/,
  /** Row ids, control ids, lists of ids. */
  id: /^[\x21-\x7b\x7d\x7e]+$/,
  hex: /^[0-9a-f-]{8,}$/i,
  /** `file:line:col` of a mapping, route or setting, without blanks. */
  place: /^[A-Za-z0-9_./@-]+(?::[0-9]+){0,2}$/,
  /** Configured paths. */
  folder: /^[A-Za-z0-9_./@ -]+$/,
  /** Host, host:port, socket path. */
  address: /^(?:[a-z-]+ )?[A-Za-z0-9_.:[\]/*-]+$/,
  /** MSH-9: `ADT^A01`. */
  trigger: /^[A-Z0-9]{3}(?:[\^_][A-Z0-9]{3}){0,2}(?:\^[A-Z0-9_]{3,7})?$/,
  instant: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/,
  version: /^[A-Za-z0-9][A-Za-z0-9_.+-]*$/,
};

const kinds: Readonly<Record<string, FactKind>> = {
  ack: 'code',
  address: 'address',
  action: 'code',
  backend: 'code',
  cause: 'code',
  class: 'code',
  code: 'code',
  daemon: 'id',
  answer: 'code',
  check: 'name',
  config: 'folder',
  connection: 'address',
  control: 'id',
  data: 'folder',
  delivery: 'id',
  destination: 'name',
  digest: 'hex',
  direction: 'code',
  environment: 'code',
  event: 'code',
  fault: 'code',
  file: 'place',
  folder: 'folder',
  from: 'code',
  hold: 'id',
  host: 'address',
  id: 'id',
  ids: 'id',
  item: 'id',
  job: 'id',
  kind: 'code',
  known: 'code',
  lane: 'id',
  lease: 'name',
  level: 'code',
  list: 'name',
  listen: 'address',
  mailbox: 'name',
  mapping: 'name',
  message: 'id',
  mode: 'code',
  outcome: 'code',
  peer: 'address',
  person: 'id',
  phase: 'code',
  place: 'place',
  priority: 'code',
  queue: 'name',
  reason: 'code',
  role: 'code',
  route: 'name',
  rule: 'place',
  schema: 'name',
  setting: 'name',
  severity: 'code',
  signal: 'code',
  since: 'instant',
  site: 'name',
  source: 'name',
  sqlstate: 'code',
  stage: 'code',
  state: 'code',
  status: 'code',
  step: 'code',
  table: 'name',
  at: 'instant',
  to: 'code',
  trigger: 'trigger',
  type: 'code',
  until: 'instant',
  url: 'address',
  verb: 'code',
  version: 'version',
  what: 'code',
  where: 'place',
  /** MESH workflow ids: chosen by senders, so shown only in the shape of an id. */
  workflow: 'id',
};

/** `messageId`, `laneId`, … are ids; `mappingVersion` a version; `holdReason`, `ackCode` codes: the last word of a name decides. */
const lastWord = /[A-Z][a-z]+$/;
const kindOf = (name: string): FactKind | undefined => {
  const declared = kinds[name];
  if (declared !== undefined) return declared;
  const word = lastWord.exec(name)?.[0].toLowerCase();
  return word === undefined ? undefined : kinds[word];
};

const measured = new Set(['bytes', 'size', 'count', 'ms', 'offset', 'seq']);
const isMeasure = (name: string): boolean => {
  if (measured.has(name)) return true;
  const word = lastWord.exec(name)?.[0].toLowerCase();
  return word !== undefined && measured.has(word);
};

const whyTextWithheld = (kind: FactKind | undefined, text: string): Withheld | undefined => {
  if (kind === undefined) return 'undeclared';
  // A digest or UUID is judged as a whole: chance runs of ten digits inside it mean nothing.
  if (kind === 'hex' || kind === 'version' || kind === 'id')
    if (/^[0-9a-f]{32,128}$|^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text)) return undefined;
  return whyWithheld(text) ?? (text === '' || shapes[kind].test(text) ? undefined : 'shape');
};

export type FactValue = string | number | boolean;
export type Facts = Readonly<Record<string, FactValue | undefined>>;

/** The value as it may be shown under this name. */
export const safeFact = (name: string, value: FactValue): FactValue => {
  if (typeof value === 'boolean') return value;
  if (typeof value === 'number') {
    if (!isNhsShaped(value)) return value;
    const kind = kindOf(name);
    return kind === 'id' || isMeasure(name) ? value : withheld('nhs-number');
  }
  const why = whyTextWithheld(kindOf(name), value);
  return why === undefined ? value : withheld(why);
};

const nameShape = /^[A-Za-z][A-Za-z0-9_]{0,39}$/;
/** Names of the log line itself; a fact of that name is written with a dash below behind it. */
const reserved = new Set(['level', 'time', 'event', 'error', 'site', 'daemon']);

/** A new object of what may be shown. The names themselves are the program's own; one that is not a name is dropped. */
export const safeFacts = (facts: Facts | undefined): Record<string, FactValue> => {
  const safe: Record<string, FactValue> = {};
  if (facts === undefined) return safe;
  for (const [name, value] of Object.entries(facts))
    if (value !== undefined && nameShape.test(name)) safe[reserved.has(name) ? `${name}_` : name] = safeFact(name, value);
  return safe;
};

/** For tests and `check`: whether texts pass under this name at all. */
export const isDeclaredFact = (name: string): boolean => kindOf(name) !== undefined;
