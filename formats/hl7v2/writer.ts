import type { PayloadPart } from '../../records/record.ts';
import { encode, encodingNamed, hl7Name } from '../charset.ts';
import { type Delimiters, STANDARD_DELIMITERS } from './delimiters.ts';
import { fieldType } from './dictionary.ts';
import { escapeFormatted, escapeText } from './escape.ts';
import { NULL_TEXT } from './field.ts';

/** Stored content that is spliced in while sending; in HL7 always as base64. */
export type ContentPart = Extract<PayloadPart, { kind: 'content' }>;

/** Text (escaped by the writer) · `null` = delete the stored value, written `""` · undefined or `''` = nothing stated · content. */
export type Leaf = string | null | undefined | ContentPart;
/** A list is a component's subcomponents. */
export type ComponentValue = Leaf | readonly Leaf[];
/** A list is a repetition's components. */
export type RepetitionValue = Leaf | readonly ComponentValue[];
export type FieldValue = RepetitionValue | { readonly repetitions: readonly RepetitionValue[] };

export interface SegmentDraft {
  /** Three capitals or digits. */
  readonly name: string;
  /** `fields[0]` is field 1. Of MSH the writer owns 1, 2 and 18 (from `delimiters` and `charset`): what stands there is not looked at. */
  readonly fields: readonly FieldValue[];
}

export interface MessageDraft {
  readonly delimiters?: Delimiters;
  /** Name of table 0211 or encoding; default `UNICODE UTF-8`. */
  readonly charset?: string;
  readonly segments: readonly SegmentDraft[];
}

export interface WrittenMessage {
  readonly parts: readonly PayloadPart[];
  /** Encoding of the parts of kind `bytes`. */
  readonly encoding: string;
  /** Fields (`PID-5`) with characters the character set does not have; each such character stands as `?`. */
  readonly unencodable: readonly string[];
}

const NAME = /^[A-Z][A-Z0-9]{2}$/;
const HEADERS = new Set(['MSH', 'FHS', 'BHS']);
const NON_ASCII = /[^\x00-\x7f]/;
const BASE64 = /[A-Za-z0-9+/=]/;

const isRepeated = (value: FieldValue): value is { readonly repetitions: readonly RepetitionValue[] } =>
  typeof value === 'object' && value !== null && 'repetitions' in value;

class Writing {
  readonly delimiters: Delimiters;
  readonly encoding: string;
  readonly unencodable = new Set<string>();
  private readonly parts: PayloadPart[] = [];
  private text = '';

  constructor(draft: MessageDraft) {
    this.delimiters = draft.delimiters ?? STANDARD_DELIMITERS;
    const charset = draft.charset ?? 'UNICODE UTF-8';
    this.encoding = encodingNamed(charset) || charset;
  }

  segment(draft: SegmentDraft, charset: string): void {
    if (!NAME.test(draft.name)) throw new RangeError('segment name is not three capitals or digits');
    const { field, component, repetition, escape: esc, subcomponent, truncation } = this.delimiters;
    const header = HEADERS.has(draft.name);
    this.text += draft.name;
    if (header) this.text += `${field}${component}${repetition}${esc}${subcomponent}${truncation ?? ''}`;
    const { fields } = draft;
    const isMessage = draft.name === 'MSH';
    const last = isMessage ? Math.max(fields.length, 18) : fields.length;
    let gap = '';
    for (let n = header ? 3 : 1; n <= last; n++) {
      gap += field;
      if (this.field(isMessage && n === 18 ? charset : fields[n - 1], gap, draft, n)) gap = '';
    }
    this.text += '\r';
  }

  finish(): readonly PayloadPart[] {
    this.flush();
    return this.parts;
  }

  private flush(): void {
    if (this.text !== '') this.parts.push({ kind: 'bytes', bytes: encode(this.text, this.encoding).bytes });
    this.text = '';
  }

  // Each of these writes `gap`, the separators since what was written last, before what it writes, and says whether it wrote anything:
  // separators behind the last value are never written, so `a^^` is `a`.

  private field(value: FieldValue, gap: string, segment: SegmentDraft, n: number): boolean {
    if (!isRepeated(value)) return this.repetition(value, gap, segment, n);
    let left = gap;
    let any = false;
    const { repetitions } = value;
    for (let at = 0; at < repetitions.length; at++) {
      if (at > 0) left += this.delimiters.repetition;
      if (!this.repetition(repetitions[at], left, segment, n)) continue;
      left = '';
      any = true;
    }
    return any;
  }

  private repetition(value: RepetitionValue, gap: string, segment: SegmentDraft, n: number): boolean {
    if (!isList(value)) return this.leaf(value, gap, segment, n);
    let left = gap;
    let any = false;
    for (let at = 0; at < value.length; at++) {
      if (at > 0) left += this.delimiters.component;
      if (!this.component(value[at], left, segment, n)) continue;
      left = '';
      any = true;
    }
    return any;
  }

  private component(value: ComponentValue, gap: string, segment: SegmentDraft, n: number): boolean {
    if (!isList(value)) return this.leaf(value, gap, segment, n);
    let left = gap;
    let any = false;
    for (let at = 0; at < value.length; at++) {
      if (at > 0) left += this.delimiters.subcomponent;
      if (!this.leaf(value[at], left, segment, n)) continue;
      left = '';
      any = true;
    }
    return any;
  }

  private leaf(value: Leaf, gap: string, segment: SegmentDraft, n: number): boolean {
    if (value === undefined || value === '') return false;
    this.text += gap;
    if (value === null) this.text += NULL_TEXT;
    else if (typeof value === 'string') this.text += this.escaped(value, segment, n);
    else this.content(value);
    return true;
  }

  private escaped(value: string, segment: SegmentDraft, n: number): string {
    if (NON_ASCII.test(value) && encode(value, this.encoding).lost > 0) this.unencodable.add(`${segment.name}-${n}`);
    // Two quotes that are meant as text must not delete anything at the far side.
    if (value === NULL_TEXT) return `${this.delimiters.escape}X2222${this.delimiters.escape}`;
    return isFormatted(segment, n) ? escapeFormatted(value, this.delimiters) : escapeText(value, this.delimiters);
  }

  private content(value: ContentPart): void {
    if (value.encoding !== 'base64') throw new RangeError('content in an HL7 message must be base64');
    if (Object.values(this.delimiters).some((d) => BASE64.test(d))) throw new RangeError('a delimiter is a letter of base64');
    this.flush();
    this.parts.push(value);
  }
}

/** Array.isArray does not narrow readonly lists. */
const isList = <T>(value: T): value is Extract<T, readonly unknown[]> => Array.isArray(value);

/** TX and FT, where a line end is `\.br\`; elsewhere it is `\X0D\`. OBX-5 is what OBX-2 says. */
function isFormatted(segment: SegmentDraft, n: number): boolean {
  const type = segment.name === 'OBX' && n === 5 ? segment.fields[1] : fieldType(segment.name, n);
  return type === 'TX' || type === 'FT';
}

/**
 * Writes a message: every value escaped, empty ends trimmed, segments ended by CR, MSH-1 and MSH-2 from the delimiters.
 * @throws RangeError for a segment name or content that no message can hold (an error of the caller, not of data).
 */
export function writeMessage(draft: MessageDraft): WrittenMessage {
  const writing = new Writing(draft);
  const charset = hl7Name(writing.encoding);
  for (const segment of draft.segments) writing.segment(segment, charset);
  return { parts: writing.finish(), encoding: writing.encoding, unencodable: [...writing.unencodable] };
}

/** The bytes of a message that has no stored content in it. */
export function writeBytes(draft: MessageDraft): Buffer {
  const buffers: Buffer[] = [];
  for (const part of writeMessage(draft).parts) {
    if (part.kind !== 'bytes') throw new RangeError('stored content can only be spliced in while sending');
    buffers.push(part.bytes);
  }
  return Buffer.concat(buffers);
}
