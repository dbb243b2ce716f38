import { parseCondition } from '../../language/condition.ts';
import { compareValues, compileCondition, conditionPaths } from '../../language/condition-compile.ts';
import type { Finding } from '../../records/issue.ts';

type Facts = Readonly<Record<string, readonly string[]>>;
const at = (offset: number) => ({ file: 'm.yaml', line: 1, column: 1 + offset });

/** Facts stand for a message: several values, none, or `""` for cleared. */
const ask = (text: string, facts: Facts): boolean | string => {
  const parsed = parseCondition(text, at);
  const findings: Finding[] = [...parsed.findings];
  const predicate =
    parsed.condition &&
    compileCondition<Facts>(parsed.condition, {
      place: at,
      report: (finding) => findings.push(finding),
      path: ({ text: name }) => ({
        some: (env, test) => (env[name] ?? []).some((value) => value !== '""' && test(value)),
        exists: (env) => (env[name] ?? []).some((value) => value !== '""'),
        cleared: (env) => (env[name] ?? []).includes('""'),
      }),
    });
  const [first] = findings;
  if (first !== undefined)
    return `${first.place.column} ${first.code}: ${first.message}${first.hint === undefined ? '' : ` (${first.hint})`}`;
  return predicate?.(facts) ?? 'not compiled';
};

describe('conditions', () => {
  const facts: Facts = {
    'PID-8': ['M'],
    'PID-3[5 = NH].1': ['x'],
    'OBX-11': ['F', 'C'],
    'PD1-3': ['""'],
    'count(RXE)': ['3'],
    'made(medication)': ['3'],
  };
  it.each([
    ['PID-8 = M', true],
    ['PID-8 != M', false],
    ['not PID-8 = M', false],
    ['PID-9 != M', true],
    ['PID-9 = M', false],
    ['exists PID-8', true],
    ['exists PD1-3', false],
    ['cleared PD1-3', true],
    ['cleared PID-8', false],
    ['OBX-11 in (C, D)', true],
    ['OBX-11 not in (C, D)', false],
    ['OBX-11 in (X, D)', false],
    ['PID-8 starts "M"', true],
    ['PID-8 matches "[A-M]"', true],
    ['PID-3[5 = NH].1 matches "."', true],
    ['exists PID-3[5 = NH].1', true],
    ['PID-8 = M and (OBX-11 = X or OBX-11 = F)', true],
    ['PID-8 = M and not (OBX-11 = X or OBX-11 = F)', false],
    ['count(RXE) = made(medication)', true],
    ['count(RXE) > 10', false],
    ['count(RXE) < 10', true],
  ])('%s is %s', (text, expected) => {
    expect(ask(text, facts)).toBe(expected);
  });

  it('matches asks for the whole value', () => {
    expect(ask('a matches "[A-Z][0-9]{5}"', { a: ['A81001'] })).toBe(true);
    expect(ask('a matches "[A-Z][0-9]{5}"', { a: ['A810011'] })).toBe(false);
  });

  it('takes unquoted text of path shape as a path, hyphened words as words', () => {
    expect(ask('effectiveAt >= custody.receptionAt', { effectiveAt: ['2026-03-02'], 'custody.receptionAt': ['2026-03-01'] })).toBe(true);
    expect(ask('status = entered-in-error', { status: ['entered-in-error'] })).toBe(true);
    expect(ask('status = "a.b"', { status: ['a.b'] })).toBe(true);
  });

  it.each([
    ['a = b and c = d or e = f', '17 and-or-brackets'],
    ['a', '1 condition: "a" alone is no condition (write exists a)'],
    ['a in b', '6 condition: in needs a list in brackets'],
    ['a in (b', '8 condition: a comma or ) is missing here'],
    ['a = "b', '5 condition: the quote is not closed'],
    ['a[b = c = d', '2 condition: the selector is not closed with ]'],
    ['a strats "b"', '3 condition: "strats" is not an operator (did you mean "starts"?)'],
    ['a = b c', '7 condition: "c" is not expected here'],
    ['(a = b', '7 condition: a closing bracket is missing'],
    ['a matches "(?<=b)c"', '11 pattern'],
    ['exists', '7 condition: a path is missing after exists'],
    ['a = b and', '10 condition: a path is missing'],
    ['', '1 condition: the condition is empty'],
  ])('says where %s is wrong', (text, expected) => {
    expect(ask(text, {})).toContain(expected);
  });

  it('names every path it reads', () => {
    const { condition } = parseCondition('a.b = c and (exists d or e in (f, g.h))', at);
    expect(condition && conditionPaths(condition).map((spot) => spot.text)).toEqual(['a.b', 'd', 'e', 'g.h']);
  });

  it('compares dates to the precision both have', () => {
    expect(compareValues('2026-03', '2026-03-02T10:00:00.000Z')).toBe(0);
    expect(compareValues('2026-03-01', '2026-03-02T10:00:00.000Z')).toBeLessThan(0);
    expect(compareValues('9', '10')).toBeLessThan(0);
  });
});
