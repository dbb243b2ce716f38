import type { ContentName, Instant } from '../records/ids.ts';
import type { Organisation } from '../records/kinds/types.ts';
import type { Json, MappedRecord, Stated } from '../records/mapped.ts';
import type { CanonicalRecord } from '../records/record.ts';

/** A report with the id its handing over is known by. */
export interface ReportItem<Id> {
  readonly id: Id;
  readonly record: CanonicalRecord;
}
export interface OpenReport<Id> extends ReportItem<Id> {
  readonly because: 'not-final' | 'never-handed-over';
}

/** Results that will not change by themselves. An absent status counts as not final: better one too many. */
const FINAL: ReadonlySet<string> = new Set(['final', 'amended', 'corrected']);
const CLOSED: ReadonlySet<string> = new Set(['cancelled', 'entered-in-error']);

/**
 * Open results at release (rulings D): reports received during the stay that are not final, and finals never handed over to the practice
 * (`handedOver`: ids that were). Reports received after the release but before its news arrived belong to it too. Withdrawn ones do not.
 */
export const openResults = <Id>(
  reports: readonly ReportItem<Id>[],
  receptionAt: string | null,
  handedOver: ReadonlySet<Id>,
): readonly OpenReport<Id>[] => {
  const from = receptionAt === null ? Number.NEGATIVE_INFINITY : Date.parse(receptionAt);
  return reports.flatMap((report): OpenReport<Id>[] => {
    const { kind, state, fields, receivedAt } = report.record;
    const status = typeof fields.status === 'string' ? fields.status : '';
    if (kind !== 'report' || state !== 'current' || CLOSED.has(status)) return [];
    // A reception whose time cannot be read leaves nothing out.
    if (Date.parse(receivedAt) < from) return [];
    if (!FINAL.has(status)) return [{ ...report, because: 'not-final' }];
    return handedOver.has(report.id) ? [] : [{ ...report, because: 'never-handed-over' }];
  });
};

/** Code of the document made at release, by which routes and mappings know it. */
export const RELEASE_SUMMARY = 'release-summary';

export interface ReleaseFacts {
  /** System that gave the booking its number. */
  readonly system: string;
  readonly booking: string;
  /** As told by the release event. */
  readonly releasedAt: string;
  readonly establishment: Organisation | null;
  /** Time of receipt of the news. */
  readonly createdAt: Instant;
}

type ReleaseName = Pick<ReleaseFacts, 'system' | 'booking' | 'releasedAt'>;

const value = (json: Json): Stated => ({ state: 'value', value: json });
/** One summary a release: told again it is the same document, and a release corrected to another time is another. */
const keysOf = ({ system, booking, releasedAt }: ReleaseName): MappedRecord['keys'] => [
  { name: 'release', values: [system, booking, releasedAt] },
];

/**
 * The document record that the leader files at a release (rulings D). Its text is made by an outbound mapping (`render(gp/summary-text)`) and
 * given here as text or as the name of stored content.
 */
export const releaseSummary = (
  facts: ReleaseFacts,
  made: {
    readonly text?: string;
    readonly content?: { readonly contentId: ContentName; readonly contentType: string; readonly size: number };
  },
): MappedRecord => ({
  kind: 'document',
  rule: RELEASE_SUMMARY,
  position: 1,
  keys: keysOf(facts),
  action: 'put',
  ifUnknown: 'note',
  fields: {
    type: value({ code: RELEASE_SUMMARY, display: 'Release summary' }),
    title: value('Release summary'),
    category: value('clinical-summary'),
    status: value('final'),
    createdAt: value(facts.createdAt),
    ...(facts.establishment === null ? {} : { custodian: value({ ...facts.establishment }) }),
    ...(made.text === undefined ? {} : { text: value(made.text) }),
    ...(made.content === undefined ? {} : { content: value({ ...made.content, title: 'Release summary' }) }),
  },
  defaults: {},
  asOf: facts.createdAt,
  children: [],
});

/** Takes back the summary of a release that was cancelled: it should never have been, and goes out as a withdrawal where it was sent. */
export const withdrawnSummary = (facts: ReleaseName, at: Instant): MappedRecord => ({
  kind: 'document',
  rule: RELEASE_SUMMARY,
  position: 1,
  keys: keysOf(facts),
  action: 'error',
  ifUnknown: 'note',
  fields: {},
  defaults: {},
  asOf: at,
  children: [],
});
