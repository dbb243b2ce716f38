import {
  dateByPattern,
  dateOfTimestamp,
  dateTimeByPattern,
  dateTimeOfTimestamp,
  instantOf,
  patternFault,
  showDate,
  timestampDate,
  timestampDateTime,
} from '../../../mappings/engine/dates.ts';
import { Zone } from '../../../mappings/engine/zone.ts';

const london = Zone.named('Europe/London');
if (london === undefined) throw new Error('zone data missing');

describe('HL7 timestamps', () => {
  it.each([
    ['1980', '1980'],
    ['198002', '1980-02'],
    ['19800229', '1980-02-29'],
    ['19810229', undefined],
    ['19801301', undefined],
    ['19800230', undefined],
    ['198002291530', '1980-02-29'],
    ['19800229153000.1234+0100', '1980-02-29'],
    ['1980-02-29', undefined],
    ['198', undefined],
    ['198002292500', undefined],
  ])('date of %s is %s', (text, expected) => {
    expect(dateOfTimestamp(text)).toBe(expected);
  });

  it.each([
    ['20260115093000', '2026-01-15T09:30:00.000Z'],
    ['20260715093000', '2026-07-15T08:30:00.000Z'],
    ['202607150930', '2026-07-15T08:30:00.000Z'],
    ['2026071509', '2026-07-15T08:00:00.000Z'],
    ['20260715093000.25', '2026-07-15T08:30:00.250Z'],
    ['20260715093000+0000', '2026-07-15T09:30:00.000Z'],
    ['20260715093000-0530', '2026-07-15T15:00:00.000Z'],
    ['20260715', '2026-07-15'],
    ['2026', '2026'],
    ['20260329013000', undefined], // the clocks skip this hour
    ['20261025013000', undefined], // and show this one twice
    ['20260329013000+0100', '2026-03-29T00:30:00.000Z'],
    ['20261025003000', '2026-10-24T23:30:00.000Z'],
    ['20261025020000', '2026-10-25T02:00:00.000Z'],
    ['20260230120000', undefined],
    ['20260715240000', undefined],
  ])('instant of %s in London is %s', (text, expected) => {
    expect(dateTimeOfTimestamp(text, london)).toBe(expected);
    expect(dateTimeOfTimestamp(text, london)).toBe(expected); // and from memory
  });

  it('goes out as it came in', () => {
    expect(timestampDateTime('2026-07-15T08:30:00.000Z', london)).toBe('20260715093000+0100');
    expect(timestampDateTime('2026-01-15T08:30:00.250Z', london)).toBe('20260115083000.250+0000');
    expect(timestampDateTime('2026-07', london)).toBe('202607');
    expect(timestampDate('1980-02-29', london)).toBe('19800229');
    expect(timestampDate('2026-07-15T23:30:00.000Z', london)).toBe('20260716');
  });

  it('orders a date by its first instant', () => {
    expect(instantOf('2026-07-15', london)).toBe('2026-07-14T23:00:00.000Z');
    expect(instantOf('2026', london)).toBe('2026-01-01T00:00:00.000Z');
    expect(instantOf('2026-07-15T08:30:00.000Z', london)).toBe('2026-07-15T08:30:00.000Z');
  });
});

describe('date patterns', () => {
  it('reads as the pattern says', () => {
    expect(dateByPattern('29/02/1980', 'dd/MM/yyyy')).toBe('1980-02-29');
    expect(dateByPattern('30/02/1980', 'dd/MM/yyyy')).toBeUndefined();
    expect(dateTimeByPattern('15/07/2026 09:30', 'dd/MM/yyyy HH:mm', london)).toBe('2026-07-15T08:30:00.000Z');
    expect(dateTimeByPattern('29/03/2026 01:30', 'dd/MM/yyyy HH:mm', london)).toBeUndefined();
  });

  it('never shows more than was stated', () => {
    expect(showDate('1980-09-29', 'dd MMM yyyy', london)).toBe('29 Sep 1980');
    expect(showDate('1980-09', 'dd MMM yyyy', london)).toBe('Sep 1980');
    expect(showDate('1980', 'dd MMM yyyy', london)).toBe('1980');
    expect(showDate('2026-07-15', "dd MMM yyyy 'at' HH:mm", london)).toBe('15 Jul 2026');
    expect(showDate('2026-07-15T08:30:00.000Z', 'dd MMM yyyy HH:mm', london)).toBe('15 Jul 2026 09:30');
  });

  it('refuses patterns that cannot be meant', () => {
    expect(patternFault('DD/MM/YYYY')).toContain('yyyy');
    expect(patternFault('dd/MM')).toContain('yyyy');
    expect(patternFault('dd/MM/yyyy HH:mm')).toBeUndefined();
  });
});

it('knows no zone that is none', () => {
  expect(Zone.named('Europe/Leeds')).toBeUndefined();
});
