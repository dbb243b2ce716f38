import { posix } from 'node:path';

/**
 * File names here are bytes, as the file system has them: a sender's name may hold any byte but `/` and NUL, be invalid
 * UTF-8, or be 255 bytes long. They are joined, compared and moved as bytes and decoded only for people.
 */
const SLASH = Buffer.from(posix.sep);
/** Longest name of common file systems (NAME_MAX), in bytes. */
const NAME_MAX = 255;
/** Room kept for what is put before or behind a name: a claim mark, a suffix, `.error`. */
const ROOM = 32;

export const inFolder = (folder: Buffer, name: Buffer): Buffer => Buffer.concat([folder, SLASH, name]);

export const isHidden = (name: Buffer): boolean => name[0] === 0x2e;

/** Names by their bytes: the same order on every machine and locale. */
export const byName = (a: { readonly name: Buffer }, b: { readonly name: Buffer }): number => Buffer.compare(a.name, b.name);

/** A matcher for a file-name pattern with `*` (any run) and `?` (one byte), letters of either case. */
export const matcher = (pattern: string): ((name: Buffer) => boolean) => {
  const source = Buffer.from(pattern)
    .toString('latin1')
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*+/g, '[^]*')
    .replace(/\?/g, '[^]');
  const expression = new RegExp(`^${source}$`, 'i');
  return (name) => expression.test(name.toString('latin1'));
};

/** Names under which senders write before they rename. */
export const TEMPORARY_NAMES: readonly string[] = [
  '*.tmp',
  '*.temp',
  '*.part',
  '*.partial',
  '*.filepart',
  '*.writing',
  '*.swp',
  '*~',
  '~*',
];

/** The n-th name to try where others lie: `a.hl7`, `a.2.hl7`, `a.3.hl7` …; cut so that marks still fit. */
export const nthName = (name: Buffer, n: number): Buffer => {
  const dot = name.lastIndexOf(0x2e);
  // An extension longer than this is no extension but a name with a dot in it.
  const cut = dot > 0 && name.length - dot <= 16 ? dot : name.length;
  const extension = name.subarray(cut);
  const stem = name.subarray(0, Math.min(cut, NAME_MAX - ROOM - extension.length));
  return Buffer.concat([stem, Buffer.from(n === 1 ? '' : `.${n}`), extension]);
};

/** A name as it is in `processing/`: a mark no other claim has, then the sender's own name. */
export const claimedName = (mark: string, name: Buffer): Buffer => Buffer.concat([Buffer.from(`${mark}+`), nthName(name, 1)]);
/** The sender's name out of a claimed one. */
export const unclaimedName = (claimed: Buffer): Buffer => {
  const plus = claimed.indexOf(0x2b);
  return plus < 0 || plus === claimed.length - 1 ? claimed : claimed.subarray(plus + 1);
};

/** Bytes of a key that might mean something to a file system or a shell are written as `=XX`; two keys never become one name. */
export const keyInName = (key: string): string =>
  [...Buffer.from(key)]
    .map((byte) => (/[A-Za-z0-9_-]/.test(String.fromCharCode(byte)) ? String.fromCharCode(byte) : `=${byte.toString(16).padStart(2, '0')}`))
    .join('');
