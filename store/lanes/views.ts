import type { ReceiptStage } from '../../records/far-side.ts';
import type {
  DeliveryId,
  DestinationId,
  DestinationName,
  HoldId,
  LaneId,
  MessageId,
  PersonId,
  SourceName,
  Token,
  TransportKey,
} from '../../records/ids.ts';
import { ATTEMPT, type AttemptOutcome, DELIVERY, type DeliveryView, PHASE, type Priority, RECEIPT_STAGE } from '../../records/states.ts';
import { int2s } from '../arrays.ts';
import type { Database } from '../pool.ts';

/** What operators read. Nothing here is sealed, and nothing here is patient data: ids, codes and counts. */

export interface DeliveryRow {
  readonly id: DeliveryId;
  readonly view: DeliveryView;
  /** skipped, replaced, operator; where it is withdrawn. */
  readonly withdrawn: string | null;
  readonly destination: DestinationName;
  readonly lane: LaneId;
  /** The lane's token: hand it in with release, skip or withdraw. */
  readonly token: Token;
  readonly isHead: boolean;
  readonly phase: string;
  /** Lanes of merged persons that must run empty first. */
  readonly blocked: number;
  readonly message: MessageId;
  readonly part: number;
  readonly priority: Priority;
  readonly role: string;
  readonly route: string;
  readonly transportKey: TransportKey;
  readonly size: number;
  readonly filed: Date;
  readonly sentFirst: Date | null;
  readonly done: Date | null;
  readonly confirmed: Date | null;
  readonly receiptCode: string | null;
  /** All that were made: those that failed are kept one by one, the one that got through is the delivery itself. */
  readonly attempts: number;
  readonly lastOutcome: AttemptOutcome | null;
  readonly lastCode: string | null;
  readonly nextAt: Date | null;
  /** What the far side calls it, where it has ids of its own: of the last send. */
  readonly farId: string | null;
  /** The delivery this one sends again, after a person has released it. */
  readonly resendOf: DeliveryId | null;
  /** Held because a receipt did not come in time. */
  readonly overdue: boolean;
}

export interface DeliveryFilter {
  readonly view?: DeliveryView;
  readonly destination?: DestinationName;
  readonly message?: MessageId;
  readonly person?: PersonId;
  readonly id?: DeliveryId;
  /** Filed not before, not after. */
  readonly since?: Date;
  readonly until?: Date;
  /** Older than this delivery, for the next page. */
  readonly before?: DeliveryId;
  readonly limit?: number;
}

const VIEW = `case d.state when 1 then 'handed-over' when 2 then 'confirmed' when 3 then 'withdrawn' when 4 then 'held'
  else case when l.head = d.id and l.phase = 4 then 'held' when l.head = d.id and l.phase in (2, 5) then 'sending' else 'waiting' end end`;

const DELIVERIES = `select d.id, ${VIEW} as view, d.withdrawn, n.name as destination, d.lane_id as lane, coalesce(l.token, 0) as token,
    coalesce(l.head = d.id, false) as "isHead", coalesce(l.phase, 0) as phase, coalesce(l.blocked, 0) as blocked, d.message_id as message, d.part, d.priority,
    d.role, d.route, d.transport_key as "transportKey", d.size, d.filed, d.sent_first as "sentFirst", d.done, d.confirmed, d.receipt_code as "receiptCode",
    (select count(*) from attempt a where a.delivery_id = d.id and a.at <= coalesce(d.done, 'infinity'))::int + (d.state in (1, 2, 4))::int as attempts,
    case when d.state in (1, 2, 4) then 1 else (select a.outcome from attempt a where a.delivery_id = d.id order by a.id desc limit 1) end as "lastOutcome",
    case when d.state in (1, 2) then null when d.state = 4 then (select h.reason from hold h where h.delivery_id = d.id and h.done is null) else (select a.code from attempt a where a.delivery_id = d.id order by a.id desc limit 1) end as "lastCode",
    case when l.head = d.id then l.next_at end as "nextAt", d.resend_of as "resendOf",
    (select f.far_id from far_message f where f.delivery_id = d.id and f.far_id is not null order by f.present desc, f.id desc limit 1) as "farId",
    d.state in (0, 4) and exists (
      select 1 from hold h where h.delivery_id = d.id and h.done is null and h.reason in ('not-collected', 'not-acknowledged')) as overdue
  from delivery d join destination n on n.id = d.destination_id left join lane l on l.id = d.lane_id`;

/** States a view can lie in: the rest of the condition is the lane's. */
const statesOf = (view: DeliveryView): number[] => {
  if (view === 'held') return [DELIVERY.code('waiting'), DELIVERY.code('in-question')];
  return [DELIVERY.code(view === 'sending' ? 'waiting' : view)];
};

/** Newest first. */
export const listDeliveries = async (database: Database, filter: DeliveryFilter): Promise<readonly DeliveryRow[]> => {
  const where: string[] = ['true'];
  const values: unknown[] = [];
  const and = (text: string, value: unknown): void => {
    values.push(value);
    where.push(text.replace('?', `$${values.length}`));
  };
  if (filter.view !== undefined) {
    and('d.state = any(?::int2[])', int2s(statesOf(filter.view)));
    and(`${VIEW} = ?`, filter.view);
  }
  if (filter.destination !== undefined) and('n.name = ?', filter.destination);
  if (filter.message !== undefined) and('d.message_id = ?', filter.message);
  if (filter.person !== undefined) and('d.person_id in (select p.id from person p where ? in (p.id, p.merged_into))', filter.person);
  if (filter.id !== undefined) and('d.id = ?', filter.id);
  if (filter.since !== undefined) and('d.filed >= ?', filter.since);
  if (filter.until !== undefined) and('d.filed <= ?', filter.until);
  if (filter.before !== undefined) and('d.id < ?', filter.before);
  values.push(filter.limit ?? 50);
  const rows = await database.query<Omit<DeliveryRow, 'phase' | 'lastOutcome'> & { phase: number; lastOutcome: number | null }>(
    `${DELIVERIES} where ${where.join(' and ')} order by d.id desc limit $${values.length}`,
    values,
    { timeout: 5_000 },
  );
  return rows.map((row) => ({
    ...row,
    phase: PHASE.word(row.phase),
    lastOutcome: row.lastOutcome === null ? null : ATTEMPT.word(row.lastOutcome),
  }));
};

export interface HoldRow {
  readonly id: HoldId;
  readonly reason: string;
  /** A delivery hold blocks its lane, unless the delivery had been handed over; a message hold blocks nothing. */
  readonly kind: 'message' | 'delivery';
  readonly message: MessageId | null;
  readonly part: number | null;
  readonly delivery: DeliveryId | null;
  /** The source its message came by. */
  readonly from: SourceName | null;
  readonly destination: DestinationName | null;
  /** Deliveries of the lane, and of lanes behind it, that wait for this one. */
  readonly waitingBehind: number;
  readonly rule: string | null;
  readonly source: string | null;
  readonly say: string | null;
  readonly opened: Date;
  readonly due: Date | null;
  readonly owner: string | null;
  readonly done: string | null;
  readonly doneBy: string | null;
  readonly doneAt: Date | null;
}

export interface HoldFilter {
  readonly open?: boolean;
  readonly reason?: string;
  readonly id?: HoldId;
  readonly message?: MessageId;
  readonly source?: SourceName;
  readonly destination?: DestinationName;
  readonly since?: Date;
  readonly until?: Date;
  /** Older than this hold, for the next page of a list that is newest first. */
  readonly before?: HoldId;
  readonly newest?: boolean;
  readonly limit?: number;
}

const HOLDS = `select h.id, h.reason, case when h.delivery_id is null then 'message' else 'delivery' end as kind, h.message_id as message, h.part,
    h.delivery_id as delivery, s.name as "from", n.name as destination, h.rule, h.source, h.say, h.opened, h.due, h.owner, h.done, h.done_by as "doneBy", h.done_at as "doneAt",
    case when h.delivery_id is null or h.done is not null then 0 else (
      with recursive behind(id) as (select h.lane_id union select k.after_lane from behind b join lane_link k on k.before_lane = b.id)
      select count(*)::int from behind b join delivery w on w.lane_id = b.id and w.state = 0 and w.id <> h.delivery_id) end as "waitingBehind"
  from hold h left join delivery d on d.id = h.delivery_id left join destination n on n.id = d.destination_id
    left join message m on m.id = h.message_id left join source s on s.id = m.source_id`;

/** Oldest first: that is the order to work through them; newest first where asked for. */
export const listHolds = async (database: Database, filter: HoldFilter): Promise<readonly HoldRow[]> => {
  const where: string[] = ['true'];
  const values: unknown[] = [];
  const and = (text: string, value: unknown): void => {
    values.push(value);
    where.push(text.replace('?', `$${values.length}`));
  };
  if (filter.open !== undefined) where.push(filter.open ? 'h.done is null' : 'h.done is not null');
  if (filter.reason !== undefined) and('h.reason = ?', filter.reason);
  if (filter.id !== undefined) and('h.id = ?', filter.id);
  if (filter.message !== undefined) and('h.message_id = ?', filter.message);
  if (filter.source !== undefined) and('s.name = ?', filter.source);
  if (filter.destination !== undefined) and('n.name = ?', filter.destination);
  if (filter.since !== undefined) and('h.opened >= ?', filter.since);
  if (filter.until !== undefined) and('h.opened <= ?', filter.until);
  if (filter.before !== undefined) and('h.id < ?', filter.before);
  values.push(filter.limit ?? 50);
  const order = filter.newest === true ? 'h.id desc' : 'h.opened, h.id';
  return database.query<HoldRow>(`${HOLDS} where ${where.join(' and ')} order by ${order} limit $${values.length}`, values, {
    timeout: 5_000,
  });
};

export interface AttemptRow {
  readonly at: Date;
  readonly outcome: number;
  readonly code: string;
  readonly receiptCode: string | null;
  readonly sentBytes: boolean;
  readonly token: Token;
  readonly keyId: number | null;
  /** Sealed: the receiver's own words; opened with `attemptPlace`. */
  readonly detail: Buffer | null;
}

export const listAttempts = (database: Database, delivery: DeliveryId): Promise<readonly AttemptRow[]> =>
  database.query<AttemptRow>(
    `select at, outcome, code, receipt_code as "receiptCode", sent_bytes as "sentBytes", token, key_id as "keyId", detail from attempt where delivery_id = $1 order by id`,
    [delivery],
    { timeout: 5_000 },
  );

export interface ReceiptRow {
  /** When we learned of it. */
  readonly at: Date;
  /** When it happened there, where the far side says so. */
  readonly happened: Date | null;
  readonly stage: ReceiptStage;
  readonly good: boolean;
  /** The far side's own. */
  readonly code: string;
  readonly fault: string | null;
  /** The send it is about; empty where nobody has named it. */
  readonly farId: string;
  /** It is about a send that another has followed since. */
  readonly former: boolean;
  readonly message: MessageId | null;
  readonly reference: string;
  readonly keyId: number | null;
  /** Sealed: the far side's own words. */
  readonly words: Buffer | null;
}

/** What the far side has said of a delivery since it took it, oldest first. */
export const listReceipts = async (database: Database, delivery: DeliveryId): Promise<readonly ReceiptRow[]> => {
  const rows = await database.query<Omit<ReceiptRow, 'stage'> & { stage: number }>(
    `select r.noted as at, r.at as happened, r.stage, r.good, r.code, r.fault, r.far_id as "farId", r.message_id as message, r.reference,
       r.key_id as "keyId", r.words,
       exists (select 1 from far_message f where f.delivery_id = r.delivery_id and f.far_id = r.far_id and not f.present) as former
     from receipt r where r.delivery_id = $1 order by r.id`,
    [delivery],
    { timeout: 5_000 },
  );
  return rows.map((row) => ({ ...row, stage: RECEIPT_STAGE.word(row.stage) }));
};

export interface DestinationRow {
  readonly id: DestinationId;
  readonly name: DestinationName;
  readonly transport: string;
  readonly paused: boolean;
  readonly breakerUntil: Date | null;
  readonly failures: number;
  /** Lanes by what they are doing. */
  readonly due: number;
  readonly sending: number;
  readonly backoff: number;
  readonly held: number;
  readonly ambiguous: number;
  readonly confirming: number;
  readonly oldestDue: Date | null;
}

/** One scan of the lanes; readers may keep the answer for some seconds. */
export const listDestinations = (database: Database): Promise<readonly DestinationRow[]> =>
  database.query<DestinationRow>(
    `select d.id, d.name, d.transport, d.paused, d.breaker_until as "breakerUntil", d.breaker_fails as failures,
       count(*) filter (where l.phase = 1)::int as due, count(*) filter (where l.phase = 2)::int as sending, count(*) filter (where l.phase = 3)::int as backoff,
       count(*) filter (where l.phase = 4)::int as held, count(*) filter (where l.phase = 5)::int as ambiguous, count(*) filter (where l.phase = 6)::int as confirming,
       min(l.since) filter (where l.phase = 1) as "oldestDue"
     from destination d left join lane l on l.destination_id = d.id and l.head is not null
     group by d.id order by d.name`,
    [],
    { timeout: 5_000 },
  );
