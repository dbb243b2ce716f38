import type { FaultCode } from '../../records/faults.ts';
import { wideEncoding } from '../charset.ts';
import { isDelimiter } from './delimiters.ts';
import { LineWalk, skipBlank } from './lines.ts';

/** One message of a file: its bytes (a view of the file's) and its place among the messages, from 1. */
export interface BatchMessage {
  readonly bytes: Buffer;
  readonly index: number;
  /** Byte offset in the file. */
  readonly offset: number;
}

/** Something wrong with the file as such; its messages stand all the same. Never holds data of the file but the counts. */
export interface BatchFinding {
  /** `batch-count`: a trailer's count differs. `not-hl7`: lines that belong to no message. */
  readonly code: Extract<FaultCode, 'batch-count' | 'not-hl7'>;
  /** `BTS[2]-1`, `FTS-1`, or the line's number for stray lines. */
  readonly at: string;
  readonly expected?: number;
  readonly actual?: number;
  readonly offset: number;
}

export interface Batch {
  readonly messages: readonly BatchMessage[];
  readonly findings: readonly BatchFinding[];
}

type Mark = 'FHS' | 'BHS' | 'MSH' | 'BTS' | 'FTS';
const MARKS: readonly Mark[] = ['FHS', 'BHS', 'MSH', 'BTS', 'FTS'];

/** The batch segment a line is; headers name their own separator, so any punctuation will do. */
function markAt(bytes: Buffer, start: number, end: number): Mark | undefined {
  const first = bytes[start];
  if (first !== 0x46 && first !== 0x42 && first !== 0x4d) return undefined;
  if (end - start > 3 && !isDelimiter(bytes[start + 3])) return undefined;
  const name = bytes.toString('latin1', start, Math.min(end, start + 3));
  return MARKS.find((mark) => mark === name);
}

/** Field 1 of a trailer, by the separator that follows its name; undefined where it states no number. */
function statedCount(bytes: Buffer, start: number, end: number): number | undefined {
  const separator = bytes[start + 3];
  if (separator === undefined || end - start <= 4) return undefined;
  const stop = bytes.indexOf(separator, start + 4);
  const text = bytes.toString('latin1', start + 4, stop < 0 || stop > end ? end : stop).trim();
  return /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}

class Reading {
  readonly messages: BatchMessage[] = [];
  readonly findings: BatchFinding[] = [];
  /** Messages since the last BHS, FHS or BTS; batches since the last FHS; whether messages stand outside BHS … BTS. */
  private inBatch = 0;
  private batches = 0;
  private batchOpen = false;
  private readonly seen = { BTS: 0, FTS: 0 };
  private line = 0;
  private straying = false;
  private messageAt = -1;
  private messageEnd = 0;
  private readonly bytes: Buffer;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  read(): void {
    const walk = new LineWalk(this.bytes, 0, 0);
    while (walk.next()) {
      this.line++;
      this.take(walk.start, walk.end, markAt(this.bytes, walk.start, walk.end));
    }
    this.closeMessage();
  }

  private take(start: number, end: number, mark: Mark | undefined): void {
    if (mark === undefined) {
      if (this.messageAt >= 0) this.messageEnd = end;
      else this.stray(start);
      return;
    }
    this.closeMessage();
    this.straying = false;
    if (mark === 'MSH') {
      if (!this.batchOpen) this.openBatch();
      this.inBatch++;
      this.messageAt = start;
      this.messageEnd = end;
    } else if (mark === 'FHS') this.reset();
    else if (mark === 'BHS') this.openBatch();
    else if (mark === 'BTS') this.closeBatch(start, end);
    else this.closeFile(start, end);
  }

  private reset(): void {
    this.batches = 0;
    this.batchOpen = false;
    this.inBatch = 0;
  }

  private openBatch(): void {
    this.batches++;
    this.batchOpen = true;
    this.inBatch = 0;
  }

  private closeBatch(start: number, end: number): void {
    this.seen.BTS++;
    // A trailer without header and messages closes an empty batch.
    if (!this.batchOpen) this.openBatch();
    this.check('BTS', start, end, this.inBatch);
    this.batchOpen = false;
    this.inBatch = 0;
  }

  private closeFile(start: number, end: number): void {
    this.seen.FTS++;
    this.check('FTS', start, end, this.batches);
    this.reset();
  }

  private check(mark: 'BTS' | 'FTS', start: number, end: number, actual: number): void {
    const expected = statedCount(this.bytes, start, end);
    if (expected === undefined || expected === actual) return;
    const nth = this.seen[mark];
    this.findings.push({ code: 'batch-count', at: `${mark}${nth > 1 ? `[${nth}]` : ''}-1`, expected, actual, offset: start });
  }

  /** One finding for a run of lines outside any message. */
  private stray(start: number): void {
    if (!this.straying) this.findings.push({ code: 'not-hl7', at: `line ${this.line}`, offset: start });
    this.straying = true;
  }

  private closeMessage(): void {
    if (this.messageAt < 0) return;
    // The line end belongs to the message: CR, LF or both.
    let end = this.messageEnd;
    if (this.bytes[end] === 0x0d) end++;
    if (this.bytes[end] === 0x0a) end++;
    this.messages.push({ bytes: this.bytes.subarray(this.messageAt, end), index: this.messages.length + 1, offset: this.messageAt });
    this.messageAt = -1;
  }
}

/** Bytes in which what a file begins with shows, blanks and byte-order mark included. */
const BEGINNING = 1024;

/** What of HL7 v2 a file begins with; undefined for anything else. The beginning of the file is enough. */
export function beginsHl7(bytes: Buffer): 'message' | 'batch' | undefined {
  const start = bytes.subarray(0, BEGINNING);
  const wide = wideEncoding(start);
  const plain = wide === undefined ? start : narrowed(start, wide === 'utf-16le');
  const at = skipBlank(plain, 0);
  const mark = at + 3 < plain.length ? markAt(plain, at, plain.length) : undefined;
  return mark === 'MSH' ? 'message' : mark === 'FHS' || mark === 'BHS' ? 'batch' : undefined;
}

/** Low bytes of UTF-16 text, `?` where a character has more: the same structure at half the offsets. */
function narrowed(bytes: Buffer, littleEndian: boolean): Buffer {
  const narrow = Buffer.alloc(bytes.length >> 1);
  const [low, high] = littleEndian ? [0, 1] : [1, 0];
  for (let i = 0; i < narrow.length; i++) narrow[i] = bytes[2 * i + high] === 0 ? (bytes[2 * i + low] ?? 0) : 0x3f;
  if (narrow[0] === 0x3f) narrow[0] = 0x20;
  return narrow;
}

/**
 * Splits a file into its messages: `[FHS] { [BHS] { MSH … } [BTS] } [FTS]`, each part optional, so that one bare message and several in
 * a row are files too (HL7 v2.5.1 §2.10.3). Works on the bytes alone; what is wrong within a message is left to its own reading.
 */
export function readBatch(bytes: Buffer): Batch {
  const wide = wideEncoding(bytes);
  const reading = new Reading(wide === undefined ? bytes : narrowed(bytes, wide === 'utf-16le'));
  reading.read();
  if (wide === undefined) return { messages: reading.messages, findings: reading.findings };
  const messages = reading.messages.map(({ bytes: part, index, offset }) => ({
    bytes: bytes.subarray(2 * offset, 2 * (offset + part.length)),
    index,
    offset: 2 * offset,
  }));
  return { messages, findings: reading.findings.map((finding) => ({ ...finding, offset: 2 * finding.offset })) };
}
