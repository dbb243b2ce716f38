import type { Repetition } from '../../../formats/hl7v2/reader.ts';
import type { Json } from '../../../records/mapped.ts';
import { dateOfTimestamp, timestampDate } from '../dates.ts';
import type { Run } from '../run.ts';
import { hl7TypeOf, isHl7, isPlain } from '../types.ts';
import { Cell, Composite, isModel, type Model, plainText } from '../value.ts';
import type { Built, BuiltCall, FunctionSpec } from './function.ts';
import { postcodeOf } from './identity.ts';

/** A part of a repetition; `""` inside a composite states nothing. */
const part = (repetition: Repetition, component: number, subcomponent = 1): string | undefined => {
  const text = repetition.subcomponent(component, subcomponent);
  return text === '""' ? undefined : text;
};
/** An object of what is stated; undefined where nothing is. */
const stated = (fields: Readonly<Record<string, Json | undefined>>): Model | undefined => {
  let out: Record<string, Json> | undefined;
  for (const name of Object.keys(fields)) {
    const value = fields[name];
    if (value === undefined || (Array.isArray(value) && value.length === 0)) continue;
    out ??= {};
    out[name] = value;
  }
  return out;
};
const words = (first: string | undefined, second?: string): string[] => {
  const found: string[] = [];
  for (const text of [first, second]) {
    if (text === undefined) continue;
    if (text.includes(' ')) found.push(...text.split(/\s+/).filter(Boolean));
    else found.push(text);
  }
  return found;
};
const swap = (table: Readonly<Record<string, string>>): ReadonlyMap<string, string> => {
  const swapped = new Map<string, string>();
  for (const [code, word] of Object.entries(table)) if (!swapped.has(word)) swapped.set(word, code);
  return swapped;
};

/** HL7 table 0200, as far as FHIR name-use has a word. */
const NAME_USES: Readonly<Record<string, string>> = {
  L: 'official',
  D: 'usual',
  A: 'alias',
  M: 'maiden',
  N: 'nickname',
  S: 'anonymous',
  TEMP: 'temp',
  BAD: 'old',
};
const NAME_CODES = swap(NAME_USES);

/** XPN, or the name in an XCN, whose components stand one further. */
const nameOf = (repetition: Repetition, shift: 0 | 1): Model | undefined => {
  const use = shift === 0 ? NAME_USES[part(repetition, 7) ?? ''] : undefined;
  return stated({
    use: part(repetition, 1 + shift) === undefined && part(repetition, 2 + shift) === undefined ? undefined : use,
    family: part(repetition, 1 + shift),
    given: words(part(repetition, 2 + shift), part(repetition, 3 + shift)),
    prefix: words(part(repetition, 5 + shift)),
    suffix: words(part(repetition, 4 + shift), part(repetition, 6 + shift)),
  });
};

const textIn = (model: Model, key: string): string | undefined => {
  const value = model[key];
  return typeof value === 'string' ? value : undefined;
};
const listIn = (model: Model, key: string): readonly string[] => {
  const value = model[key];
  return Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string') : [];
};

const nameComponents = (name: Model): readonly (string | undefined)[] => {
  const [first, ...others] = listIn(name, 'given');
  return [
    textIn(name, 'family') ?? textIn(name, 'text'),
    first,
    others.join(' '),
    listIn(name, 'suffix').join(' '),
    listIn(name, 'prefix').join(' '),
  ];
};

/** HL7 table 0190. */
const ADDRESS_USES: Readonly<Record<string, string>> = {
  H: 'home',
  P: 'home',
  C: 'temp',
  TMP: 'temp',
  B: 'work',
  O: 'work',
  BA: 'old',
  BI: 'billing',
};
const ADDRESS_CODES = swap(ADDRESS_USES);

const addressOf = (repetition: Repetition): Model | undefined => {
  const out: Record<string, Json> = {};
  const line: string[] = [];
  const put = (name: string, value: string | undefined): void => {
    if (value !== undefined) out[name] = value;
  };
  const day = (component: number): string | undefined => {
    const text = part(repetition, component);
    return text === undefined ? undefined : dateOfTimestamp(text);
  };
  const last = repetition.componentCount();
  const code = last < 7 ? '' : (part(repetition, 7) ?? '');
  const [street, designation, postcode] = [part(repetition, 1), part(repetition, 2), part(repetition, 5)];
  if (street !== undefined) line.push(street);
  if (designation !== undefined) line.push(designation);
  put('use', ADDRESS_USES[code]);
  if (code === 'M') out.type = 'postal';
  const kindOnly = Object.keys(out).length;
  if (line.length > 0) out.line = line;
  put('city', part(repetition, 3));
  put('district', part(repetition, 4) ?? part(repetition, 9));
  put('postcode', postcode === undefined ? undefined : (postcodeOf(postcode) ?? postcode));
  put('country', part(repetition, 6));
  if (last > 12) {
    put('started', day(13));
    put('ended', day(14));
  }
  // What kind of address it is says nothing without an address.
  return Object.keys(out).length > kindOnly ? out : undefined;
};

const practitionerOf = (repetition: Repetition): Model | undefined => {
  const id = part(repetition, 1);
  return stated({
    id,
    idSystem: id === undefined ? undefined : (part(repetition, 9) ?? part(repetition, 13)),
    name: nameOf(repetition, 1),
  });
};

const NAMED = new Set(['XPN', 'XCN', 'PPN', 'varies']);

const composite = (
  name: string,
  canonical: string,
  hl7: string,
  accepts: ReadonlySet<string>,
  read: (cell: Cell, from: string) => Model | undefined,
  ofText: (text: string) => Model,
  write: (model: Model, run: Run) => readonly (string | undefined)[],
): FunctionSpec => ({
  name,
  args: [],
  wants: 'whole',
  build: <R extends Run>(call: BuiltCall<R>): Built<R> | undefined => {
    const { from } = call;
    if (!call.inbound) {
      if (from !== canonical && from !== 'any') return call.fault('type-break', `${name} works on a ${canonical}`);
      return { gives: `hl7:${hl7}`, apply: (item, run) => (isModel(item) ? new Composite(write(item, run)) : undefined) };
    }
    const source = isHl7(from) ? hl7TypeOf(from) : undefined;
    if (source === undefined ? !isPlain(from) : !accepts.has(source))
      return call.fault('type-break', `${name} works on ${[...accepts].filter((type) => type !== 'varies').join(' or ')}, or on text`);
    return {
      gives: canonical,
      apply: (item) => {
        if (item instanceof Cell) return read(item, source ?? '');
        const text = plainText(item)?.trim();
        return text === undefined || text === '' ? undefined : ofText(text);
      },
    };
  },
});

export const PEOPLE_FUNCTIONS: readonly FunctionSpec[] = [
  composite(
    'humanName',
    'HumanName',
    'XPN',
    NAMED,
    ({ repetition }, from) => nameOf(repetition, from === 'XCN' || from === 'PPN' ? 1 : 0),
    (text) => ({ text }),
    (name) => [...nameComponents(name), undefined, NAME_CODES.get(textIn(name, 'use') ?? '')],
  ),
  composite(
    'address',
    'Address',
    'XAD',
    new Set(['XAD', 'varies']),
    ({ repetition }) => addressOf(repetition),
    (text) => ({ line: [text] }),
    (address, run) => {
      const [first, ...others] = listIn(address, 'line');
      const day = (key: string): string | undefined => {
        const value = textIn(address, key);
        return value === undefined ? undefined : timestampDate(value, run.zone);
      };
      const code = ADDRESS_CODES.get(textIn(address, 'use') ?? '') ?? (textIn(address, 'type') === 'postal' ? 'M' : undefined);
      const place = [textIn(address, 'city'), textIn(address, 'district'), textIn(address, 'postcode'), textIn(address, 'country'), code];
      return [first, others.join(', '), ...place, undefined, undefined, undefined, undefined, undefined, day('started'), day('ended')];
    },
  ),
  composite(
    'practitioner',
    'Practitioner',
    'XCN',
    new Set(['XCN', 'PPN', 'varies']),
    ({ repetition }) => practitionerOf(repetition),
    (text) => ({ name: { text } }),
    (person) => {
      const name = person.name;
      return [
        textIn(person, 'id'),
        ...(isModel(name) ? nameComponents(name) : [undefined, undefined, undefined, undefined, undefined]),
        undefined,
        undefined,
        textIn(person, 'idSystem'),
      ];
    },
  ),
];
