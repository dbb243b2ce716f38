import type { Spot } from '../../../language/condition.ts';
import { readQuoted, selectorEnd } from '../../../language/condition-tokens.ts';
import type { Finding, Place } from '../../../records/issue.ts';

/**
 * One line of a mapping (mapping language §2), parsed but not yet understood.
 * `line = "= " constant | choice { "|" call }`, `choice = term { "or" term } | term { "+" term }`.
 */
export type Line = ConstantLine | ExpressionLine;
export interface ConstantLine extends Spot {
  readonly kind: 'constant';
}
export interface ExpressionLine {
  readonly kind: 'expression';
  readonly terms: readonly Term[];
  readonly joined: 'or' | '+' | undefined;
  readonly calls: readonly Call[];
}
export interface Term extends Spot {
  readonly kind: 'path' | 'text' | 'count' | 'made';
}
export interface Call {
  readonly name: string;
  readonly offset: number;
  readonly args: readonly Arg[];
}
export interface Arg {
  /** Left side of `word = value`; `*` stands for every other word. */
  readonly key?: Spot;
  readonly value: Spot;
  /** Written in double quotes. */
  readonly quoted: boolean;
}

export interface ParsedLine {
  readonly line: Line | undefined;
  readonly findings: readonly Finding[];
}

interface Token extends Spot {
  readonly kind: 'word' | 'quoted' | '|' | '+' | '(' | ')' | ',' | '=' | 'end';
}
class Stop extends Error {}

const MARKS = new Set(['|', '+', '(', ')', ',', '=']);
const isMark = (text: string): text is '|' | '+' | '(' | ')' | ',' | '=' => MARKS.has(text);

export const parseLine = (text: string, at: (offset: number) => Place): ParsedLine => {
  const findings: Finding[] = [];
  const fail = (offset: number, code: string, message: string, hint?: string): never => {
    findings.push({ code, severity: 'error', place: at(offset), message, ...(hint === undefined ? {} : { hint }) });
    throw new Stop();
  };

  const tokenAt = (from: number): { token: Token; end: number } => {
    let offset = from;
    while (offset < text.length && /\s/.test(text[offset] ?? '')) offset += 1;
    if (offset >= text.length) return { token: { kind: 'end', text: '', offset }, end: offset };
    const character = text[offset] ?? '';
    if (character === '"') {
      const quoted = readQuoted(text, offset);
      if (quoted === undefined)
        return fail(offset, 'line', 'the quote is not closed', 'a line that contains " #" or ": " goes in single quotes as a whole');
      return { token: { kind: 'quoted', text: quoted.text, offset }, end: quoted.end };
    }
    if (isMark(character)) return { token: { kind: character, text: character, offset }, end: offset + 1 };
    let end = offset;
    while (end < text.length) {
      const here = text[end] ?? '';
      if (here === '[') {
        end = selectorEnd(text, end);
        if (end === -1) return fail(offset, 'line', 'the selector is not closed with ]');
      } else if (text.startsWith('->', end)) end += 2;
      else if (/\s/.test(here) || here === '"' || isMark(here)) break;
      else end += 1;
    }
    return { token: { kind: 'word', text: text.slice(offset, end), offset }, end };
  };

  let next = 0;
  const peek = (): Token => tokenAt(next).token;
  const take = (): Token => {
    const { token, end } = tokenAt(next);
    next = end;
    return token;
  };

  const term = (): Term => {
    const token = take();
    if (token.kind === 'quoted') return { kind: 'text', text: token.text, offset: token.offset };
    if (token.kind !== 'word')
      return fail(token.offset, 'line', token.kind === 'end' ? 'something is missing here' : `"${token.text}" is not expected here`);
    if (token.text === 'or' || token.text === 'and') return fail(token.offset, 'line', `"${token.text}" is not expected here`);
    if ((token.text === 'count' || token.text === 'made') && peek().kind === '(') {
      take();
      const of = take();
      const close = take();
      if (of.kind !== 'word' || close.kind !== ')') return fail(of.offset, 'line', `${token.text} needs one name in brackets`);
      return { kind: token.text, text: of.text, offset: of.offset };
    }
    if (peek().kind === '(') return fail(token.offset, 'line', 'a function goes behind a path and |', `write PATH | ${token.text}`);
    return { kind: 'path', text: token.text, offset: token.offset };
  };

  const arg = (): Arg => {
    const first = take();
    if (first.kind !== 'word' && first.kind !== 'quoted') return fail(first.offset, 'line', 'an argument is missing here');
    if (peek().kind !== '=') return { value: first, quoted: first.kind === 'quoted' };
    take();
    const value = take();
    if (value.kind !== 'word' && value.kind !== 'quoted') return fail(value.offset, 'line', 'a value is missing behind =');
    return { key: first, value, quoted: value.kind === 'quoted' };
  };

  const call = (): Call => {
    const name = take();
    if (name.kind !== 'word') return fail(name.offset, 'line', 'a function is missing behind |');
    const args: Arg[] = [];
    if (peek().kind === '(') {
      take();
      if (peek().kind === ')') return fail(peek().offset, 'line', 'empty brackets', `write ${name.text} alone`);
      for (;;) {
        args.push(arg());
        const mark = take();
        if (mark.kind === ')') break;
        if (mark.kind !== ',')
          return fail(mark.offset, 'line', 'a comma or ) is missing here', 'a value with blanks goes in double quotes');
      }
    }
    return { name: name.text, offset: name.offset, args };
  };

  const calls = (): Call[] => {
    const found: Call[] = [];
    while (peek().kind === '|') {
      take();
      found.push(call());
    }
    return found;
  };

  const expression = (): ExpressionLine => {
    const terms = [term()];
    let joined: 'or' | '+' | undefined;
    for (;;) {
      const token = peek();
      const join = token.kind === '+' ? '+' : token.kind === 'word' && token.text === 'or' ? 'or' : undefined;
      if (join === undefined) break;
      if (joined !== undefined && joined !== join)
        fail(token.offset, 'or-with-plus', '"or" and "+" do not stand on one line', 'use first: with a list of lines');
      joined = join;
      take();
      terms.push(term());
    }
    const piped = calls();
    const rest = peek();
    if (rest.kind !== 'end')
      fail(rest.offset, 'line', `"${rest.text}" is not expected here`, '"or" and "+" go between paths, "|" before functions');
    return { kind: 'expression', terms, joined, calls: piped };
  };

  try {
    if (text.trim() === '') fail(0, 'line', 'the line is empty', 'leave the target out, or write = for a constant');
    if (text.startsWith('= ')) return { line: { kind: 'constant', text: text.slice(2).trim(), offset: 2 }, findings };
    if (text.startsWith('=')) fail(0, 'line', 'a constant is written with a blank behind =', `write = ${text.slice(1).trim()}`);
    return { line: expression(), findings };
  } catch (error) {
    if (error instanceof Stop) return { line: undefined, findings };
    throw error;
  }
};

/** Pipes alone, as `then:` has them: `table(nhsStatus) | upper`. */
export const parsePipes = (
  text: string,
  at: (offset: number) => Place,
): { readonly calls: readonly Call[]; readonly findings: readonly Finding[] } => {
  const shift = 'x | '.length;
  const parsed = parseLine(`x | ${text}`, (offset) => at(Math.max(0, offset - shift)));
  const calls = parsed.line?.kind === 'expression' ? parsed.line.calls : [];
  return { calls: calls.map((call) => shiftCall(call, -shift)), findings: parsed.findings };
};

const shiftSpot = (spot: Spot, by: number): Spot => ({ text: spot.text, offset: spot.offset + by });
const shiftCall = (call: Call, by: number): Call => ({
  name: call.name,
  offset: call.offset + by,
  args: call.args.map((one) => ({
    ...one,
    value: shiftSpot(one.value, by),
    ...(one.key === undefined ? {} : { key: shiftSpot(one.key, by) }),
  })),
});
