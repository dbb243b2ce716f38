import { brandAs, type NhsNumber, type PrisonNumber } from '../records/ids.ts';

export { readNhsNumber } from '../records/nhs-number.ts';

/** Where a sound NHS number lies among the issued ranges; only `england-wales` is beyond doubt. */
export type NhsNumberRange = 'england-wales' | 'northern-ireland' | 'chi-like' | 'test' | 'unissued';

const isDayMonth = (digits: string): boolean => {
  const day = Number(digits.slice(0, 2));
  const month = Number(digits.slice(2, 4));
  return day >= 1 && day <= 31 && month >= 1 && month <= 12;
};

/**
 * Ranges as issued: 400–499 and 600–799 in England and Wales, England also 3xx, Northern Ireland 320 000 001–399 999 999, 999 for tests.
 * A Scottish CHI number is DDMMYY and four digits and can pass the NHS check, so a leading date-like 0–3 is flagged as such.
 */
export const nhsNumberRange = (value: NhsNumber): NhsNumberRange => {
  const head = Number(value.slice(0, 3));
  if (head === 999) return 'test';
  if (/^[0-3]/.test(value) && isDayMonth(value)) return 'chi-like';
  if (head >= 320 && head <= 399) return 'northern-ireland';
  if ((head >= 300 && head <= 319) || (head >= 400 && head <= 499) || (head >= 600 && head <= 799)) return 'england-wales';
  return 'unissued';
};

export type Environment = 'live' | 'test' | 'training';
/** True for a number of the test range on a live system: such a message must not touch anybody's record. */
export const isTestNumberInLive = (value: NhsNumber, environment: Environment): boolean =>
  environment === 'live' && nhsNumberRange(value) === 'test';

/** NHS Data Dictionary, NHS NUMBER STATUS INDICATOR CODE. */
export const NHS_NUMBER_STATUS = {
  verified: '01',
  notTraced: '02',
  traceRequired: '03',
  noOrManyMatches: '04',
  conflict: '05',
  inProgress: '06',
  notRequired: '07',
  postponed: '08',
} as const;

export type PrisonNumberReading =
  | { readonly ok: true; readonly value: PrisonNumber }
  /** Two letters and four digits: issued before NOMIS. Known locally, never a person's number for life. */
  | { readonly ok: false; readonly why: 'legacy'; readonly text: string }
  | { readonly ok: false; readonly why: 'shape' };

/** Reads a prison (NOMIS) number: letter, four digits, two letters; upper-cased, blanks dropped. It has no check digit. */
export const readPrisonNumber = (text: string): PrisonNumberReading => {
  const plain = text.replace(/\s+/g, '').toUpperCase();
  if (/^[A-Z]\d{4}[A-Z]{2}$/.test(plain)) return { ok: true, value: brandAs<PrisonNumber>(plain) };
  if (/^[A-Z]{2}\d{4}$/.test(plain)) return { ok: false, why: 'legacy', text: plain };
  return { ok: false, why: 'shape' };
};
