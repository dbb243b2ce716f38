import type { MapEntry } from '../../../language/yaml.ts';
import type { Compilation } from '../compilation.ts';
import { componentsOf, DESCRIBED_UNTIL, fieldFacts, fieldTotal, isLater, newest } from '../dictionary.ts';
import { parseHl7Path } from '../expression/hl7-path.ts';
import type { Target } from '../types.ts';

/** A full-path target: `PID-3[1].1`, `OBX-5`, `TXA-12.1`. */
export interface Hl7Target {
  readonly field: number;
  /** Undefined = the whole field, all its repetitions. */
  readonly repetition: number | undefined;
  readonly component: number | undefined;
  readonly subcomponent: number | undefined;
  readonly takes: Target;
}

/** MSH fields that the writer fills from the output, the delivery and the destination. */
const WRITERS = new Set([1, 2, 7, 9, 10, 11, 12, 18]);

/** Reads a target and checks it against the dictionary. */
export const parseTarget = (entry: MapEntry, segment: string, file: Compilation): Hl7Target | undefined => {
  const site = file.site(
    {
      kind: 'text',
      place: entry.keyPlace,
      text: entry.key,
      style: 'plain',
      at: (offset) => ({ ...entry.keyPlace, column: entry.keyPlace.column + offset }),
    },
    entry.key,
  );
  const fault = (code: string, message: string, hint?: string): undefined => file.reportAt(entry.keyPlace, code, message, hint);
  if (/^\d/.test(entry.key)) return fault('target', 'a target is a full path', `write ${segment}-${entry.key}`);
  const { path, findings } = parseHl7Path({ text: entry.key, offset: 0 }, site.at);
  for (const finding of findings) file.report(finding);
  if (path === undefined) return undefined;
  if (path.segment !== segment) return fault('target', `this target is not in segment ${segment}`, `write ${segment}-…`);
  const { field, fieldSelector, component, subcomponent } = path;
  if (field === undefined || path.segmentSelector !== undefined || path.groups.length > 0)
    return fault('target', 'a target names a field', `write ${segment}-3 or ${segment}-3[1].1`);
  if (fieldSelector !== undefined && fieldSelector.kind !== 'index')
    return fault('target', 'a target takes the number of a repetition, nothing else', `write ${segment}-${field}[1]`);
  if (segment === 'MSH' && WRITERS.has(field))
    return fault('writer-owned', `MSH-${field} is filled by the writer`, 'it comes from output:, the delivery and the destination');
  const facts = fieldFacts(segment, field);
  const version = newest(file.versions);
  if (facts === undefined && !isLater(version, DESCRIBED_UNTIL))
    return fault('unknown-field', `${segment} has ${fieldTotal(segment)} fields, not ${field}`);
  const type = facts?.type ?? 'varies';
  const repeats = facts?.repeats ?? true;
  const repetition = fieldSelector?.index;
  if (repetition !== undefined && repetition > 1 && !repeats) return fault('no-repetition', `${segment}-${field} does not repeat`);
  const components = componentsOf(type);
  if (component !== undefined && components !== undefined && component > components.length)
    return fault(
      'unknown-component',
      `${segment}-${field} (${type}) has ${components.length} component${components.length === 1 ? '' : 's'}, not ${component}`,
    );
  const partType = component === undefined ? type : (components?.[component - 1] ?? 'varies');
  const inner = componentsOf(partType);
  if (subcomponent !== undefined && inner !== undefined && subcomponent > inner.length)
    return fault('unknown-component', `${segment}-${field}.${component} (${partType}) has ${inner.length} subcomponents`);
  const list = component === undefined && repetition === undefined && repeats;
  return { field, repetition, component, subcomponent, takes: { type: `hl7:${subcomponent === undefined ? partType : 'ST'}`, list } };
};
