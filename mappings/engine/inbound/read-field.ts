import type { Repetition, Segment } from '../../../formats/hl7v2/reader.ts';
import type { Predicate } from '../../../language/condition-compile.ts';
import { Cell, CLEARED, type One, type Value } from '../value.ts';
import type { InboundRun } from './inbound-run.ts';
import { valuePlace } from './place-text.ts';

/** Which repetitions of a field: all of them, one by number, or those that fit. */
export type Chosen =
  | { readonly kind: 'all' }
  | { readonly kind: 'index'; readonly index: number }
  | { readonly kind: 'fit'; readonly fits: Predicate<InboundRun> };

export interface FieldRead {
  readonly field: number;
  readonly chosen: Chosen;
  /** Undefined = the whole repetition. */
  readonly component: number | undefined;
  readonly subcomponent: number | undefined;
}

const NULL = '""';

const partOf = (repetition: Repetition, component: number, subcomponent: number): One => {
  const text = repetition.subcomponent(component, subcomponent);
  if (text === NULL) return CLEARED;
  return text === undefined && repetition.isNull ? CLEARED : text;
};
/** Something stands in the repetition besides delimiters. */
const says = (repetition: Repetition): boolean => {
  if (repetition.end <= repetition.start) return false;
  if (repetition.component(1) !== undefined) return true;
  for (let n = repetition.componentCount(); n > 0; n -= 1) if (repetition.rawComponent(n).length > 0) return true;
  return false;
};
const cellOf = (segment: Segment, field: number, index: number, repetition: Repetition): One => {
  if (repetition.isNull) return CLEARED;
  return says(repetition) ? new Cell(segment, field, index, repetition) : undefined;
};

/** Repetitions in sight with their numbers. */
const each = (segment: Segment, read: FieldRead, run: InboundRun, visit: (repetition: Repetition, index: number) => void): void => {
  const repetitions = run.field(segment, read.field).repetitions();
  const { chosen } = read;
  for (let at = 0; at < repetitions.length; at += 1) {
    const repetition = repetitions[at];
    if (repetition === undefined) continue;
    if (chosen.kind === 'index' && at + 1 !== chosen.index) continue;
    if (chosen.kind === 'fit') {
      const outer = run.lookedRepetition;
      run.lookedRepetition = repetition;
      const fits = chosen.fits(run);
      run.lookedRepetition = outer;
      if (!fits) continue;
    }
    visit(repetition, at + 1);
  }
};

/** Values of one segment. `whole` gives cells, else text. */
export const fieldReader = (read: FieldRead, whole: boolean): ((segment: Segment, run: InboundRun) => Value) => {
  const { field, chosen } = read;
  const component = read.component ?? 1;
  const subcomponent = read.subcomponent ?? 1;
  const several = (segment: Segment, run: InboundRun): Value => {
    let first: One;
    let list: One[] | undefined;
    each(segment, read, run, (repetition, index) => {
      const one = whole ? cellOf(segment, field, index, repetition) : partOf(repetition, component, subcomponent);
      if (list !== undefined) list.push(one);
      else if (first === undefined) first = one;
      else list = [first, one];
    });
    return list ?? first;
  };
  if (whole || chosen.kind !== 'all') return several;
  return (segment, run) => {
    const span = segment.span(field);
    if (span === undefined || span.end <= span.start) return undefined;
    if (hasRepetitions(run, span.start, span.end)) return several(segment, run);
    const text = segment.text(field, 1, component, subcomponent);
    if (text !== undefined) return text === NULL ? CLEARED : text;
    // A field that is `""` as a whole is cleared in all its parts.
    return segment.field(field).isNull ? CLEARED : undefined;
  };
};

/** Longer fields are searched by memory scan. */
const SHORT = 64;

/** More than one repetition, empty ones included: what stands behind an empty one must not be missed. */
const hasRepetitions = (run: InboundRun, start: number, end: number): boolean => {
  const { scanned, delimiters } = run.message;
  const code = delimiters.repetition.charCodeAt(0);
  if (end - start > SHORT) return scanned.subarray(start, end).includes(code);
  for (let at = start; at < end; at += 1) if (scanned[at] === code) return true;
  return false;
};

/** Places of the values, in the order in which they are read. */
export const fieldPlaces = (segment: Segment, read: FieldRead, run: InboundRun): string[] => {
  const places: string[] = [];
  each(segment, read, run, (_repetition, index) => places.push(valuePlace(segment, read.field, index, read.component, read.subcomponent)));
  return places;
};
