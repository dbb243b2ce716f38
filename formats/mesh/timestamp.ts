/** Times as MESH writes them: digits alone, UTC. The token carries minutes (`yyyyMMddHHmm`), headers and records seconds (`yyyyMMddHHmmss`). */

const digits = (at: Date, count: number): string => at.toISOString().replace(/\D/g, '').slice(0, count);

export const minuteStamp = (at: Date): string => digits(at, 12);
export const secondStamp = (at: Date): string => digits(at, 14);

/** Milliseconds since 1970 of a minute or second stamp; undefined where it is none, or names a time that does not exist (month 13, 30 February). */
export const readStamp = (text: string): number | undefined => {
  const parts = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)?$/.exec(text);
  if (parts === null) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts.slice(1).map((part) => Number(part ?? '0'));
  const at = Date.UTC(year, month - 1, day, hour, minute, second);
  // A part out of its range would roll over into the next.
  return digits(new Date(at), text.length) === text ? at : undefined;
};
