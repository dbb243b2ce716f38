import { ADMINISTRATION } from './dictionary/administration.ts';
import { CARE } from './dictionary/care.ts';
import { FINANCE } from './dictionary/finance.ts';
import { ORDERS } from './dictionary/orders.ts';
import { OLDER, SIMPLE, TYPES } from './dictionary/types.ts';

/**
 * What the standard says of segments and data types, for checking paths and for telling text types from others. Covers what the mapped
 * messages use, versions 2.3.1 to 2.5.1; a segment that is not here is unknown, not wrong.
 */
export interface FieldEntry {
  readonly name: string;
  /** `*` where another field decides (OBX-5 by OBX-2). */
  readonly type: string;
  readonly repeats: boolean;
  /** First version with the field; `2.3.1` stands for that one and all before. */
  readonly since: string;
}

export interface SegmentEntry {
  readonly name: string;
  /** `fields[0]` is field 1. */
  readonly fields: readonly FieldEntry[];
}

export interface ComponentEntry {
  readonly name: string;
  readonly type: string;
}

export interface TypeEntry {
  readonly name: string;
  /** `components[0]` is component 1; empty for a type of one value. */
  readonly components: readonly ComponentEntry[];
}

const FIELD = /^(?:@(\S+) )?([A-Z0-9]+|\*)(\*?) (.+)$/;

const fieldEntry = (line: string): FieldEntry => {
  const [, since = '2.3.1', type = '', star, name = ''] = FIELD.exec(line) ?? [];
  if (type === '') throw new SyntaxError(`dictionary line: ${line}`);
  return { name, type, repeats: star === '*', since };
};

const SEGMENTS = new Map<string, SegmentEntry>();
for (const [name, text] of Object.entries({ ...ADMINISTRATION, ...FINANCE, ...ORDERS, ...CARE }))
  SEGMENTS.set(name, { name, fields: text.split('\n').map((line) => fieldEntry(line.trim())) });

const DATA_TYPES = new Map<string, TypeEntry>();
for (const name of SIMPLE) DATA_TYPES.set(name, { name, components: [] });
for (const [name, text] of Object.entries(TYPES)) {
  const components = text.split('; ').map((item) => ({ type: item.slice(0, item.indexOf(' ')), name: item.slice(item.indexOf(' ') + 1) }));
  DATA_TYPES.set(name, { name, components });
}
for (const [older, name] of Object.entries(OLDER)) {
  const entry = DATA_TYPES.get(name);
  if (entry !== undefined) DATA_TYPES.set(older, { name: older, components: entry.components });
}

/** Names of the segments described. */
export const segmentNames = (): readonly string[] => [...SEGMENTS.keys()];

export const segmentEntry = (segment: string): SegmentEntry | undefined => SEGMENTS.get(segment);

/** Entry of field `n` (from 1); undefined where the segment or the field is unknown. */
export const segmentField = (segment: string, n: number): FieldEntry | undefined => SEGMENTS.get(segment)?.fields[n - 1];

/** Data type of a field; undefined where the dictionary does not know it. */
export const fieldType = (segment: string, field: number): string | undefined => segmentField(segment, field)?.type;

/** `2.4` before `2.5` before `2.5.1`. */
const order = (version: string): number => {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number);
  return major * 10_000 + minor * 100 + patch;
};

/** How many fields a segment has in a version (default: the newest described); undefined for an unknown segment. */
export function fieldCount(segment: string, version?: string): number | undefined {
  const fields = SEGMENTS.get(segment)?.fields;
  return version === undefined ? fields?.length : fields?.filter((field) => order(field.since) <= order(version)).length;
}

export const dataType = (name: string): TypeEntry | undefined => DATA_TYPES.get(name);

/** Entry of component `n` (from 1) of a type; undefined where there is none. */
export const typeComponent = (type: string, n: number): ComponentEntry | undefined => DATA_TYPES.get(type)?.components[n - 1];
