import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { loadMappings } from '../../mappings/engine/index.ts';
import type { MappedPart, MappedRecord } from '../../records/mapped.ts';
import { run, values } from './engine/made.ts';
import { shippedBytes, shippedFiles, shippedPaths, shippedText } from './shipped-files.ts';

/** `THROUGHCARE_UPDATE_FIXTURES=1` writes what comes out; read the difference before it is kept. */
const update = process.env.THROUGHCARE_UPDATE_FIXTURES === '1';
const { inbound } = loadMappings(shippedFiles());
/** `adt/movement.release.hl7` belongs to `adt/movement.map.yaml`. */
const messages = shippedPaths('.hl7').filter((path) =>
  existsSync(join(__dirname, '..', '..', 'mappings', `${path.split('.')[0]}.map.yaml`)),
);

const recordView = (record: MappedRecord): object => ({
  kind: record.kind,
  keys: Object.fromEntries(record.keys.map((key) => [key.name, key.values])),
  action: record.action,
  asOf: record.asOf,
  fields: values(record.fields),
  ...(record.children.length === 0 ? {} : { children: record.children.map(recordView) }),
});
/** What a person would want to see of a part; lines of rules are left out, so that an edit elsewhere changes nothing here. */
const partView = (part: MappedPart): object => ({
  identify: part.identify,
  ...(part.hold === null ? {} : { hold: { reason: part.hold.reason, source: part.hold.source ?? null } }),
  ...(part.patient === null ? {} : { patient: values(part.patient), defaults: part.patientDefaults }),
  ...(part.custody === null ? {} : { custody: values(part.custody.fields) }),
  ...(part.merge === null ? {} : { merge: { action: part.merge.action, retired: part.merge.retired } }),
  ...(part.records.length === 0 ? {} : { records: part.records.map(recordView) }),
  ...(part.lists.length === 0 ? {} : { lists: part.lists.map(({ kind, ends, knownEmpty }) => ({ kind, ends, knownEmpty })) }),
  ...(part.issues.length === 0
    ? {}
    : { issues: part.issues.map((issue) => `${issue.code} ${issue.target}${issue.source === undefined ? '' : ` ${issue.source}`}`) }),
});

describe('the messages beside the inbound mappings', () => {
  it('are there for every one of them', () => {
    const without = inbound.filter((mapping) => !messages.some((path) => path.startsWith(`${mapping.file.replace('.map.yaml', '')}.`)));
    expect(without.map((mapping) => mapping.name)).toEqual([]);
  });

  it.each(messages)('%s becomes what stands beside it', (path) => {
    const mapping = inbound.find((one) => one.file === `${path.split('.')[0]}.map.yaml`);
    if (mapping === undefined) throw new Error(`no mapping for ${path}`);
    const mapped = run(mapping, shippedBytes(path));
    const view: unknown = JSON.parse(
      JSON.stringify({
        parts: mapped.parts.map(partView),
        attachments: mapped.attachments.map(({ contentType, bytes }) => ({ contentType, size: bytes.length })),
      }),
    );
    const expected = path.replace(/\.hl7$/, '.expected.yaml');
    if (update) writeFileSync(join(__dirname, '..', '..', 'mappings', expected), stringify(view, { lineWidth: 140 }));
    expect(view).toEqual(parse(shippedText(expected)));
  });
});
