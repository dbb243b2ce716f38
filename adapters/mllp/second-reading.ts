import { Message } from 'node-hl7-client';

/** MSA-1 and MSA-2 of an acknowledgement. */
export interface AckReading {
  readonly code: string;
  readonly controlId: string;
}

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
  if (start < 0) return null;
  const lines = text.slice(start).split(/[\r\n]+/, 32);
  const msh = lines[0];
  const separator = msh?.[3];
  if (msh === undefined || separator === undefined) return null;
  const msa = lines.find((line) => line.startsWith(`MSA${separator}`));
  if (msa === undefined) return null;
  const fields = (line: string, count: number): string => line.split(separator, count).join(separator);
  try {
    const segment = new Message({ text: `${fields(msh, 2)}\r${fields(msa, 3)}` }).get('MSA');
    return { code: segment.get('1').toString().trim().toUpperCase(), controlId: segment.get('2').toString().trim() };
  } catch {
    return null;
  }
};
