import type { Overdue } from '../../records/far-side.ts';
import { isFaultCode } from '../../records/faults.ts';
import type { DeliveryId, DestinationName } from '../../records/ids.ts';
import type { FiledHead } from '../../records/process.ts';
import { RECEIPT_STAGE } from '../../records/states.ts';
import { silent } from '../../records/telemetry.ts';
import { int4s } from '../arrays.ts';
import type { Database, Transaction } from '../pool.ts';
import { retryTransaction } from '../retry.ts';
import { applyReceipt, farPosition, holdHandedOver } from './far-outcome.ts';
import type { FarReceiptsParts } from './far-receipts.ts';

/** Deliveries held, or settled, in one round at one destination; the next round goes on. */
const AT_ONCE = 500;

interface LateRow {
  readonly delivery: DeliveryId;
  readonly reason: Overdue['reason'];
}

/** Collected means fetched; where the far side cannot say so, the answer is waited for from the hand-over on. */
const LATE = `
select x.delivery, x.reason from (
  select f.delivery_id as delivery, f.accepted, case
    when got.at is null and f.accepted <= c.now - $4::float8 * interval '1 ms' then 'not-collected'
    when $3 = 'business' and coalesce(got.at, case when $6 then null else f.accepted end) <= c.now - $5::float8 * interval '1 ms' then 'not-acknowledged'
    end as reason
  from (select coalesce($2::timestamptz, clock_timestamp()) as now) c
  join far_message f on f.watched and f.present and f.destination_id = $1 and f.accepted <= c.now - least($4::float8, $5::float8) * interval '1 ms'
  join delivery d on d.id = f.delivery_id and d.state = 1
  left join lateral (
    select min(r.noted) as at from receipt r where r.delivery_id = f.delivery_id and r.far_id in (f.far_id, '') and r.stage = 2 and r.good) got on true
  where $7::int8 is null or f.delivery_id = $7) x
where x.reason is not null order by x.accepted, x.delivery limit ${AT_ONCE}`;

/** Holds what has waited too long for the receipt that it needs. One daemon at a time does it. Resolves with what was held now. */
export const holdOverdue = async ({ database, destinations, now }: FarReceiptsParts): Promise<readonly Overdue[]> => {
  const told: Overdue[] = [];
  for (const destination of destinations()) {
    const { id, name, confirmedBy, late, tracking } = destination;
    const values = [id, now?.() ?? null, confirmedBy, late.downloaded, late.business, tracking !== null];
    const held = new Map<Overdue['reason'], DeliveryId[]>();
    for (const { delivery } of await database.query<LateRow>(LATE, [...values, null], { name: 'far-late' })) {
      const reason = await retryTransaction(database, async (tx) => {
        if ((await farPosition(tx, delivery)) === null) return undefined;
        // What was noted while we waited for the locks counts.
        const [still] = await tx.query<LateRow>(LATE, [...values, delivery], 'far-late-one');
        return still !== undefined && (await holdHandedOver(tx, delivery, still.reason)) ? still.reason : undefined;
      });
      if (reason !== undefined) held.set(reason, [...(held.get(reason) ?? []), delivery]);
    }
    for (const [reason, deliveries] of held) told.push({ destination: name, reason, deliveries });
  }
  return told;
};

interface UnsettledRow {
  readonly send: number;
  readonly delivery: DeliveryId;
}
interface EarlyRow {
  readonly stage: number;
  readonly good: boolean;
  readonly code: string;
  readonly fault: string | null;
}

/** Lets receipts take effect that came before the hand-over itself was filed. */
export const settleEarly = async (parts: FarReceiptsParts): Promise<void> => {
  const { database, vault, onHeads, telemetry = silent } = parts;
  const destinations = parts.destinations();
  const rows = await database.query<UnsettledRow>(
    `select f.id as send, f.delivery_id as delivery from far_message f join delivery d on d.id = f.delivery_id
     where f.unsettled and f.destination_id = any($1::int4[]) and d.state <> 0 order by f.id limit ${AT_ONCE}`,
    [int4s(destinations.map(({ id }) => id))],
    { name: 'far-find-unsettled' },
  );
  for (const { send, delivery } of rows) {
    const heads = await retryTransaction(database, async (tx) => {
      const freed: FiledHead[] = [];
      for (const receipt of await takeEarly(tx, send, delivery)) {
        const at = await farPosition(tx, delivery);
        const destination = destinations.find(({ id }) => id === at?.destination);
        if (at !== null && destination !== undefined) freed.push(...(await applyReceipt(tx, vault, destination, at, receipt, telemetry)));
      }
      return freed;
    });
    if (heads.length > 0) onHeads(heads);
  }
};

const EARLY = `select r.stage, r.good, r.code, r.fault from receipt r join far_message f on f.delivery_id = r.delivery_id
  where f.id = $1 and r.far_id in (coalesce(f.far_id, ''), '') 
    and (r.stage <> ${RECEIPT_STAGE.code('accepted')} or r.noted < f.accepted) order by r.id`;

/** The receipts of a send that were early, oldest first; none where another has settled them, or the send is no longer the present one. */
const takeEarly = async (tx: Transaction, send: number, delivery: DeliveryId) => {
  await farPosition(tx, delivery);
  const mine = await tx.query<{ present: boolean }>(
    'update far_message set unsettled = false where id = $1 and unsettled returning present',
    [send],
    'far-settled',
  );
  if (mine[0]?.present !== true) return [];
  return (await tx.query<EarlyRow>(EARLY, [send], 'far-early')).map(({ stage, good, code, fault }) => ({
    stage: RECEIPT_STAGE.word(stage),
    good,
    receiptCode: code,
    ...(fault !== null && isFaultCode(fault) ? { fault } : {}),
  }));
};

/** Held for want of a receipt, by destination; for the gauge. */
export const countOverdue = async (database: Database): Promise<ReadonlyMap<DestinationName, number>> =>
  new Map(
    (
      await database.query<{ name: DestinationName; n: number }>(
        `select n.name, count(h.id)::int as n from destination n
         left join (hold h join delivery d on d.id = h.delivery_id) on d.destination_id = n.id and h.done is null and h.reason in ('not-collected', 'not-acknowledged')
         group by n.name`,
        [],
        { name: 'far-overdue' },
      )
    ).map((row) => [row.name, row.n]),
  );
