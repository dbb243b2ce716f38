const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** What a duration looks like in a settings file and at the admin door. */
export const DURATION = '^[0-9]{1,9}(ms|s|m|h|d)$';

/** Milliseconds of `90s`, `2h` or `5d`; undefined where it is none. */
export const readDuration = (text: string): number | undefined => {
  const parts = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text);
  const unit = UNITS[parts?.[2] ?? ''];
  return parts === null || unit === undefined ? undefined : Number(parts[1]) * unit;
};
