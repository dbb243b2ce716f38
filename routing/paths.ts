import { didYouMean } from '../language/did-you-mean.ts';
import { isKindName, KIND_NAMES, KINDS } from '../records/kinds/index.ts';
import type { Json } from '../records/mapped.ts';
import type { CanonicalRecord } from '../records/record.ts';
import { PERSON, type RoutingFacts, textsOf, WORDS } from './facts.ts';

/** A path of a route's condition, resolved. */
export interface RoutePath {
  readonly text: string;
  read(facts: RoutingFacts): readonly string[];
  /** The kind the path belongs to: of every other kind it reads nothing. Null where it can be asked of all. */
  readonly kind: string | null;
  /** The closed set of words it may have, where there is one. */
  readonly words: readonly string[] | null;
}
export type ResolvedPath = RoutePath | { readonly wrong: string; readonly hint?: string };

type Schema = { readonly [key: string]: unknown };
const isSchema = (value: unknown): value is Schema => typeof value === 'object' && value !== null;

/** The schemas a path of field names may lead to: lists and alternatives are looked into. */
const descend = (schema: unknown, name: string): readonly unknown[] => {
  if (!isSchema(schema)) return [];
  if (Array.isArray(schema.anyOf)) return schema.anyOf.flatMap((one: unknown) => descend(one, name));
  if (schema.type === 'array') return descend(schema.items, name);
  const properties = schema.properties;
  return isSchema(properties) && properties[name] !== undefined ? [properties[name]] : [];
};
const namesIn = (schema: unknown): readonly string[] => {
  if (!isSchema(schema)) return [];
  if (Array.isArray(schema.anyOf)) return schema.anyOf.flatMap(namesIn);
  if (schema.type === 'array') return namesIn(schema.items);
  return isSchema(schema.properties) ? Object.keys(schema.properties) : [];
};
const wordsOf = (schemas: readonly unknown[]): readonly string[] | null => {
  const [only] = schemas;
  const words = schemas.length === 1 && isSchema(only) ? only.enum : undefined;
  return Array.isArray(words) ? words.filter((word) => typeof word === 'string') : null;
};

type JsonObject = { readonly [key: string]: Json };
const isObject = (value: Json): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value);
const follow = (value: Json | undefined, names: readonly string[], from = 0): readonly string[] => {
  const name = names[from];
  if (value === undefined || name === undefined) return textsOf(value);
  if (Array.isArray(value)) return value.flatMap((item: Json) => follow(item, names, from));
  return isObject(value) && Object.hasOwn(value, name) ? follow(value[name], names, from + 1) : [];
};

/** What every record carries beside its fields. */
const ENVELOPE: Readonly<Record<string, (record: CanonicalRecord) => Json>> = {
  id: (record) => record.id,
  system: (record) => record.system,
  parentId: (record) => record.parentId,
  position: (record) => record.position,
  state: (record) => record.state,
  action: (record) => record.action,
  asOf: (record) => record.asOf,
  receivedAt: (record) => record.receivedAt,
  source: (record) => record.source,
};

const CLOSED: Readonly<Record<string, readonly string[]>> = {
  kind: KIND_NAMES,
  action: ['put', 'replace', 'cancel', 'error'],
  state: ['current', 'ended', 'cancelled', 'error'],
  priority: ['urgent', 'high', 'routine'],
  'person.location': ['in', 'court', 'out', 'unknown', 'never'],
  'person.registration': ['registered', 'requested', 'previous', 'none'],
};
const FLAGS = ['yes', 'true', 'no', 'false'];
const FLAG_PATHS = new Set(['person.inTransit', 'person.restricted', 'person.deceased']);
const MOVEMENT_WORDS = ['reception', 'transfer', 'release', 'courtOut', 'courtReturn', 'detail', 'none', 'unknown'];
/** Beside its fields a custody event answers what it really was. */
const MOVEMENT = 'movement';

/**
 * What a path means: a word (`kind`, `source`), `person.…`, `episode.…`, `record.…` for a field any kind may have, or a field of one kind
 * (`document.type.code`). A field of another kind than the record's reads nothing.
 */
export const resolvePath = (text: string): ResolvedPath => {
  const [head = '', ...rest] = text.split('.');
  const [first] = rest;
  const word = WORDS[head];
  if (first === undefined) {
    if (word !== undefined) return { text, read: word, kind: null, words: CLOSED[head] ?? null };
    return {
      wrong: `“${text}” is nothing a route can ask`,
      ...didYouMean(text, [...Object.keys(WORDS), 'person', 'record', 'episode', ...KIND_NAMES]),
    };
  }
  if (head === 'person') {
    const read = PERSON[first];
    if (read === undefined || rest.length > 1)
      return { wrong: `person has no ${rest.join('.')}`, ...didYouMean(first, Object.keys(PERSON)) };
    return { text, read, kind: null, words: FLAG_PATHS.has(text) ? FLAGS : (CLOSED[text] ?? null) };
  }
  if (head === 'custody' && first === MOVEMENT && rest.length === 1)
    return {
      text,
      read: ({ record, movement }) => (record.kind === 'custody' && movement !== null ? [movement] : []),
      kind: 'custody',
      words: MOVEMENT_WORDS,
    };

  const kinds = head === 'record' ? KIND_NAMES : isKindName(head) ? [head] : [];
  if (kinds.length === 0)
    return { wrong: `“${head}” is no kind of record`, ...didYouMean(head, ['person', 'record', 'episode', ...KIND_NAMES]) };
  const envelope = rest.length === 1 && head !== 'episode' ? ENVELOPE[first] : undefined;
  let schemas: readonly unknown[] = kinds.map((kind) => KINDS[kind]);
  for (const name of rest) {
    const next = schemas.flatMap((schema) => descend(schema, name));
    if (next.length === 0) {
      if (envelope !== undefined) break;
      return { wrong: `${head} has no ${rest.join('.')}`, ...didYouMean(name, [...schemas.flatMap(namesIn), ...Object.keys(ENVELOPE)]) };
    }
    schemas = next;
  }
  if (head === 'episode') return { text, read: ({ episode }) => follow(episode, rest), kind: null, words: wordsOf(schemas) };
  const hasField = kinds.some((kind) => Object.hasOwn(KINDS[kind].properties, first));
  const read =
    envelope === undefined || hasField
      ? ({ record }: RoutingFacts) => follow(record.fields, rest)
      : ({ record }: RoutingFacts) => textsOf(envelope(record));
  if (head === 'record') return { text, kind: null, words: wordsOf(schemas), read };
  return { text, kind: head, words: wordsOf(schemas), read: (facts) => (facts.record.kind === head ? read(facts) : []) };
};
