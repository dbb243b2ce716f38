import type { Fate, Fates } from '../records/far-side.ts';
import { type FaultCode, isFaultCode } from '../records/faults.ts';
import type { Instant, MessageId } from '../records/ids.ts';
import { brandAs } from '../records/ids.ts';
import { DELIVERY, OUTCOME } from '../records/states.ts';
import { int8s } from './arrays.ts';
import type { Database } from './pool.ts';

interface Row {
  readonly message: MessageId;
  readonly outcome: number | null;
  readonly reason: string | null;
  readonly at: Date | null;
  /** Deliveries that count: what was filed anew elsewhere is not among them. */
  readonly filed: number;
  readonly open: number;
  readonly withdrawn: number;
  readonly farId: string | null;
  readonly left: Date | null;
  readonly endedAt: Date | null;
  readonly endedFor: string | null;
  readonly receiptCode: string | null;
}

/** A message that came twice has the fate of the first. */
const FATES = `
select t.id as message, o.outcome, o.reason, o.at, s.filed, s.open, s.withdrawn, s."farId", s.left, s."endedAt",
  (select h.reason from hold h where h.delivery_id = any(s.ended) or h.message_id = w.id and h.delivery_id is null and h.done = 'withdrawn'
     order by h.id desc limit 1) as "endedFor",
  (select x.code from (
     select r.noted as at, r.code from receipt r where r.delivery_id = any(s.ended) and not r.good
     union all select a.at, a.receipt_code from attempt a where a.delivery_id = any(s.ended) and a.receipt_code is not null) x
   order by x.at desc limit 1) as "receiptCode"
from unnest($1::int8[]) t(id) join message m on m.id = t.id
cross join lateral (select coalesce(m.duplicate_of, m.id) as id) w
left join message_outcome o on o.message_id = w.id
cross join lateral (
  select count(d.id)::int as filed, (count(*) filter (where d.state = ${DELIVERY.code('waiting')}))::int as open,
    (count(*) filter (where d.state = ${DELIVERY.code('withdrawn')}))::int as withdrawn, max(d.done) as left,
    min(f.far_id) filter (where d.state <> ${DELIVERY.code('withdrawn')}) as "farId",
    max(d.done) filter (where d.state = ${DELIVERY.code('withdrawn')}) as "endedAt",
    array_agg(d.id) filter (where d.state = ${DELIVERY.code('withdrawn')}) as ended
  from delivery d left join far_message f on f.delivery_id = d.id and f.present
  where d.message_id = w.id and d.withdrawn is distinct from 'replaced') s`;

const instant = (at: Date | null): Instant => brandAs<Instant>((at ?? new Date(0)).toISOString());
const codeOf = (reason: string | null): FaultCode => (reason !== null && isFaultCode(reason) ? reason : 'mesh-refused');

/**
 * What was held is open until a person has decided: it may still be sent, and a sender told that it failed would send it again. A message
 * that was wanted nowhere, by the rules, is dealt with.
 */
const fateOf = (row: Row): Fate => {
  const failed = (reason: string | null, at: Date | null): Fate => ({
    fate: 'failed',
    code: codeOf(reason),
    receiptCode: row.receiptCode,
    at: instant(at),
  });
  switch (row.outcome) {
    case OUTCOME.code('rejected'):
      return failed(row.reason, row.at);
    case OUTCOME.code('ignored'):
      return row.reason === 'withdrawn' ? failed(row.endedFor, row.at) : { fate: 'sent', farId: null, at: instant(row.at) };
    case OUTCOME.code('processed'):
      if (row.open > 0) return { fate: 'open' };
      if (row.withdrawn > 0) return failed(row.endedFor, row.endedAt);
      return { fate: 'sent', farId: row.farId, at: instant(row.filed === 0 ? row.at : row.left) };
    default:
      return { fate: 'open' };
  }
};

export const createFates = (database: Database): Fates => ({
  of: async (messages) => {
    if (messages.length === 0) return new Map();
    const rows = await database.query<Row>(FATES, [int8s(messages)], { name: 'fates' });
    return new Map(rows.map((row) => [row.message, fateOf(row)]));
  },
});
