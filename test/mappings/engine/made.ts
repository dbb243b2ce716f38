import { createHash } from 'node:crypto';
import { readMessage } from '../../../formats/hl7v2/reader.ts';
import { type InboundMapping, loadMappings, type OutboundMapping, type RenderContext } from '../../../mappings/engine/index.ts';
import {
  brandAs,
  type ContentName,
  type DirectoryVersion,
  type Instant,
  type MappingVersion,
  type RecordId,
  type SourceName,
  type TransportKey,
} from '../../../records/ids.ts';
import { showFinding } from '../../../records/issue.ts';
import type { Json, MappedMessage, MappedPart, Patch } from '../../../records/mapped.ts';
import type { CanonicalRecord } from '../../../records/record.ts';

/** Findings as `check` prints them, warnings and infos apart. */
export const findingsOf = (files: Readonly<Record<string, string>>, severities: readonly string[] = ['error']): string[] =>
  loadMappings(new Map(Object.entries(files)))
    .findings.filter((finding) => severities.includes(finding.severity))
    .map(showFinding);

/** Lines of an inbound file behind the usual frame; `mapping:` stands on line 1, what is given from line 7 on. */
export const inboundText = (body: string, message = 'ADT^A01', version = '2.5.1'): string =>
  `mapping: t/in\nformat: 1\ndirection: inbound\nhl7: ${version}\nmatch:\n  message: ${message}\n${body}`;
export const IDENTIFY = 'identify:\n  set:\n    prisonNumber: PID-3[5 = PI].1\n';

export const inbound = (body: string, message?: string, files: Readonly<Record<string, string>> = {}): InboundMapping => {
  const loaded = loadMappings(new Map(Object.entries({ 'm.map.yaml': inboundText(body, message), ...files })));
  const errors = loaded.findings.filter((finding) => finding.severity === 'error').map(showFinding);
  const [mapping] = loaded.inbound;
  if (errors.length > 0 || mapping === undefined) throw new Error(`the mapping does not load:\n${errors.join('\n')}`);
  return mapping;
};

export const contentName = (bytes: Buffer): ContentName =>
  brandAs<ContentName>(createHash('sha256').update('key').update(bytes).digest('hex'));

const PRACTICES: Readonly<Record<string, string>> = { A81001: 'Hill Lane Surgery', Y02289: 'HMP Leeds healthcare' };
const ESTABLISHMENTS: Readonly<Record<string, string>> = { LEI: 'HMP Leeds', MDI: 'HMP Moorland' };

export const run = (mapping: InboundMapping, message: string | Buffer): MappedMessage =>
  mapping.run(readMessage(typeof message === 'string' ? Buffer.from(message, 'utf8') : message), {
    source: brandAs<SourceName>('prison-adt'),
    receivedAt: brandAs<Instant>('2026-03-02T12:00:00.000Z'),
    zone: 'Europe/London',
    system: 'nomis',
    nameContent: contentName,
    directory: {
      practice: (code) => {
        const name = PRACTICES[code];
        return name === undefined ? undefined : { odsCode: code, name, type: 'gp-practice' };
      },
      establishment: (code) => {
        const name = ESTABLISHMENTS[code];
        return name === undefined ? undefined : { agencyCode: code, name, type: 'establishment' };
      },
    },
  });

/** A message of segments; MSH comes by itself. */
export const hl7 = (type: string, ...segments: string[]): string =>
  `${[`MSH|^~\\&|NOMIS|LEI|TC|TC|20260302115900||${type}|M1|P|2.5.1`, ...segments].join('\r')}\r`;

export const onlyPart = (mapped: MappedMessage): MappedPart => {
  const [part, more] = mapped.parts;
  if (part === undefined || more !== undefined) throw new Error(`${mapped.parts.length} parts`);
  return part;
};

/** Values of a patch by field; `CLEARED` for a field that is erased. */
export const values = (patch: Patch | null): Record<string, Json> =>
  Object.fromEntries(Object.entries(patch ?? {}).map(([name, stated]) => [name, stated.state === 'value' ? stated.value : 'CLEARED']));

/** What the `patient` block of a mapping says of a message: the shortest way to ask what a line gives. */
export const patientOf = (set: string, message: string, head = ''): Record<string, Json> =>
  values(onlyPart(run(inbound(`${head}${IDENTIFY}patient:\n  set:\n${set}`), message)).patient);

export const outbound = (text: string, files: Readonly<Record<string, string>> = {}): OutboundMapping => {
  const loaded = loadMappings(new Map(Object.entries({ 'o.map.yaml': text, ...files })));
  const errors = loaded.findings.filter((finding) => finding.severity === 'error').map(showFinding);
  const [mapping] = loaded.outbound;
  if (errors.length > 0 || mapping === undefined) throw new Error(`the mapping does not load:\n${errors.join('\n')}`);
  return mapping;
};

export const record = (kind: string, fields: Readonly<Record<string, Json>>, more: Partial<CanonicalRecord> = {}): CanonicalRecord => ({
  id: brandAs<RecordId>('0198a000-0000-8000-8000-000000000001'),
  kind,
  system: 'nomis',
  keys: [],
  parentId: null,
  position: 1,
  state: 'current',
  action: 'put',
  asOf: brandAs<Instant>('2026-03-02T10:00:00.000Z'),
  receivedAt: brandAs<Instant>('2026-03-02T12:00:00.000Z'),
  source: brandAs<SourceName>('prison-adt'),
  messageId: 1,
  mappingVersion: brandAs<MappingVersion>('v'),
  directoryVersion: brandAs<DirectoryVersion>('d'),
  issues: [],
  fields,
  ...more,
});

export const PATIENT: Readonly<Record<string, Json>> = {
  nhsNumber: '9990000018',
  prisonNumber: 'A1234BC',
  name: { use: 'official', family: 'Orchard', given: ['Sam', 'Lee'], prefix: ['Mr'] },
  birthDate: '1980-02-29',
  gender: 'male',
  addresses: [{ use: 'home', line: ['1 Mill Lane', 'Beeston'], city: 'Leeds', postcode: 'LS11 8AB' }],
};

export const renderContext = (of: CanonicalRecord, more: Partial<RenderContext> = {}): RenderContext => ({
  record: of,
  action: of.action,
  children: [],
  patient: record('patient', PATIENT),
  episode: {},
  records: () => [],
  route: { name: 'r', to: 'registered-gp', destination: 'gp', practiceOds: 'A81001' },
  delivery: {
    id: 'd1',
    controlId: brandAs<TransportKey>('TC0001'),
    createdAt: brandAs<Instant>('2026-03-02T12:30:00.000Z'),
    processingId: 'T',
    msh: { sendingApplication: 'THROUGHCARE', sendingFacility: 'LEI', receivingApplication: 'GP', receivingFacility: 'A81001' },
  },
  ...more,
});

/** Payload as text; spliced content stands as `<name:encoding>`. CR stands as a line end. */
export const rendered = (mapping: OutboundMapping, context: RenderContext): string => {
  const rendering = mapping.render(context);
  if (!rendering.ok) return `HELD ${rendering.hold.reason} ${rendering.hold.rule} ${rendering.hold.source ?? ''}`.trim();
  return rendering.payload.parts
    .map((part) => (part.kind === 'bytes' ? part.bytes.toString('utf8') : `<${part.name}:${part.encoding}>`))
    .join('')
    .replaceAll('\r\n', '\n')
    .replaceAll('\r', '\n');
};
