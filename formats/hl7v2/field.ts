import type { Scan } from './scan.ts';

/** The two quotes by which a sender deletes a stored value (HL7 v2.5.1 §2.5.3). */
export const NULL_TEXT = '""';

const isNullSpan = (scan: Scan, from: number, to: number): boolean =>
  to - from === 2 && scan.bytes[from] === 0x22 && scan.bytes[from + 1] === 0x22;

/** One field as a span of bytes. MSH-1 and MSH-2 are `literal`: delimiters in them are content. */
export class Field {
  readonly start: number;
  readonly end: number;
  private readonly scan: Scan;
  private readonly literal: boolean;
  private cached: readonly Repetition[] | undefined;

  constructor(scan: Scan, start: number, end: number, literal = false) {
    this.scan = scan;
    this.start = start;
    this.end = end;
    this.literal = literal;
  }

  /** Bytes as they stand, one character each, undecoded. */
  get raw(): string {
    return this.scan.raw(this.start, this.end);
  }
  /** Something stands in the field, be it `""`. */
  get exists(): boolean {
    return this.end > this.start;
  }
  /** The field is `""`: the sender deletes the value. */
  get isNull(): boolean {
    return isNullSpan(this.scan, this.start, this.end);
  }
  /** Bytes of the field, without a copy. */
  get bytes(): Buffer {
    return this.scan.bytes.subarray(this.start, this.end);
  }

  /** The repetitions in order, empty ones included; none where the field is absent. */
  repetitions(): readonly Repetition[] {
    this.cached ??= this.split();
    return this.cached;
  }

  private split(): readonly Repetition[] {
    const { scan, start, end } = this;
    if (end <= start) return [];
    if (this.literal) return [new Repetition(scan, start, end, true)];
    const found: Repetition[] = [];
    for (let from = start; from <= end; ) {
      const to = scan.rare(scan.repetition, from, end);
      found.push(new Repetition(scan, from, to));
      from = to + 1;
    }
    return found;
  }
}

/** One repetition of a field. Components and subcomponents count from 1. */
export class Repetition {
  readonly start: number;
  readonly end: number;
  private readonly scan: Scan;
  private readonly literal: boolean;
  /** Starts of the components, with one past the end; found at the first question. */
  private cached: readonly number[] | undefined;

  constructor(scan: Scan, start: number, end: number, literal = false) {
    this.scan = scan;
    this.start = start;
    this.end = end;
    this.literal = literal;
  }

  get raw(): string {
    return this.scan.raw(this.start, this.end);
  }
  get isNull(): boolean {
    return isNullSpan(this.scan, this.start, this.end);
  }
  get bytes(): Buffer {
    return this.scan.bytes.subarray(this.start, this.end);
  }

  /** At least 1. */
  componentCount(): number {
    return this.starts().length - 1;
  }
  /** First subcomponent of component `n`: decoded, unescaped; undefined where absent or empty. */
  component(n: number): string | undefined {
    return this.subcomponent(n, 1);
  }
  subcomponent(n: number, m: number): string | undefined {
    const { scan } = this;
    const [start, end] = this.span(n);
    if (this.literal) return m === 1 && end > start ? scan.raw(start, end) : undefined;
    let from = start;
    for (let i = 1; i < m; i++) {
      const at = scan.rare(scan.subcomponent, from, end);
      if (at >= end) return undefined;
      from = at + 1;
    }
    const to = scan.rare(scan.subcomponent, from, end);
    return to > from ? scan.value(from, to) : undefined;
  }
  subcomponentCount(n: number): number {
    const [start, end] = this.span(n);
    let count = 1;
    for (let at = this.scan.rare(this.scan.subcomponent, start, end); at < end; at = this.scan.rare(this.scan.subcomponent, at + 1, end))
      count++;
    return end > start ? count : 0;
  }
  /** Component `n` as it stands, undecoded; empty where absent. */
  rawComponent(n: number): string {
    const [start, end] = this.span(n);
    return this.scan.raw(start, end);
  }
  /** Bytes of component `n`, without a copy: for base64 too large to be a string. */
  componentBytes(n: number): Buffer {
    const [start, end] = this.span(n);
    return this.scan.bytes.subarray(start, end);
  }
  /** The whole repetition as one text: free text whose sender left delimiters unescaped stays whole. */
  text(): string {
    return this.literal ? this.raw : this.scan.value(this.start, this.end);
  }
  /** The same with `\.br\` and other presentation escapes carried out; lines are ended by LF. */
  laidOut(): string {
    return this.literal ? this.raw : this.scan.value(this.start, this.end, true);
  }

  private span(n: number): readonly [start: number, end: number] {
    const starts = this.starts();
    const start = n >= 1 ? starts[n - 1] : undefined;
    const next = starts[n];
    return start === undefined || next === undefined ? [this.end, this.end] : [start, next - 1];
  }

  private starts(): readonly number[] {
    this.cached ??= this.split();
    return this.cached;
  }

  private split(): readonly number[] {
    const { scan, end } = this;
    const found = [this.start];
    if (!this.literal)
      for (let at = scan.seek(scan.component, this.start, end); at < end; at = scan.seek(scan.component, at + 1, end)) found.push(at + 1);
    found.push(end + 1);
    return found;
  }
}
