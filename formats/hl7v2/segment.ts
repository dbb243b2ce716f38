import { Field } from './field.ts';
import type { Scan } from './scan.ts';

/** A span of bytes in `Hl7Message.scanned`. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Name given to a line that does not begin with three letters or digits and the field separator; its own words may be anybody's data. */
export const UNNAMED = '???';

/** Three bytes of a segment name in one number, by which segments are told apart without making strings; 0 = no sound name. */
export const nameCode = (name: string): number =>
  name.length === 3 ? (name.charCodeAt(0) << 16) | (name.charCodeAt(1) << 8) | name.charCodeAt(2) : 0;

/** Names met so far, so that a segment shares its name with all others. Bounded by what three letters and digits can spell. */
const names = new Map<number, string>([[0, UNNAMED]]);
const nameOf = (code: number): string => {
  let name = names.get(code);
  if (name === undefined) {
    name = String.fromCharCode(code >> 16, (code >> 8) & 0xff, code & 0xff);
    names.set(code, name);
  }
  return name;
};

const MSH = nameCode('MSH');
const isHeader = (code: number): boolean => code === MSH || code === nameCode('FHS') || code === nameCode('BHS');

/** Tells a segment of its like; the message does. */
export interface Peers {
  peers(code: number): readonly Segment[];
}

/** One segment: a span of the message and, once asked for, the starts of its fields. Fields, repetitions … count from 1. */
export class Segment {
  /** 0-based in the message. */
  readonly index: number;
  readonly start: number;
  readonly end: number;
  /** Its name as a number. */
  readonly code: number;
  private readonly scan: Scan;
  private readonly message: Peers;
  /** Starts of the fields found so far; field 0 is the name. One past the end of the segment closes the list. */
  private readonly starts: number[];
  private complete = false;
  /** MSH, FHS, BHS: field 1 is the separator itself, so what stands after the first separator is field 2. */
  private readonly shift: number;

  constructor(message: Peers, scan: Scan, code: number, start: number, end: number, index: number) {
    this.message = message;
    this.scan = scan;
    this.code = code;
    this.start = start;
    this.end = end;
    this.index = index;
    this.shift = isHeader(code) ? 1 : 0;
    this.starts = [start];
  }

  get name(): string {
    return nameOf(this.code);
  }
  /** All segments of this name in the message, this one among them. */
  get peers(): readonly Segment[] {
    return this.message.peers(this.code);
  }
  /** 1-based among the segments of this name. */
  get ordinal(): number {
    return this.peers.indexOf(this) + 1;
  }
  /** The whole segment as it stands, undecoded. */
  get raw(): string {
    return this.scan.raw(this.start, this.end);
  }

  /** Number of the last field that stands in the segment, empty trailing ones included. */
  fieldCount(): number {
    this.walk(Number.MAX_SAFE_INTEGER);
    return this.starts.length - 2 + this.shift;
  }

  /** Never throws: what is not there is an empty field. */
  field(n: number): Field {
    if (this.shift === 1 && n === 1) return new Field(this.scan, this.start + 3, Math.min(this.start + 4, this.end), true);
    const span = this.span(n);
    return span === undefined
      ? new Field(this.scan, this.end, this.end)
      : new Field(this.scan, span.start, span.end, this.shift === 1 && n === 2);
  }

  /** Decoded and unescaped value; undefined where absent or empty. `""` comes back as the two quotes. */
  text(field: number, repetition = 1, component = 1, subcomponent = 1): string | undefined {
    if (!this.locate(field, repetition, component, subcomponent)) return undefined;
    const { scan } = this;
    if (this.shift === 1 && field <= 2) return scan.raw(scan.from, scan.to);
    return scan.value(scan.from, scan.to);
  }

  /** Bytes of a whole field, without a copy; empty where absent. */
  fieldBytes(n: number): Buffer {
    return this.field(n).bytes;
  }

  /** Bytes of a value as they stand, without a copy; empty where absent. */
  bytesOf(field: number, repetition = 1, component = 1, subcomponent = 1): Buffer {
    const { scan } = this;
    return this.locate(field, repetition, component, subcomponent) ? scan.bytes.subarray(scan.from, scan.to) : scan.bytes.subarray(0, 0);
  }

  /** Where a field lies; with more arguments, where that part of it lies. Undefined where it is not there or (a part) empty. */
  span(field: number, repetition?: number, component?: number, subcomponent?: number): Span | undefined {
    const { scan } = this;
    if (repetition === undefined) {
      const k = field - this.shift;
      if (k < 1) return field === 1 && this.shift === 1 ? { start: this.start + 3, end: Math.min(this.start + 4, this.end) } : undefined;
      this.walk(k + 1);
      const start = this.starts[k];
      const next = this.starts[k + 1];
      return start === undefined || next === undefined ? undefined : { start, end: next - 1 };
    }
    return this.locate(field, repetition, component ?? 1, subcomponent ?? 1) ? { start: scan.from, end: scan.to } : undefined;
  }

  /** Finds a value and leaves its ends in `scan.from`, `scan.to`; false where absent or empty. */
  private locate(field: number, repetition: number, component: number, subcomponent: number): boolean {
    const { scan, starts } = this;
    const k = field - this.shift;
    if (k < 1 || (k === 1 && this.shift === 1)) return this.locateDelimiters(field, repetition, component, subcomponent);
    if (starts.length <= k + 1) {
      this.walk(k + 1);
      if (starts.length <= k + 1) return false;
    }
    const start = starts[k];
    const next = starts[k + 1];
    if (start === undefined || next === undefined) return false;
    let from = start;
    let to = next - 1;
    if (from === to) return false;
    const fieldEnd = to;
    for (let i = 1; i < repetition; i++) {
      const at = scan.rare(scan.repetition, from, fieldEnd);
      if (at >= fieldEnd) return false;
      from = at + 1;
    }
    to = scan.rare(scan.repetition, from, fieldEnd);
    for (let i = 1; i < component; i++) {
      const at = scan.seek(scan.component, from, to);
      if (at >= to) return false;
      from = at + 1;
    }
    to = scan.seek(scan.component, from, to);
    for (let i = 1; i < subcomponent; i++) {
      const at = scan.rare(scan.subcomponent, from, to);
      if (at >= to) return false;
      from = at + 1;
    }
    to = scan.rare(scan.subcomponent, from, to);
    scan.from = from;
    scan.to = to;
    return to > from;
  }

  /** MSH-1 and MSH-2 have no parts. */
  private locateDelimiters(field: number, repetition: number, component: number, subcomponent: number): boolean {
    const span = this.span(field);
    if (span === undefined || repetition !== 1 || component !== 1 || subcomponent !== 1) return false;
    this.scan.from = span.start;
    this.scan.to = span.end;
    return span.end > span.start;
  }

  /** Finds field starts until `upTo` of them are known or the segment ends. */
  private walk(upTo: number): void {
    if (this.complete) return;
    const { scan, starts, end } = this;
    let from = starts[starts.length - 1] ?? end;
    while (starts.length <= upTo) {
      const at = scan.seek(scan.field, from, end);
      from = at + 1;
      starts.push(from);
      if (at >= end) {
        this.complete = true;
        return;
      }
    }
  }
}
