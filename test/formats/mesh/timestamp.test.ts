import { minuteStamp, readStamp, secondStamp } from '../../../formats/mesh/timestamp.ts';

describe('MESH times', () => {
  const at = new Date('2026-02-28T23:59:58.999Z');

  it('are digits in UTC, to the minute or the second', () => {
    expect([minuteStamp(at), secondStamp(at)]).toEqual(['202602282359', '20260228235958']);
    expect(readStamp('202602282359')).toBe(Date.UTC(2026, 1, 28, 23, 59));
    expect(readStamp('20260228235958')).toBe(Date.UTC(2026, 1, 28, 23, 59, 58));
  });

  it.each(['', '2026022823', '202602302359', '202613012359', '202602282460', '20260228235960', '2026-02-28T23', '2026022823591'])(
    'refuses %j',
    (text) => {
      expect(readStamp(text)).toBeUndefined();
    },
  );
});
