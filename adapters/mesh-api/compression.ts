import type { MeshDestinationSettings } from '../../config/types-mesh.ts';

/** From this size on `auto` compresses; a smaller payload gains nothing worth the recipient's trouble. */
export const WORTH_COMPRESSING = 1024 * 1024;
/** Bytes of the beginning that are looked at. */
export const SNIFFED = 16;

const hex = (text: string): Buffer => Buffer.from(text, 'hex');
const ascii = (text: string): Buffer => Buffer.from(text, 'latin1');

/** What a file that is compressed already begins with. */
const BEGINNINGS: readonly Buffer[] = [
  hex('1f8b'), // gzip
  hex('504b0304'), // zip, and all that is made of it: docx, xlsx, odt
  hex('504b0506'),
  ascii('%PDF-'),
  hex('ffd8ff'), // JPEG
  hex('89504e470d0a1a0a'), // PNG
  ascii('GIF8'),
  ascii('BZh'),
  hex('fd377a585a00'), // xz
  hex('28b52ffd'), // zstd
  hex('377abcaf271c'), // 7z
  ascii('Rar!'),
  ascii('OggS'),
  ascii('ID3'),
  hex('0000000c6a502020'), // JPEG 2000
];

/** Whether a payload says by its first bytes that it is compressed. */
export const isCompressed = (head: Buffer): boolean =>
  BEGINNINGS.some(
    (beginning) => head.length >= beginning.length && head.compare(beginning, 0, beginning.length, 0, beginning.length) === 0,
  ) ||
  // ISO media (mp4, heic), WebP and WebM name themselves behind a length.
  (head.length >= 12 && (head.toString('latin1', 4, 8) === 'ftyp' || head.toString('latin1', 8, 12) === 'WEBP'));

/** Whether each chunk is gzipped. `head`: the first bytes of the payload. The same payload and settings give the same answer. */
export const compresses = (setting: MeshDestinationSettings['compress'], size: number, head: Buffer): boolean =>
  setting === 'yes' || (setting === 'auto' && size >= WORTH_COMPRESSING && !isCompressed(head));
