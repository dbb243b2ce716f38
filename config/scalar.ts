import { nodeWord, type TextNode, textNode } from '../language/yaml.ts';
import type { Place } from '../records/issue.ts';
import { fillIn } from './references.ts';
import { EMPTY, type JsonSchema, type Reading, type Setting, WRONG, type Wrong } from './setting.ts';

/** What a parser makes of a text: a value, or what is wrong with it (said without repeating the text). */
export type Parsed<T> = { readonly value: T } | { readonly wrong: string; readonly hint?: string };
export interface ScalarOptions {
  readonly doc: string;
  readonly default?: string;
}
interface ScalarSpec<T> extends ScalarOptions {
  readonly type: string;
  readonly schema: JsonSchema;
  readonly secret?: boolean;
  readonly parse: (text: string, reading: Reading, node: TextNode) => Parsed<T>;
}

/** A setting of one value, made of a parser. */
export const scalar = <T>(spec: ScalarSpec<T>): Setting<T, false> => {
  const secret = spec.secret ?? false;
  const missing = (place: Place, path: string, reading: Reading): Wrong => {
    reading.report('missing-setting', 'error', place, `${path} must be set (${spec.type})`);
    return WRONG;
  };
  const parse = (text: string, node: TextNode, path: string, reading: Reading): T | Wrong => {
    const parsed = spec.parse(text, reading, node);
    if ('value' in parsed) return parsed.value;
    const written = secret || node.text !== text ? '' : ` “${text}”`;
    reading.report('bad-value', 'error', node.place, `${path}:${written} ${parsed.wrong}`, parsed.hint);
    return WRONG;
  };
  const setting: Setting<T, false> = {
    doc: spec.doc,
    type: spec.type,
    optional: false,
    ...(spec.default === undefined ? {} : { fallback: spec.default }),
    secret,
    restart: false,
    shape: { kind: 'scalar' },
    schema: {
      description: spec.doc,
      ...(spec.default === undefined ? {} : { default: spec.default }),
      anyOf: [spec.schema, { $ref: '#/definitions/reference' }],
    },
    read(node, path, reading) {
      if (node.kind !== 'text') {
        reading.report('bad-value', 'error', node.place, `${path}: ${nodeWord(node)} stands where ${spec.type} is expected`);
        return WRONG;
      }
      const text = fillIn(node, secret, reading);
      if (text === WRONG) return WRONG;
      return text === '' && node.style === 'plain' ? EMPTY : parse(text, node, path, reading);
    },
    absent(owner, path, reading) {
      return spec.default === undefined ? missing(owner, path, reading) : parse(spec.default, textNode(owner, spec.default), path, reading);
    },
  };
  return setting;
};
