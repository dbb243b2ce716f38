import { buildCall, functionOf } from '../functions/build-call.ts';
import type { LineMeta, Run } from '../run.ts';
import { isPlain, type Target, type TypeName } from '../types.ts';
import { CLEARED, Invalid, type Item, isList, type Value } from '../value.ts';
import { type Choice, compileChoice } from './choice.ts';
import type { Compiled } from './compiled.ts';
import { constantOf, fallbackOf } from './constant.ts';
import { conversion } from './conversion.ts';
import type { Call, ExpressionLine, Line } from './line.ts';
import { isPolicy, type Policy, splitPolicies } from './policy.ts';
import { type LineSite, reportAt, type Scope, type Want } from './scope.ts';
import { chooseOne, onEach, type Settled, type Step, settle } from './settle.ts';

/** How the path before the first function is read: as that function wants it, else as the target does. */
export const wanted = (calls: readonly Call[], target: Target, site: LineSite): Want | undefined => {
  const first = calls.find((call) => !isPolicy(call.name));
  if (first !== undefined) return functionOf(first, site)?.wants;
  if (site.file.direction === 'outbound') return 'whole';
  return isPlain(target.type) || target.type === 'Reaction' ? 'text' : 'whole';
};

interface Piped<R extends Run> {
  readonly type: TypeName;
  readonly steps: readonly Step<R>[];
}

/** The functions behind a source, each built for the type that reaches it. `decide` runs before a function that takes the whole list. */
const pipe = <R extends Run>(
  from: TypeName,
  functions: readonly Call[],
  target: Target,
  scope: Scope<R>,
  site: LineSite,
  decide: Step<R>,
  only: { readonly after: number | undefined; readonly choose: Step<R> },
): Piped<R> | undefined => {
  const steps: Step<R>[] = [];
  let type = from;
  for (const [index, call] of functions.entries()) {
    if (only.after === index) steps.push(decide, only.choose);
    const spec = functionOf(call, site);
    const built = spec && buildCall(spec, call, type, target, scope, site);
    if (built === undefined) return undefined;
    type = built.gives;
    const { apply, applyList } = built;
    if (apply !== undefined) steps.push(onEach(apply));
    if (applyList !== undefined)
      steps.push(decide, (value, run) => {
        if (value === undefined || value === CLEARED || value instanceof Invalid) return value;
        return applyList(isList(value) ? (value as readonly Item[]) : [value], run); // settled: items alone are left
      });
  }
  return { type, steps };
};

/** The steps that decide on refused values and on several; one sound value, which is nearly every one, passes them by. */
const whereSeveral = <R extends Run>(tail: readonly Step<R>[], list: boolean): Step<R> => {
  const decided = (value: Value, run: R): Value => tail.reduce<Value>((at, step) => (at === undefined ? undefined : step(at, run)), value);
  if (list) return (value, run) => (typeof value === 'string' ? [value] : decided(value, run));
  return (value, run) => (isList(value) || value instanceof Invalid ? decided(value, run) : value);
};

/** One value for a list is a list of one. */
const asList = (value: Value): Value => (value === undefined || value === CLEARED || isList(value) ? value : [value]);

const compose = <R extends Run>(steps: readonly Step<R>[], first: (run: R) => Value): ((run: R) => Value) =>
  steps.reduce<(run: R) => Value>(
    (inner, step) => (run) => {
      const value = inner(run);
      return value === undefined ? undefined : step(value, run);
    },
    first,
  );

/** Adds functions, conversion and policies to a source. */
export const finish = <R extends Run>(
  source: Choice<R>,
  calls: readonly Call[],
  target: Target,
  scope: Scope<R>,
  site: LineSite,
  offset: number,
): Compiled<R> | undefined => {
  const { meta } = site;
  const { functions, policy: written } = splitPolicies(calls, site);
  const policy: Policy = target.mustBeValid === true ? { ...written, invalid: 'fail' } : written;
  const locate = (run: R): readonly string[] => source.locate(run);
  const decide = settle<R>(policy, meta, locate);
  const differing =
    target.namesOne === true ? 'contradiction' : policy.onlyAfter !== undefined || target.strict === true ? 'refuse' : 'first';
  const choose = chooseOne<R>(differing, meta, locate);
  const piped = pipe(source.type, functions, target, scope, site, decide, { after: policy.onlyAfter, choose });
  if (piped === undefined) return undefined;
  const converted = conversion(piped.type, target, site, offset);
  if (converted === undefined) return undefined;
  const tail: Step<R>[] = [decide];
  if (!target.list || policy.onlyAfter === functions.length) tail.push(choose, decide);
  if (target.list) tail.push(asList);
  const steps = [...piped.steps, ...(converted.step === undefined ? [] : [onEach(converted.step)]), whereSeveral(tail, target.list)];
  // The last step always settles, so no refused value comes out.
  const settled = compose(steps, (run: R) => source.read(run)) as (run: R) => Settled;
  return {
    meta,
    constant: source.constant,
    fallback: policy.fallback === undefined ? undefined : fallbackOf(policy.fallback, target, site, offset),
    required: policy.required,
    read: policy.required ? required(settled, meta, locate) : settled,
    locate,
  };
};

const required =
  <R extends Run>(read: (run: R) => Settled, meta: LineMeta, locate: (run: R) => readonly string[]) =>
  (run: R): Settled => {
    const value = read(run);
    if (value !== undefined && value !== CLEARED) return value;
    if (!run.lenient) run.fail('required', meta, locate(run)[0]);
    return undefined;
  };

const isQuotedAlone = (line: ExpressionLine): boolean => line.terms.length === 1 && line.terms[0]?.kind === 'text';
const MAKES_ONE = new Set(['join', 'lines', 'observation', 'only']);

/** Compiles one line for a target. Everything wrong with it is reported; nothing is returned then. */
export const compileLine = <R extends Run>(line: Line, target: Target, scope: Scope<R>, site: LineSite): Compiled<R> | undefined => {
  if (line.kind === 'constant') return constantOf<R>(line, target, site);
  const offset = line.terms[0]?.offset ?? 0;
  if (isQuotedAlone(line)) return reportAt(site, offset, 'quoted-word', 'a quoted word alone is no line', `write = ${line.terms[0]?.text}`);
  const want = wanted(line.calls, target, site);
  const source = want && compileChoice(line, want, scope, site);
  if (source === undefined) return undefined;
  if (line.joined === '+' && !target.list && target.strict !== true && !line.calls.some((call) => MAKES_ONE.has(call.name)))
    return reportAt(
      site,
      offset,
      'list-into-one',
      `"+" makes a list, and ${site.meta.target} takes one value`,
      'add | join(" ") or | lines or | only',
    );
  return finish(source, line.calls, target, scope, site, offset);
};

/** One alternative of `first:`: a choice with functions of its own, policies left to `then:`. */
export const compileAlternative = <R extends Run>(
  line: Line,
  then: readonly Call[],
  target: Target,
  scope: Scope<R>,
  site: LineSite,
): Choice<R> | undefined => {
  if (line.kind === 'constant') return { type: 'text', constant: true, read: () => line.text, locate: () => [] };
  const offset = line.terms[0]?.offset ?? 0;
  if (isQuotedAlone(line)) return reportAt(site, offset, 'quoted-word', 'a quoted word alone is no line', `write = ${line.terms[0]?.text}`);
  const { functions, policy } = splitPolicies(line.calls, site);
  if (line.calls.length > functions.length)
    return reportAt(
      site,
      line.calls.at(-1)?.offset ?? offset,
      'policy-order',
      'under first: the policies go behind then:',
      'write then: required',
    );
  const want = wanted(functions.length > 0 ? functions : then, target, site);
  const source = want && compileChoice(line, want, scope, site);
  if (source === undefined) return undefined;
  const locate = (run: R): readonly string[] => source.locate(run);
  const decide = settle<R>(policy, site.meta, locate);
  const piped = pipe(source.type, functions, target, scope, site, decide, { after: undefined, choose: decide });
  return piped && { type: piped.type, constant: source.constant, read: compose(piped.steps, (run: R) => source.read(run)), locate };
};
