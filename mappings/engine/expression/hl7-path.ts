import type { Spot } from '../../../language/condition.ts';
import { selectorEnd } from '../../../language/condition-tokens.ts';
import type { Finding, Place } from '../../../records/issue.ts';

/** `[2]`, `[*]` or `[5 = NH]`; a condition is kept as text with its offset in the path. */
export type Selector =
  | { readonly kind: 'index'; readonly index: number }
  | { readonly kind: 'all' }
  | ({ readonly kind: 'condition' } & Spot);

/** `[ GROUP "." ] SEG [sel] [ "-" field [sel] [ "." comp [ "." sub ] ] ]`, or a group alone where a loop is meant. */
export interface Hl7Path {
  readonly text: string;
  readonly offset: number;
  /** Group names from the outside in; `ROOT` is the message itself. */
  readonly groups: readonly string[];
  /** Selector of the last group, where no segment follows. */
  readonly groupSelector?: Selector;
  readonly segment?: string;
  readonly segmentSelector?: Selector;
  readonly field?: number;
  readonly fieldSelector?: Selector;
  readonly component?: number;
  readonly subcomponent?: number;
}

const SEGMENT = /^[A-Z][A-Z0-9]{2}$/;
const GROUP = /^[A-Z][A-Z0-9_]*$/;
class Stop extends Error {}

export const parseHl7Path = (
  spot: Spot,
  at: (offset: number) => Place,
): { readonly path: Hl7Path | undefined; readonly findings: readonly Finding[] } => {
  const { text } = spot;
  const findings: Finding[] = [];
  const fail = (offset: number, message: string, hint?: string): never => {
    findings.push({ code: 'path', severity: 'error', place: at(spot.offset + offset), message, ...(hint === undefined ? {} : { hint }) });
    throw new Stop();
  };
  let next = 0;

  const selector = (): Selector | undefined => {
    if (text[next] !== '[') return undefined;
    const start = next;
    const end = selectorEnd(text, start);
    if (end === -1) return fail(start, 'the selector is not closed with ]');
    const inner = text.slice(start + 1, end - 1);
    next = end;
    if (inner.trim() === '*') return { kind: 'all' };
    if (/^\d+$/.test(inner.trim())) {
      const index = Number(inner);
      return index >= 1 ? { kind: 'index', index } : fail(start, 'numbers count from 1');
    }
    if (inner.trim() === '') return fail(start, 'the selector is empty', 'write [*] for all');
    return { kind: 'condition', text: inner, offset: spot.offset + start + 1 };
  };
  const number = (what: string): number => {
    const digits = /^\d+/.exec(text.slice(next))?.[0];
    if (digits === undefined) return fail(next, `a ${what} number is missing here`);
    next += digits.length;
    return Number(digits) >= 1 ? Number(digits) : fail(next - digits.length, 'numbers count from 1');
  };

  try {
    const groups: string[] = [];
    let segment: string | undefined;
    let last: Selector | undefined;
    for (;;) {
      const name = /^[A-Za-z0-9_]+/.exec(text.slice(next))?.[0] ?? '';
      const start = next;
      next += name.length;
      const chosen = selector();
      const more = text[next] === '.' && /^[A-Z]/.test(text.slice(next + 1));
      if (more) {
        if (!GROUP.test(name)) return fail(start, `"${name}" is not a group name`);
        if (chosen !== undefined)
          return fail(start, 'a group before a segment takes no selector', 'use each: to look at one group after another');
        groups.push(name);
        next += 1;
        continue;
      }
      if (SEGMENT.test(name)) segment = name;
      else if (name.length !== 3 && GROUP.test(name)) groups.push(name);
      else
        return fail(
          start,
          name === '' ? `"${text}" is not a path` : `"${name}" is not a segment or group name`,
          name === name.toUpperCase() ? undefined : 'segments are written in capitals',
        );
      last = chosen;
      break;
    }
    const head = { text, offset: spot.offset, groups };
    if (segment === undefined) {
      if (next < text.length) return fail(next, 'a segment is missing behind the group');
      return { path: { ...head, ...(last === undefined ? {} : { groupSelector: last }) }, findings };
    }
    const withSegment = { ...head, segment, ...(last === undefined ? {} : { segmentSelector: last }) };
    if (next === text.length) return { path: withSegment, findings };
    if (text[next] !== '-')
      return fail(next, `"${text.slice(next)}" is not expected here`, `write ${segment}-5 for a field, ${segment}-5.1 for a component`);
    next += 1;
    const field = number('field');
    const fieldSelector = selector();
    const withField = { ...withSegment, field, ...(fieldSelector === undefined ? {} : { fieldSelector }) };
    if (next === text.length) return { path: withField, findings };
    if (text[next] !== '.') return fail(next, `"${text.slice(next)}" is not expected here`);
    next += 1;
    const component = number('component');
    if (next === text.length) return { path: { ...withField, component }, findings };
    if (text[next] !== '.') return fail(next, `"${text.slice(next)}" is not expected here`);
    next += 1;
    const subcomponent = number('subcomponent');
    if (next < text.length) return fail(next, `"${text.slice(next)}" is not expected here`);
    return { path: { ...withField, component, subcomponent }, findings };
  } catch (error) {
    if (error instanceof Stop) return { path: undefined, findings };
    throw error;
  }
};
