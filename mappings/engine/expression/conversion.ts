import { isComposite } from '../dictionary.ts';
import type { Run } from '../run.ts';
import { hl7TypeOf, isHl7, isPlain, type Target, type TypeName } from '../types.ts';
import { Invalid, type Item, isModel, plainText, type Value } from '../value.ts';
import { type LineSite, reportAt } from './scope.ts';

type Convert = (item: Item, run: Run) => Value;
const asText: Convert = (item) => plainText(item);

/** Function that turns a source type into what the target needs, for the hint of a type break. */
const NEEDED: Readonly<Record<string, string>> = {
  date: 'date',
  dateTime: 'dateTime',
  decimal: 'number',
  Coding: 'coding',
  HumanName: 'humanName',
  Address: 'address',
  ContactPoint: 'phone',
  Practitioner: 'practitioner',
  Quantity: 'quantity(…)',
  Attachment: 'attachment',
  Value: 'observation',
  Organisation: 'establishment',
  Reference: 'link(kind.key)',
};

const flags: Readonly<Record<string, boolean>> = {
  true: true,
  false: false,
  yes: true,
  no: false,
  y: true,
  n: false,
  '1': true,
  '0': false,
};

const toPlain = (target: Target): Convert | undefined => {
  const { type, words, pattern } = target;
  if (type === 'flag')
    return (item) => {
      const text = plainText(item);
      return text === undefined ? undefined : (flags[text.toLowerCase()] ?? new Invalid('not-yes-or-no', text));
    };
  if (type === 'integer')
    return (item) => {
      const text = plainText(item);
      return text === undefined ? undefined : /^[+-]?\d{1,15}$/.test(text) ? Number(text) : new Invalid('number', text);
    };
  if (words !== undefined) {
    const known = new Set(words);
    return (item) => {
      const text = plainText(item);
      return text === undefined || known.has(text) ? text : new Invalid('not-a-word-of-this-field', text);
    };
  }
  if (pattern !== undefined && (type === 'ods' || type === 'decimal'))
    return (item) => {
      const text = plainText(item);
      return text === undefined || pattern.test(text) ? text : new Invalid(type === 'ods' ? 'ods-code' : 'number', text);
    };
  return undefined;
};

/**
 * Checks that a line's type fits its target and gives what turns one into the other (undefined in `step` where nothing has to be done).
 * A type break is reported at `offset` with the function that would help.
 */
export const conversion = (
  from: TypeName,
  target: Target,
  site: LineSite,
  offset: number,
): { readonly step: Convert | undefined } | undefined => {
  const broken = (hint?: string): undefined =>
    reportAt(site, offset, 'type-break', `${shown(from)} cannot go into ${site.meta.target}, which is ${shown(target.type)}`, hint);
  const { type } = target;
  if (type === 'any') return { step: undefined };
  if (from === 'any') return { step: isPlain(type) ? (toPlain(target) ?? asText) : undefined };
  if (isHl7(type)) return toHl7(from, type, broken);
  if (isPlain(type)) {
    if (isHl7(from)) {
      const source = hl7TypeOf(from);
      if (type === 'date' || type === 'dateTime') return broken(`write | ${type}`);
      if (isComposite(source))
        reportAt(
          site,
          offset,
          'several-components',
          `${source} has several components; the first alone is taken`,
          'name the component, or use a function that takes it whole',
          'warning',
        );
      return { step: toPlain(target) ?? asText };
    }
    if (from === type && (type === 'date' || type === 'dateTime')) return { step: undefined };
    if (type === 'dateTime' && from === 'date') return { step: undefined };
    if (type === 'date' || type === 'dateTime') return broken(isPlain(from) ? `write | ${type}` : undefined);
    if (from === 'Organisation' && type === 'ods')
      return { step: (item) => (isModel(item) && typeof item.odsCode === 'string' ? item.odsCode : undefined) };
    if (isPlain(from)) return { step: toPlain(target) };
    return broken(from === 'Coding' ? 'name a part of it, such as .code' : 'write | text, or name a part of it');
  }
  if (from === type) return { step: undefined };
  if (type === 'Reaction' && (isPlain(from) || isHl7(from))) return { step: (item) => wrapText(item, 'text') };
  if (type === 'Reaction' && from === 'Coding') return { step: (item) => (isModel(item) ? { code: item } : undefined) };
  if (type === 'object' && isPlain(from)) return { step: asText };
  const needed = NEEDED[type];
  return broken(needed === undefined ? undefined : `write | ${needed}`);
};

const wrapText = (item: Item, name: string): Value => {
  const text = plainText(item);
  return text === undefined ? undefined : { [name]: text };
};

/** Out to HL7: composites are made by their functions; dates by `date` and `dateTime`, so that no ISO text ends up in a TS. */
const toHl7 = (
  from: TypeName,
  type: TypeName,
  broken: (hint?: string) => undefined,
): { readonly step: Convert | undefined } | undefined => {
  if (from === type) return { step: undefined };
  if (from === 'date' || from === 'dateTime') return broken(`write | ${from}`);
  if (isPlain(from)) return { step: asText };
  const source = isHl7(from) ? hl7TypeOf(from) : undefined;
  const wanted = hl7TypeOf(type);
  if (source !== undefined && (wanted === 'varies' || source === 'varies' || family(source) === family(wanted))) return { step: undefined };
  return broken(NEEDED[from] === undefined ? 'write | text, or name a part of it' : `write | ${NEEDED[from]}`);
};

const FAMILIES: Readonly<Record<string, string>> = {
  CE: 'coded',
  CWE: 'coded',
  CNE: 'coded',
  DT: 'time',
  TS: 'time',
  DTM: 'time',
  ST: 'text',
  TX: 'text',
  FT: 'text',
  NM: 'text',
  ID: 'text',
  IS: 'text',
  SI: 'text',
};
const family = (type: string): string => FAMILIES[type] ?? type;

const shown = (type: TypeName): string => {
  if (isHl7(type)) return `an HL7 ${hl7TypeOf(type)}`;
  if (type.startsWith('segment:')) return `a segment ${type.slice('segment:'.length)}`;
  if (type.startsWith('record:')) return `a record ${type.slice('record:'.length)}`;
  return `a ${type}`;
};
