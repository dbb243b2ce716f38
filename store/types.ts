import pg from 'pg';

const INT8 = 20;
const BYTEA = 17;
const NUMERIC = 1700;
const DATE = 1082;
const INT8_ARRAY = 1016;

/** A bigint as a number. Ids and counts stay far below 2^53; anything above would be a fault, not a value. */
const toNumber = (text: string): number => {
  const value = Number(text);
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) throw new RangeError('bigint beyond 2^53');
  return value;
};

const ours: Readonly<Record<number, (text: string) => unknown>> = {
  [INT8]: toNumber,
  [NUMERIC]: toNumber,
  // A date is a day, not a midnight in some zone.
  [DATE]: (text) => text,
  [INT8_ARRAY]: (text) =>
    text === '{}'
      ? []
      : text
          .slice(1, -1)
          .split(',')
          .map((item) => (item === 'NULL' ? null : toNumber(item))),
  [BYTEA]: (text) => Buffer.from(text.slice(2), 'hex'),
};

const defaultOf: (oid: number, format?: 'text' | 'binary') => unknown = pg.types.getTypeParser;

/** Column parsers of the pool: bigint and numeric as numbers, date as text, bytea from hex; the rest as pg has it. */
export const rowTypes = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') => ours[oid] ?? defaultOf(oid, format),
} as unknown as pg.CustomTypesConfig; // pg's overloads tie each oid to its result type, which a table of parsers cannot state
