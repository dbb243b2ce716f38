import { dataType, segmentEntry, segmentField, segmentNames } from '../../formats/hl7v2/dictionary.ts';

export interface FieldFacts {
  /** `varies` where another field decides, or where nothing is known (Z-segments). */
  readonly type: string;
  readonly repeats: boolean;
  /** First version with the field. */
  readonly since: string;
}

export const SEGMENT_NAMES: readonly string[] = segmentNames();
/** Z-segments are always known, their fields never. */
export const isSegment = (name: string): boolean => name.startsWith('Z') || segmentEntry(name) !== undefined;
/** Number of fields described; undefined for a Z-segment. */
export const fieldTotal = (segment: string): number | undefined => segmentEntry(segment)?.fields.length;

export const fieldFacts = (segment: string, field: number): FieldFacts | undefined => {
  if (segmentEntry(segment) === undefined) return { type: 'varies', repeats: true, since: '2.3.1' };
  const entry = segmentField(segment, field);
  return entry && { type: entry.type === '*' ? 'varies' : entry.type, repeats: entry.repeats, since: entry.since };
};

/** Types of the components of a type; the type itself where it has one value; undefined where nothing is known of it. */
export const componentsOf = (type: string): readonly string[] | undefined => {
  if (type === 'varies') return undefined;
  const components = dataType(type)?.components ?? [];
  return components.length === 0 ? [type] : components.map((component) => component.type);
};

/** True where a value of the type has several parts, so that taking it as text takes the first only. A TS is one time. */
export const isComposite = (type: string): boolean => type !== 'TS' && (dataType(type)?.components.length ?? 0) > 1;

const order = (version: string): number => {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number);
  return major * 10_000 + minor * 100 + patch;
};
export const newest = (versions: readonly string[]): string => versions.toSorted((a, b) => order(a) - order(b)).at(-1) ?? '2.5.1';
export const isLater = (since: string, version: string): boolean => order(since) > order(version);
/** Versions the dictionary describes. */
export const DESCRIBED_UNTIL = '2.5.1';
