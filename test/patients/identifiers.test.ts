import fc from 'fast-check';
import { isTestNumberInLive, nhsNumberRange, readNhsNumber, readPrisonNumber } from '../../patients/identifiers.ts';
import { readCroNumber, readPncNumber } from '../../patients/police-numbers.ts';
import { brandAs, type NhsNumber } from '../../records/ids.ts';

const number = (text: string): NhsNumber => brandAs<NhsNumber>(text);
const checkDigit = (stem: string): number => {
  const sum = [...stem].reduce((total, digit, index) => total + Number(digit) * (10 - index), 0);
  return (11 - (sum % 11)) % 11;
};

describe('NHS number (domain trap 1)', () => {
  it('accepts a sound number, alone and in the shown form 3-3-4', () => {
    for (const text of ['9434765919', '943 476 5919', '943-476-5919', ' 943 476 5919 '])
      expect(readNhsNumber(text)).toEqual({ ok: true, value: '9434765919' });
  });

  it('refuses every number of one repeated digit, though the sum is right', () => {
    for (let digit = 0; digit <= 9; digit += 1)
      expect(readNhsNumber(String(digit).repeat(10))).toEqual({ ok: false, why: 'repeated-digit' });
  });

  it('refuses a wrong check digit and other shapes, and tells which', () => {
    expect(readNhsNumber('9434765918')).toEqual({ ok: false, why: 'check-digit' });
    for (const text of ['943476591', '94347659190', '943 4765 919', 'NHS9434765919', ''])
      expect(readNhsNumber(text)).toEqual({ ok: false, why: 'shape' });
  });

  it('lets no swap of two neighbouring digits through', () => {
    fc.assert(
      fc.property(fc.integer({ min: 100_000_000, max: 999_999_999 }), fc.integer({ min: 0, max: 8 }), (stem, place) => {
        const check = checkDigit(String(stem));
        fc.pre(check !== 10);
        const digits = [...`${stem}${check}`];
        const [left = '', right = ''] = digits.slice(place, place + 2);
        fc.pre(left !== right);
        digits.splice(place, 2, right, left);
        expect(readNhsNumber(digits.join('')).ok).toBe(false);
      }),
    );
  });

  it('flags a CHI-like number, the Northern Irish and the test range', () => {
    expect(nhsNumberRange(number('0101991234'))).toBe('chi-like');
    expect(nhsNumberRange(number('3112850002'))).toBe('chi-like');
    expect(nhsNumberRange(number('3200000015'))).toBe('northern-ireland');
    expect(nhsNumberRange(number('4505577104'))).toBe('england-wales');
    expect(nhsNumberRange(number('9990000018'))).toBe('test');
    expect(nhsNumberRange(number('9434765919'))).toBe('unissued');
  });

  it('refuses the test range on a live system alone (hazard H15)', () => {
    expect(isTestNumberInLive(number('9990000018'), 'live')).toBe(true);
    expect(isTestNumberInLive(number('9990000018'), 'test')).toBe(false);
    expect(isTestNumberInLive(number('4505577104'), 'live')).toBe(false);
  });
});

describe('prison number', () => {
  it('is upper-cased, and an older form is told apart', () => {
    expect(readPrisonNumber('a1234bc')).toEqual({ ok: true, value: 'A1234BC' });
    expect(readPrisonNumber(' A 1234 BC')).toEqual({ ok: true, value: 'A1234BC' });
    expect(readPrisonNumber('TT1234')).toEqual({ ok: false, why: 'legacy', text: 'TT1234' });
    expect(readPrisonNumber('A12345C')).toEqual({ ok: false, why: 'shape' });
  });
});

describe('PNC and CRO numbers (domain trap 13)', () => {
  it('checks the letter over two-digit year and padded serial', () => {
    expect(readPncNumber('12/394773H')).toEqual({ ok: true, value: '2012/0394773H' });
    expect(readPncNumber('12/394773J')).toEqual({ ok: false, why: 'check-letter' });
    expect(readPncNumber('2012/0394773h')).toEqual({ ok: true, value: '2012/0394773H' });
    expect(readPncNumber('20120394773H')).toEqual({ ok: true, value: '2012/0394773H' });
    expect(readPncNumber('not known')).toEqual({ ok: false, why: 'shape' });
  });

  const letterOf = (year: string, serial: string): string => 'ZABCDEFGHJKLMNPQRTUVWXY'[Number(`${year}${serial}`) % 23] ?? '';
  it.each([
    ['39', '1939', '1939'],
    ['26', '2026', '2026'],
    ['38', '2038', '1938'],
    ['27', '2027', '1927'],
  ])('year %s is %s by the fixed rule and %s by the rolling rule of 2026', (two, fixed, rolling) => {
    const text = `${two}/123456${letterOf(two, '0123456')}`;
    expect(readPncNumber(text)).toMatchObject({ value: expect.stringMatching(`^${fixed}/0123456`) });
    expect(readPncNumber(text, { rule: 'rolling', year: 2026 })).toMatchObject({ value: expect.stringMatching(`^${rolling}/0123456`) });
  });

  it('has a canonical form that stays as it is', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 99 }), fc.integer({ min: 1, max: 9_999_999 }), (year, serial) => {
        const two = String(year).padStart(2, '0');
        const first = readPncNumber(`${two}/${serial}${letterOf(two, String(serial).padStart(7, '0'))}`);
        expect(first.ok && readPncNumber(first.value)).toEqual(first);
      }),
    );
  });

  it('reads both CRO forms, the serial of an SF number unpadded', () => {
    expect(readCroNumber(`1234/99${letterOf('99', '001234')}`)).toEqual({ ok: true, value: `001234/99${letterOf('99', '001234')}` });
    expect(readCroNumber(`sf94/1234${letterOf('94', '1234')}`)).toEqual({ ok: true, value: `SF94/1234${letterOf('94', '1234')}` });
    expect(readCroNumber(`SF94/1234${letterOf('94', '1235')}`)).toEqual({ ok: false, why: 'check-letter' });
  });
});
