import type { Repetition, Segment } from '../../formats/hl7v2/reader.ts';
import type { ComponentValue } from '../../formats/hl7v2/writer.ts';
import type { Json } from '../../records/mapped.ts';
import type { CanonicalRecord } from '../../records/record.ts';

/** What travels through a line. Unstated is `undefined`; cleared (`""`) is `CLEARED`; all else is stated. */
export const CLEARED: unique symbol = Symbol('cleared');
export type Cleared = typeof CLEARED;

/** A value that a function refused. `kept` is what `invalid(keep)` keeps: the text as sent. */
export class Invalid {
  readonly code: string;
  readonly kept: Json;
  constructor(code: string, kept: Json) {
    this.code = code;
    this.kept = kept;
  }
}

/** One repetition of an HL7 field, whole, with where it stands. */
export class Cell {
  readonly segment: Segment;
  readonly field: number;
  /** From 1. */
  readonly index: number;
  readonly repetition: Repetition;
  constructor(segment: Segment, field: number, index: number, repetition: Repetition) {
    this.segment = segment;
    this.field = field;
    this.index = index;
    this.repetition = repetition;
  }
}

/** One HL7 segment, whole. */
export class SegmentItem {
  readonly segment: Segment;
  constructor(segment: Segment) {
    this.segment = segment;
  }
}

/** A canonical record an outbound mapping looks at, with its place in the list it came from (from 1). */
export class RecordItem {
  readonly record: CanonicalRecord;
  readonly position: number;
  constructor(record: CanonicalRecord, position: number) {
    this.record = record;
    this.position = position;
  }
}

/** Components of an HL7 field on its way out; a list is a component's subcomponents, a content part is spliced in while sending. */
export class Composite {
  readonly components: readonly ComponentValue[];
  constructor(components: readonly ComponentValue[]) {
    this.components = components;
  }
}

export interface Model {
  readonly [key: string]: Json;
}
export type Item = string | number | boolean | Model | Cell | SegmentItem | RecordItem | Composite;
export type One = Item | Cleared | Invalid | undefined;
export type Value = One | readonly One[];

export const isList = (value: Value): value is readonly One[] => Array.isArray(value);
/** A value as a list: none, one or several. */
export const onesOf = (value: Value): readonly One[] => {
  if (value === undefined) return [];
  return isList(value) ? value : [value];
};
/** Neither unstated, cleared nor refused. */
export const isStated = (one: One): one is Item => one !== undefined && one !== CLEARED && !(one instanceof Invalid);
export const isModel = (item: unknown): item is Model =>
  typeof item === 'object' &&
  item !== null &&
  !Array.isArray(item) &&
  !(item instanceof Cell) &&
  !(item instanceof SegmentItem) &&
  !(item instanceof RecordItem) &&
  !(item instanceof Composite) &&
  !(item instanceof Invalid);

/** Plain text of an item; undefined where it is no single text. */
export const plainText = (item: Item): string | undefined => {
  if (typeof item === 'string') return item;
  if (typeof item === 'number' || typeof item === 'boolean') return String(item);
  return item instanceof Cell ? item.repetition.component(1) : undefined;
};

/** Are two stated values the same? */
export const sameValue = (left: One, right: One): boolean =>
  left === right || (isModel(left) && isModel(right) && JSON.stringify(left) === JSON.stringify(right));
