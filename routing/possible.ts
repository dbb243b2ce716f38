import type { Condition, Value } from '../language/condition.ts';
import { compareValues } from '../language/condition-compile.ts';

/** `maybe`: it depends on what is not known here. */
export type Answer = 'yes' | 'no' | 'maybe';

/** All values a path has, or nothing where they are not known. */
export type KnownValues = (path: string) => readonly string[] | undefined;

const not = (answer: Answer): Answer => (answer === 'yes' ? 'no' : answer === 'no' ? 'yes' : 'maybe');
const of = (yes: boolean): Answer => (yes ? 'yes' : 'no');

/** What a condition says when only some of its paths are known: `no` and `yes` are certain, whatever the others may be. */
export const possible = (condition: Condition, known: KnownValues): Answer => {
  const values = (value: Value): readonly string[] | undefined => (value.kind === 'text' ? [value.text] : known(value.text));
  switch (condition.op) {
    case 'and': {
      const answers = condition.of.map((one) => possible(one, known));
      return answers.includes('no') ? 'no' : answers.every((answer) => answer === 'yes') ? 'yes' : 'maybe';
    }
    case 'or': {
      const answers = condition.of.map((one) => possible(one, known));
      return answers.includes('yes') ? 'yes' : answers.every((answer) => answer === 'no') ? 'no' : 'maybe';
    }
    case 'not':
      return not(possible(condition.of, known));
    default: {
      const left = known(condition.path.text);
      if (left === undefined) return 'maybe';
      if (condition.op === 'exists') return of(left.length > 0);
      // Nothing a route reads is ever cleared.
      if (condition.op === 'cleared') return 'no';
      if (condition.op === 'starts') return of(left.some((value) => value.startsWith(condition.text.text)));
      if (condition.op === 'matches') return left.length === 0 ? 'no' : 'maybe';
      if (condition.op === 'in') {
        const sets = condition.values.map(values);
        if (sets.some((set) => set?.some((value) => left.includes(value)))) return 'yes';
        return left.length > 0 && sets.includes(undefined) ? 'maybe' : 'no';
      }
      const right = values(condition.value);
      if (condition.comparison === '=' || condition.comparison === '!=') {
        const equal: Answer = left.length === 0 ? 'no' : right === undefined ? 'maybe' : of(left.some((value) => right.includes(value)));
        return condition.comparison === '=' ? equal : not(equal);
      }
      if (left.length === 0) return 'no';
      if (right === undefined) return 'maybe';
      const passes = { '<': (o: number) => o < 0, '<=': (o: number) => o <= 0, '>': (o: number) => o > 0, '>=': (o: number) => o >= 0 }[
        condition.comparison
      ];
      return of(left.some((one) => right.some((other) => passes(compareValues(one, other)))));
    }
  }
};

/** Every comparison of a path with a plain word, for checking the words. */
export const comparedWords = (condition: Condition): readonly { readonly path: string; readonly word: Value }[] => {
  switch (condition.op) {
    case 'and':
    case 'or':
      return condition.of.flatMap(comparedWords);
    case 'not':
      return comparedWords(condition.of);
    case 'compare':
      return condition.value.kind === 'text' ? [{ path: condition.path.text, word: condition.value }] : [];
    case 'in':
      return condition.values.filter((value) => value.kind === 'text').map((word) => ({ path: condition.path.text, word }));
    default:
      return [];
  }
};
