import type { Run } from '../run.ts';
import type { TypeName } from '../types.ts';
import { CLEARED, isList, type One, type Value } from '../value.ts';
import type { ExpressionLine, Term as TermText } from './line.ts';
import { type LineSite, reportAt, type Scope, type Term, type Want } from './scope.ts';

/** Reads several terms as one: `or` takes the first that is stated, `+` a list of all that are. */
export interface Choice<R extends Run> {
  readonly type: TypeName;
  /** Nothing in it is read from the source. */
  readonly constant: boolean;
  read(run: R): Value;
  locate(run: R): readonly string[];
}

const compileTerm = <R extends Run>(term: TermText, want: Want, scope: Scope<R>, site: LineSite): Term<R> | undefined => {
  if (term.kind === 'text') return { type: 'text', constant: true, read: () => term.text, locate: () => [`"${site.meta.target}"`] };
  if (term.kind === 'count') return scope.count(term, site);
  if (term.kind === 'made') return scope.made(term, site);
  return withoutLeave(scope.term(term, want, site), site);
};

/** Without `clears: yes` a `""` states nothing, and says so. */
const withoutLeave = <R extends Run>(term: Term<R> | undefined, site: LineSite): Term<R> | undefined => {
  if (term === undefined || site.file.clears || site.file.direction === 'outbound') return term;
  const { meta } = site;
  return {
    ...term,
    read: (run) => {
      const value = term.read(run);
      if (value === CLEARED) {
        run.note('clear-without-leave', meta, term.locate(run)[0]);
        return undefined;
      }
      if (!isList(value) || !value.includes(CLEARED)) return value;
      run.note('clear-without-leave', meta, term.locate(run)[0]);
      return value.map((one) => (one === CLEARED ? undefined : one));
    },
  };
};

/** One type for all terms: their own where they agree, `text` where they are all plain. */
const commonType = (types: readonly TypeName[]): TypeName | undefined => {
  const [first = 'text'] = types;
  if (types.every((type) => type === first)) return first;
  const coded = new Set(['hl7:CE', 'hl7:CWE', 'hl7:CNE']);
  if (types.every((type) => coded.has(type))) return 'hl7:CWE';
  const times = new Set(['hl7:TS', 'hl7:DT', 'hl7:DTM', 'dateTime', 'date']);
  if (types.every((type) => times.has(type))) return 'hl7:TS';
  const plain = new Set(['text', 'word', 'decimal', 'integer', 'flag', 'ods', 'any']);
  const simple = new Set(['ST', 'TX', 'FT', 'ID', 'IS', 'NM', 'SI', 'DT', 'TM', 'DTM', 'TS', 'varies'].map((type) => `hl7:${type}`));
  return types.every((type) => plain.has(type) || simple.has(type)) ? 'text' : undefined;
};

const isStated = (value: Value): boolean => value !== undefined && !(isList(value) && value.every((one) => one === undefined));

export const compileChoice = <R extends Run>(line: ExpressionLine, want: Want, scope: Scope<R>, site: LineSite): Choice<R> | undefined => {
  const compiled = line.terms.map((term) => compileTerm(term, want, scope, site));
  const terms = compiled.filter((term) => term !== undefined);
  if (terms.length < compiled.length) return undefined;
  const [first, second, third] = terms;
  if (first === undefined) return undefined;
  const constant = terms.every((term) => term.constant);
  const type = commonType(terms.map((term) => term.type));
  if (type === undefined)
    return reportAt(
      site,
      line.terms[0]?.offset ?? 0,
      'type-break',
      'these are of different kinds and cannot stand for one another',
      'name a component of each, or use first: with a function for each',
    );
  if (second === undefined) return { type, constant, read: (run) => first.read(run), locate: (run) => first.locate(run) };
  if (line.joined === '+') return plus(terms, type, constant);
  const chosen = (run: R): Term<R> | undefined => terms.find((term) => isStated(term.read(run)));
  const read =
    third === undefined
      ? (run: R): Value => {
          const value = first.read(run);
          return isStated(value) ? value : second.read(run);
        }
      : (run: R): Value => {
          for (const term of terms) {
            const value = term.read(run);
            if (isStated(value)) return value;
          }
          return undefined;
        };
  return { type, constant, read, locate: (run) => (chosen(run) ?? first).locate(run) };
};

/** Constants are never enough: with nothing stated beside them there is no list. */
const plus = <R extends Run>(terms: readonly Term<R>[], type: TypeName, constant: boolean): Choice<R> => ({
  type,
  constant,
  read: (run) => {
    const out: One[] = [];
    let anyRead = constant;
    for (const term of terms) {
      const value = term.read(run);
      if (!term.constant && isStated(value)) anyRead = true;
      if (isList(value)) out.push(...value);
      else if (value !== undefined) out.push(value);
    }
    return anyRead && out.length > 0 ? out : undefined;
  },
  locate: (run) =>
    terms.flatMap((term) => {
      const value = term.read(run);
      return value === undefined ? [] : term.locate(run);
    }),
});
