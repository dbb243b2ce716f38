import type { Finding, Place } from '../records/issue.ts';
import type { Comparison, Condition, Spot, Value } from './condition.ts';
import { compilePattern } from './pattern.ts';

/** What a path of a condition can be asked, in an environment `E` (a message, a record, a route's facts). Values are text. */
export interface ConditionPath<E> {
  /** Does any stated value pass? A value that was cleared (`""`) is not stated. */
  some(env: E, test: (value: string) => boolean): boolean;
  exists(env: E): boolean;
  cleared(env: E): boolean;
}
export type Predicate<E> = (env: E) => boolean;

export interface ConditionResolver<E> {
  /** The meaning of a path; says what is wrong through its own findings and returns nothing. */
  path(spot: Spot): ConditionPath<E> | undefined;
  place(offset: number): Place;
  report(finding: Finding): void;
}

const NUMBER = /^[+-]?\d+(\.\d+)?$/;
const ISO_DATE = /^\d{4}(-\d{2}(-\d{2}(T.*)?)?)?$/;

/** Below 0, 0 or above: numbers by size, dates to the precision both have, all else letter by letter. */
export const compareValues = (left: string, right: string): number => {
  if (NUMBER.test(left) && NUMBER.test(right)) return Number(left) - Number(right);
  if (ISO_DATE.test(left) && ISO_DATE.test(right)) {
    const shared = Math.min(left.length, right.length);
    const [a, b] = [left.slice(0, shared), right.slice(0, shared)];
    return a < b ? -1 : a > b ? 1 : 0;
  }
  return left < right ? -1 : left > right ? 1 : 0;
};

const tests: Readonly<Record<Exclude<Comparison, '=' | '!='>, (order: number) => boolean>> = {
  '<': (order) => order < 0,
  '<=': (order) => order <= 0,
  '>': (order) => order > 0,
  '>=': (order) => order >= 0,
};

/** Compiles a parsed condition into one closure. Nothing is returned when any part of it could not be resolved. */
export const compileCondition = <E>(condition: Condition, resolver: ConditionResolver<E>): Predicate<E> | undefined => {
  const matching = (path: ConditionPath<E>, right: Value, passes: (left: string, right: string) => boolean): Predicate<E> | undefined => {
    const { text } = right;
    if (right.kind === 'text') {
      const test = (left: string): boolean => passes(left, text);
      return (env) => path.some(env, test);
    }
    const other = resolver.path(right);
    return other === undefined ? undefined : (env) => path.some(env, (left) => other.some(env, (value) => passes(left, value)));
  };

  const compare = (path: ConditionPath<E>, comparison: Comparison, value: Value): Predicate<E> | undefined => {
    if (comparison === '=' || comparison === '!=') {
      const equal = matching(path, value, (left, right) => left === right);
      return equal === undefined || comparison === '=' ? equal : (env) => !equal(env);
    }
    const test = tests[comparison];
    return matching(path, value, (left, right) => test(compareValues(left, right)));
  };

  const oneOf = (path: ConditionPath<E>, values: readonly Value[]): Predicate<E> | undefined => {
    const words = new Set(values.filter((value) => value.kind === 'text').map((value) => value.text));
    const inWords = (left: string): boolean => words.has(left);
    const others = values.filter((value) => value.kind === 'path').map((value) => matching(path, value, (left, right) => left === right));
    if (others.length === 0) return (env) => path.some(env, inWords);
    const known = others.filter((other) => other !== undefined);
    return known.length < others.length ? undefined : (env) => path.some(env, inWords) || known.some((other) => other(env));
  };

  const compile = (part: Condition): Predicate<E> | undefined => {
    switch (part.op) {
      case 'and':
      case 'or': {
        const inner = part.of.map(compile);
        const known = inner.filter((one) => one !== undefined);
        if (known.length < inner.length) return undefined;
        const [first, second] = known;
        if (known.length === 2 && first !== undefined && second !== undefined)
          return part.op === 'and' ? (env) => first(env) && second(env) : (env) => first(env) || second(env);
        return part.op === 'and' ? (env) => known.every((one) => one(env)) : (env) => known.some((one) => one(env));
      }
      case 'not': {
        const inner = compile(part.of);
        return inner === undefined ? undefined : (env) => !inner(env);
      }
      default: {
        const path = resolver.path(part.path);
        if (part.op === 'exists' || part.op === 'cleared') {
          if (path === undefined) return undefined;
          return part.op === 'exists' ? (env) => path.exists(env) : (env) => path.cleared(env);
        }
        if (part.op === 'matches') {
          const pattern = compilePattern(part.text.text);
          if ('error' in pattern) {
            resolver.report({
              code: 'pattern',
              severity: 'error',
              place: resolver.place(part.text.offset),
              message: `not a pattern: ${pattern.error}`,
            });
            return undefined;
          }
          const fits = (value: string): boolean => pattern.fits(value);
          return path && ((env) => path.some(env, fits));
        }
        if (path === undefined) return undefined;
        if (part.op === 'starts') {
          const { text } = part.text;
          const starts = (value: string): boolean => value.startsWith(text);
          return (env) => path.some(env, starts);
        }
        return part.op === 'in' ? oneOf(path, part.values) : compare(path, part.comparison, part.value);
      }
    }
  };
  return compile(condition);
};

/** Every path a condition names, in the order written; values that have the shape of a path included. */
export const conditionPaths = (condition: Condition): Spot[] => {
  switch (condition.op) {
    case 'and':
    case 'or':
      return condition.of.flatMap(conditionPaths);
    case 'not':
      return conditionPaths(condition.of);
    case 'compare':
      return [condition.path, ...(condition.value.kind === 'path' ? [condition.value] : [])];
    case 'in':
      return [condition.path, ...condition.values.filter((value) => value.kind === 'path')];
    default:
      return [condition.path];
  }
};
