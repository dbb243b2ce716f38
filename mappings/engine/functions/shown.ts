import type { Json } from '../../../records/mapped.ts';
import { Composite, type Item, isModel, type Model, plainText } from '../value.ts';
import type { FunctionSpec } from './function.ts';

const text = (model: Model, key: string): string | undefined =>
  typeof model[key] === 'string' && model[key] !== '' ? model[key] : undefined;
const list = (value: Json | undefined): readonly Json[] => (Array.isArray(value) ? value : []);
const join = (parts: readonly (string | undefined)[], between: string): string | undefined => {
  const stated = parts.filter((part) => part !== undefined && part !== '');
  return stated.length === 0 ? undefined : stated.join(between);
};
const inner = (model: Model, key: string): string | undefined => {
  const value = model[key];
  return isModel(value) ? shown(value) : undefined;
};

/** SMITH, John (Mr): surname first and in capitals, as the NHS common user interface guidance has it. */
const nameShown = (name: Model): string | undefined => {
  const given = join(
    list(name.given).map((one) => String(one)),
    ' ',
  );
  const whole = join([text(name, 'family')?.toUpperCase(), given], ', ') ?? text(name, 'text');
  const prefix = join(
    list(name.prefix).map((one) => String(one)),
    ' ',
  );
  return whole === undefined || prefix === undefined ? whole : `${whole} (${prefix})`;
};
const quantityShown = (quantity: Model): string | undefined => {
  const value = text(quantity, 'value');
  if (value === undefined) return undefined;
  return join([`${text(quantity, 'comparator') ?? ''}${value}`, text(quantity, 'unit') ?? text(quantity, 'code')], ' ');
};
const valueShown = (value: Model): string | undefined => {
  switch (value.type) {
    case 'quantity':
      return quantityShown(value);
    case 'range':
      return join([inner(value, 'low'), inner(value, 'high')], ' to ');
    case 'ratio':
      return join([inner(value, 'numerator'), inner(value, 'denominator')], ':');
    case 'coding':
      return join(
        list(value.codings).map((one) => (isModel(one) ? shown(one) : undefined)),
        ', ',
      );
    default:
      return text(value, 'text') ?? text(value, 'date') ?? text(value, 'dateTime');
  }
};

/** The shape of a model object tells its type: no two types of the canonical model share the fields looked at here. */
const shown = (model: Model): string | undefined => {
  if (
    'type' in model &&
    ('codings' in model ||
      'text' in model ||
      'date' in model ||
      'dateTime' in model ||
      'low' in model ||
      'numerator' in model ||
      'value' in model)
  )
    return valueShown(model);
  if ('family' in model || 'given' in model) return nameShown(model);
  if ('line' in model || 'postcode' in model || 'city' in model)
    return join(
      [
        ...list(model.line).map((one) => String(one)),
        text(model, 'city'),
        text(model, 'district'),
        text(model, 'postcode'),
        text(model, 'country'),
      ],
      ', ',
    );
  if ('odsCode' in model || 'agencyCode' in model) return text(model, 'name') ?? text(model, 'odsCode') ?? text(model, 'agencyCode');
  if ('name' in model) return inner(model, 'name');
  if ('value' in model && !('use' in model) && !('rank' in model)) return quantityShown(model);
  if ('value' in model) return text(model, 'value');
  if ('text' in model) return text(model, 'text');
  const code = model.code;
  if (isModel(code)) return shown(code);
  return text(model, 'display') ?? text(model, 'originalText') ?? text(model, 'code');
};

/** Any item as people read it. */
export const shownText = (item: Item): string | undefined =>
  isModel(item) ? shown(item) : item instanceof Composite ? undefined : plainText(item);

export const SHOWN_FUNCTIONS: readonly FunctionSpec[] = [
  {
    name: 'text',
    args: ['text'],
    optional: true,
    wants: 'whole',
    build: (call) => {
      const [pattern] = call.texts;
      if (pattern === undefined) return { gives: 'text', apply: shownText };
      const places = [...pattern].filter((character) => character === '0').length;
      if (places === 0) return call.fault('arguments', 'text takes a shape of noughts', 'write text("000 000 0000")');
      return {
        gives: 'text',
        apply: (item) => {
          const plain = shownText(item);
          if (plain === undefined || plain.length !== places) return plain;
          let next = 0;
          return pattern.replace(/0/g, () => plain[next++] ?? '');
        },
      };
    },
  },
];
