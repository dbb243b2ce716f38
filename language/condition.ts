import type { Finding, Place } from '../records/issue.ts';
import { type ConditionToken, conditionTokens } from './condition-tokens.ts';
import { didYouMean } from './did-you-mean.ts';

/** A piece of the text with its offset in it; the offset gives the place of a finding. */
export interface Spot {
  readonly text: string;
  readonly offset: number;
}
/** Right-hand side: a word or quoted text, or a path where unquoted text has the shape of one. */
export interface Value extends Spot {
  readonly kind: 'text' | 'path';
}
export type Comparison = '=' | '!=' | '<' | '<=' | '>' | '>=';

export type Condition =
  | { readonly op: 'exists'; readonly path: Spot }
  | { readonly op: 'cleared'; readonly path: Spot }
  | { readonly op: 'compare'; readonly path: Spot; readonly comparison: Comparison; readonly value: Value }
  | { readonly op: 'in'; readonly path: Spot; readonly values: readonly Value[] }
  | { readonly op: 'starts'; readonly path: Spot; readonly text: Spot }
  | { readonly op: 'matches'; readonly path: Spot; readonly text: Spot }
  | { readonly op: 'not'; readonly of: Condition }
  | { readonly op: 'and' | 'or'; readonly of: readonly Condition[] };

export interface ParsedCondition {
  readonly condition: Condition | undefined;
  readonly findings: readonly Finding[];
}

/** Letter first, then `.name` or `-digit`: `custody.receptionAt`, `PID-7`. Anything else unquoted is a word. */
const PATH_SHAPE = /^[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z]|-\d)/;
const COMPARISONS: ReadonlySet<string> = new Set(['=', '!=', '<', '<=', '>', '>=']);
const KEYWORDS = ['exists', 'cleared', 'in', 'starts', 'matches', 'not', 'and', 'or'];
const isComparison = (text: string): text is Comparison => COMPARISONS.has(text);

class Stop extends Error {}

/**
 * Parses a condition (mapping language §4): `exists P`, `cleared P`, comparisons, `in (…)`, `not in (…)`, `starts`, `matches`, `not`,
 * `and`, `or`, brackets. `and` beside `or` needs brackets. Paths are kept as text: whoever compiles the condition knows what they mean.
 */
export const parseCondition = (text: string, at: (offset: number) => Place): ParsedCondition => {
  const findings: Finding[] = [];
  const fail = (offset: number, message: string, hint: { hint?: string } = {}): never => {
    findings.push({ code: 'condition', severity: 'error', place: at(offset), message, ...hint });
    throw new Stop();
  };
  const tokens = conditionTokens(text);
  let next = 0;
  const end: ConditionToken = { kind: 'end', text: '', offset: text.length };
  const peek = (): ConditionToken => tokens[next] ?? end;
  const take = (): ConditionToken => {
    const token = peek();
    next += 1;
    return token;
  };
  const isWord = (token: ConditionToken, word: string): boolean => token.kind === 'word' && token.text === word;

  const value = (): Value => {
    const token = take();
    if (token.kind === 'quoted') return { kind: 'text', text: token.text, offset: token.offset };
    if (token.kind !== 'word') return fail(token.offset, 'a value is missing here');
    const isPath = PATH_SHAPE.test(token.text) || /^(count|made)\(/.test(token.text);
    return { kind: isPath ? 'path' : 'text', text: token.text, offset: token.offset };
  };
  const path = (after: string): Spot => {
    const token = take();
    if (token.kind !== 'word' || KEYWORDS.includes(token.text)) return fail(token.offset, `a path is missing${after}`);
    return { text: token.text, offset: token.offset };
  };
  const quoted = (word: string): Spot => {
    const token = take();
    if (token.kind !== 'quoted') return fail(token.offset, `${word} needs a text in double quotes`);
    return { text: token.text, offset: token.offset };
  };
  const values = (): readonly Value[] => {
    const open = take();
    if (open.text !== '(' || open.kind !== 'mark') return fail(open.offset, 'in needs a list in brackets', { hint: 'write in (a, b)' });
    const found: Value[] = [value()];
    for (;;) {
      const token = take();
      if (token.kind === 'mark' && token.text === ')') return found;
      if (token.kind !== 'mark' || token.text !== ',') return fail(token.offset, 'a comma or ) is missing here');
      found.push(value());
    }
  };

  const single = (): Condition => {
    const token = peek();
    if (isWord(token, 'not')) {
      take();
      return { op: 'not', of: single() };
    }
    if (token.kind === 'mark' && token.text === '(') {
      take();
      const inner = choice();
      const close = take();
      if (close.text !== ')') return fail(close.offset, 'a closing bracket is missing');
      return inner;
    }
    if (isWord(token, 'exists') || isWord(token, 'cleared')) {
      take();
      return { op: token.text === 'exists' ? 'exists' : 'cleared', path: path(` after ${token.text}`) };
    }
    const left = path('');
    const operator = take();
    if (operator.kind === 'mark' && isComparison(operator.text))
      return { op: 'compare', path: left, comparison: operator.text, value: value() };
    if (isWord(operator, 'in')) return { op: 'in', path: left, values: values() };
    if (isWord(operator, 'not')) {
      const word = take();
      if (!isWord(word, 'in'))
        return fail(word.offset, '"not" between a path and a value goes with "in"', { hint: 'write P not in (a, b), or P != a' });
      return { op: 'not', of: { op: 'in', path: left, values: values() } };
    }
    if (isWord(operator, 'starts')) return { op: 'starts', path: left, text: quoted('starts') };
    if (isWord(operator, 'matches')) return { op: 'matches', path: left, text: quoted('matches') };
    if (operator.kind === 'end') return fail(left.offset, `"${left.text}" alone is no condition`, { hint: `write exists ${left.text}` });
    return fail(operator.offset, `"${operator.text}" is not an operator`, didYouMean(operator.text, ['in', 'starts', 'matches', 'not in']));
  };

  const choice = (): Condition => {
    const parts = [single()];
    let joined: 'and' | 'or' | undefined;
    for (;;) {
      const token = peek();
      if (!isWord(token, 'and') && !isWord(token, 'or')) break;
      const word = token.text === 'and' ? 'and' : 'or';
      if (joined !== undefined && joined !== word) {
        findings.push({
          code: 'and-or-brackets',
          severity: 'error',
          place: at(token.offset),
          message: '"and" beside "or" needs brackets',
          hint: 'say which belong together: (a and b) or c',
        });
        throw new Stop();
      }
      joined = word;
      take();
      parts.push(single());
    }
    const [only] = parts;
    return joined === undefined && only !== undefined ? only : { op: joined ?? 'and', of: parts };
  };

  try {
    const bad = tokens.find((token) => token.kind === 'bad');
    if (bad !== undefined) fail(bad.offset, bad.text);
    if (tokens.length === 0) fail(0, 'the condition is empty');
    const condition = choice();
    const rest = peek();
    if (rest.kind !== 'end') fail(rest.offset, `"${rest.text}" is not expected here`, didYouMean(rest.text, ['and', 'or']));
    return { condition, findings };
  } catch (error) {
    if (error instanceof Stop) return { condition: undefined, findings };
    throw error;
  }
};
