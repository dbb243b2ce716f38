import { Message, Segment } from 'node-hl7-client';

/** MSA-1 and MSA-2 of an acknowledgement. */
export interface AckReading {
  readonly code: string;
  readonly controlId: string;
}

/** The package's own headers, by separators: receivers use one set for all their answers, and building a header costs more than the rest. */
const headers = new Map<string, Message>();
const MOST_HEADERS = 64;

const headerOf = (msh: string): Message => {
  const known = headers.get(msh);
  if (known !== undefined) return known;
  const header = new Message({ text: msh });
  if (headers.size >= MOST_HEADERS) headers.clear();
  headers.set(msh, header);
  return header;
};

/** The first `count` fields of a segment. */
const fields = (line: string, separator: string, count: number): string => {
  let end = -1;
  for (let n = 0; n < count; n += 1) {
    end = line.indexOf(separator, end + 1);
    if (end < 0) return line;
  }
  return line.slice(0, end);
};

/** A value that holds no escape sequence is read as it stands; the package takes a node apart to find that out. */
const plain = (raw: string, escaping: string | undefined): string | undefined =>
  escaping !== undefined && raw.includes(escaping) ? undefined : raw.trim();

/**
 * Reads an acknowledgement with node-hl7-client. The line that forgets a message rests on eight bytes of an answer, so they
 * are read twice, by two parsers that share no code, and believed only when both say the same.
 *
 * The package is handed the separators and MSA-1 and MSA-2 alone, cut at any line end: it throws on a byte-order mark, blank lines
 * and mixed line ends, which receivers in use do send, and takes any field that ends in `MSH` for a second message. Null where it
 * reads no acknowledgement.
 */
export const secondReading = (answer: Buffer): AckReading | null => {
  const text = answer.toString('latin1');
  const start = text.indexOf('MSH');
  const separator = start < 0 ? undefined : text[start + 3];
  if (separator === undefined) return null;
  const lines = text.slice(start).split(/[\r\n]+/, 32);
  const msa = lines.find((line) => line.startsWith(`MSA${separator}`));
  if (lines[0] === undefined || msa === undefined) return null;
  try {
    const header = headerOf(fields(lines[0], separator, 2));
    const segment = new Segment(header, fields(msa, separator, 3));
    const controlId = segment.get('2');
    return {
      code: segment.get('1').toRaw().trim().toUpperCase(),
      controlId: plain(controlId.toRaw(), text[start + 6]) ?? controlId.toString().trim(),
    };
  } catch {
    return null;
  }
};
