import {
  dateByPattern,
  dateOfTimestamp,
  dateTimeByPattern,
  dateTimeOfTimestamp,
  patternFault,
  showDate,
  timestampDate,
  timestampDateTime,
} from '../dates.ts';
import type { Run } from '../run.ts';
import { hl7TypeOf, isHl7, isPlain } from '../types.ts';
import { Invalid, type Item, plainText } from '../value.ts';
import type { Built, BuiltCall, FunctionSpec } from './function.ts';

const TIMES = new Set(['TS', 'DT', 'DTM', 'TM', 'ST', 'varies', 'ID', 'IS', 'NM']);
const CANONICAL = /^\d{4}(-\d{2}(-\d{2}(T.*Z)?)?)?$/;

const inward = <R extends Run>(call: BuiltCall<R>, name: 'date' | 'dateTime'): Built<R> | undefined => {
  if (!isPlain(call.from) && !(isHl7(call.from) && TIMES.has(hl7TypeOf(call.from))))
    return call.fault('type-break', `${name} works on a time or on text`);
  const [pattern] = call.texts;
  const fault = pattern === undefined ? undefined : patternFault(pattern);
  if (fault !== undefined) return call.fault('pattern', fault);
  const read = (text: string, run: Run): string | undefined => {
    if (pattern !== undefined) return name === 'date' ? dateByPattern(text, pattern) : dateTimeByPattern(text, pattern, run.zone);
    // A time that is canonical already (message.receivedAt) stays as it is.
    if (CANONICAL.test(text) && text.length !== 4) return name === 'date' ? text.slice(0, 10) : text;
    return name === 'date' ? dateOfTimestamp(text) : dateTimeOfTimestamp(text, run.zone);
  };
  return {
    gives: name,
    apply: (item, run) => {
      const text = plainText(item);
      return text === undefined ? undefined : (read(text, run) ?? new Invalid(name === 'date' ? 'date' : 'date-time', text));
    },
  };
};

const outward = <R extends Run>(call: BuiltCall<R>, name: 'date' | 'dateTime'): Built<R> | undefined => {
  if (call.from !== 'date' && call.from !== 'dateTime' && call.from !== 'any')
    return call.fault('type-break', `${name} works on a date or a date and time`);
  const [pattern] = call.texts;
  const fault = pattern === undefined ? undefined : patternFault(pattern);
  if (fault !== undefined) return call.fault('pattern', fault);
  const show = (item: Item, run: Run): string | Invalid | undefined => {
    const text = plainText(item);
    if (text === undefined) return undefined;
    if (!CANONICAL.test(text)) return new Invalid(name === 'date' ? 'date' : 'date-time', text);
    if (pattern !== undefined) return showDate(text, pattern, run.zone);
    if (call.output === 'hl7') return name === 'date' ? timestampDate(text, run.zone) : timestampDateTime(text, run.zone);
    return name === 'date' ? showDate(text, 'yyyy-MM-dd', run.zone) : showDate(text, 'yyyy-MM-dd HH:mm', run.zone);
  };
  return { gives: call.output === 'hl7' && pattern === undefined ? 'hl7:TS' : 'text', apply: show };
};

const time = (name: 'date' | 'dateTime'): FunctionSpec => ({
  name,
  args: ['text'],
  optional: true,
  wants: 'text',
  build: (call) => (call.inbound ? inward(call, name) : outward(call, name)),
});

export const TIME_FUNCTIONS: readonly FunctionSpec[] = [time('date'), time('dateTime')];
