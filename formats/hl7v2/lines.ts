import { isDelimiter } from './delimiters.ts';

/** Where the lines of a message begin and end, whatever their line ends. */

const CR = 0x0d;
const LF = 0x0a;

const isUpper = (byte: number | undefined): boolean => byte !== undefined && byte >= 0x41 && byte <= 0x5a;
const isUpperOrDigit = (byte: number | undefined): boolean => isUpper(byte) || (byte !== undefined && byte >= 0x30 && byte <= 0x39);

/** First byte at or after `from` that is no blank, control character or byte-order mark. */
export function skipBlank(bytes: Buffer, from: number): number {
  let at = from;
  while (at < bytes.length) {
    const byte = bytes[at];
    if (byte !== undefined && byte <= 0x20) at++;
    else if (byte === 0xef && bytes[at + 1] === 0xbb && bytes[at + 2] === 0xbf) at += 3;
    else break;
  }
  return at;
}

/**
 * Walks the lines of `bytes`. CR always ends a line. LF ends one too where the message has no CR at all, and elsewhere where a
 * segment, or the end, follows; any other LF is content (a note with unescaped line feeds). Blank lines, leading blanks, 0x0B, 0x1C
 * and byte-order marks lie between lines.
 */
export class LineWalk {
  /** Span of the present line, without its end. */
  start = 0;
  end = 0;
  private readonly bytes: Buffer;
  private readonly view: string | undefined;
  private readonly separator: number;
  private readonly anyCr: boolean;
  private at: number;
  private nextCr: number;
  private nextLf: number;

  /**
   * `separator`: byte of MSH-1, by which a segment is told from content; 0 = any punctuation will do (files of many messages).
   * `view`: the same bytes as a latin1 string, where there is one: short hops are quicker in it.
   */
  constructor(bytes: Buffer, from: number, separator: number, view?: string) {
    this.bytes = bytes;
    this.view = view;
    this.separator = separator;
    this.at = from;
    this.nextCr = this.find('\r', from);
    this.nextLf = this.find('\n', from);
    this.anyCr = this.nextCr < bytes.length;
  }

  /** Goes on to the next line; false at the end. */
  next(): boolean {
    const { bytes } = this;
    const start = skipBlank(bytes, this.at);
    if (start >= bytes.length) return false;
    if (this.nextCr < start) this.nextCr = this.find('\r', start);
    if (this.nextLf < start) this.nextLf = this.find('\n', start);
    while (this.nextLf < this.nextCr && this.anyCr && !this.beginsSegment(skipBlank(bytes, this.nextLf)))
      this.nextLf = this.find('\n', this.nextLf + 1);
    this.start = start;
    this.end = Math.min(this.nextLf, this.nextCr);
    this.at = this.end;
    return true;
  }

  private find(end: '\r' | '\n', from: number): number {
    const at = this.view === undefined ? this.bytes.indexOf(end === '\r' ? CR : LF, from) : this.view.indexOf(end, from);
    return at < 0 ? this.bytes.length : at;
  }

  private beginsSegment(at: number): boolean {
    const { bytes, separator } = this;
    if (at >= bytes.length) return true;
    if (!isUpper(bytes[at]) || !isUpperOrDigit(bytes[at + 1]) || !isUpperOrDigit(bytes[at + 2])) return false;
    const after = bytes[at + 3];
    if (after === undefined || after === CR || after === LF) return true;
    return separator === 0 ? isDelimiter(after) : after === separator;
  }
}
