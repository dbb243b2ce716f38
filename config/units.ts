const durations: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
/** Powers of 1024, as PostgreSQL writes them. */
const sizes: Readonly<Record<string, number>> = { B: 1, kB: 1024, KB: 1024, MB: 1024 ** 2, GB: 1024 ** 3 };

const measure = (text: string, units: Readonly<Record<string, number>>): number | undefined => {
  const found = /^([0-9]+(?:\.[0-9]+)?) ?([A-Za-z]+)$/.exec(text);
  const unit = units[found?.[2] ?? ''];
  if (found === null || unit === undefined) return undefined;
  const value = Number(found[1]) * unit;
  return Number.isInteger(value) && Number.isSafeInteger(value) ? value : undefined;
};

/** `250ms`, `30s`, `5m`, `1.5h`, `7d` → milliseconds; undefined when it is no duration. */
export const parseDuration = (text: string): number | undefined => measure(text, durations);
/** `512kB`, `64MB`, `1GB` → bytes; undefined when it is no size. */
export const parseSize = (text: string): number | undefined => measure(text, sizes);

const show = (value: number, units: readonly (readonly [string, number])[]): string => {
  const [unit, factor] = units.find(([, size]) => value >= size && value % size === 0) ?? units.at(-1) ?? ['', 1];
  return `${value / factor}${unit}`;
};
export const showDuration = (ms: number): string => show(ms, Object.entries(durations).reverse());
export const showSize = (bytes: number): string =>
  show(bytes, [
    ['GB', 1024 ** 3],
    ['MB', 1024 ** 2],
    ['kB', 1024],
    ['B', 1],
  ]);
