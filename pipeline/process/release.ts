import { type Episode, establishmentOf } from '../../patients/episode.ts';
import { fieldText } from '../../patients/fields.ts';
import type { ContentName, DestinationId, ItemId } from '../../records/ids.ts';
import type { MappedRecord } from '../../records/mapped.ts';
import type { HeldPart, StoredItem } from '../../records/process.ts';
import type { CanonicalRecord, DeliveryFacts } from '../../records/record.ts';
import { openResults, releaseSummary, withdrawnSummary } from '../../routing/release.ts';
import { type FileContext, renderWith } from './file-record.ts';
import { itemsOfKind } from './person-state.ts';

/** `mapped` null: the site makes no summaries. */
export type Summary = { readonly ok: true; readonly mapped: MappedRecord | null } | { readonly ok: false; readonly hold: HeldPart };

/** Stores bytes as content and gives the name they are found by. */
export type KeepContent = (bytes: Buffer) => Promise<ContentName>;

/** Was this custody event a release, and does it stand? What the timeline made of it decides, not what it was called. */
export const isRelease = (context: FileContext, record: CanonicalRecord): boolean =>
  context.standing.timeline.effects.get(record.id)?.movement === 'release';

/**
 * What a release's summary is known by: the booking and the time that the event itself told, whatever the timeline holds by now. Where it
 * told no time, that under which it is filed; its record is found by it however often it is told.
 */
const nameOfRelease = (release: CanonicalRecord): { system: string; booking: string; releasedAt: string } => ({
  system: release.system,
  booking: fieldText(release, 'booking') ?? '',
  releasedAt: fieldText(release, 'at') ?? release.keys[0]?.values.at(-1) ?? release.receivedAt,
});

/** The stay that this release ended: not the last one where another has begun since. */
const stayEndedBy = ({ standing: { timeline } }: FileContext, release: CanonicalRecord): Episode | null => {
  const { releasedAt } = nameOfRelease(release);
  return timeline.episodes.findLast((episode) => episode.releasedAt === releasedAt) ?? timeline.episode;
};

/** The summary the leader files at a release (rulings D): its text is rendered now, from everything current about the person. */
export const summaryOf = async (context: FileContext, release: CanonicalRecord, keep: KeepContent): Promise<Summary> => {
  const { plan, standing, names } = context;
  if (plan.summary === undefined) return { ok: true, mapped: null };
  const stay = stayEndedBy(context, release);
  const name = [String(context.messageId), String(context.part), release.id, 'summary'];
  const facts: DeliveryFacts = {
    id: names.recordId(name),
    controlId: names.transportKey(name),
    createdAt: standing.at,
    processingId: plan.processingId,
    msh: {},
  };
  const route = { name: 'summary', to: 'record', destination: '' };
  const rendered = renderWith(context, plan.summary, release, [], { facts: route }, facts);
  if (!rendered.ok) return { ok: false, hold: { reason: 'rendering-failed', rule: rendered.hold.rule } };
  const bytes = Buffer.concat(rendered.payload.parts.map((part) => (part.kind === 'bytes' ? part.bytes : Buffer.alloc(0))));
  const contentId = await keep(bytes);
  return {
    ok: true,
    mapped: releaseSummary(
      {
        ...nameOfRelease(release),
        establishment: stay === null ? null : establishmentOf(stay),
        createdAt: standing.at,
      },
      { text: bytes.toString('utf8'), content: { contentId, contentType: 'text/plain', size: bytes.length } },
    ),
  };
};

/** Takes back the summary of a release that did not stand. */
export const withdrawalOf = (context: FileContext, release: CanonicalRecord): MappedRecord =>
  withdrawnSummary(nameOfRelease(release), context.standing.at);

/** Reports of the stay that the practice has not had in their last form. None where the person is held again: they are the custodian's. */
export const openReports = (context: FileContext, release: CanonicalRecord, handedOver: ReadonlySet<ItemId>): readonly StoredItem[] => {
  if (context.standing.timeline.location !== 'out') return [];
  const reports = itemsOfKind(context.person, 'report');
  const known = new Map(reports.map((item) => [item.id, item]));
  const candidates = reports.flatMap((item) => (item.record === null ? [] : [{ id: item.id, record: item.record }]));
  return openResults(candidates, stayEndedBy(context, release)?.receptionAt ?? null, handedOver).flatMap(({ id }) => known.get(id) ?? []);
};

/** Where reports for the present practice would go, to ask what was handed over there. */
export const practiceDestination = (context: FileContext): DestinationId | null => {
  const { plan, standing } = context;
  const { present } = standing.registration;
  if (present === null) return null;
  const found = plan.directory.practice(present.practiceOds, standing.at);
  if (found.found !== 'one') return null;
  const name = found.entry.endpoints.get('report') ?? found.entry.endpoints.get('default');
  return name === undefined ? null : (plan.destinations.get(name)?.id ?? null);
};
