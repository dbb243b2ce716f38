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

type Piece = string | ContentPart;
const isContent = (value: Leaf | readonly unknown[]): value is ContentPart =>
  typeof value === 'object' && value !== null && 'kind' in value;
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
    this.put([draft.name]);
    if (header) this.put([`${field}${component}${repetition}${esc}${subcomponent}${truncation ?? ''}`]);
    const fields = [...draft.fields];
    if (draft.name === 'MSH') fields[17] = charset;
    let empty = '';
    for (let n = header ? 3 : 1; n <= fields.length; n++) {
      empty += field;
      const pieces = this.render(draft, fields[n - 1], n);
      if (pieces.length === 0) continue;
      this.put([empty, ...pieces]);
      empty = '';
    }
    this.put(['\r']);
  }

  finish(): readonly PayloadPart[] {
    this.flush();
    return this.parts;
  }

  private put(pieces: readonly Piece[]): void {
    for (const piece of pieces) {
      if (typeof piece === 'string') {
        this.text += piece;
        continue;
      }
      this.flush();
      this.parts.push(piece);
    }
  }

  private flush(): void {
    if (this.text !== '') this.parts.push({ kind: 'bytes', bytes: encode(this.text, this.encoding).bytes });
    this.text = '';
  }

  private render(segment: SegmentDraft, value: FieldValue, n: number): readonly Piece[] {
    const { repetition, component, subcomponent } = this.delimiters;
    const leaf = (one: Leaf): readonly Piece[] => this.leaf(one, segment, n);
    const componentOf = (one: ComponentValue): readonly Piece[] =>
      Array.isArray(one) ? join(one.map(leaf), subcomponent) : leaf(asLeaf(one));
    const repetitionOf = (one: RepetitionValue): readonly Piece[] =>
      Array.isArray(one) ? join(one.map(componentOf), component) : leaf(asLeaf(one));
    if (isRepeated(value)) return join(value.repetitions.map(repetitionOf), repetition);
    return repetitionOf(value);
  }

  private leaf(value: Leaf, segment: SegmentDraft, n: number): readonly Piece[] {
    if (value === undefined || value === '') return [];
    if (value === null) return [NULL_TEXT];
    if (isContent(value)) {
      if (value.encoding !== 'base64') throw new RangeError('content in an HL7 message must be base64');
      if (Object.values(this.delimiters).some((d) => BASE64.test(d))) throw new RangeError('a delimiter is a letter of base64');
      return [value];
    }
    if (NON_ASCII.test(value) && encode(value, this.encoding).lost > 0) this.unencodable.add(`${segment.name}-${n}`);
    // Two quotes that are meant as text must not delete anything at the far side.
    if (value === NULL_TEXT) return [`${this.delimiters.escape}X2222${this.delimiters.escape}`];
    return [isFormatted(segment, n) ? escapeFormatted(value, this.delimiters) : escapeText(value, this.delimiters)];
  }
}

/** The list members of the unions above are ruled out by Array.isArray, which does not narrow readonly lists. */
const asLeaf = (value: Leaf | readonly unknown[]): Leaf =>
  typeof value === 'object' && value !== null && !isContent(value) ? undefined : value;

/** Joins with empty ends trimmed: `a^^` is `a`. */
function join(items: readonly (readonly Piece[])[], separator: string): readonly Piece[] {
  const joined: Piece[] = [];
  let gap = '';
  for (const [i, item] of items.entries()) {
    if (i > 0) gap += separator;
    if (item.length === 0) continue;
    if (gap !== '') joined.push(gap);
    gap = '';
    joined.push(...item);
  }
  return joined;
}

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
