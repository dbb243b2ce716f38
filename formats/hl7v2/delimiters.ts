import { ThroughcareError } from '../../records/faults.ts';

/** The characters that structure a message, as MSH-1 and MSH-2 (or FHS/BHS-1 and -2) declare them. Each is one ASCII character. */
export interface Delimiters {
  readonly field: string;
  readonly component: string;
  readonly repetition: string;
  readonly escape: string;
  readonly subcomponent: string;
  /** From version 2.7; absent where the message does not declare it. */
  readonly truncation?: string;
}

export const STANDARD_DELIMITERS: Delimiters = { field: '|', component: '^', repetition: '~', escape: '\\', subcomponent: '&' };

/** Order in MSH-2. */
const ENCODING = ['component', 'repetition', 'escape', 'subcomponent', 'truncation'] as const;

/** Visible ASCII that is neither letter nor digit. */
export const isDelimiter = (byte: number | undefined): boolean =>
  byte !== undefined &&
  byte > 0x20 &&
  byte < 0x7f &&
  !(byte >= 0x30 && byte <= 0x39) &&
  !(byte >= 0x41 && byte <= 0x5a) &&
  !(byte >= 0x61 && byte <= 0x7a);

/** `|^~\\&|`, as nearly every message has it. */
const isStandard = (bytes: Buffer, at: number): boolean =>
  bytes[at + 3] === 0x7c &&
  bytes[at + 4] === 0x5e &&
  bytes[at + 5] === 0x7e &&
  bytes[at + 6] === 0x5c &&
  bytes[at + 7] === 0x26 &&
  bytes[at + 8] === 0x7c;

/** End of MSH-2: the next field separator or line end. */
const encodingEnd = (bytes: Buffer, from: number, field: number): number => {
  let end = from;
  while (end < bytes.length) {
    const byte = bytes[end];
    if (byte === field || byte === 0x0d || byte === 0x0a) break;
    end++;
  }
  return end;
};

/**
 * Reads the delimiters of a header segment (MSH, FHS, BHS) that begins at `start`. A short MSH-2 is completed with the standard
 * characters (HL7 v2.5.1 §2.5.4); truncation has no default.
 * @throws ThroughcareError `bad-delimiters` where MSH-1 is no punctuation, MSH-2 is empty or too long, or a character serves twice.
 */
export function readDelimiters(bytes: Buffer, start: number): Delimiters {
  if (isStandard(bytes, start)) return STANDARD_DELIMITERS;
  const field = bytes[start + 3];
  if (field === undefined || !isDelimiter(field)) throw new ThroughcareError('bad-delimiters', 'MSH-1');
  const end = encodingEnd(bytes, start + 4, field);
  const declared = bytes.toString('latin1', start + 4, Math.min(end, start + 10));
  if (declared.length === 0 || declared.length > ENCODING.length) throw new ThroughcareError('bad-delimiters', 'MSH-2');
  const found: Record<string, string> = { field: String.fromCharCode(field) };
  for (const [i, role] of ENCODING.entries()) {
    const standard = role === 'truncation' ? undefined : STANDARD_DELIMITERS[role];
    const char = i < declared.length ? declared[i] : standard;
    if (char === undefined) continue;
    if (!isDelimiter(char.charCodeAt(0)) || Object.values(found).includes(char)) throw new ThroughcareError('bad-delimiters', 'MSH-2');
    found[role] = char;
  }
  return { ...STANDARD_DELIMITERS, ...found };
}

/**
 * What can be made of unsound delimiters, for answering a sender and for reading a careless receiver's answer: the separator of
 * MSH-1 where it is punctuation, all else as in the standard.
 */
export function salvageDelimiters(bytes: Buffer, start: number): Delimiters {
  try {
    return readDelimiters(bytes, start);
  } catch {
    const field = bytes[start + 3];
    const sound = isDelimiter(field) && field !== undefined && !'^~\\&'.includes(String.fromCharCode(field));
    return sound ? { ...STANDARD_DELIMITERS, field: String.fromCharCode(field) } : STANDARD_DELIMITERS;
  }
}
