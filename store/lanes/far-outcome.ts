import type { FarDestination, FarReceipt } from '../../records/far-side.ts';
import { FAULTS, type FaultCode, isFaultCode } from '../../records/faults.ts';
import type { DeliveryId, DestinationId, LaneId } from '../../records/ids.ts';
import type { FiledHead } from '../../records/process.ts';
import { DELIVERY, PHASE } from '../../records/states.ts';
import type { Telemetry } from '../../records/telemetry.ts';
import type { Transaction } from '../pool.ts';
import type { Vault } from '../vault.ts';
import { closeHold, confirmIn, RECEIVER } from './operator.ts';
import { advanceLane } from './refile.ts';

/** Where a delivery stands when something is said of it; it and its lane are locked. */
export interface FarPosition {
  readonly delivery: DeliveryId;
  readonly destination: DestinationId;
  readonly lane: LaneId;
  readonly state: number;
  readonly isHead: boolean;
  /** 0 where the lane is gone. */
  readonly phase: number;
  readonly mayHaveArrived: boolean;
  readonly advanceConfirmed: boolean;
  /** Why it is held, where it is. */
  readonly heldFor: string | null;
}

const READ = `select d.id as delivery, d.destination_id as destination, d.lane_id as lane, d.state, coalesce(l.head = d.id, false) as "isHead",
    coalesce(l.phase, 0) as phase, d.sent_first is not null as "mayHaveArrived", n.advance_confirmed as "advanceConfirmed",
    (select h.reason from hold h where h.delivery_id = d.id and h.done is null) as "heldFor"
  from delivery d join destination n on n.id = d.destination_id left join lane l on l.id = d.lane_id where d.id = $1`;

/** Locks a delivery's lane and the delivery, in this order, and reads where it stands. */
export const farPosition = async (tx: Transaction, delivery: DeliveryId): Promise<FarPosition | null> => {
  await tx.query('select lane_lock(array[lane_id]) from delivery where id = $1', [delivery], 'far-lane');
  await tx.query('select 1 as one from delivery where id = $1 for no key update', [delivery], 'far-lock');
  return (await tx.query<FarPosition>(READ, [delivery], 'far-position'))[0] ?? null;
};

const WAITING = DELIVERY.code('waiting');
const IN_QUESTION = DELIVERY.code('in-question');
const WITHDRAWN = DELIVERY.code('withdrawn');

/** What better news ends: silence, and not knowing. What the far side has refused stays a person's to decide. */
const endsByNews = (reason: string): boolean =>
  reason === 'not-collected' || reason === 'not-acknowledged' || (isFaultCode(reason) && FAULTS[reason].class === 'ambiguous');

/** Lets a receipt about the present send take effect. Resolves with heads that may be sent now. */
export const applyReceipt = (
  tx: Transaction,
  vault: Vault,
  destination: FarDestination,
  at: FarPosition,
  receipt: Pick<FarReceipt, 'stage' | 'good' | 'fault' | 'receiptCode'>,
  telemetry: Telemetry,
): Promise<readonly FiledHead[]> => {
  if (at.state === WITHDRAWN) return Promise.resolve([]);
  // Sent, or waiting to be gone on with: it counts as soon as the hand-over is filed.
  const early = at.state === WAITING && at.phase !== PHASE.code('held') && at.phase !== PHASE.code('ambiguous');
  if (early) return later(tx, at);
  return receipt.good ? takeGood(tx, vault, destination, at, receipt) : takeBad(tx, destination, at, receipt, telemetry);
};

const later = async (tx: Transaction, { delivery, destination }: FarPosition): Promise<readonly FiledHead[]> => {
  await tx.query(
    `insert into far_message (delivery_id, destination_id, unsettled) values ($1, $2, true)
     on conflict (delivery_id) where present do update set unsettled = true`,
    [delivery, destination],
    'far-unsettled',
  );
  return [];
};

const takeGood = async (
  tx: Transaction,
  vault: Vault,
  destination: FarDestination,
  at: FarPosition,
  { stage, receiptCode }: Pick<FarReceipt, 'stage' | 'receiptCode'>,
): Promise<readonly FiledHead[]> => {
  if (at.heldFor !== null && !endsByNews(at.heldFor)) return [];
  if (stage === destination.confirmedBy) return (await confirmIn(tx, vault, at.delivery, receiptCode)).heads;
  if (at.state === IN_QUESTION) {
    // It was late, and has come; what confirms it is still waited for.
    await tx.query('update delivery set state = 1 where id = $1', [at.delivery]);
    await closeHold(tx, vault, RECEIVER, at.delivery, 'released');
    return [];
  }
  return at.state === WAITING && at.isHead && at.mayHaveArrived ? handOver(tx, vault, at, receiptCode) : [];
};

/** Whether it had arrived was not known: it has. Its lane goes on, or waits for the confirmation. */
const handOver = async (tx: Transaction, vault: Vault, at: FarPosition, receiptCode: string): Promise<readonly FiledHead[]> => {
  await tx.query('update delivery set state = 1, done = now(), receipt_code = $2 where id = $1', [at.delivery, receiptCode]);
  await tx.query(
    `insert into far_message (delivery_id, destination_id, watched, accepted, next_look) values ($1, $2, true, now(), now())
     on conflict (delivery_id) where present do update set watched = true, accepted = coalesce(far_message.accepted, now()), next_look = now()`,
    [at.delivery, at.destination],
  );
  await closeHold(tx, vault, RECEIVER, at.delivery, 'released');
  if (!at.advanceConfirmed) return advanceLane(tx, at.lane, at.delivery);
  await tx.query(
    'update lane set phase = 6, token = token + 1, since = now(), attempts = 0, crashes = 0, next_at = null, claimed_by = null, claimed_until = null where id = $1',
    [at.lane],
  );
  return [];
};

const takeBad = async (
  tx: Transaction,
  destination: FarDestination,
  at: FarPosition,
  receipt: Pick<FarReceipt, 'stage' | 'fault' | 'receiptCode'>,
  telemetry: Telemetry,
): Promise<readonly FiledHead[]> => {
  const reason: FaultCode = receipt.fault ?? (receipt.stage === 'business' ? 'business-refused' : 'mesh-refused');
  let held: boolean;
  if (at.state === WAITING) {
    // It was not known whether it had arrived, or it was held as late: now it is known how it ended.
    held = at.heldFor === null;
    if (at.heldFor !== null && endsByNews(at.heldFor))
      await tx.query('update hold set reason = $2 where delivery_id = $1 and done is null', [at.delivery, reason]);
    else if (at.isHead) await tx.query('select lane_hold($1, $2, $3)', [at.lane, at.delivery, reason]);
  } else {
    held = await holdHandedOver(tx, at.delivery, reason);
  }
  if (held)
    telemetry.warn('delivery.turned-back', { destination: destination.name, delivery: at.delivery, reason, code: receipt.receiptCode });
  return [];
};

/** Holds what had been handed over: with its lane where that waited, else beside it. True where it is held anew. Lane and delivery are locked. */
export const holdHandedOver = async (tx: Transaction, delivery: DeliveryId, reason: FaultCode, beside = true): Promise<boolean> =>
  (await tx.query<{ held: boolean }>('select far_hold($1, $2, $3) as held', [delivery, reason, beside], 'far-hold'))[0]?.held ?? false;
