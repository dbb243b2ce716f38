import type { DeliveryView, MessageState } from '../records/states.ts';
import { OUTCOME } from '../records/states.ts';
import { idBound } from './id-bounds.ts';
import type { Database } from './pool.ts';

/** `received = processed + held + rejected + ignored + duplicate + unprocessed` of one source and day (DESIGN §4.2). */
export interface MessageBalance extends Readonly<Record<MessageState, number>> {
  readonly source: string;
  /** Day received, UTC, `2026-03-02`. */
  readonly day: string;
  readonly received: number;
  /** Processed, nothing to deliver, and no rule named that filed it: must be 0. */
  readonly unexplained: number;
  readonly balances: boolean;
}

/** `deliveries = confirmed + handed over + held + withdrawn + waiting + sending`, by source and day of the message. */
export interface DeliveryBalance extends Readonly<Record<DeliveryView, number>> {
  readonly source: string;
  readonly day: string;
  readonly deliveries: number;
  readonly balances: boolean;
}

export interface Conservation {
  readonly messages: readonly MessageBalance[];
  readonly deliveries: readonly DeliveryBalance[];
}

/** Each state is counted where it is stored, and `received` from the journal alone: a row lost between them shows. */
const MESSAGES = `
select s.name as source, to_char(m.received at time zone 'UTC', 'YYYY-MM-DD') as day, count(*) as received,
  count(*) filter (where o.outcome = ${OUTCOME.code('processed')} and t.message_id is null) as processed,
  count(*) filter (where o.outcome = ${OUTCOME.code('held')} and t.message_id is null) as held,
  count(*) filter (where o.outcome = ${OUTCOME.code('rejected')} and t.message_id is null) as rejected,
  count(*) filter (where o.outcome = ${OUTCOME.code('ignored')} and t.message_id is null) as ignored,
  count(*) filter (where o.outcome = ${OUTCOME.code('duplicate')} and t.message_id is null) as duplicate,
  count(*) filter (where t.message_id is not null and o.message_id is null) as unprocessed,
  count(*) filter (where o.outcome = ${OUTCOME.code('processed')} and o.deliveries = 0 and o.rule is null) as unexplained
from message m join source s on s.id = m.source_id
left join message_outcome o on o.message_id = m.id
left join message_todo t on t.message_id = m.id
where m.id >= $1 and m.received >= $2
group by 1, 2 order by 2, 1`;

const DELIVERIES = `
select s.name as source, to_char(m.received at time zone 'UTC', 'YYYY-MM-DD') as day, count(*) as deliveries,
  count(*) filter (where v.view = 'waiting') as waiting, count(*) filter (where v.view = 'sending') as sending,
  count(*) filter (where v.view = 'held') as held, count(*) filter (where v.view = 'handed-over') as "handed-over",
  count(*) filter (where v.view = 'confirmed') as confirmed, count(*) filter (where v.view = 'withdrawn') as withdrawn
from delivery d join message m on m.id = d.message_id join source s on s.id = m.source_id
left join lane l on l.id = d.lane_id and l.head = d.id
cross join lateral (select case
  when d.state = 1 then 'handed-over' when d.state = 2 then 'confirmed' when d.state = 3 then 'withdrawn' when d.state = 4 then 'held'
  when d.state <> 0 then 'unknown' when l.phase = 4 then 'held' when l.phase in (2, 5) then 'sending' else 'waiting' end as view) v
where d.message_id >= $1 and m.received >= $2
group by 1, 2 order by 2, 1`;

const BEGINNING = new Date(0);

/** Both lines, for messages received since (default: ever). Two statements on one snapshot. */
export const conservation = async (database: Database, since: Date = BEGINNING): Promise<Conservation> => {
  const bound = since.getTime() === 0 ? 0 : await idBound(database, since);
  return database.inTransaction(async (tx) => {
    await tx.query('set transaction isolation level repeatable read, read only');
    const [messages, deliveries] = await Promise.all([
      tx.query<Omit<MessageBalance, 'balances'>>(MESSAGES, [bound, since]),
      tx.query<Omit<DeliveryBalance, 'balances'>>(DELIVERIES, [bound, since]),
    ]);
    return {
      messages: messages.map((m) => ({
        ...m,
        balances: m.received === m.processed + m.held + m.rejected + m.ignored + m.duplicate + m.unprocessed,
      })),
      deliveries: deliveries.map((d) => ({
        ...d,
        balances: d.deliveries === d.confirmed + d['handed-over'] + d.held + d.withdrawn + d.waiting + d.sending,
      })),
    };
  });
};
