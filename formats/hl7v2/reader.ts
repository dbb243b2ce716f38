import { ThroughcareError } from '../../records/faults.ts';
import { type CharsetReport, decideCharset, decode, encodingNamed, hidesStructure, wideEncoding } from '../charset.ts';
import { type Delimiters, readDelimiters, salvageDelimiters } from './delimiters.ts';
import { LineWalk, skipBlank } from './lines.ts';
import { Scan } from './scan.ts';
import { nameCode, Segment } from './segment.ts';

export type { CharsetReport } from '../charset.ts';
export type { Delimiters } from './delimiters.ts';
export type { Field, Repetition } from './field.ts';
export { Segment, UNNAMED } from './segment.ts';

const isNameByte = (byte: number): boolean =>
  (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x30 && byte <= 0x39) || (byte >= 0x61 && byte <= 0x7a);

/** Code of the name of the line at `at`; 0 where the line is no segment. */
function codeAt(bytes: Buffer, at: number, end: number, separator: number): number {
  const a = bytes[at] ?? 0;
  const b = bytes[at + 1] ?? 0;
  const c = bytes[at + 2] ?? 0;
  const length = end - at;
  const sound =
    a > 0x39 && isNameByte(a) && isNameByte(b) && isNameByte(c) && (length === 3 || (length > 3 && bytes[at + 3] === separator));
  return sound ? (a << 16) | (b << 8) | c : 0;
}

const MSH = nameCode('MSH');

/** A received message. Nothing is decoded or cut out before it is asked for; `bytes` are the truth and never change. */
export class Hl7Message {
  /** As received. */
  readonly bytes: Buffer;
  /** What offsets count in: `bytes` themselves, or their UTF-8 form for the few character sets whose bytes hide the delimiters. */
  readonly scanned: Buffer;
  readonly delimiters: Delimiters;
  readonly segments: readonly Segment[];
  /** Lines that are no segments, and a second MSH: content that cannot be read for certain. */
  readonly malformed: readonly Segment[];
  private readonly msh: Segment;
  private byName: Map<number, Segment[]> | undefined;
  private report: CharsetReport | undefined;

  /** Use `readMessage`. */
  constructor(bytes: Buffer, scan: Scan, start: number) {
    this.bytes = bytes;
    this.scanned = scan.bytes;
    this.delimiters = scan.delimiters;
    scan.encodings = this;
    const segments: Segment[] = [];
    const malformed: Segment[] = [];
    const separator = scan.field.code;
    const walk = new LineWalk(scan.bytes, start, separator, scan.view);
    while (walk.next()) {
      const code = codeAt(scan.bytes, walk.start, walk.end, separator);
      const segment = new Segment(this, scan, code, walk.start, walk.end, segments.length);
      segments.push(segment);
      if (code === 0 || (code === MSH && segments.length > 1)) malformed.push(segment);
    }
    const [msh] = segments;
    if (msh === undefined) throw new ThroughcareError('not-hl7');
    this.segments = segments;
    this.malformed = malformed;
    this.msh = msh;
  }

  /** The character set, decided at the first question. */
  get charset(): CharsetReport {
    this.report ??= decideCharset(this.declaredCharset, this.bytes);
    return this.report;
  }
  /** MSH-18, first repetition, as it stands; what is too long to be a name is none. */
  get declaredCharset(): string {
    const span = this.msh.span(18, 1, 1, 1);
    return span === undefined || span.end - span.start > 64 ? '' : this.scanned.toString('latin1', span.start, span.end);
  }
  get valueEncoding(): string {
    return this.scanned === this.bytes ? this.charset.used : 'utf-8';
  }
  get escapeEncoding(): string {
    return this.charset.used.startsWith('utf-') ? 'utf-8' : this.charset.used;
  }

  named(name: string): readonly Segment[] {
    return this.peers(nameCode(name));
  }
  first(name: string): Segment | undefined {
    const code = nameCode(name);
    return this.byName === undefined ? this.segments.find((segment) => segment.code === code) : this.byName.get(code)?.[0];
  }
  /** Segments by the code of their name. */
  peers(code: number): readonly Segment[] {
    this.byName ??= this.group();
    return this.byName.get(code) ?? [];
  }

  private group(): Map<number, Segment[]> {
    const byName = new Map<number, Segment[]>();
    for (const segment of this.segments) {
      const peers = byName.get(segment.code);
      if (peers === undefined) byName.set(segment.code, [segment]);
      else peers.push(segment);
    }
    return byName;
  }

  private header(field: number, component = 1): string {
    return this.msh.text(field, 1, component) ?? '';
  }
  /** MSH-9.1, e.g. `ADT`. Header conveniences are empty where the field is. */
  get code(): string {
    return this.header(9);
  }
  /** MSH-9.2, e.g. `A01`. */
  get trigger(): string {
    return this.header(9, 2);
  }
  /** MSH-9.3, e.g. `ADT_A01`. */
  get structure(): string {
    return this.header(9, 3);
  }
  /** MSH-10. */
  get controlId(): string {
    return this.header(10);
  }
  /** MSH-11.1. */
  get processingId(): string {
    return this.header(11);
  }
  /** MSH-12.1. */
  get version(): string {
    return this.header(12);
  }
  get sendingApplication(): string {
    return this.header(3);
  }
  get sendingFacility(): string {
    return this.header(4);
  }
  get receivingApplication(): string {
    return this.header(5);
  }
  get receivingFacility(): string {
    return this.header(6);
  }
  /** MSH-15. */
  get acceptAck(): string {
    return this.header(15);
  }
  /** MSH-16. */
  get applicationAck(): string {
    return this.header(16);
  }
}

/** Where MSH begins; -1 where the bytes begin with anything else. */
const mshAt = (bytes: Buffer): number => {
  const start = skipBlank(bytes, 0);
  return bytes[start] === 0x4d && bytes[start + 1] === 0x53 && bytes[start + 2] === 0x48 ? start : -1;
};

function open(bytes: Buffer, delimitersAt: (bytes: Buffer, start: number) => Delimiters): Hl7Message {
  let scanned = bytes;
  let start = mshAt(bytes);
  if (start < 0) {
    const wide = wideEncoding(bytes);
    if (wide === undefined) throw new ThroughcareError('not-hl7');
    scanned = Buffer.from(decode(bytes, wide), 'utf8');
    start = mshAt(scanned);
    if (start < 0) throw new ThroughcareError('not-hl7');
  }
  const message = new Hl7Message(bytes, new Scan(scanned, delimitersAt(scanned, start)), start);
  const encoding = encodingNamed(message.declaredCharset);
  if (scanned !== bytes || encoding === undefined || !hidesStructure(encoding)) return message;
  scanned = Buffer.from(decode(bytes, encoding), 'utf8');
  start = mshAt(scanned);
  return new Hl7Message(bytes, new Scan(scanned, delimitersAt(scanned, start)), start);
}

/**
 * Reads a message: BOM, 0x0B, blanks and blank lines before MSH, and CR, LF or CRLF line ends are taken. The bytes must not change
 * afterwards.
 * @throws ThroughcareError `not-hl7` where no MSH begins the message, `bad-delimiters` where MSH-1/MSH-2 cannot be used.
 */
export const readMessage = (bytes: Buffer): Hl7Message => open(bytes, readDelimiters);

/** The same for bytes that are only looked into (another system's answer): unsound delimiters are completed instead of refused. */
export const readLeniently = (bytes: Buffer): Hl7Message => open(bytes, salvageDelimiters);
