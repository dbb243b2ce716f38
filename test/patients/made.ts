import { createHash } from 'node:crypto';
import type { Candidate } from '../../patients/identity.ts';
import type { ItemContext } from '../../patients/items.ts';
import type { CustodyEvent } from '../../patients/timeline.ts';
import {
  brandAs,
  type DirectoryVersion,
  type Instant,
  type MappingVersion,
  type PersonId,
  type RecordId,
  type SourceName,
} from '../../records/ids.ts';
import type { CustodyEventType, Json, MappedRecord, Patch } from '../../records/mapped.ts';
import type { PersonIdentifier } from '../../records/process.ts';
import type { CanonicalRecord } from '../../records/record.ts';

/** Invented persons and records for the tests of the pure rooms. */
export const person = (id: number): PersonId => brandAs<PersonId>(id);
export const instant = (text: string): Instant => brandAs<Instant>(text);
/** `09:30` or `2 09:30` (day of March 2026). */
export const at = (text: string): string => {
  const [day, time] = text.includes(' ') ? text.split(' ') : ['2', text];
  return `2026-03-${String(day).padStart(2, '0')}T${time}:00.000Z`;
};

/** Stands in for the keyed name-based id: the same parts always give the same id. */
const nameId = (parts: readonly string[]): RecordId =>
  brandAs<RecordId>(createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32));

export const nhs = (value: string, status?: string): PersonIdentifier => ({
  type: 'nhs-number',
  value,
  ...(status === undefined ? {} : { status }),
});
export const prison = (value: string): PersonIdentifier => ({ type: 'prison-number', value });

export const candidate = (id: number, identifiers: readonly PersonIdentifier[], more: Partial<Candidate> = {}): Candidate => ({
  personId: person(id),
  identifiers,
  restricted: false,
  ...more,
});

export const LEEDS = { agencyCode: 'LEI', odsCode: 'Y02289', name: 'HMP Leeds', type: 'establishment' };
export const MOORLAND = { agencyCode: 'MDI', odsCode: 'Y05537', name: 'HMP Moorland', type: 'establishment' };

let made = 0;
export const event = (type: CustodyEventType, when: string | null, more: Partial<CustodyEvent> = {}): CustodyEvent => {
  made += 1;
  const time = when === null ? null : at(when);
  return {
    id: `e${made}-${type}-${when ?? ''}`,
    event: type,
    booking: 'B1',
    system: 'nomis',
    at: time,
    statedAt: time ?? at('1 00:00'),
    ...more,
  };
};

export const context = (more: Partial<ItemContext> = {}): ItemContext => ({
  system: 'lab',
  personId: person(1),
  parent: null,
  source: brandAs<SourceName>('lab'),
  messageId: 1,
  receivedAt: instant(at('12:00')),
  mappingVersion: brandAs<MappingVersion>('m1'),
  directoryVersion: brandAs<DirectoryVersion>('d1'),
  nameId,
  ...more,
});

export const stated = (fields: Readonly<Record<string, Json>>, cleared: readonly string[] = []): Patch =>
  Object.fromEntries([
    ...Object.entries(fields).map(([name, value]) => [name, { state: 'value', value }] as const),
    ...cleared.map((name) => [name, { state: 'cleared' }] as const),
  ]);

export const mapped = (kind: string, fields: Patch, more: Partial<MappedRecord> = {}): MappedRecord => ({
  kind,
  rule: 'made.map.yaml:1',
  position: 1,
  keys: [{ name: 'filler', values: ['F1'] }],
  action: 'put',
  ifUnknown: 'hold',
  fields,
  defaults: {},
  asOf: instant(at('10:00')),
  children: [],
  ...more,
});

export const record = (kind: string, fields: Readonly<Record<string, Json>>, more: Partial<CanonicalRecord> = {}): CanonicalRecord => ({
  id: nameId([kind, JSON.stringify(fields), JSON.stringify(more)]),
  kind,
  system: 'nomis',
  keys: [],
  parentId: null,
  position: 1,
  state: 'current',
  action: 'put',
  asOf: instant(at('10:00')),
  receivedAt: instant(at('10:01')),
  source: brandAs<SourceName>('prison-adt'),
  messageId: 1,
  mappingVersion: brandAs<MappingVersion>('m1'),
  directoryVersion: brandAs<DirectoryVersion>('d1'),
  issues: [],
  fields,
  ...more,
});
