import {
  brandAs,
  type DirectoryVersion,
  type Instant,
  type MappingVersion,
  type RecordId,
  type SourceName,
  type TransportKey,
} from '../../../records/ids.ts';
import type { CanonicalRecord } from '../../../records/record.ts';
import { Zone } from '../zone.ts';
import { OutboundRun } from './outbound-run.ts';

const NEVER = brandAs<Instant>('1970-01-01T00:00:00.000Z');

/** A record of a kind that states nothing: what `check` asks conditions about. */
const blankRecord = (kind: string): CanonicalRecord => ({
  id: brandAs<RecordId>('00000000-0000-8000-8000-000000000000'),
  kind,
  system: '',
  keys: [],
  parentId: null,
  position: 1,
  state: 'current',
  action: 'put',
  asOf: null,
  receivedAt: NEVER,
  source: brandAs<SourceName>(''),
  messageId: 0,
  mappingVersion: brandAs<MappingVersion>(''),
  directoryVersion: brandAs<DirectoryVersion>(''),
  issues: [],
  fields: {},
});

/** A rendering of nothing. */
export const blankRun = (kind: string): OutboundRun => {
  const utc = Zone.named('UTC');
  if (utc === undefined) throw new RangeError('no time zone data');
  const delivery = { id: '', controlId: brandAs<TransportKey>(''), createdAt: NEVER, processingId: 'T', msh: {} } as const;
  const blank = blankRecord(kind);
  return new OutboundRun(
    {
      record: blank,
      action: 'put',
      children: [],
      patient: blankRecord('patient'),
      episode: {},
      records: () => [],
      route: { name: '', to: '', destination: '' },
      delivery,
    },
    utc,
  );
};
