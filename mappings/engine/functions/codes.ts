import type { Repetition } from '../../../formats/hl7v2/reader.ts';
import type { Json } from '../../../records/mapped.ts';
import type { Table } from '../table.ts';
import { hl7TypeOf, isHl7, isPlain } from '../types.ts';
import { Cell, Composite, Invalid, type Item, isModel, type Model, plainText, type Value } from '../value.ts';
import type { FunctionSpec } from './function.ts';

/** HL7 table 0396 and the names UK senders use → URI by which FHIR UK Core knows the code system. */
const SYSTEM_URIS: Readonly<Record<string, string>> = {
  SCT: 'http://snomed.info/sct',
  SNOMED: 'http://snomed.info/sct',
  'SNOMED-CT': 'http://snomed.info/sct',
  'SNOMED CT': 'http://snomed.info/sct',
  SNM: 'http://snomed.info/sct',
  LN: 'http://loinc.org',
  LOINC: 'http://loinc.org',
  I10: 'http://hl7.org/fhir/sid/icd-10',
  ICD10: 'http://hl7.org/fhir/sid/icd-10',
  DMD: 'https://dmd.nhs.uk',
  'DM+D': 'https://dmd.nhs.uk',
  READ2: 'http://read.info/readv2',
  RCV2: 'http://read.info/readv2',
  CTV3: 'http://read.info/ctv3',
  UCUM: 'http://unitsofmeasure.org',
  OPCS4: 'https://fhir.nhs.uk/Id/opcs-4',
};
/** The way back; the first name of each system above. */
const SYSTEM_NAMES = new Map<string, string>();
for (const [name, uri] of Object.entries(SYSTEM_URIS)) if (!SYSTEM_NAMES.has(uri)) SYSTEM_NAMES.set(uri, name);

/** URI of a naming system where one is known; else its name as sent. */
export const systemUri = (name: string | undefined): string | undefined =>
  name === undefined ? undefined : (SYSTEM_URIS[name.toUpperCase()] ?? name);
/** Name of table 0396 for a URI; else the URI itself. */
export const systemName = (uri: string | undefined): string | undefined => (uri === undefined ? undefined : (SYSTEM_NAMES.get(uri) ?? uri));

const part = (code: string | undefined, system: string | undefined, display: string | undefined): Record<string, Json> | undefined => {
  if (code === undefined && display === undefined) return undefined;
  const out: Record<string, Json> = {};
  if (code !== undefined) out.code = code;
  if (system !== undefined) out.system = system;
  if (display !== undefined) out.display = display;
  return out;
};

/** A CE or CWE as one coding that keeps all it says: alternates as translations, text without a code as the sender's own words. */
export const codingOf = (repetition: Repetition): Model | undefined => {
  const c = (n: number): string | undefined => {
    const text = repetition.component(n);
    return text === '""' ? undefined : text;
  };
  const last = repetition.componentCount();
  const [code, display] = [c(1), c(2)];
  const found = code === undefined ? [] : [part(code, systemUri(c(3)), display)];
  if (last > 3) found.push(part(c(4), systemUri(c(6)), c(5)));
  if (last > 9) found.push(part(c(10), systemUri(c(12)), c(11)));
  const [first, ...rest] = found.filter((one) => one !== undefined);
  const words = (last > 8 ? c(9) : undefined) ?? (code === undefined ? display : undefined);
  if (first === undefined) return words === undefined ? undefined : { originalText: words };
  if (words !== undefined) first.originalText = words;
  if (rest.length > 0) first.translations = rest;
  return first;
};

const stringIn = (model: Model, key: string): string | undefined => {
  const value = model[key];
  return typeof value === 'string' ? value : undefined;
};

/** A coding as CE components: code, display or the sender's words, system, and the first translation as the alternate. */
export const codingComponents = (coding: Model): readonly (string | undefined)[] => {
  const translations = Array.isArray(coding.translations) ? coding.translations : [];
  const [other] = translations.filter(isModel);
  const main = [
    stringIn(coding, 'code'),
    stringIn(coding, 'display') ?? stringIn(coding, 'originalText'),
    systemName(stringIn(coding, 'system')),
  ];
  return other === undefined ? main : [...main, stringIn(other, 'code'), stringIn(other, 'display'), systemName(stringIn(other, 'system'))];
};

const lookUp = (table: Table, reverse: boolean): ((text: string) => Value) => {
  const codes = reverse ? table.backward : table.forward;
  const unlisted = reverse ? table.unlistedBack : table.unlisted;
  return (text) => {
    const found = codes.get(text);
    if (found !== undefined) return found;
    if (unlisted.kind === 'value') return unlisted.value;
    return unlisted.kind === 'keep' ? text : new Invalid('not-in-table', text);
  };
};

const onPlain =
  (change: (text: string) => Value) =>
  (item: Item): Value => {
    const text = plainText(item);
    return text === undefined ? undefined : change(text);
  };

/** Types that hold a code; of ID, IS and ST it is the code alone. */
const CODED = new Set(['CE', 'CWE', 'CNE', 'ID', 'IS', 'ST', 'varies']);

export const CODE_FUNCTIONS: readonly FunctionSpec[] = [
  {
    name: 'table',
    args: ['table'],
    wants: 'text',
    build: (call) => {
      if (call.table === undefined) return undefined;
      if (!isPlain(call.from) && !isHl7(call.from)) return call.fault('type-break', 'table works on a code');
      if (call.reverse && call.table.backward.size === 0)
        return call.fault('table', `table "${call.table.name}" has no row for the way back`, 'mark rows with yes in a column reverse');
      return { gives: 'text', apply: onPlain(lookUp(call.table, call.reverse)) };
    },
  },
  {
    name: 'map',
    args: ['pairs'],
    wants: 'text',
    build: (call) => {
      if (!isPlain(call.from) && !isHl7(call.from)) return call.fault('type-break', 'map works on a code');
      const { pairs, otherwise } = call;
      return {
        gives: 'text',
        apply: onPlain(
          (text) => (pairs.get(text) as string | undefined) ?? (otherwise as string | undefined) ?? new Invalid('not-listed', text),
        ),
      };
    },
  },
  {
    name: 'coding',
    args: [],
    wants: 'whole',
    build: (call) => {
      if (!call.inbound) {
        if (call.from !== 'Coding' && call.from !== 'any') return call.fault('type-break', 'coding works on a Coding');
        return { gives: 'hl7:CE', apply: (item) => (isModel(item) ? new Composite(codingComponents(item)) : undefined) };
      }
      if (!isPlain(call.from) && !(isHl7(call.from) && CODED.has(hl7TypeOf(call.from))))
        return call.fault('type-break', 'coding works on a coded field, such as a CE');
      return {
        gives: 'Coding',
        apply: (item) => {
          if (item instanceof Cell) return codingOf(item.repetition);
          const code = plainText(item);
          return code === undefined ? undefined : { code };
        },
      };
    },
  },
  {
    name: 'code',
    args: ['text', 'path'],
    optional: true,
    wants: 'text',
    build: (call) => {
      if (!isPlain(call.from) && !isHl7(call.from)) return call.fault('type-break', 'code works on text');
      const system = systemUri(call.texts[0]);
      if (system === undefined) return call.fault('arguments', 'code needs the system', 'write code("http://snomed.info/sct", OBX-3.2)');
      const [words] = call.paths;
      return {
        gives: 'Coding',
        apply: (item, run) => {
          const code = plainText(item);
          if (code === undefined) return undefined;
          const display = typeof words === 'string' || words === undefined ? words : words.read(run);
          return { code, system, ...(typeof display === 'string' ? { display } : {}) };
        },
      };
    },
  },
];
