import type { DeliveryId, DestinationId, HoldId, LaneId, Token } from '../../records/ids.ts';
import { brandAs } from '../../records/ids.ts';
import type {
  ClaimedDelivery,
  ClaimedHead,
  ClaimRef,
  DestinationHealth,
  Head,
  HeadRef,
  HeadResult,
  LaneOutlet,
  Turn,
  TurnOutcome,
} from '../../records/lanes.ts';
import { ATTEMPT, type Priority } from '../../records/states.ts';
import { bools, int8s, texts } from '../arrays.ts';
import type { HotBytes } from '../hot-bytes.ts';
import type { Database } from '../pool.ts';
import type { Vault } from '../vault.ts';
import { untilClear } from './contention.ts';

const TURN = `select what, lane, delivery, token, priority, extra from lane_turn($1, $2, $3, $4, $5, $6, $7, $8,
  $9::int8[], $10::int8[], $11::int8[], $12::bool[], $13::text[], $14::jsonb, $15::int8[], $16::int8[], $17, $18)`;

/** The same for a destination that has ids of its own for what it takes. */
const TURN_FAR = TURN.replace('lane_turn(', 'lane_turn_far(').replace('$18)', '$18, $19::text[])');

/** `what` of a returned row; see 0005-lane-turn.sql. */
const WHAT = { health: 0, due: 1, claimed: 2, backoff: 3, held: 4, ambiguous: 5, confirming: 6, late: 7 } as const;

interface TurnRow {
  readonly what: number;
  readonly lane: LaneId;
  readonly delivery: DeliveryId;
  readonly token: Token;
  readonly priority: Priority;
  readonly extra: number | null;
}

type Delivered = Extract<HeadResult, { kind: 'delivered' }>;
type Undelivered = Exclude<HeadResult, { kind: 'delivered' }>;

/** Associated data of an attempt's sealed detail. */
export const attemptPlace = (ref: Pick<ClaimRef, 'delivery' | 'token'>): string => `attempt:${ref.delivery}:${ref.token}`;

const failure = (vault: Vault, result: Undelivered): Record<string, unknown> => {
  const { lane, delivery, token, kind } = result;
  if (kind !== 'failed') return { lane, delivery, token, kind };
  const sealed = result.reply === undefined || result.reply.length === 0 ? null : vault.seal(result.reply, attemptPlace(result));
  return {
    lane,
    delivery,
    token,
    kind,
    outcome: ATTEMPT.code(result.outcome),
    code: result.code,
    receipt: result.receiptCode ?? null,
    sent: result.sentBytes,
    key: sealed?.keyId ?? null,
    detail: sealed?.bytes.toString('base64') ?? null,
  };
};

/** Files results and claims heads of one destination, one transaction and one round trip. */
export const takeTurn = async (database: Database, vault: Vault, daemon: number, outlet: LaneOutlet, turn: Turn): Promise<TurnOutcome> => {
  const delivered = turn.results.filter((r): r is Delivered => r.kind === 'delivered');
  const others = turn.results.filter((r): r is Undelivered => r.kind !== 'delivered');
  const values = [
    outlet.destination,
    daemon,
    outlet.claimTtlMs,
    outlet.retry.firstMs,
    outlet.retry.mostMs,
    outlet.retry.factor,
    outlet.asks,
    turn.again,
    int8s(delivered.map((r) => r.lane)),
    int8s(delivered.map((r) => r.delivery)),
    int8s(delivered.map((r) => r.token)),
    bools(delivered.map((r) => r.confirmed)),
    texts(delivered.map((r) => r.receiptCode)),
    others.length === 0 ? null : JSON.stringify(others.map((r) => failure(vault, r))),
    int8s(turn.claims.map((c) => c.lane)),
    int8s(turn.claims.map((c) => c.delivery)),
    turn.next,
    turn.probe,
  ];
  const far = outlet.far !== undefined;
  if (far) values.push(texts(delivered.map((r) => r.farId ?? null)));
  return sorted(
    await untilClear(() => database.query<TurnRow>(far ? TURN_FAR : TURN, values, { name: far ? 'lane-turn-far' : 'lane-turn' })),
  );
};

const healthOf = (row: TurnRow): DestinationHealth => ({
  paused: row.priority > 0,
  breakerMs: row.token > 0 ? row.token : null,
  failures: row.extra ?? 0,
});

const sorted = (rows: readonly TurnRow[]): TurnOutcome => {
  const claimed: ClaimedHead[] = [];
  const due: TurnOutcome['due'][number][] = [];
  const backoff: TurnOutcome['backoff'][number][] = [];
  const held: TurnOutcome['held'][number][] = [];
  const ambiguous: TurnOutcome['ambiguous'][number][] = [];
  const confirming: ClaimRef[] = [];
  const late: ClaimRef[] = [];
  let health: DestinationHealth = { paused: false, breakerMs: null, failures: 0 };
  for (const row of rows) {
    const { lane, delivery, token, priority, extra } = row;
    if (row.what === WHAT.claimed) claimed.push({ lane, delivery, token, priority, attempts: extra ?? 0 });
    else if (row.what === WHAT.due) due.push({ lane, delivery, priority });
    else if (row.what === WHAT.health) health = healthOf(row);
    else if (row.what === WHAT.backoff) backoff.push({ lane, delivery, token, priority, delayMs: extra ?? 0 });
    else if (row.what === WHAT.ambiguous) ambiguous.push({ lane, delivery, token, priority, delayMs: extra ?? 0 });
    else if (row.what === WHAT.held) held.push({ lane, delivery, token, priority, hold: extra === null ? null : brandAs<HoldId>(extra) });
    else if (row.what === WHAT.confirming) confirming.push({ lane, delivery, token });
    else late.push({ lane, delivery, token });
  }
  return { claimed, due, backoff, held, ambiguous, confirming, late, health };
};

const LOAD = `select delivery, destination, person, message, part, item, record, role, route, transport_key as "transportKey", content_type as "contentType",
  size, decided as "decidedVersion", stale, movable, seal from lane_load($1::int8[], $2::text[])`;

const PAYLOADS = 'select delivery_id as delivery, key_id as "keyId", form, body from payload where delivery_id = any($1::int8[])';

interface LoadedRow extends Omit<ClaimedDelivery, Exclude<keyof ClaimedHead, 'delivery'> | 'payload'> {
  /** Name of the sealed payload, see `sealName`. */
  readonly seal: string;
}

interface PayloadRow {
  readonly delivery: DeliveryId;
  readonly keyId: number;
  readonly form: number;
  readonly body: Buffer;
}

/** Ruling A10: a statement of its own, begun after the claim has committed, so that no change of the person is missed. */
export const loadClaims = async (
  database: Database,
  hot: HotBytes<string>,
  roles: readonly string[],
  claims: readonly ClaimedHead[],
): Promise<readonly ClaimedDelivery[]> => {
  if (claims.length === 0) return [];
  const rows = await database.query<LoadedRow>(LOAD, [int8s(claims.map((c) => c.delivery)), texts(roles)], { name: 'lane-load' });
  const loaded = new Map(rows.map((row) => [row.delivery, row]));
  const cold = rows.filter((row) => hot.get(row.seal) === undefined).map((row) => row.delivery);
  const payloads = new Map<DeliveryId, ClaimedDelivery['payload']>();
  if (cold.length > 0) {
    const sealed = await database.query<PayloadRow>(PAYLOADS, [int8s(cold)], { name: 'lane-payloads' });
    for (const { delivery, keyId, form, body } of sealed) payloads.set(delivery, { keyId, form, body });
  }
  const found: ClaimedDelivery[] = [];
  for (const { lane, delivery, token, priority, attempts } of claims) {
    const row = loaded.get(delivery);
    if (row === undefined) continue;
    const bytes = hot.get(row.seal);
    const payload = bytes === undefined ? payloads.get(delivery) : { bytes };
    if (payload === undefined) continue;
    // Written out: this runs once a message, and spreading two objects costs more than opening the payload.
    found.push({
      lane,
      delivery,
      token,
      priority,
      attempts,
      destination: row.destination,
      person: row.person,
      message: row.message,
      part: row.part,
      item: row.item,
      record: row.record,
      role: row.role,
      route: row.route,
      transportKey: row.transportKey,
      contentType: row.contentType,
      size: row.size,
      decidedVersion: row.decidedVersion,
      stale: row.stale,
      movable: row.movable,
      payload,
    });
  }
  return found;
};

/** Claims this daemon has and does not know of, an answer having been lost, are due again: it knows that it is not sending them. */
export const disownClaims = (
  database: Database,
  daemon: number,
  destination: DestinationId,
  known: readonly DeliveryId[],
): Promise<readonly Head[]> =>
  untilClear(() =>
    database.query<Head>('select lane, delivery, priority from lane_disown($1, $2, $3::int8[])', [destination, daemon, int8s(known)], {
      name: 'lane-disown',
    }),
  );

/** Claims heads of unknown outcome, so that one daemon at a time asks the far side about them. */
export const claimForAsking = (
  database: Database,
  daemon: number,
  heads: readonly HeadRef[],
  ttlMs: number,
): Promise<readonly ClaimedHead[]> =>
  untilClear(() =>
    database.query<ClaimedHead>(
      'select lane, delivery, token, 3 as priority, 0 as attempts from lane_ask($1, $2, $3::int8[], $4::int8[])',
      [daemon, ttlMs, int8s(heads.map((h) => h.lane)), int8s(heads.map((h) => h.delivery))],
      { name: 'lane-ask' },
    ),
  );
