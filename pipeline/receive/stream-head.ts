import { wideEncoding } from '../../formats/charset.ts';

/** A body that was read to its end, or the beginning of one and what comes after. */
export type Beginning =
  | { readonly whole: Buffer }
  /** `rest` must be read, or nothing more be done with the body. */
  | { readonly head: Buffer; readonly rest: AsyncIterable<Uint8Array> };

/** Reads up to `most` bytes of a body, in pieces as they come. */
export const readBeginning = async (body: AsyncIterable<Uint8Array>, most: number): Promise<Beginning> => {
  const pieces = body[Symbol.asyncIterator]();
  const held: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const next = await pieces.next();
    if (next.done === true) return { whole: Buffer.concat(held, size) };
    held.push(next.value);
    size += next.value.length;
    if (size > most) break;
  }
  // The last piece may be as large as its reader likes: only what belongs to the beginning is copied.
  const last = held.pop() ?? new Uint8Array();
  const fits = most - (size - last.length);
  held.push(last.subarray(0, fits));
  return { head: Buffer.concat(held, most), rest: after(last.subarray(fits), pieces) };
};

async function* after(left: Uint8Array, pieces: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    if (left.length > 0) yield left;
    for (let next = await pieces.next(); next.done !== true; next = await pieces.next()) yield next.value;
  } finally {
    await pieces.return?.();
  }
}

const CR = 0x0d;
const LF = 0x0a;

/**
 * The beginning of an HL7 message, cut behind the last line end in it, so that a character or a segment that the cut went through is not
 * taken for a broken one. Where there is no line end it is left as it is.
 */
export const cutAtLineEnd = (head: Buffer): Buffer => {
  if (wideEncoding(head) === undefined) {
    const at = Math.max(head.lastIndexOf(CR), head.lastIndexOf(LF));
    return at < 0 ? head : head.subarray(0, at + 1);
  }
  for (let at = (head.length & ~1) - 2; at >= 0; at -= 2) {
    const [a, b] = [head[at], head[at + 1]];
    if ((a === 0 && (b === CR || b === LF)) || (b === 0 && (a === CR || a === LF))) return head.subarray(0, at + 2);
  }
  return head;
};

/** Looks for the header of a further message in what follows the beginning, for several in a row need no batch header. */
export class HeaderWatch {
  found = false;
  #tail: Buffer;
  readonly #headers: readonly Buffer[];

  /** `cut` is what was looked through already, up to a line end. */
  constructor(head: Buffer, cut: Buffer) {
    const wide = wideEncoding(head);
    const unit = wide === undefined ? 1 : 2;
    this.#headers = ['\rMSH', '\nMSH'].map((text) => {
      const bytes = Buffer.from(text, wide === undefined ? 'latin1' : 'utf16le');
      return wide === 'utf-16be' ? bytes.swap16() : bytes;
    });
    this.#tail = head.subarray(Math.max(0, cut.length - unit));
  }

  see(piece: Uint8Array): void {
    if (this.found) return;
    const bytes = Buffer.concat([this.#tail, piece]);
    this.found = this.#headers.some((header) => bytes.includes(header));
    // A header may lie across two pieces.
    this.#tail = bytes.subarray(-16);
  }
}
