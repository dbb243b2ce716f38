import { compareValues, type Predicate } from '../../../language/condition-compile.ts';
import { didYouMean } from '../../../language/did-you-mean.ts';
import type { MapEntry, MapNode } from '../../../language/yaml.ts';
import { isKindName, KIND_NAMES, type KindName } from '../../../records/kinds/index.ts';
import type { Compilation } from '../compilation.ts';
import type { LineSite, Term } from '../expression/scope.ts';
import { isStated, type One, onesOf, plainText, RecordItem } from '../value.ts';
import { mapOf } from '../words.ts';
import { type Binding, recordShape } from './binding.ts';
import { blankRun } from './blank.ts';
import type { OutboundRun } from './outbound-run.ts';
import { RecordScope } from './record-scope.ts';

/** One name of `reads:`: which records of the person the mapping may see. */
export interface Reads {
  readonly name: string;
  readonly kind: KindName;
}

const GRAMMAR = /^\s*([A-Za-z]+)(?:\s+where\s+(.+?))?(?:\s+order\s+by\s+([A-Za-z][A-Za-z0-9.]*)(?:\s+(desc|asc))?)?\s*$/s;
/** Kinds of which a current item left out can do harm: an item whose status nobody stated must not fall through a filter. */
const SAFE: ReadonlySet<KindName> = new Set<KindName>(['allergy', 'medication', 'problem', 'alert']);

/** Compiles `reads:` (mapping language §10) into names the mapping may use. The records seen are those whose state is current. */
export const compileReads = (
  root: MapNode,
  given: ReadonlyMap<string, Binding>,
  file: Compilation,
): { readonly reads: readonly Reads[]; readonly names: ReadonlyMap<string, Binding> } => {
  const node = mapOf(root, 'reads', file);
  const names = new Map(given);
  const reads: Reads[] = [];
  for (const entry of node?.entries ?? []) {
    const compiled = compileOne(entry, given, file);
    if (compiled === undefined) {
      // The name is there all the same, so that what is wrong here is said here alone.
      const kind = entry.value.kind === 'text' ? entry.value.text.trim().split(/\s/)[0] : undefined;
      if (kind !== undefined && isKindName(kind)) names.set(entry.key, { shape: recordShape(kind, true), read: () => undefined });
      continue;
    }
    reads.push(compiled.reads);
    names.set(entry.key, compiled.binding);
  }
  return { reads, names };
};

const compileOne = (
  entry: MapEntry,
  given: ReadonlyMap<string, Binding>,
  file: Compilation,
): { readonly reads: Reads; readonly binding: Binding } | undefined => {
  const { key: name, value } = entry;
  if (given.has(name)) return file.reportAt(entry.keyPlace, 'name-twice', `${name} is a name already`);
  const found = value.kind === 'text' ? GRAMMAR.exec(value.text) : null;
  if (found === null || value.kind !== 'text')
    return file.reportAt(
      value.place,
      'form',
      'reads: takes kind [where condition] [order by field [desc]]',
      'as in allergy where clinicalStatus != resolved order by recordedAt',
    );
  const [, kind = '', where, order, direction] = found;
  if (!isKindName(kind)) return file.reportAt(value.place, 'unknown-kind', `there is no kind ${kind}`, didYouMean(kind, KIND_NAMES));
  const site = file.site(value, name);
  const scope = new RecordScope(given).looking(recordShape(kind, true));
  const fits = where === undefined ? undefined : scope.predicate({ text: where, offset: value.text.indexOf(where) }, site);
  const by = order === undefined ? undefined : scope.term({ text: order, offset: value.text.lastIndexOf(order) }, 'text', site);
  if ((where !== undefined && fits === undefined) || (order !== undefined && by === undefined)) return undefined;
  if (fits !== undefined && SAFE.has(kind)) checkAbsent(kind, fits, site);
  const sign = direction === 'desc' ? -1 : 1;
  const binding: Binding = {
    shape: recordShape(kind, true),
    reads: kind,
    read: (run) => {
      const known = run.lists.get(name) ?? listOf(run, kind, fits, by, sign);
      run.lists.set(name, known);
      return known.length === 0 ? undefined : known;
    },
  };
  return { reads: { name, kind }, binding };
};

/** Ruling C.29: filter by exclusion. Asks the condition what it makes of a record that states nothing. */
const checkAbsent = (kind: KindName, fits: Predicate<OutboundRun>, site: LineSite): void => {
  const run = blankRun(kind);
  run.looked = new RecordItem(run.context.record, 1);
  const passes = fits(run);
  if (!passes)
    site.file.report({
      code: 'reads-leave-out',
      severity: 'error',
      place: site.at(0),
      message: `a current ${kind} whose status nobody stated would be left out`,
      hint: 'leave out by exclusion: clinicalStatus != resolved',
    });
};

const firstText = (term: Term<OutboundRun> | undefined, run: OutboundRun): string | undefined => {
  const [first] = onesOf(term?.read(run));
  return isStated(first) ? plainText(first) : undefined;
};

const listOf = (
  run: OutboundRun,
  kind: KindName,
  fits: Predicate<OutboundRun> | undefined,
  by: Term<OutboundRun> | undefined,
  sign: 1 | -1,
): readonly One[] => {
  const current = run.context.records(kind).filter((record) => record.kind === kind && record.state === 'current');
  const outer = run.looked;
  const kept = current.flatMap((record) => {
    run.looked = new RecordItem(record, 1);
    return fits === undefined || fits(run) ? [{ record, order: firstText(by, run) }] : [];
  });
  run.looked = outer;
  // What states no time comes last, and equal ones in the order of their ids, so that a second rendering is the same.
  kept.sort((a, b) => {
    const known = Number(a.order === undefined) - Number(b.order === undefined);
    const byValue = a.order === undefined || b.order === undefined ? 0 : sign * compareValues(a.order, b.order);
    return known || byValue || (a.record.id < b.record.id ? -1 : a.record.id > b.record.id ? 1 : 0);
  });
  return kept.map(({ record }, index) => new RecordItem(record, index + 1));
};
