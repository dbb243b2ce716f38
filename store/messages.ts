import type { FaultCode } from '../records/faults.ts';
import type { MessageId, PersonId, SourceName } from '../records/ids.ts';
import type { Issue } from '../records/issue.ts';
import { type MessageState, OUTCOME, type Outcome } from '../records/states.ts';
import { idBound } from './id-bounds.ts';
import { type DeliveryRow, type HoldRow, listDeliveries, listHolds } from './lanes/views.ts';
import type { Database } from './pool.ts';

/** What operators read of messages. Nothing here is sealed: ids, codes, counts, times. */

export interface MessageFilter {
  readonly source?: SourceName;
  readonly state?: MessageState;
  /** Reason of the outcome. */
  readonly reason?: string;
  readonly type?: string;
  readonly controlId?: string;
  readonly since?: Date;
  readonly until?: Date;
  /** Older than this message: id of the last row of the page before. */
  readonly before?: number;
  readonly limit?: number;
}

export interface MessageRow {
  readonly id: MessageId;
  readonly source: SourceName;
  readonly sender: string;
  readonly received: Date;
  readonly type: string | null;
  readonly controlId: string | null;
  readonly state: MessageState;
  readonly reason: FaultCode | null;
  readonly rule: string | null;
  readonly size: number;
  readonly parts: number;
  readonly deliveries: number;
  readonly duplicateOf: MessageId | null;
}

export interface PartRow {
  readonly part: number;
  readonly person: PersonId | null;
  readonly outcome: Outcome;
  readonly reason: FaultCode | null;
  readonly rule: string | null;
  readonly deliveries: number;
}

export interface MessageDetail extends MessageRow {
  readonly partRows: readonly PartRow[];
  readonly issues: readonly (Issue & { readonly part: number })[];
  readonly holds: readonly HoldRow[];
  readonly filed: readonly DeliveryRow[];
  /** Hex, of the latest records this message made; null where it made none. */
  readonly mappingVersion: string | null;
  readonly directoryVersion: string | null;
}

/** Console reads must not hold old snapshots for long. */
const READ = { timeout: 5_000 };

const MESSAGES = `
select m.id, s.name as source, m.sender, m.received, m.type, m.control_id as "controlId", o.outcome, o.reason, o.rule, m.size,
  coalesce(o.parts, 0) as parts, coalesce(o.deliveries, 0) as deliveries, m.duplicate_of as "duplicateOf"
from message m join source s on s.id = m.source_id left join message_outcome o on o.message_id = m.id`;

type Stored = Omit<MessageRow, 'state'> & { readonly outcome: number | null };
const toRow = ({ outcome, ...row }: Stored): MessageRow => ({ ...row, state: outcome === null ? 'unprocessed' : OUTCOME.word(outcome) });

/** By control id without an index of its own: what was keyed is found by its key, what was not (rejected) among the latest. */
const BY_CONTROL_ID = `m.id in (
  select message_id from message_key where control_id = ?
  union select id from message where control_id = ? and id > (select last_value - 100000 from message_id))`;

/** Newest first. */
export const listMessages = async (database: Database, filter: MessageFilter): Promise<readonly MessageRow[]> => {
  const where: string[] = ['true'];
  const values: unknown[] = [];
  const and = (text: string, value: unknown): void => {
    values.push(value);
    where.push(text.replaceAll('?', `$${values.length}`));
  };
  if (filter.source !== undefined) and('s.name = ?', filter.source);
  if (filter.state === 'unprocessed') where.push('o.message_id is null and m.id in (select message_id from message_todo)');
  else if (filter.state !== undefined) and('o.outcome = ?', OUTCOME.code(filter.state));
  if (filter.reason !== undefined) and('o.reason = ?', filter.reason);
  if (filter.type !== undefined) and('m.type = ?', filter.type);
  if (filter.controlId !== undefined) and(BY_CONTROL_ID, filter.controlId);
  if (filter.since !== undefined) {
    and('m.id >= ?', await idBound(database, filter.since));
    and('m.received >= ?', filter.since);
  }
  if (filter.until !== undefined) and('m.received < ?', filter.until);
  if (filter.before !== undefined) and('m.id < ?', filter.before);
  values.push(filter.limit ?? 50);
  const rows = await database.query<Stored>(
    `${MESSAGES} where ${where.join(' and ')} order by m.id desc limit $${values.length}`,
    values,
    READ,
  );
  return rows.map(toRow);
};

const PARTS = 'select part, person_id as person, outcome, reason, rule, deliveries from message_part where message_id = $1 order by part';
const ISSUES = 'select part, code, rule, target, source from issue where message_id = $1 order by part, n';
const VERSIONS = `
select encode(r.mapping_version, 'hex') as mapping, encode(r.directory_version, 'hex') as directory
from message_part p join record r on r.person_id = p.person_id and r.message_id = p.message_id
where p.message_id = $1 order by r.id desc limit 1`;

/** Null for an id that was never given. */
export const showMessage = async (database: Database, id: MessageId): Promise<MessageDetail | null> => {
  const found = (await database.query<Stored>(`${MESSAGES} where m.id = $1`, [id], READ))[0];
  if (found === undefined) return null;
  const [parts, issues, holds, filed, versions] = await Promise.all([
    database.query<Omit<PartRow, 'outcome'> & { outcome: number }>(PARTS, [id], READ),
    database.query<{ part: number; code: string; rule: string; target: string; source: string | null }>(ISSUES, [id], READ),
    listHolds(database, { message: id, limit: 1000 }),
    listDeliveries(database, { message: id, limit: 1000 }),
    database.query<{ mapping: string; directory: string }>(VERSIONS, [id], READ),
  ]);
  return {
    ...toRow(found),
    partRows: parts.map((part) => ({ ...part, outcome: OUTCOME.word(part.outcome) })),
    issues: issues.map(({ source, ...issue }) => ({ ...issue, ...(source === null ? {} : { source }) })),
    holds,
    filed,
    mappingVersion: versions[0]?.mapping ?? null,
    directoryVersion: versions[0]?.directory ?? null,
  };
};
