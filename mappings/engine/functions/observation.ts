import type { Repetition, Segment } from '../../../formats/hl7v2/reader.ts';
import type { Json } from '../../../records/mapped.ts';
import { dateOfTimestamp, dateTimeOfTimestamp, timestampDate, timestampDateTime } from '../dates.ts';
import { segmentPlace } from '../inbound/place-text.ts';
import type { Run } from '../run.ts';
import { Composite, Invalid, type Item, isModel, type Model, SegmentItem, type Value } from '../value.ts';
import { codingComponents, codingOf, systemUri } from './codes.ts';
import type { FunctionSpec } from './function.ts';

const NUMBER = /^(<=|>=|<|>)?\s*([+-]?\d+(?:\.\d+)?)$/;

/** OBX-6 as the unit of a quantity. */
const unitOf = (segment: Segment): Model => {
  const [unit] = segment.field(6).repetitions();
  const [code, display, system] = [unit?.component(1), unit?.component(2), systemUri(unit?.component(3))];
  const shown = display ?? code;
  return {
    ...(shown === undefined ? {} : { unit: shown }),
    ...(code === undefined || system === undefined ? {} : { code, system }),
  };
};
const quantity = (text: string, unit: Model, comparator?: string): Model | undefined => {
  const found = NUMBER.exec(text.trim());
  if (found === null) return undefined;
  const sign = comparator === undefined || comparator === '=' ? found[1] : comparator;
  return { value: found[2] ?? '', ...(sign === undefined ? {} : { comparator: sign }), ...unit };
};

/** SN: comparator ^ number ^ separator ^ number (v2.5.1 §2.A.71). */
const structured = (repetition: Repetition, unit: Model): Model | undefined => {
  const [comparator, first, separator, second] = [1, 2, 3, 4].map((n) => repetition.component(n));
  if (first === undefined) return undefined;
  const low = quantity(first, unit, comparator);
  const high = second === undefined ? undefined : quantity(second, unit);
  if (low === undefined) return undefined;
  if (separator === undefined) return comparator === '<>' ? undefined : { type: 'quantity', ...low };
  if (high === undefined || comparator !== undefined) return undefined;
  if (separator === '-') return { type: 'range', low, high };
  return separator === ':' || separator === '/' ? { type: 'ratio', numerator: low, denominator: high } : undefined;
};

const repetitionsOf = (segments: readonly Segment[]): Repetition[] =>
  segments.flatMap((segment) =>
    segment
      .field(5)
      .repetitions()
      .filter((one) => one.end > one.start && !one.isNull),
  );
const asText = (repetitions: readonly Repetition[]): Model => ({ type: 'text', text: repetitions.map((one) => one.laidOut()).join('\n') });

/** The value of one or several OBX that are one result, by OBX-2. What cannot be read as its type says is kept as text, with an issue. */
const resultValue = (segments: readonly Segment[], run: Run, note: (code: string, source: string) => void): Value => {
  const [first] = segments;
  if (first === undefined) return undefined;
  const repetitions = repetitionsOf(segments);
  const [only, more] = repetitions;
  if (only === undefined) return undefined;
  const type = first.text(2) ?? '';
  const place = `${segmentPlace(first)}-5`;
  if (segments.some((segment) => (segment.text(2) ?? '') !== type)) {
    note('value-types-differ', place);
    return asText(repetitions);
  }
  const kept = (code: string): Model => {
    note(code, place);
    return asText(repetitions);
  };
  switch (type) {
    case 'NM': {
      const number = more === undefined ? quantity(only.text(), unitOf(first)) : undefined;
      return number === undefined ? kept(more === undefined ? 'not-a-number' : 'several-numbers') : { type: 'quantity', ...number };
    }
    case 'SN':
      return (more === undefined ? structured(only, unitOf(first)) : undefined) ?? kept('not-a-structured-number');
    case 'CE':
    case 'CWE':
    case 'CNE':
    case 'CF': {
      const codings = repetitions.map(codingOf).filter((coding) => coding !== undefined);
      return codings.length === 0 ? undefined : { type: 'coding', codings };
    }
    case 'DT':
    case 'TS':
    case 'DTM': {
      const text = only.component(1) ?? '';
      const date = more !== undefined ? undefined : type === 'DT' ? dateOfTimestamp(text) : dateTimeOfTimestamp(text, run.zone);
      if (date === undefined) return kept('date');
      return date.includes('T') ? { type: 'dateTime', dateTime: date } : { type: 'date', date };
    }
    case 'ED':
      return new Invalid('value-is-a-document', null);
    case '':
      return kept('value-type-missing');
    default:
      return asText(repetitions);
  }
};

const textIn = (model: Model, key: string): string | undefined => (typeof model[key] === 'string' ? model[key] : undefined);
const modelIn = (model: Model, key: string): Model => {
  const value = model[key];
  return isModel(value) ? value : {};
};
const shownQuantity = (model: Model): (string | undefined)[] => [textIn(model, 'comparator'), textIn(model, 'value')];

/** OBX-2 for a value: the type on which its OBX-5 is written. */
export const hl7TypeOfValue = (value: Model): string | undefined => {
  switch (value.type) {
    case 'quantity':
      return value.comparator === undefined ? 'NM' : 'SN';
    case 'range':
    case 'ratio':
      return 'SN';
    case 'coding':
      return 'CE';
    case 'date':
      return 'DT';
    case 'dateTime':
      return 'TS';
    case 'text': {
      const text = textIn(value, 'text') ?? '';
      return text.length > 199 || /[\r\n]/.test(text) ? 'TX' : 'ST';
    }
    default:
      return undefined;
  }
};

const writeValue = (item: Item, run: Run): Value => {
  if (!isModel(item)) return undefined;
  const pair = (first: Model, separator: string, second: Model): Value =>
    new Composite([undefined, textIn(first, 'value'), separator, textIn(second, 'value')]);
  switch (item.type) {
    case 'quantity':
      return item.comparator === undefined ? textIn(item, 'value') : new Composite(shownQuantity(item));
    case 'range':
      return pair(modelIn(item, 'low'), '-', modelIn(item, 'high'));
    case 'ratio':
      return pair(modelIn(item, 'numerator'), ':', modelIn(item, 'denominator'));
    case 'coding': {
      const codings: readonly Json[] = Array.isArray(item.codings) ? item.codings : [];
      return codings.filter(isModel).map((coding) => new Composite(codingComponents(coding)));
    }
    case 'date':
      return timestampDate(textIn(item, 'date') ?? '', run.zone);
    case 'dateTime':
      return timestampDateTime(textIn(item, 'dateTime') ?? '', run.zone);
    default:
      return textIn(item, 'text');
  }
};

export const OBSERVATION_FUNCTIONS: readonly FunctionSpec[] = [
  {
    name: 'observation',
    args: [],
    wants: 'segment',
    build: (call) => {
      if (!call.inbound) {
        if (call.from !== 'Value' && call.from !== 'any') return call.fault('type-break', 'observation works on the value of a result');
        return { gives: 'hl7:varies', apply: writeValue };
      }
      if (call.from !== 'segment:OBX') return call.fault('type-break', 'observation works on OBX segments', 'write OBX[*] | observation');
      const { meta } = call.site;
      return {
        gives: 'Value',
        applyList: (items, run) =>
          resultValue(
            items.flatMap((item) => (item instanceof SegmentItem ? [item.segment] : [])),
            run,
            (code, source) => run.note(code, meta, source),
          ),
      };
    },
  },
  {
    name: 'hl7Type',
    args: [],
    wants: 'whole',
    build: (call) => {
      if (call.inbound) return call.fault('direction', 'hl7Type belongs in outbound mappings');
      if (call.from !== 'Value' && call.from !== 'any') return call.fault('type-break', 'hl7Type works on the value of a result');
      return { gives: 'text', apply: (item) => (isModel(item) ? hl7TypeOfValue(item) : undefined) };
    },
  },
];
