import { isAscii, isUtf8 } from 'node:buffer';
import iconv from 'iconv-lite';

/** Which character set a message is read in, and why. */
export interface CharsetReport {
  /** MSH-18 as it stands, first repetition; empty where not stated. */
  readonly declared: string;
  /** Encoding used: `ascii`, `utf-8`, `windows-1252`, `iso-8859-1` … */
  readonly used: string;
  /** `declared` by the message, `assumed` (nothing usable declared and the bytes are UTF-8), `fallback` (windows-1252). */
  readonly how: 'declared' | 'assumed' | 'fallback';
  /** False where the bytes are not valid in the character set the message declares, or that set cannot be read here. */
  readonly valid: boolean;
}

/** HL7 table 0211 and the spellings seen in its place → encoding. `''` = known to the standard, not readable here. */
const NAMES: Readonly<Record<string, string>> = {
  ASCII: 'ascii',
  'US-ASCII': 'ascii',
  'ISO IR6': 'ascii',
  '8859/1': 'iso-8859-1',
  '8859/2': 'iso-8859-2',
  '8859/3': 'iso-8859-3',
  '8859/4': 'iso-8859-4',
  '8859/5': 'iso-8859-5',
  '8859/6': 'iso-8859-6',
  '8859/7': 'iso-8859-7',
  '8859/8': 'iso-8859-8',
  '8859/9': 'iso-8859-9',
  '8859/15': 'iso-8859-15',
  'ISO-8859-1': 'iso-8859-1',
  'ISO-8859-15': 'iso-8859-15',
  'WINDOWS-1252': 'windows-1252',
  'UNICODE UTF-8': 'utf-8',
  'UNICODE UTF8': 'utf-8',
  'UTF-8': 'utf-8',
  UTF8: 'utf-8',
  'UNICODE UTF-16': 'utf-16',
  'UTF-16': 'utf-16',
  'UNICODE UTF-32': 'utf-32',
  'UTF-32': 'utf-32',
  'GB 18030-2000': 'gb18030',
  'BIG-5': 'big5',
  'KS X 1001': 'euc-kr',
  'ISO IR14': '',
  'ISO IR87': '',
  'ISO IR159': '',
  JAS2020: '',
  'JIS X 0202': '',
  'CNS 11643-1992': '',
};

const BY_NAME: ReadonlyMap<string, string> = new Map(Object.entries(NAMES));

/** Encodings whose bytes may look like delimiters: they are decoded before the structure is looked for. */
const UNSAFE = new Set(['utf-16le', 'utf-16be', 'utf-32', 'gb18030', 'big5']);
export const hidesStructure = (encoding: string): boolean => UNSAFE.has(encoding);

/** MLLP content bytes are above 0x1F, so UTF-16 and UTF-32 cannot travel in a frame (HL7 Transport: MLLP R1). */
export const travelsInMllp = (encoding: string): boolean => !encoding.startsWith('utf-16') && !encoding.startsWith('utf-32');

/** Encoding for an MSH-18 value: undefined where the name is unknown, `''` where it is known and cannot be read here. */
export const encodingNamed = (declared: string): string | undefined => BY_NAME.get(declared) ?? BY_NAME.get(declared.trim().toUpperCase());

/** Name of an encoding for MSH-18 (table 0211); empty for ASCII, which is what an empty MSH-18 means. */
export const hl7Name = (encoding: string): string => {
  if (encoding === 'ascii') return '';
  if (encoding === 'utf-8') return 'UNICODE UTF-8';
  if (encoding === 'windows-1252') return '8859/1';
  for (const [name, value] of Object.entries(NAMES)) if (value === encoding) return name;
  return '';
};

/** UTF-16 told from its byte-order mark or from `MSH` written in two-byte units; undefined for bytes of eight bits. */
export function wideEncoding(bytes: Buffer): 'utf-16le' | 'utf-16be' | undefined {
  const [a, b, c, d] = bytes;
  if (a === 0xff && b === 0xfe) return 'utf-16le';
  if (a === 0xfe && b === 0xff) return 'utf-16be';
  if (b === 0 && d === 0 && a !== 0 && c !== 0 && a !== undefined && c !== undefined) return 'utf-16le';
  if (a === 0 && c === 0 && b !== 0 && d !== 0 && b !== undefined && d !== undefined) return 'utf-16be';
  return undefined;
}

/** Whether every byte has a meaning in the encoding. */
function isValid(bytes: Buffer, encoding: string): boolean {
  switch (encoding) {
    case 'ascii':
      return isAscii(bytes);
    case 'utf-8':
      return isUtf8(bytes);
    case 'iso-8859-1':
      return true;
    case '':
      return false;
    default:
      return isAscii(bytes) || !iconv.decode(bytes, encoding).includes('\ufffd');
  }
}

const HAS_C1 = /[\x80-\x9f]/;
/** Bytes 0x80–0x9F are controls in 8859/1 and letters or quotes in windows-1252, which is what such senders mean. */
const usesC1 = (bytes: Buffer): boolean => {
  for (let from = 0; from < bytes.length; from += 65_536) if (HAS_C1.test(bytes.toString('latin1', from, from + 65_536))) return true;
  return false;
};

/**
 * Decides how a message is read. A known name stands and is checked strictly; with none, or an unknown one, strict UTF-8 is tried
 * and windows-1252 is the fallback. `wide` is what `wideEncoding` saw in the bytes.
 */
export function decideCharset(declared: string, bytes: Buffer, wide = wideEncoding(bytes)): CharsetReport {
  if (wide !== undefined) {
    const named = encodingNamed(declared);
    const agrees = named === 'utf-16' || declared.trim().toUpperCase() === 'UNICODE';
    return { declared, used: wide, how: agrees ? 'declared' : 'assumed', valid: isValid(bytes, wide) };
  }
  const encoding = encodingNamed(declared);
  if (encoding === undefined) {
    if (isUtf8(bytes)) return { declared, used: 'utf-8', how: 'assumed', valid: true };
    return { declared, used: 'windows-1252', how: 'fallback', valid: true };
  }
  // Eight-bit bytes under a name of sixteen or thirty-two, or a set that cannot be read: shown as well as can be, not valid.
  if (encoding === '' || encoding.startsWith('utf-16') || encoding === 'utf-32')
    return { declared, used: isUtf8(bytes) ? 'utf-8' : 'windows-1252', how: 'fallback', valid: false };
  if (encoding === 'iso-8859-1' && !isAscii(bytes) && usesC1(bytes))
    return { declared, used: 'windows-1252', how: 'fallback', valid: true };
  if (isValid(bytes, encoding)) return { declared, used: encoding, how: 'declared', valid: true };
  return { declared, used: encoding === 'ascii' ? (isUtf8(bytes) ? 'utf-8' : 'windows-1252') : encoding, how: 'declared', valid: false };
}

/** Bytes → text. Bytes without meaning become U+FFFD. */
export function decode(bytes: Buffer, encoding: string): string {
  if (encoding === 'utf-8') return bytes.toString('utf8');
  if (encoding === 'ascii' || encoding === 'iso-8859-1') return bytes.toString('latin1');
  return iconv.decode(bytes, encoding, { stripBOM: false });
}

export interface Encoded {
  readonly bytes: Buffer;
  /** Characters the encoding has no bytes for; each stands as `?`. */
  readonly lost: number;
}

const LONE_SURROGATE = /\p{Surrogate}/gu;

/** Text → bytes, with a count of what could not be said. Names of table 0211 are taken as well as encodings. */
export function encode(text: string, charset: string): Encoded {
  const encoding = encodingNamed(charset) || charset;
  // A lone surrogate has no bytes in any encoding.
  const torn = text.match(LONE_SURROGATE)?.length ?? 0;
  const sound = torn === 0 ? text : text.replace(LONE_SURROGATE, '?');
  if (encoding === 'utf-8') return { bytes: Buffer.from(sound, 'utf8'), lost: torn };
  const bytes = iconv.encode(sound, encoding);
  if (iconv.decode(bytes, encoding, { stripBOM: false }) === sound) return { bytes, lost: torn };
  let lost = torn;
  for (const char of sound) if (iconv.decode(iconv.encode(char, encoding), encoding, { stripBOM: false }) !== char) lost++;
  return { bytes, lost };
}

export const isKnownEncoding = (charset: string): boolean => {
  const encoding = encodingNamed(charset);
  return encoding === undefined ? iconv.encodingExists(charset) : encoding !== '';
};
