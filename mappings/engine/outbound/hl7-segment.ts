import type { ComponentValue, FieldValue, RepetitionValue, SegmentDraft } from '../../../formats/hl7v2/writer.ts';
import type { MapEntry } from '../../../language/yaml.ts';
import type { Compilation } from '../compilation.ts';
import type { Compiled } from '../expression/compiled.ts';
import { compileField } from '../expression/field.ts';
import { Composite, isList, isStated, type One, plainText, type Value } from '../value.ts';
import { type Hl7Target, parseTarget } from './hl7-target.ts';
import type { OutboundRun } from './outbound-run.ts';
import type { RecordScope } from './record-scope.ts';

/** A part of a field on its way out: its value, and whether any of it was read from a record. */
interface Built<T> {
  readonly value: T;
  readonly read: boolean;
}
type Build<T> = (run: OutboundRun) => Built<T> | undefined;

interface Node {
  line: Compiled<OutboundRun> | undefined;
  entry: MapEntry | undefined;
  readonly inner: Map<number, Node>;
}
const node = (): Node => ({ line: undefined, entry: undefined, inner: new Map() });
const step = (from: Node, number: number): Node => {
  const known = from.inner.get(number);
  if (known !== undefined) return known;
  const made = node();
  from.inner.set(number, made);
  return made;
};

/** `repetition` 0 stands for the whole field. */
const route = ({ field, repetition, component, subcomponent }: Hl7Target): number[] => {
  if (component === undefined) return repetition === undefined ? [field] : [field, repetition];
  return [field, repetition ?? 1, component, ...(subcomponent === undefined ? [] : [subcomponent])];
};

/** Compiles the targets of one segment into what builds it; `undefined` from the build where nothing is stated at all. */
export const compileSegment = (
  name: string,
  lines: readonly MapEntry[],
  scope: RecordScope,
  file: Compilation,
): ((run: OutboundRun) => SegmentDraft | undefined) => {
  const root = node();
  for (const entry of lines) {
    const target = parseTarget(entry, name, file);
    if (target === undefined) continue;
    const line = compileField<OutboundRun>(entry.value, entry.key, target.takes, scope, file);
    if (line === undefined) continue;
    const path: Node[] = [root];
    for (const number of route(target)) path.push(step(path.at(-1) ?? root, number));
    const leaf = path.at(-1) ?? root;
    const taken = path.find((at) => at.line !== undefined) ?? (leaf.inner.size > 0 ? leaf : undefined);
    if (taken !== undefined) {
      file.reportAt(entry.keyPlace, 'target-twice', `${entry.key} is set twice, whole or in parts`, 'leave one of them out');
      continue;
    }
    leaf.line = line;
    leaf.entry = entry;
  }
  const fields = [...root.inner].map(([number, field]) => ({ number, build: fieldBuilder(field) }));
  const last = Math.max(0, ...root.inner.keys());
  return (run) => {
    const values: FieldValue[] = new Array<FieldValue>(last).fill(undefined);
    let any = false;
    for (const { number, build } of fields) {
      const built = build(run);
      if (built === undefined) continue;
      values[number - 1] = built.value;
      any = true;
    }
    return any ? { name, fields: values } : undefined;
  };
};

const textOf = (one: One): string | undefined => (isStated(one) ? plainText(one) : undefined);
const repetitionOf = (one: One): RepetitionValue => (one instanceof Composite ? one.components : textOf(one));

const valueOfLine = (line: Compiled<OutboundRun>, run: OutboundRun): Value => {
  const value = line.read(run);
  // A default is plain data in the shape of its target.
  return value === undefined ? (line.fallback as Value) : value;
};

const fieldBuilder = (field: Node): Build<FieldValue> => {
  const { line } = field;
  if (line !== undefined)
    return (run) => {
      const value = valueOfLine(line, run);
      if (value === undefined) return undefined;
      const built: FieldValue = isList(value) ? { repetitions: value.map(repetitionOf) } : repetitionOf(value);
      return built === undefined ? undefined : { value: built, read: !line.constant };
    };
  const repetitions = [...field.inner].sort(([a], [b]) => a - b).map(([, one]) => repetitionBuilder(one));
  return (run) => {
    const built = repetitions.map((build) => build(run)).filter((one) => one !== undefined);
    if (built.length === 0) return undefined;
    return { value: { repetitions: built.map((one) => one.value) }, read: built.some((one) => one.read) };
  };
};

const leafBuilder = (leaf: Node): Build<string> => {
  const { line } = leaf;
  return (run) => {
    const value = line && valueOfLine(line, run);
    const text = textOf(isList(value) ? value[0] : value);
    return text === undefined || line === undefined ? undefined : { value: text, read: !line.constant };
  };
};

const repetitionBuilder = (part: Node): Build<RepetitionValue> => {
  const { line } = part;
  if (line === undefined) return gather(part, componentBuilder);
  return (run) => {
    const value = valueOfLine(line, run);
    const built = repetitionOf(isList(value) ? value[0] : value);
    return built === undefined ? undefined : { value: built, read: !line.constant };
  };
};
const componentBuilder = (part: Node): Build<ComponentValue> => (part.line === undefined ? gather(part, leafBuilder) : leafBuilder(part));

/**
 * A repetition of components, or a component of subcomponents. One whose every part read from a record is unstated is not written: a
 * type code without its number would say something.
 */
const gather = <I>(part: Node, inside: (inner: Node) => Build<I>): Build<readonly (I | undefined)[]> => {
  const parts = [...part.inner].map(([number, inner]) => ({ number, build: inside(inner) }));
  const last = Math.max(0, ...part.inner.keys());
  const readsAny = hasRead(part);
  return (run) => {
    const values: (I | undefined)[] = new Array<I | undefined>(last).fill(undefined);
    let any = false;
    let read = false;
    for (const { number, build } of parts) {
      const built = build(run);
      if (built === undefined) continue;
      values[number - 1] = built.value;
      any = true;
      read ||= built.read;
    }
    return any && (read || !readsAny) ? { value: values, read } : undefined;
  };
};

const hasRead = (part: Node): boolean => (part.line !== undefined && !part.line.constant) || [...part.inner.values()].some(hasRead);
