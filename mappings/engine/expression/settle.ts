import type { LineMeta, Run } from '../run.ts';
import { CLEARED, Invalid, type Item, isList, type One, sameValue, type Value } from '../value.ts';
import type { Policy } from './policy.ts';

/** A value on which all has been decided: stated, cleared or unstated. */
export type Settled = Item | typeof CLEARED | undefined | readonly Item[];
export type Step<R extends Run> = (value: Value, run: R) => Value;
type Locate<R extends Run> = (run: R) => readonly string[];

/** Runs a function on each item; what is cleared, unstated or refused passes untouched, keeping its place in the list. */
export const onEach =
  <R extends Run>(apply: (item: Item, run: R) => Value): Step<R> =>
  (value, run) => {
    if (value === undefined || value === CLEARED || value instanceof Invalid) return value;
    if (!isList(value)) return apply(value, run);
    const out: One[] = [];
    for (const one of value) {
      const made = one === undefined || one === CLEARED || one instanceof Invalid ? one : apply(one, run);
      if (isList(made)) out.push(...made);
      else out.push(made);
    }
    return out;
  };

/** Decides on refused values as `invalid(…)` says, and drops what is unstated from a list. */
export const settle =
  <R extends Run>(policy: Policy, meta: LineMeta, locate: Locate<R>): Step<R> =>
  (value, run) => {
    if (value instanceof Invalid) return refused(value, run, policy, meta, locate(run)[0]);
    if (!isList(value)) return value;
    const out: Item[] = [];
    let cleared = 0;
    for (const [index, one] of value.entries()) {
      if (one === undefined) continue;
      if (one === CLEARED) {
        cleared += 1;
        continue;
      }
      if (!(one instanceof Invalid)) {
        out.push(one);
        continue;
      }
      const places = locate(run);
      const kept = refused(one, run, policy, meta, places.length === value.length ? places[index] : places[0]);
      if (kept !== undefined) out.push(kept);
    }
    if (cleared > 0 && out.length === 0) return CLEARED;
    if (cleared > 0) run.note('cleared-among-values', meta, locate(run)[0]);
    return out.length === 0 ? undefined : out;
  };

const refused = (value: Invalid, run: Run, policy: Policy, meta: LineMeta, source: string | undefined): Item | undefined => {
  if (policy.invalid === 'fail') {
    run.fail(value.code, meta, source);
    return undefined;
  }
  run.note(value.code, meta, source);
  const { kept } = value;
  // What is kept is the text as sent, or a model object that holds it; never null or a list.
  return policy.invalid === 'keep' && kept !== null && !Array.isArray(kept) ? (kept as Item) : undefined;
};

/** What becomes of several values that differ where one is wanted. */
export type Differing = 'first' | 'refuse' | 'contradiction';

/** Leaves one of several. Where they differ: the first, with an issue; none under `only`; and two identifiers of one kind are two people. */
export const chooseOne =
  <R extends Run>(differing: Differing, meta: LineMeta, locate: Locate<R>): Step<R> =>
  (value, run) => {
    if (!isList(value)) return value;
    let first: One;
    let differ = false;
    for (const one of value) {
      if (one === undefined || one === CLEARED || one instanceof Invalid) continue;
      if (first === undefined) first = one;
      else if (!sameValue(first, one)) differ = true;
    }
    if (!differ) return first;
    if (differing === 'refuse') return new Invalid('values-differ', null);
    if (differing === 'first') {
      run.note('many-values', meta, locate(run)[0]);
      return first;
    }
    run.fail('identity-contradiction', meta, locate(run)[0], 'identity-contradiction');
    return undefined;
  };
