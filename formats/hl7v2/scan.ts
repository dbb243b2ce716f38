import { isAscii } from 'node:buffer';
import { decode } from '../charset.ts';
import type { Delimiters } from './delimiters.ts';
import { unescapeText } from './escape.ts';

/** Up to this size the whole message also stands as one string, from which values are cut without copying. */
const WHOLE = 64 * 1024;
/** Of a larger message this much at a time does, so that no string grows with the message and no value keeps all of it alive. */
const WINDOW = 16 * 1024;
/** Values longer than this are copied out alone. */
const LONG = 4 * 1024;

/** Most values are short: this many bytes are looked at one by one before a search by memory scan is worth its call. */
const NEAR = 48;

const NON_ASCII = /[\x80-\xff]/;

/** Where one delimiter was last searched for: it does not lie in [from, at). Keeps reading linear however often it is asked. */
class Delimiter {
  readonly char: string;
  readonly code: number;
  from = 1;
  at = 0;
  constructor(char: string) {
    this.char = char;
    this.code = char.charCodeAt(0);
  }
}

/** What the message tells of its character set, once asked. */
export interface Encodings {
  /** Encoding of the bytes that are scanned. */
  readonly valueEncoding: string;
  /** Encoding of the bytes of `\\X..\\` escapes. */
  readonly escapeEncoding: string;
}
const UTF8: Encodings = { valueEncoding: 'utf-8', escapeEncoding: 'utf-8' };

/**
 * The bytes of one message with what is needed to find and read values in them. All positions are byte offsets. Values are cut from
 * a one-byte-per-character view (latin1) and decoded only where they hold more than ASCII.
 */
export class Scan {
  readonly bytes: Buffer;
  readonly delimiters: Delimiters;
  /** The message as a latin1 string, where it is small enough. */
  readonly view: string | undefined;
  readonly field: Delimiter;
  readonly repetition: Delimiter;
  readonly component: Delimiter;
  readonly subcomponent: Delimiter;
  readonly escape: Delimiter;
  /** Set by the message, which knows MSH-18. */
  encodings: Encodings = UTF8;
  /** Ends of the last span located (see Segment.locate): scratch, so that locating makes no object. */
  from = 0;
  to = 0;
  private ascii: boolean | undefined;
  private window: string;
  private windowStart = 0;
  private windowEnd: number;

  constructor(bytes: Buffer, delimiters: Delimiters) {
    this.bytes = bytes;
    this.delimiters = delimiters;
    this.view = bytes.length <= WHOLE ? bytes.toString('latin1') : undefined;
    this.window = this.view ?? '';
    this.windowEnd = this.window.length;
    this.field = new Delimiter(delimiters.field);
    this.repetition = new Delimiter(delimiters.repetition);
    this.component = new Delimiter(delimiters.component);
    this.subcomponent = new Delimiter(delimiters.subcomponent);
    this.escape = new Delimiter(delimiters.escape);
  }

  /** First place of a frequent delimiter in [from, limit), else limit. */
  seek(d: Delimiter, from: number, limit: number): number {
    const near = Math.min(from + NEAR, limit);
    const { bytes } = this;
    const { code } = d;
    for (let i = from; i < near; i++) if (bytes[i] === code) return i;
    return near === limit ? limit : this.rare(d, near, limit);
  }

  /** The same for a delimiter that is seldom there: one search answers for all that lies before its hit. */
  rare(d: Delimiter, from: number, limit: number): number {
    if (from < d.from || from > d.at) {
      const at = this.view === undefined ? this.bytes.indexOf(d.code, from) : this.view.indexOf(d.char, from);
      d.from = from;
      d.at = at < 0 ? this.bytes.length : at;
    }
    return Math.min(d.at, limit);
  }

  /** Bytes as they stand, one character each. */
  raw(from: number, to: number): string {
    if (from < this.windowStart || to > this.windowEnd) {
      if (to - from > LONG) return this.bytes.toString('latin1', from, to);
      this.windowStart = from;
      this.windowEnd = Math.min(from + WINDOW, this.bytes.length);
      this.window = this.bytes.toString('latin1', from, this.windowEnd);
    }
    return this.window.slice(from - this.windowStart, to - this.windowStart);
  }

  /** The value of a span: decoded, escapes replaced; with `laidOut`, presentation escapes carried out. */
  value(from: number, to: number, laidOut = false): string {
    this.ascii ??= isAscii(this.bytes);
    let text = this.raw(from, to);
    if (!this.ascii && NON_ASCII.test(text)) text = decode(this.bytes.subarray(from, to), this.encodings.valueEncoding);
    if (this.rare(this.escape, from, to) < to)
      text = unescapeText(text, this.delimiters, (hex) => decode(hex, this.encodings.escapeEncoding), laidOut);
    return text;
  }
}
