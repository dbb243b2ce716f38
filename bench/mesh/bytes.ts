import { createCipheriv, createHash } from 'node:crypto';

/** What a large message is made of: nothing that compresses, or lines of text that do. */
export type Kind = 'random' | 'text';

/** Bytes given out at once. */
const PIECE = 256 * 1024;

const textBlock = (seed: string): Buffer => {
  const lines: string[] = [];
  for (let size = 0; size < PIECE; ) {
    const line = `OBX|${lines.length}|NM|718-7^Haemoglobin^LN||${createHash('md5').update(`${seed} ${lines.length}`).digest('hex')}|g/L|115-165|N|||F\r`;
    lines.push(line);
    size += line.length;
  }
  return Buffer.from(lines.join('')).subarray(0, PIECE);
};

/** `size` bytes that are the same for the same seed, and others for another. A reader may keep the pieces. */
export async function* largeBytes(kind: Kind, seed: string, size: number): AsyncGenerator<Buffer> {
  const stream = createCipheriv('aes-128-ctr', createHash('md5').update(seed).digest(), Buffer.alloc(16));
  const nothing = Buffer.alloc(PIECE);
  const block = kind === 'text' ? textBlock(seed) : nothing;
  for (let at = 0; at < size; at += PIECE) {
    const piece = kind === 'random' ? stream.update(nothing) : Buffer.from(block);
    // No two pieces alike, as in any document.
    if (kind === 'text') piece.write(String(at).padStart(12, '0'), 0, 'latin1');
    yield piece.subarray(0, Math.min(PIECE, size - at));
  }
}
