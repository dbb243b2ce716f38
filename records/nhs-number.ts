import { brandAs, type NhsNumber } from './ids.ts';

export type NhsNumberFault = 'shape' | 'repeated-digit' | 'check-digit';
export type NhsNumberReading = { readonly ok: true; readonly value: NhsNumber } | { readonly ok: false; readonly why: NhsNumberFault };

/**
 * Reads an NHS number as people write it: ten digits, alone or in groups set apart by blanks, dots or hyphens.
 * NHS Data Dictionary, NHS NUMBER: modulus 11 over the first nine digits, weights 10 to 2, a check value of 10 is invalid.
 * A number of one repeated digit passes the sum and is refused all the same.
 */
export const readNhsNumber = (text: string): NhsNumberReading => {
  const shape = /^(\d{3})[ .\-\u00a0]?(\d{3})[ .\-\u00a0]?(\d{4})$/.exec(text.trim());
  if (shape === null) return { ok: false, why: 'shape' };
  const digits = shape.slice(1).join('');
  if (/^(\d)\1{9}$/.test(digits)) return { ok: false, why: 'repeated-digit' };
  let sum = 0;
  for (let i = 0; i < 9; i += 1) sum += (digits.charCodeAt(i) - 48) * (10 - i);
  const check = (11 - (sum % 11)) % 11;
  if (check === 10 || check !== digits.charCodeAt(9) - 48) return { ok: false, why: 'check-digit' };
  return { ok: true, value: brandAs<NhsNumber>(digits) };
};
