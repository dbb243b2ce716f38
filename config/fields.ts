import { didYouMean } from '../language/did-you-mean.ts';
import type { MapNode } from '../language/yaml.ts';
import type { Place } from '../records/issue.ts';
import { type Doc, expected, readAt } from './collections.ts';
import { type AnySetting, type JsonSchema, join, type Reading, type Setting, WRONG, type Wrong } from './setting.ts';

/** Each field of the type, declared once: a required field cannot be declared optional, nor the other way round. */
export type Fields<T> = { readonly [K in keyof T]-?: object extends Pick<T, K> ? Setting<NonNullable<T[K]>, true> : Setting<T[K], false> };

interface FieldsReading {
  /** The map that holds them; nothing where only defaults apply. */
  readonly node: MapNode | undefined;
  readonly owner: Place;
  readonly path: string;
  /** Where a name stands in another case of the same setting: what to say of it. */
  readonly elsewhere?: (name: string) => string | undefined;
}

const unknown = (fields: object, known: readonly string[], at: FieldsReading, reading: Reading): boolean => {
  let any = false;
  for (const { key, keyPlace } of at.node?.entries ?? []) {
    if (Object.hasOwn(fields, key) || known.includes(key)) continue;
    any = true;
    const hint = at.elsewhere?.(key) ?? didYouMean(key, [...known, ...Object.keys(fields)]).hint;
    reading.report(
      'unknown-setting',
      'error',
      keyPlace,
      `“${key}” is no setting ${at.path === '' ? 'of this file' : `of ${at.path}`}`,
      hint,
    );
  }
  return any;
};

const readFields = <T extends object>(
  fields: Fields<T>,
  at: FieldsReading,
  reading: Reading,
  given: Readonly<Record<string, string>> = {},
): T | Wrong => {
  const value: Record<string, unknown> = { ...given };
  let wrong = false;
  for (const [name, setting] of Object.entries<Setting<unknown>>(fields)) {
    const entry = at.node?.entry(name);
    const path = join(at.path, name);
    const read =
      entry === undefined ? setting.absent(at.owner, path, reading) : readAt(setting, entry.value, entry.keyPlace, path, reading);
    if (read === WRONG) wrong = true;
    else if (read !== undefined) value[name] = read;
  }
  if (unknown(fields, Object.keys(given), at, reading)) wrong = true;
  // Every field of Fields<T> has been read by its own setting, which the type system cannot follow through the loop.
  return wrong ? WRONG : (value as T);
};

const closed = (properties: JsonSchema, required: readonly string[], doc: string): JsonSchema => ({
  description: doc,
  type: 'object',
  additionalProperties: false,
  properties,
  ...(required.length === 0 ? {} : { required }),
});

const properties = (fields: Readonly<Record<string, AnySetting>>): JsonSchema =>
  Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, field.schema]));
const requiredOf = (fields: Readonly<Record<string, AnySetting>>): string[] =>
  Object.entries(fields).flatMap(([name, field]) => (!field.optional && field.fallback === undefined ? [name] : []));

/** Settings that belong together under one name. Absent means all defaults, as far as they have them. */
export const group = <T extends object>(fields: Fields<T>, options: Doc): Setting<T, false> => {
  const declared: Readonly<Record<string, AnySetting>> = fields;
  const required = requiredOf(declared);
  return {
    doc: options.doc,
    type: 'settings',
    optional: false,
    ...(required.length === 0 ? { fallback: '' } : {}),
    secret: false,
    restart: false,
    shape: { kind: 'group', fields: declared },
    schema: closed(properties(declared), required, options.doc),
    read: (node, path, reading) =>
      node.kind === 'map' ? readFields(fields, { node, owner: node.place, path }, reading) : expected(node, 'a map', path, reading),
    absent: (owner, path, reading) => readFields(fields, { node: undefined, owner, path }, reading),
  };
};

/** Settings whose fields depend on a word: `kind: mllp` or `kind: folder`. */
export const variants = <U extends object, By extends string>(
  by: By,
  of: {
    readonly [W in Extract<U, Record<By, string>>[By]]: {
      readonly doc: string;
      readonly fields: Fields<Omit<Extract<U, Record<By, W>>, By>>;
    };
  },
  options: Doc,
): Setting<U, false> => {
  const cases: Readonly<Record<string, { readonly doc: string; readonly fields: Fields<object> }>> = of;
  const words = Object.keys(cases);
  const shapes = Object.fromEntries(Object.entries(cases).map(([word, { doc, fields }]) => [word, group(fields, { doc })]));
  const choose = (node: MapNode, path: string, reading: Reading): string | undefined => {
    const chosen = node.entry(by);
    // Without the word it is not known which settings belong here: what no case knows is a slip all the same, often of the word itself.
    const unheard = (): void => {
      const all = Object.assign({}, ...Object.values(cases).map(({ fields }) => fields));
      unknown(all, [by], { node, owner: node.place, path }, reading);
    };
    const written = chosen?.value.kind === 'text' ? chosen.value.text : '';
    if (Object.hasOwn(cases, written)) return written;
    unheard();
    if (chosen === undefined)
      reading.report('missing-setting', 'error', node.place, `${join(path, by)} must be set (one of ${words.join(', ')})`);
    else {
      const { hint } = didYouMean(written, words);
      reading.report('bad-value', 'error', chosen.value.place, `${join(path, by)}: “${written}” is not one of ${words.join(', ')}`, hint);
    }
    return undefined;
  };
  const elsewhere = (name: string, chosen: string): string | undefined => {
    const other = Object.entries(cases).find(([word, { fields }]) => word !== chosen && Object.hasOwn(fields, name));
    return other === undefined ? undefined : `it is a setting of ${by}: ${other[0]}`;
  };
  return {
    doc: options.doc,
    type: `settings by ${by}: ${words.join(', ')}`,
    optional: false,
    secret: false,
    restart: false,
    shape: { kind: 'variants', by, of: shapes },
    schema: {
      description: options.doc,
      oneOf: Object.entries(shapes).map(([word, { schema, doc }]) => {
        const { properties: fields, required } = schema;
        const names = Array.isArray(required) ? required : [];
        return { ...closed({ [by]: { const: word }, ...Object(fields) }, [by, ...names], doc) };
      }),
    },
    read(node, path, reading) {
      if (node.kind !== 'map') return expected(node, 'a map', path, reading);
      const word = choose(node, path, reading);
      const chosen = cases[word ?? ''];
      if (word === undefined || chosen === undefined) return WRONG;
      // The fields of the chosen case make, with the word itself, exactly that member of the union.
      const at = { node, owner: node.place, path, elsewhere: (name: string) => elsewhere(name, word) };
      return readFields<object>(chosen.fields, at, reading, { [by]: word }) as U | Wrong;
    },
    absent(owner, path, reading) {
      reading.report('missing-setting', 'error', owner, `${path} must say its ${by} (one of ${words.join(', ')})`);
      return WRONG;
    },
  };
};
