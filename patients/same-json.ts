import type { Json } from '../records/mapped.ts';

const isList = (value: Json): value is readonly Json[] => Array.isArray(value);

/** Equal as JSON, whatever the order of keys. */
export const sameJson = (a: Json | undefined, b: Json | undefined): boolean => {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (isList(a) || isList(b)) return isList(a) && isList(b) && sameList(a, b);
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  for (const key of keys) if (!Object.hasOwn(b, key) || !sameJson(a[key], b[key])) return false;
  return true;
};

const sameList = (a: readonly Json[], b: readonly Json[]): boolean => {
  if (a.length !== b.length) return false;
  for (let n = 0; n < a.length; n += 1) if (!sameJson(a[n], b[n])) return false;
  return true;
};
