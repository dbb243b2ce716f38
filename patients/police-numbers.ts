import type { Brand } from '../records/ids.ts';
import { brandAs } from '../records/ids.ts';

/** Police National Computer number, `YYYY/NNNNNNNL`. */
export type PncNumber = Brand<string, 'PncNumber'>;
/** Criminal Records Office number, `NNNNNN/YYL`, or `SFYY/NNNNNNL` for the older files. */
export type CroNumber = Brand<string, 'CroNumber'>;

export type PoliceNumberReading<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly why: 'shape' | 'check-letter' };

/** 23 letters, without I, O and S; the same for both numbers. */
const LETTERS = 'ZABCDEFGHJKLMNPQRTUVWXY';
const checkLetter = (twoDigitYear: string, serial: string): string | undefined => LETTERS[Number(`${twoDigitYear}${serial}`) % 23];

/**
 * Which century a two-digit PNC year belongs to. HMPPS's own services disagree: prisoner-search takes 39–99 for 19xx (`fixed`),
 * person-record takes what would lie after the present year for 19xx (`rolling`).
 */
export type PncCentury = { readonly rule: 'fixed' } | { readonly rule: 'rolling'; readonly year: number };
const FIXED: PncCentury = { rule: 'fixed' };

const fullYear = (twoDigits: string, century: PncCentury): string => {
  const is19 = century.rule === 'fixed' ? Number(twoDigits) >= 39 : Number(twoDigits) > century.year % 100;
  return `${is19 ? '19' : '20'}${twoDigits}`;
};

/**
 * Reads a PNC number with two- or four-digit year, slash optional, serial of one to seven digits. The canonical form is that of the fixed
 * rule unless told otherwise: it must not change with the calendar, for people are found by it. The letter does not depend on the century.
 */
export const readPncNumber = (text: string, century: PncCentury = FIXED): PoliceNumberReading<PncNumber> => {
  const plain = text.replace(/\s+/g, '').toUpperCase();
  const shape =
    /^(\d{4}|\d{2})\/(\d{1,7})([A-Z])$/.exec(plain) ??
    /^((?:19|20)\d{2})(\d{7})([A-Z])$/.exec(plain) ??
    /^(\d{2})(\d{1,7})([A-Z])$/.exec(plain);
  const [, year = '', serial = '', letter = ''] = shape ?? [];
  if (shape === null) return { ok: false, why: 'shape' };
  const padded = serial.padStart(7, '0');
  if (checkLetter(year.slice(-2), padded) !== letter) return { ok: false, why: 'check-letter' };
  const four = year.length === 4 ? year : fullYear(year, century);
  return { ok: true, value: brandAs<PncNumber>(`${four}/${padded}${letter}`) };
};

/** Reads a CRO number in either form. The serial of an `SF` number is not padded. */
export const readCroNumber = (text: string): PoliceNumberReading<CroNumber> => {
  const plain = text.replace(/\s+/g, '').toUpperCase();
  const file = /^SF(\d{2})\/?(\d{1,6})([A-Z])$/.exec(plain);
  const standard = /^(\d{1,6})\/(\d{2})([A-Z])$/.exec(plain);
  if (file === null && standard === null) return { ok: false, why: 'shape' };
  const [, year = '', serial = '', letter = ''] = file ?? [standard?.[0], standard?.[2], standard?.[1], standard?.[3]];
  const counted = file === null ? serial.padStart(6, '0') : serial;
  if (checkLetter(year, counted) !== letter) return { ok: false, why: 'check-letter' };
  return { ok: true, value: brandAs<CroNumber>(file === null ? `${counted}/${year}${letter}` : `SF${year}/${counted}${letter}`) };
};
