import { DateTime } from 'luxon';
import { brandAs, type Instant } from '../../records/ids.ts';
import type { Zone } from './zone.ts';

/** HL7 TS/DTM/DT (v2.5.1 §2.A.22): `YYYY[MM[DD[HH[MM[SS[.S[S[S[S]]]]]]]]][+/-ZZZZ]`. */
const TIMESTAMP = /^(\d{4})(?:(\d{2})(?:(\d{2})(?:(\d{2})(?:(\d{2})(?:(\d{2})(?:\.(\d{1,4}))?)?)?)?)?)?(?:([+-])(\d{2})(\d{2}))?$/;

const two = (value: number): string => (value < 10 ? `0${value}` : String(value));
const daysIn = (year: number, month: number): number =>
  month === 2 ? (year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28) : 30 + ((month + (month > 7 ? 1 : 0)) % 2);
/** Nobody alive and no record is older; years such as 0000 stand for "not known" and are no date. */
const FIRST_YEAR = 1800;
const isDay = (year: number, month: number, day: number): boolean =>
  year >= FIRST_YEAR && month >= 1 && month <= 12 && day >= 1 && day <= daysIn(year, month);

/** The number that these digits write; -1 where one of them is no digit. */
const digits = (text: string, from: number, to: number): number => {
  let value = 0;
  for (let at = from; at < to; at += 1) {
    const digit = text.charCodeAt(at) - 48;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
};

const instantText = (
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
  millisecond: number,
  zone: Zone,
): string | undefined => {
  if (!isDay(year, month, day) || hour > 23 || minute > 59 || second > 59) return undefined;
  const instant = zone.instantOf({ year, month, day, hour, minute, second, millisecond });
  return instant === undefined ? undefined : new Date(instant).toISOString();
};

/** Canonical date (`YYYY[-MM[-DD]]`, the precision as sent) of an HL7 timestamp; a time behind it is left out. Undefined where it is no date. */
export const dateOfTimestamp = (text: string): string | undefined => {
  if (text.length === 8 && digits(text, 0, 8) >= 0) {
    const [year, month, day] = [digits(text, 0, 4), digits(text, 4, 6), digits(text, 6, 8)];
    return isDay(year, month, day) ? `${text.slice(0, 4)}-${text.slice(4, 6)}-${text.slice(6)}` : undefined;
  }
  const found = TIMESTAMP.exec(text);
  if (found === null) return undefined;
  const [, year = '', month, day, hour = '0', minute = '0', second = '0'] = found;
  if (month === undefined) return Number(year) >= FIRST_YEAR ? year : undefined;
  if (!isDay(Number(year), Number(month), Number(day ?? '1'))) return undefined;
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined;
  return day === undefined ? `${year}-${month}` : `${year}-${month}-${day}`;
};

/**
 * Canonical date or instant of an HL7 timestamp. With an hour: an ISO 8601 instant in UTC, by its own offset, else by `zone` (an hour
 * that the clocks skip or show twice is no instant). Without: the date in the precision sent, since no time of day was stated.
 */
export const dateTimeOfTimestamp = (text: string, zone: Zone): string | undefined => {
  if ((text.length === 14 || text.length === 12) && digits(text, 0, text.length) >= 0) {
    const second = text.length === 14 ? digits(text, 12, 14) : 0;
    return instantText(
      digits(text, 0, 4),
      digits(text, 4, 6),
      digits(text, 6, 8),
      digits(text, 8, 10),
      digits(text, 10, 12),
      second,
      0,
      zone,
    );
  }
  const found = TIMESTAMP.exec(text);
  if (found === null) return undefined;
  const [, yearText = '', monthText, dayText, hourText, minuteText, secondText, fraction, sign, offsetHours, offsetMinutes] = found;
  if (hourText === undefined) return sign === undefined ? dateOfTimestamp(text) : undefined;
  const [year, month, day] = [Number(yearText), Number(monthText), Number(dayText)];
  const [hour, minute, second] = [Number(hourText), Number(minuteText ?? 0), Number(secondText ?? 0)];
  if (!isDay(year, month, day) || hour > 23 || minute > 59 || second > 59) return undefined;
  const millisecond = fraction === undefined ? 0 : Math.floor(Number(`0.${fraction}`) * 1000);
  if (sign !== undefined) {
    const offset = (sign === '-' ? -1 : 1) * (Number(offsetHours) * 60 + Number(offsetMinutes));
    return new Date(Date.UTC(year, month - 1, day, hour, minute, second, millisecond) - offset * 60_000).toISOString();
  }
  return instantText(year, month, day, hour, minute, second, millisecond, zone);
};

/** English month names whatever the machine's language; "Sep", never "Sept". */
const LOCALE = 'en-US';

/** Canonical date of a text written as the pattern says (luxon tokens: `dd/MM/yyyy`). */
export const dateByPattern = (text: string, pattern: string): string | undefined => {
  const parsed = DateTime.fromFormat(text.trim(), pattern, { zone: 'utc', locale: LOCALE });
  return parsed.isValid ? parsed.toFormat('yyyy-MM-dd') : undefined;
};

/** Canonical instant of a text written as the pattern says, in the zone. */
export const dateTimeByPattern = (text: string, pattern: string, zone: Zone): string | undefined => {
  const parsed = DateTime.fromFormat(text.trim(), pattern, { zone: 'utc', locale: LOCALE, setZone: true });
  if (!parsed.isValid) return undefined;
  if (/Z/.test(pattern)) return parsed.toUTC().toISO() ?? undefined;
  const instant = zone.instantOf(parsed.toObject());
  return instant === undefined ? undefined : new Date(instant).toISOString();
};

const PARTIAL = /^(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?$/;

/** Instant by which a canonical date or dateTime is ordered: that of the start of the year, month or day in the zone where no time is stated. */
export const instantOf = (value: string, zone: Zone): Instant => {
  const found = PARTIAL.exec(value);
  if (found === null) return brandAs<Instant>(new Date(value).toISOString());
  const [, year, month = '1', day = '1'] = found;
  return brandAs<Instant>(new Date(zone.startOfDay(Number(year), Number(month), Number(day))).toISOString());
};

/** HL7 DT of a canonical date or dateTime, precision kept. A time is dropped after being brought to the zone. */
export const timestampDate = (value: string, zone: Zone): string => {
  if (PARTIAL.test(value)) return value.replaceAll('-', '');
  return timestampDateTime(value, zone).slice(0, 8);
};

/** HL7 TS of a canonical date or dateTime: a date keeps its precision, an instant is shown in the zone with its offset. */
export const timestampDateTime = (value: string, zone: Zone): string => {
  if (PARTIAL.test(value)) return value.replaceAll('-', '');
  const instant = Date.parse(value);
  const offset = zone.offsetAt(instant);
  const wall = new Date(instant + offset * 60_000);
  const fraction = wall.getUTCMilliseconds();
  const [sign, size] = [offset < 0 ? '-' : '+', Math.abs(offset)];
  const day = `${String(wall.getUTCFullYear()).padStart(4, '0')}${two(wall.getUTCMonth() + 1)}${two(wall.getUTCDate())}`;
  const time = `${two(wall.getUTCHours())}${two(wall.getUTCMinutes())}${two(wall.getUTCSeconds())}`;
  return `${day}${time}${fraction === 0 ? '' : `.${String(fraction).padStart(3, '0')}`}${sign}${two(Math.floor(size / 60))}${two(size % 60)}`;
};

/**
 * A canonical date or dateTime as people read it. Where the value states less than the pattern asks (a year alone, a day without
 * time) only what it states is shown: `1980`, `Mar 1980`, the pattern without its time.
 */
export const showDate = (value: string, pattern: string, zone: Zone): string => {
  const found = PARTIAL.exec(value);
  if (found === null) return DateTime.fromISO(value, { zone: zone.name, locale: LOCALE }).toFormat(pattern);
  const [, year, month, day] = found;
  const known = DateTime.utc(Number(year), Number(month ?? 1), Number(day ?? 1)).setLocale(LOCALE);
  if (month === undefined) return known.toFormat('yyyy');
  if (day === undefined) return known.toFormat(pattern.includes('MMM') ? 'MMM yyyy' : 'MM/yyyy');
  return known.toFormat(pattern.replace(/[\s,T]*(?:'[^']*'\s*)?[HhmsSaZ][\s\S]*$/, ''));
};

/** Undefined where a pattern can stand for a date; else what is wrong with it. */
export const patternFault = (pattern: string): string | undefined => {
  if (!/y/.test(pattern)) return 'a pattern needs a year: yyyy';
  if (/D/.test(pattern) || /Y/.test(pattern)) return 'days are dd and years yyyy, in small letters';
  return undefined;
};
