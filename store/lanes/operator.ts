import type { DeliveryId, DestinationId, DestinationName, HoldId, LaneId, Token } from '../../records/ids.ts';
import { ADDRESS_AGAIN } from '../../records/lanes.ts';
import type { FiledHead } from '../../records/process.ts';
import { DELIVERY, type Priority } from '../../records/states.ts';
import { audit, closeHolds, type Operator } from '../audit.ts';
import type { Database, Transaction } from '../pool.ts';
import { retryTransaction } from '../retry.ts';
import type { Vault } from '../vault.ts';
import { endSend } from './far-message.ts';
import { fileAnew, isFetched, lockOwnerInQuestion, wronglyAddressed } from './in-question.ts';
import { advanceLane } from './refile.ts';

/** `done`: it happened now. Else nothing was changed: not found, already so, being sent (or asked about) at this moment, or not in a state for it. */
export interface OperatorResult {
  readonly outcome: 'done' | 'not-found' | 'already' | 'being-sent' | 'not-possible';
  /** The lane's token afterwards: handed in again it tells a second click from a second wish. */
  readonly token: Token | null;
  /** To be hinted. */
  readonly heads: readonly FiledHead[];
}

interface Position {
  readonly lane: LaneId;
  readonly destination: DestinationId;
  readonly state: number;
  readonly priority: Priority;
  readonly size: number;
  readonly isHead: boolean;
  readonly phase: number;
  readonly blocked: number;
  readonly token: Token;
  readonly claimAlive: boolean;
  readonly mayHaveArrived: boolean;
}

const READ = `select d.lane_id as lane, d.destination_id as destination, d.state, d.priority, d.size, coalesce(l.head = d.id, false) as "isHead", coalesce(l.phase, 0) as phase,
    coalesce(l.blocked, 0) as blocked, coalesce(l.token, 0) as token, l.phase in (2, 5) and l.claimed_until >= clock_timestamp() as "claimAlive", d.sent_first is not null as "mayHaveArrived"
  from delivery d left join lane l on l.id = d.lane_id where d.id = $1`;

const IN_QUESTION = DELIVERY.code('in-question');

/** Locks the delivery's lane and all that wait behind it, then reads where the delivery stands. */
const position = async (tx: Transaction, delivery: DeliveryId): Promise<Position | undefined> => {
  await tx.query('select lane_lock(array[lane_id]) from delivery where id = $1', [delivery]);
  // What is in question has no head to be locked with: two persons who act on it meet here.
  await tx.query('select 1 as one from delivery where id = $1 for no key update', [delivery]);
  return (await tx.query<Position>(READ, [delivery]))[0];
};

/** Who closes a hold that a receipt has answered. */
export const RECEIVER: Operator = { who: 'receiver', why: 'confirmed by the receiver' };

export const closeHold = async (
  tx: Transaction,
  vault: Vault,
  operator: Operator,
  delivery: DeliveryId,
  done: 'released' | 'withdrawn',
): Promise<void> => {
  const open = await tx.query<{ id: HoldId }>('select id from hold where delivery_id = $1 and done is null for update', [delivery]);
  await closeHolds(tx, vault, operator, open, done);
};

const nothing = (outcome: OperatorResult['outcome'], at?: Position): OperatorResult => ({ outcome, token: at?.token ?? null, heads: [] });

const tokenOf = async (tx: Transaction, lane: LaneId): Promise<Token | null> =>
  (await tx.query<{ token: Token }>('select token from lane where id = $1', [lane]))[0]?.token ?? null;

/** Id of the last act that may have freed a head, or put a message back to be processed; 0 where there was none. */
export const lastAct = async (database: Database): Promise<number> => {
  const rows = await database.query<{ id: number }>(
    `select id from audit where action in ('delivery release', 'delivery skip', 'delivery withdraw', 'delivery confirm') order by id desc limit 1`,
    [],
    { name: 'last-act' },
  );
  return rows[0]?.id ?? 0;
};

/**
 * Sends a held, failed or unresolved head again, now (`delivery retry`, `hold release`). With the token the operator saw,
 * a second click changes nothing. What had been handed over and is in question is filed anew at the end of its lane.
 */
export const releaseDelivery = (
  database: Database,
  vault: Vault,
  delivery: DeliveryId,
  operator: Operator,
  token?: Token,
): Promise<OperatorResult> =>
  retryTransaction(database, async (tx) => {
    const owner = await lockOwnerInQuestion(tx, delivery);
    const at = await position(tx, delivery);
    if (at === undefined) return nothing('not-found');
    const inQuestion = at.state === IN_QUESTION && owner !== null;
    if (at.state !== 0 && !inQuestion) return nothing('already', at);
    if (!inQuestion) {
      if (!at.isHead) return nothing('not-possible', at);
      if (at.phase === 2 || at.claimAlive) return nothing('being-sent', at);
      if (at.phase === 1 || (token !== undefined && token !== at.token)) return nothing('already', at);
    }
    const readdress = await wronglyAddressed(tx, delivery);
    await endSend(tx, delivery);
    const heads = inQuestion ? await fileAnew(tx, delivery, owner, readdress) : await freeHead(tx, at, delivery, readdress);
    await closeHold(tx, vault, operator, delivery, 'released');
    await audit(tx, vault, operator, 'delivery release', `delivery ${delivery}`);
    return { outcome: 'done', token: await tokenOf(tx, at.lane), heads };
  });

const freeHead = async (tx: Transaction, at: Position, delivery: DeliveryId, readdress: boolean): Promise<readonly FiledHead[]> => {
  await tx.query(
    `update lane set phase = 1, token = token + 1, attempts = 0, crashes = 0, asks = 0, since = now(), next_at = null, claimed_by = null, claimed_until = null where id = $1`,
    [at.lane],
  );
  if (readdress) await tx.query('update delivery set decided_version = $2 where id = $1', [delivery, ADDRESS_AGAIN]);
  const head = { lane: at.lane, delivery, destination: at.destination, priority: at.priority, size: at.size };
  return at.blocked === 0 ? [head] : [];
};

/**
 * Never sends it: `skipped` lets the lane go on, `operator` says the delivery was not wanted. Refused while it is being sent.
 * A head that awaits its confirmation was handed over and stays so, and so does one in question that its recipient has fetched; only the
 * wait ends.
 */
export const withdrawDelivery = (
  database: Database,
  vault: Vault,
  delivery: DeliveryId,
  reason: 'skipped' | 'operator',
  operator: Operator,
  token?: Token,
): Promise<OperatorResult> =>
  retryTransaction(database, async (tx) => {
    const at = await position(tx, delivery);
    if (at === undefined) return nothing('not-found');
    const awaiting = at.isHead && at.phase === 6;
    const inQuestion = at.state === IN_QUESTION;
    if (at.state !== 0 && !awaiting && !inQuestion) return nothing('already', at);
    if (at.isHead && at.claimAlive) return nothing('being-sent', at);
    if (token !== undefined && token !== at.token) return nothing('already', at);
    if (inQuestion && (await isFetched(tx, delivery))) await tx.query('update delivery set state = 1 where id = $1', [delivery]);
    else if (!awaiting) await tx.query('update delivery set state = 3, withdrawn = $2, done = now() where id = $1', [delivery, reason]);
    await tx.query('update far_message set watched = false where delivery_id = $1 and watched', [delivery]);
    await closeHold(tx, vault, operator, delivery, 'withdrawn');
    await audit(tx, vault, operator, reason === 'skipped' ? 'delivery skip' : 'delivery withdraw', `delivery ${delivery}`);
    const heads = at.isHead && !inQuestion ? await advanceLane(tx, at.lane, delivery) : [];
    return { outcome: 'done', token: await tokenOf(tx, at.lane), heads };
  });

/**
 * The receiver says it has it (a business acknowledgement, or an operator who asked): handed over becomes confirmed, at any time and
 * without a token. A head in back-off, held or unresolved that may have arrived is thereby known to have arrived.
 */
export const confirmDelivery = (
  database: Database,
  vault: Vault,
  delivery: DeliveryId,
  receiptCode: string | null,
  operator?: Operator,
): Promise<OperatorResult> => retryTransaction(database, (tx) => confirmIn(tx, vault, delivery, receiptCode, operator));

/** The same inside a transaction that has locked nothing yet but, perhaps, this delivery and its lane. */
export const confirmIn = async (
  tx: Transaction,
  vault: Vault,
  delivery: DeliveryId,
  receiptCode: string | null,
  operator?: Operator,
): Promise<OperatorResult> => {
  const at = await position(tx, delivery);
  if (at === undefined) return nothing('not-found');
  if (at.state === 2) return nothing('already', at);
  const proved = at.state === 0 && at.isHead && at.mayHaveArrived && (at.phase === 3 || at.phase === 4 || at.phase === 5);
  if (at.state !== 1 && at.state !== IN_QUESTION && !proved) return nothing('not-possible', at);
  await tx.query(
    'update delivery set state = 2, confirmed = now(), done = coalesce(done, now()), receipt_code = coalesce($2, receipt_code) where id = $1',
    [delivery, receiptCode],
  );
  await tx.query('update far_message set watched = false where delivery_id = $1 and watched', [delivery]);
  const person = operator ?? RECEIVER;
  await closeHold(tx, vault, person, delivery, 'released');
  if (operator !== undefined) await audit(tx, vault, operator, 'delivery confirm', `delivery ${delivery}`);
  const heads = at.isHead && at.state !== IN_QUESTION ? await advanceLane(tx, at.lane, delivery) : [];
  return { outcome: 'done', token: await tokenOf(tx, at.lane), heads };
};

/** Stops sending to a destination: no head is claimed from now on; what is being sent ends. */
export const pauseDestination = (database: Database, vault: Vault, name: DestinationName, operator: Operator): Promise<boolean> =>
  setPaused(database, vault, name, operator, true);

export const resumeDestination = (database: Database, vault: Vault, name: DestinationName, operator: Operator): Promise<boolean> =>
  setPaused(database, vault, name, operator, false);

const setPaused = (database: Database, vault: Vault, name: DestinationName, operator: Operator, paused: boolean): Promise<boolean> =>
  retryTransaction(database, async (tx) => {
    const changed = await tx.query('update destination set paused = $2 where name = $1 and paused <> $2 returning id', [name, paused]);
    if (changed.length > 0) await audit(tx, vault, operator, paused ? 'destination pause' : 'destination resume', `destination ${name}`);
    return changed.length > 0;
  });
