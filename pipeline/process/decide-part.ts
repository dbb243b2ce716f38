import { custodyEventOf } from '../../patients/custody-event.ts';
import type { OdsCode } from '../../records/ids.ts';
import { isKindName, KIND_FACTS } from '../../records/kinds/index.ts';
import type { Filing, HeldPart, PartWrite, StoredItem } from '../../records/process.ts';
import { type AppliedPart, type ApplyEnvironment, applyPart } from './apply-part.ts';
import { type AppliedRecord, type ApplyContext, applyMapped } from './apply-record.ts';
import type { DecideParts } from './decide-parts.ts';
import { type FileContext, type FiledRecord, fileRecord } from './file-record.ts';
import { itemsOfKind, type PersonState } from './person-state.ts';
import { isRelease, openReports, practiceDestination, summaryOf, withdrawalOf } from './release.ts';
import { standingOf } from './standing.ts';
import type { MessageWork, PartWork } from './work.ts';
import type { Draft } from './working-set.ts';

export interface DecidePartParts extends DecideParts {
  readonly draft: Draft;
  readonly sender: OdsCode | null;
}

export interface DecidedPart {
  readonly write: PartWrite;
  readonly filings: readonly Filing[];
  /** False where nothing of the part may be used: the draft is dropped. */
  readonly keep: boolean;
}

/** Owner of the summaries the product files itself. */
const HOUSE = 'throughcare';

/** Applies one part, then routes what it changed. A hold from routing keeps the part's records: only the sending waits. */
export const decidePart = async (parts: DecidePartParts, work: MessageWork, partWork: PartWork): Promise<DecidedPart> => {
  const context = applyContext(parts, work, partWork);
  const applied = applyPart(context, partWork);
  if (applied.hold !== null || applied.person === null) return stopped(partWork, applied);
  const router = new PartRouter(parts, work, partWork, context, applied.person);
  for (const record of applied.records) router.route(record);
  await router.followCustody(applied.records);
  const filings = await router.newFilings(work.todo.again);
  const holds = [...applied.notices, ...router.holds];
  const write: PartWrite = {
    part: partWork.part.part,
    personId: applied.person.id,
    outcome: holds.length > 0 ? 'held' : 'processed',
    reason: holds[0]?.reason ?? null,
    rule: holds[0]?.rule ?? (filings.length > 0 ? null : (router.filedBy ?? work.mapped?.mapping ?? null)),
    deliveries: filings.length,
    holds,
    issues: [...applied.issues, ...router.issues],
    decision: { identity: applied.identity, records: router.evidence },
  };
  return { write, filings, keep: true };
};

const stopped = (work: PartWork, applied: AppliedPart): DecidedPart => {
  const hold: HeldPart = applied.hold ?? { reason: 'no-identifier' };
  return {
    keep: false,
    filings: [],
    write: {
      part: work.part.part,
      personId: applied.person?.id ?? null,
      outcome: 'held',
      reason: hold.reason,
      rule: hold.rule ?? null,
      deliveries: 0,
      holds: [hold],
      issues: applied.issues,
      decision: applied.identity === null ? null : { identity: applied.identity },
    },
  };
};

const applyContext = (parts: DecidePartParts, work: MessageWork, { part }: PartWork): ApplyEnvironment => {
  const mappingVersion = work.mapped?.version;
  if (mappingVersion === undefined) throw new Error('a message without mapping has no parts');
  const directoryVersion = parts.plan.directory.version;
  return {
    draft: parts.draft,
    ids: parts.ids,
    part: part.part,
    messageId: work.todo.id,
    mappingVersion,
    directoryVersion,
    assertedBy: parts.sender,
    rules: work.source.identity,
    system: work.mapped?.system ?? work.source.system,
    facts: {
      source: work.source.name,
      messageId: work.todo.id,
      receivedAt: work.todo.received,
      mappingVersion,
      directoryVersion,
      nameId: parts.names.recordId,
    },
  };
};

class PartRouter {
  readonly #parts: DecidePartParts;
  readonly #work: MessageWork;
  readonly #context: ApplyContext;
  #file: FileContext;
  readonly #filings: Filing[] = [];
  readonly holds: HeldPart[] = [];
  readonly evidence: FiledRecord['evidence'][] = [];
  readonly issues: PartWrite['issues'][number][] = [];
  filedBy: string | null = null;

  constructor(parts: DecidePartParts, work: MessageWork, { part }: PartWork, context: ApplyContext, person: PersonState) {
    this.#parts = parts;
    this.#work = work;
    this.#context = context;
    this.#file = {
      plan: parts.plan,
      names: parts.names,
      person,
      standing: standingOf(person, work.todo.received),
      messageId: work.todo.id,
      part: part.part,
    };
  }

  /** A child goes out within its parent; what did not change, or may not be routed, is filed by name. */
  route({ item, filedBy }: AppliedRecord): void {
    if (item.parentId !== null || item.record === null || !isKindName(item.kind) || !KIND_FACTS[item.kind].routable) return;
    // A released message is routed again though its records are known by now; what was filed before is left out later.
    const why = filedBy === 'unchanged' && this.#work.todo.again ? null : filedBy;
    if (why === null) this.#send(item, this.#parts.sender);
    else {
      this.filedBy ??= why;
      this.evidence.push({ record: item.uuid, kind: item.kind, filed: why });
    }
  }

  #send(item: StoredItem, sender: OdsCode | null): void {
    if (item.record === null) return;
    const filed = fileRecord(this.#file, item, item.record, sender);
    this.#filings.push(...filed.filings);
    this.holds.push(...filed.holds);
    this.evidence.push(filed.evidence);
    this.filedBy ??= filed.filedBy;
  }

  /** A release sends the summary and the open results; a release taken back withdraws its summary. */
  async followCustody(records: readonly AppliedRecord[]): Promise<void> {
    for (const { item, filedBy } of records) {
      if (item.kind !== 'custody' || item.record === null || (filedBy === 'unchanged' && !this.#work.todo.again)) continue;
      if (isRelease(this.#file, item.record)) await this.#release(item);
      const undone = this.#file.standing.timeline.undone.get(item.uuid);
      if (undone !== undefined) this.#takeBack(undone);
    }
  }

  async #release(item: StoredItem): Promise<void> {
    if (item.record === null) return;
    const summary = await summaryOf(this.#file, item.record, this.#parts.keep);
    if (!summary.ok) this.holds.push(summary.hold);
    else if (summary.mapped !== null) this.#apply(summary.mapped);
    const practice = practiceDestination(this.#file);
    const reports = itemsOfKind(this.#file.person, 'report').map((report) => report.id);
    const handedOver = practice === null ? new Set<StoredItem['id']>() : await this.#parts.tx.handedOver(reports, practice);
    for (const report of openReports(this.#file, item.record, handedOver)) this.#send(report, report.record?.assertedBy ?? null);
  }

  #takeBack(undone: string): void {
    const release = itemsOfKind(this.#file.person, 'custody').find((item) => item.uuid === undone)?.record;
    if (release == null || custodyEventOf(release)?.event !== 'release') return;
    this.#apply(withdrawalOf(this.#file, release));
  }

  #apply(mapped: Parameters<typeof applyMapped>[2]): void {
    const result = applyMapped(this.#context, this.#file.person, mapped, HOUSE);
    if (!result.ok) {
      this.holds.push(result.hold);
      return;
    }
    this.#file = { ...this.#file, person: result.person };
    this.issues.push(...result.issues);
    for (const record of result.records) this.route(record);
  }

  /** Without what was filed by an earlier run of the same part: the transport key names message, part, record and destination. */
  async newFilings(again: boolean): Promise<readonly Filing[]> {
    if (this.#filings.length < 2 && !again) return this.#filings;
    const unique = [...new Map(this.#filings.map((filing) => [filing.transportKey, filing])).values()];
    if (!again || unique.length === 0) return unique;
    const before = await this.#parts.tx.filed(unique.map((filing) => filing.transportKey));
    return unique.filter((filing) => !before.has(filing.transportKey));
  }
}
