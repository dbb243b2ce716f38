import type { DeliveryRow, Evidence, JournalRow } from './evidence.ts';
import { judgeLanes, readFiled } from './judge-lanes.ts';
import { DESTINATIONS } from './site.ts';

export interface Verdict {
  /** What must never happen, in words. Empty = the run kept every promise. */
  readonly violations: readonly string[];
  readonly counts: Readonly<Record<string, number>>;
}

/** States in which a delivery has ended well, by destination: a receiver that answers AA confirms, a folder has no answer. */
const DONE = { clinical: 'confirmed', archive: 'confirmed', filing: 'handed-over' } as const;

/** Leaders that must have ended over a message before it is held as poison. */
const DEATHS_OF_POISON = 3;

/** Every promise of the guarantees that a run can be held to. */
export function judge(evidence: Evidence): Verdict {
  const { sent, journal, deliveries, receptions, files } = evidence;
  const violations: string[] = [];
  const must = (kept: boolean, otherwise: () => string): void => {
    if (!kept) violations.push(otherwise());
  };

  const originals = groupBy(
    journal.filter((row) => row.duplicateOf === null),
    (row) => row.controlId,
  );
  const byMessage = groupBy(deliveries, (delivery) => delivery.message);
  const killed = evidence.lives.filter((life) => life.until !== undefined).length;
  const whose = new Map<number, Evidence['sent'][number]>();
  for (const message of sent) {
    const rows = originals.get(message.controlId) ?? [];
    const [row] = rows;
    if (message.acknowledged !== undefined) must(row !== undefined, () => `acknowledged and not in the journal: ${message.controlId}`);
    if (row === undefined) continue;
    whose.set(row.id, message);
    must(rows.length === 1, () => `${rows.length} times in the journal: ${message.controlId}`);
    must(row.bytes?.equals(message.bytes) === true, () => `the journal holds other bytes than were sent: ${message.controlId}`);
    const filed = (byMessage.get(row.id) ?? []).map(({ destination }) => destination).sort();
    if (row.state === 'held' && row.reason === 'poison') {
      // Daemons died over it again and again: by guarantee it is kept for a person, whoever killed them.
      must(killed >= DEATHS_OF_POISON, () => `held as poison though only ${killed} daemons died: ${message.controlId}`);
      must(filed.length === 0, () => `held and yet filed for ${filed}: ${message.controlId}`);
    } else if (message.broken) {
      must(
        row.state === 'held' && row.reason === 'mapping-failed',
        () => `should be held: ${message.controlId} is ${row.state} ${row.reason ?? ''}`,
      );
      must(filed.length === 0, () => `held and yet filed for ${filed}: ${message.controlId}`);
    } else {
      must(row.state === 'processed', () => `not processed: ${message.controlId} is ${row.state} ${row.reason ?? ''}`);
      must(filed.join() === [...DESTINATIONS].sort().join(), () => `filed for [${filed}]: ${message.controlId}`);
    }
  }
  const known = new Set(sent.map((message) => message.controlId));
  // A sender cut off in the middle of a message was not answered; what had come is kept, as rejected.
  const cutShort = ({ state, reason, bytes }: JournalRow): boolean =>
    state === 'rejected' &&
    reason === 'incomplete-frame' &&
    bytes !== null &&
    sent.some((message) => message.bytes.subarray(0, bytes.length).equals(bytes));
  for (const row of journal)
    must(row.controlId === null ? cutShort(row) : known.has(row.controlId), () => `in the journal and never sent: message ${row.id}`);
  for (const row of journal.filter((candidate) => candidate.duplicateOf !== null))
    must(row.state === 'duplicate', () => `message ${row.id} repeats ${row.duplicateOf} and is ${row.state}`);

  const { arrived, held, behind } = judgeArrivals(evidence, whose, must);
  const lanes = judgeLanes(evidence);
  violations.push(
    ...lanes.violations,
    ...evidence.laneFaults.map((fault) => `lane: ${fault}`),
    ...evidence.imbalances.map((line) => `out of balance: ${line}`),
  );
  return {
    violations,
    counts: {
      sent: sent.length,
      acknowledged: sent.filter((message) => message.acknowledged !== undefined).length,
      'duplicates answered again': journal.filter((row) => row.duplicateOf !== null).length,
      'cut short and kept': journal.filter((row) => row.reason === 'incomplete-frame').length,
      'held by their mapping': journal.filter((row) => row.state === 'held' && row.reason !== 'poison').length,
      'held because daemons died over them': journal.filter((row) => row.state === 'held' && row.reason === 'poison').length,
      deliveries: deliveries.length,
      arrived,
      'held deliveries': held,
      'waiting behind them': behind,
      receptions: [...receptions.values()].reduce((sum, list) => sum + list.length, 0),
      'received again under their key': lanes.repeated,
      'overtaken claims excused': lanes.excused,
      files: files.length,
      claims: evidence.claims.length,
    },
  };
}

/** Acknowledged ⊆ delivered ∪ held, byte for byte, each under its own key. */
function judgeArrivals(
  { deliveries, receptions, files }: Evidence,
  whose: ReadonlyMap<number, Evidence['sent'][number]>,
  must: (kept: boolean, otherwise: () => string) => void,
): { readonly arrived: number; readonly held: number; readonly behind: number } {
  const byKey = new Map(deliveries.map((delivery) => [delivery.key, delivery]));
  must(byKey.size === deliveries.length, () => 'two deliveries have one transport key');
  const came = new Map<DeliveryRow, number>();
  const arrive = (destination: string, key: string, bytes: Buffer, read: { readonly patient: string; readonly step: number }): void => {
    const delivery = byKey.get(key);
    must(delivery !== undefined, () => `${destination} was given ${key}, which is no delivery`);
    if (delivery === undefined) return;
    came.set(delivery, (came.get(delivery) ?? 0) + 1);
    must(delivery.destination === destination, () => `${destination} was given what ${delivery.destination} should have: ${key}`);
    must(bytes.equals(delivery.payload), () => `${destination} was given other bytes than were rendered: ${key}`);
    const message = whose.get(delivery.message);
    must(
      message?.patient === read.patient && message.step === read.step,
      () => `${key} tells of ${read.patient} step ${read.step}, its message of another`,
    );
  };
  for (const [destination, list] of receptions)
    for (const reception of list) arrive(destination, reception.key, reception.bytes, reception);
  for (const file of files) arrive('filing', file.name.replace(/\.txt$/, ''), file.bytes, readFiled(file.bytes));

  const heldLanes = new Set(deliveries.filter((delivery) => delivery.view === 'held').map((delivery) => delivery.lane));
  let held = 0;
  let behind = 0;
  for (const delivery of deliveries) {
    const name = `delivery ${delivery.id} (${delivery.key}) to ${delivery.destination}`;
    if (delivery.view === 'held') held += 1;
    else if (delivery.view === 'waiting' && heldLanes.has(delivery.lane)) behind += 1;
    else {
      must(delivery.view === DONE[delivery.destination], () => `${name} is ${delivery.view}`);
      must(came.has(delivery), () => `${name} is ${delivery.view} and never arrived`);
    }
  }
  return { arrived: came.size, held, behind };
}

function groupBy<T, K>(items: readonly T[], keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}
