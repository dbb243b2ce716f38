import { readNhsNumber } from '../records/nhs-number.ts';

/**
 * What must never leave by a log line, a metric or a console answer, recognised by its shape: HL7 text, NHS numbers,
 * prison numbers and texts too long to be a name or a code. The second net; the first is that only declared facts pass (facts.ts).
 */
export type Withheld = 'hl7' | 'nhs-number' | 'prison-number' | 'too-long' | 'control-characters' | 'undeclared' | 'shape';

/** Longest text that may pass. */
export const LONGEST = 200;

/** The default encoding characters, or a segment name followed by a bar or caret as in `PID|`, `MRG|`, `ZPI|`. */
const hl7 = /\^~\\&|(?:^|[^A-Za-z0-9])[A-Z][A-Z0-9]{2}\|/;
const bars = /\|[^|]*\|/;
const nhsShape = /(?<![0-9])[0-9]{3}[ \-.\u00a0]?[0-9]{3}[ \-.\u00a0]?[0-9]{4}(?![0-9])/g;
/** NOMIS number: letter, four digits, two letters. */
const prisonShape = /(?<![A-Za-z0-9])[A-Za-z][0-9]{4}[A-Za-z]{2}(?![A-Za-z0-9])/;
const control = /[\u0000-\u001f\u007f]/;

/** A repeated digit is no NHS number but often stands for one; it is withheld too. */
const readsAsNhsNumber = (text: string): boolean => {
  const reading = readNhsNumber(text);
  return reading.ok || reading.why === 'repeated-digit';
};

const holdsNhsNumber = (text: string): boolean => {
  if (text.length < 10) return false;
  for (const [found] of text.matchAll(nhsShape)) if (readsAsNhsNumber(found)) return true;
  return false;
};

/** Why this text may not be shown, or nothing when it may. */
export const whyWithheld = (text: string, longest = LONGEST): Withheld | undefined => {
  if (text.length > longest) return 'too-long';
  if (control.test(text)) return 'control-characters';
  if (hl7.test(text) || bars.test(text)) return 'hl7';
  if (holdsNhsNumber(text)) return 'nhs-number';
  if (prisonShape.test(text)) return 'prison-number';
  return undefined;
};

/** True for a whole number that reads as an NHS number. */
export const isNhsShaped = (value: number): boolean =>
  Number.isInteger(value) && value >= 1e8 && value < 1e10 && readsAsNhsNumber(String(value).padStart(10, '0'));

export const withheld = (why: Withheld): string => `[withheld: ${why}]`;
