import type { Organisation } from '../records/kinds/types.ts';
import type { Json } from '../records/mapped.ts';

/** Reading single fields of a stored record, whose fields are plain JSON. */
export interface WithFields {
  readonly fields: Readonly<Record<string, Json>>;
}
type JsonObject = { readonly [key: string]: Json };

export const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const fieldText = (record: WithFields, field: string): string | undefined => {
  const value = record.fields[field];
  return typeof value === 'string' && value !== '' ? value : undefined;
};

/** An organisation; a plain text is taken for its ODS code. */
export const organisationField = (record: WithFields, field: string): Organisation | undefined => {
  const value = record.fields[field];
  if (typeof value === 'string') return value === '' ? undefined : { odsCode: value };
  if (!isObject(value)) return undefined;
  const found: Organisation = {};
  for (const key of ['odsCode', 'agencyCode', 'name', 'type'] as const) {
    const part = value[key];
    if (typeof part === 'string' && part !== '') found[key] = part;
  }
  return found.odsCode === undefined && found.agencyCode === undefined ? undefined : found;
};
