import type { TSchema } from '@sinclair/typebox';

/**
 * Static type of a value on its way through a line: a canonical type by its `x-type` (`text`, `date`, `Coding` …), `hl7:CWE` for a whole
 * repetition, `segment:OBX` for a segment, `record:result` for a record, `object` for one made by `each:`, `any` where nothing is known.
 */
export type TypeName = string;

const PLAIN: ReadonlySet<TypeName> = new Set(['text', 'word', 'decimal', 'integer', 'flag', 'ods', 'date', 'dateTime', 'any']);
/** Text of some kind: it can be shown, compared and put where text is asked for. */
export const isPlain = (type: TypeName): boolean => PLAIN.has(type);
export const isHl7 = (type: TypeName): boolean => type.startsWith('hl7:');
export const hl7TypeOf = (type: TypeName): string => type.slice('hl7:'.length);

/** What a line fills. */
export interface Target {
  readonly type: TypeName;
  readonly list: boolean;
  /** Closed set of words. */
  readonly words?: readonly string[];
  readonly pattern?: RegExp;
  /** Fields of `identify`: values that differ are refused instead of the first being taken. */
  readonly strict?: boolean;
  /** Identifiers of a person: values that differ name two people, and hold the part as a contradiction. */
  readonly namesOne?: boolean;
  /** Keys and `action`: a refused value fails the record, whatever the line says. */
  readonly mustBeValid?: boolean;
  /** Filled by the product alone. */
  readonly readOnly?: boolean;
}

export const TEXT_TARGET: Target = { type: 'text', list: false };

const stringOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/** The target a schema of the canonical model stands for. */
export const targetOf = (schema: TSchema): Target => {
  const type = stringOf(schema['x-type']) ?? 'text';
  if (type === 'list') {
    const items: TSchema | undefined = schema.items;
    return { ...(items === undefined ? TEXT_TARGET : targetOf(items)), list: true, readOnly: schema.readOnly === true };
  }
  const words: unknown = schema.enum;
  const pattern = stringOf(schema.pattern);
  return {
    type,
    list: false,
    readOnly: schema.readOnly === true,
    ...(Array.isArray(words) ? { words: words.filter((word): word is string => typeof word === 'string') } : {}),
    ...(pattern === undefined ? {} : { pattern: new RegExp(pattern) }),
  };
};

/** Fields of an object schema, or of the objects a list holds; nothing where the schema holds no fields. */
export const fieldsOf = (schema: TSchema): Readonly<Record<string, TSchema>> | undefined => {
  const properties: unknown = schema.properties;
  // Schemas come from records/kinds, where `properties` holds schemas.
  if (typeof properties === 'object' && properties !== null) return properties as Readonly<Record<string, TSchema>>;
  const items: TSchema | undefined = schema.items;
  if (items !== undefined) return fieldsOf(items);
  const options: unknown = schema.anyOf;
  if (!Array.isArray(options)) return undefined;
  return Object.assign({}, ...options.map((option: TSchema) => fieldsOf(option) ?? {}));
};
