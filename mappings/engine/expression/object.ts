import type { TSchema } from '@sinclair/typebox';
import type { Predicate } from '../../../language/condition-compile.ts';
import { didYouMean } from '../../../language/did-you-mean.ts';
import type { MapEntry, MapNode, YamlNode } from '../../../language/yaml.ts';
import type { Json } from '../../../records/mapped.ts';
import type { Compilation } from '../compilation.ts';
import type { LineMeta, Run } from '../run.ts';
import { fieldsOf, type Target, targetOf } from '../types.ts';
import { CLEARED } from '../value.ts';
import { compileField } from './field.ts';
import type { Loop, Scope } from './scope.ts';
import { setLines } from './set-lines.ts';
import { compileWhen } from './when.ts';

/** What a field of an object gets: its value, cleared, or nothing. A value here is plain data. */
export type FieldValue = Json | typeof CLEARED | undefined;
export interface FieldPlan<R extends Run> {
  readonly name: string;
  readonly meta: LineMeta;
  /** Nothing in it is read from the source. */
  readonly constant: boolean;
  readonly fallback: Json | undefined;
  read(run: R): FieldValue;
}

type Fields = Readonly<Record<string, TSchema>>;
interface Place<R extends Run> {
  readonly file: Compilation;
  readonly scope: Scope<R>;
  /** `patient`, `allergy` …: what targets are called in issues. */
  readonly prefix: string;
  /** Fields of `identify`: which of them name one person; undefined elsewhere. */
  readonly identifiers?: readonly string[];
}

interface Branch {
  entry: MapEntry | undefined;
  readonly inner: Map<string, Branch>;
}

/** Compiles the lines of a `set:` for the fields of a schema. Dotted targets (`name.family`) build the object they name. */
export const compileObject = <R extends Run>(lines: readonly MapEntry[], fields: Fields, place: Place<R>): FieldPlan<R>[] => {
  const root: Branch = { entry: undefined, inner: new Map() };
  for (const entry of lines) {
    let at = root;
    for (const name of entry.key.split('.')) {
      let next = at.inner.get(name);
      if (next === undefined) {
        next = { entry: undefined, inner: new Map() };
        at.inner.set(name, next);
      }
      at = next;
    }
    at.entry = entry;
  }
  return compileBranches(root, fields, place);
};

const firstEntry = (branch: Branch): MapEntry | undefined => {
  if (branch.entry !== undefined) return branch.entry;
  for (const inner of branch.inner.values()) {
    const found = firstEntry(inner);
    if (found !== undefined) return found;
  }
  return undefined;
};

const compileBranches = <R extends Run>(branch: Branch, fields: Fields, place: Place<R>): FieldPlan<R>[] => {
  const plans: FieldPlan<R>[] = [];
  for (const [name, inner] of branch.inner) {
    const plan = compileBranch(name, inner, fields, place);
    if (plan !== undefined) plans.push(plan);
  }
  return plans;
};

const compileBranch = <R extends Run>(name: string, branch: Branch, fields: Fields, place: Place<R>): FieldPlan<R> | undefined => {
  const { file, prefix } = place;
  const entry = firstEntry(branch);
  if (entry === undefined) return undefined;
  const path = `${prefix}.${name}`;
  const schema = Object.hasOwn(fields, name) ? fields[name] : undefined;
  if (schema === undefined)
    return file.reportAt(entry.keyPlace, 'unknown-target', `there is no ${path}`, didYouMean(name, Object.keys(fields)));
  const { identifiers } = place;
  const target: Target = { ...targetOf(schema), strict: identifiers !== undefined, namesOne: identifiers?.includes(name) === true };
  if (target.readOnly === true)
    return file.reportAt(entry.keyPlace, 'read-only', `${path} is filled by the patient index`, 'set it under identify:');
  if (branch.inner.size === 0) return compileLeaf(name, entry, schema, target, place);
  if (branch.entry !== undefined)
    return file.reportAt(branch.entry.keyPlace, 'target-twice', `${path} is set whole and in parts`, 'leave one of them out');
  const parts = fieldsOf(schema);
  if (target.list) return file.reportAt(entry.keyPlace, 'list-target', `${path} is a list`, 'write each: and set: under it');
  if (parts === undefined) return file.reportAt(entry.keyPlace, 'unknown-target', `${path} has no parts`);
  const plans = compileBranches(branch, parts, { ...place, prefix: path });
  return {
    name,
    meta: file.meta({ place: entry.keyPlace }, path),
    constant: plans.every((plan) => plan.constant),
    fallback: undefined,
    read: builder(plans),
  };
};

/** Builds an object from its fields; constants are never enough. A part that has nothing takes its default here, since the object is stated whole. */
const builder =
  <R extends Run>(plans: readonly FieldPlan<R>[]) =>
  (run: R): FieldValue => {
    let any = false;
    let cleared = false;
    const out: Record<string, Json> = {};
    for (const plan of plans) {
      const value = plan.read(run);
      if (value === CLEARED) cleared = true;
      else if (value !== undefined) {
        out[plan.name] = value;
        if (!plan.constant) any = true;
      }
    }
    if (!any) return cleared ? CLEARED : undefined;
    for (const plan of plans) if (plan.fallback !== undefined && !(plan.name in out)) out[plan.name] = plan.fallback;
    return out;
  };

const compileLeaf = <R extends Run>(
  name: string,
  entry: MapEntry,
  schema: TSchema,
  target: Target,
  place: Place<R>,
): FieldPlan<R> | undefined => {
  const { file, scope, prefix } = place;
  const path = `${prefix}.${name}`;
  if (entry.value.kind === 'map' && entry.value.get('each') !== undefined) return compileEach(name, entry.value, schema, target, place);
  const compiled = compileField(entry.value, path, target, scope, file);
  if (compiled === undefined) return undefined;
  // Settled values of a model target are plain data: cells, segments and records have been converted or refused at compile time.
  return {
    name,
    meta: compiled.meta,
    constant: compiled.constant,
    fallback: compiled.fallback,
    read: (run) => compiled.read(run) as FieldValue,
  };
};

const EACH_KEYS = ['each', 'when', 'set', 'use', 'note'];

/** A list of objects: `each:` with `set:`/`use:`. Every item seen is made, excluded by `when`, or noted as empty. */
const compileEach = <R extends Run>(
  name: string,
  node: MapNode,
  schema: TSchema,
  target: Target,
  place: Place<R>,
): FieldPlan<R> | undefined => {
  const { file, scope, prefix } = place;
  const path = `${prefix}.${name}`;
  const fields = fieldsOf(schema);
  const each = node.get('each');
  for (const { key, keyPlace } of node.entries)
    if (!EACH_KEYS.includes(key)) return file.reportAt(keyPlace, 'unknown-key', `unknown key "${key}"`, didYouMean(key, EACH_KEYS));
  if (!target.list || fields === undefined)
    return file.reportAt(node.place, 'list-target', `${path} is no list of objects`, 'each: makes a list');
  const site = file.site(each, path);
  const lines = setLines(node, file);
  const looped = each?.kind === 'text' ? scope.loop({ text: each.text, offset: 0 }, site) : undefined;
  if (lines === undefined || looped === undefined) return undefined;
  const when = node.get('when');
  const predicate = when === undefined ? undefined : compileWhen(when, looped.inside, file, path);
  if (when !== undefined && predicate === undefined) return undefined;
  const build = builder(compileObject(lines, fields, { ...place, scope: looped.inside, prefix: path }));
  return { name, meta: site.meta, constant: false, fallback: undefined, read: listReader(looped.loop, predicate, build, site.meta) };
};

const listReader =
  <R extends Run>(loop: Loop<R>, when: Predicate<R> | undefined, build: (run: R) => FieldValue, meta: LineMeta) =>
  (run: R): FieldValue => {
    const made: Json[] = [];
    const { cleared } = loop.run(run, () => {
      if (when !== undefined && !when(run)) return;
      const value = build(run);
      if (value === undefined || value === CLEARED) run.note('empty-item', meta, loop.locate(run));
      else made.push(value);
    });
    if (cleared && made.length === 0) return CLEARED;
    return made.length === 0 ? undefined : made;
  };

export const isMapNode = (node: YamlNode | undefined): node is MapNode => node?.kind === 'map';
