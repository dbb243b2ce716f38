import type { Claim, DeliveryRow, Evidence } from './evidence.ts';
import { prisonNumber } from './feed.ts';
import type { Reception } from './receiver.ts';

/** Clocks of the server and of the receiver are one, but the receiver may be told the time a moment late. */
const SKEW = 25;

export interface LaneVerdict {
  readonly violations: readonly string[];
  /** Receptions that met another of their lane, or came after the right to send had passed on, with an excuse. */
  readonly excused: number;
  /** Receptions of a key that had been received before. */
  readonly repeated: number;
}

/** Whose claim a reception was sent under, and whether that claim may be held against it. */
class Claims {
  readonly #ofDelivery = new Map<number, Claim[]>();
  readonly #ofLane = new Map<number, Claim[]>();
  readonly #evidence: Evidence;

  constructor(evidence: Evidence) {
    this.#evidence = evidence;
    for (const claim of evidence.claims) {
      push(this.#ofDelivery, claim.delivery, claim);
      push(this.#ofLane, claim.lane, claim);
    }
  }

  /** The last claim of this delivery given to that daemon before the message came. */
  of(reception: Reception, delivery: DeliveryRow): Claim | undefined {
    const pids = new Set(this.#evidence.lives.filter((life) => life.via === reception.via).map((life) => life.pid));
    return this.#ofDelivery.get(delivery.id)?.findLast((claim) => pids.has(claim.pid) && claim.at <= reception.at + SKEW);
  }

  /** The first claim that took the lane from this one before `by`. */
  takenOver(claim: Claim, by: number): Claim | undefined {
    return this.#ofLane.get(claim.lane)?.find((other) => other.token > claim.token && other.at < by - SKEW);
  }

  /** True where the claim had run out, or its daemon had ended, by that moment. */
  over(claim: Claim, when: number): boolean {
    if (claim.until <= when) return true;
    return this.#evidence.lives.some(
      (life) =>
        life.pid === claim.pid &&
        life.from <= claim.at &&
        life.until !== undefined &&
        claim.at <= life.until + SKEW &&
        life.until <= when + SKEW,
    );
  }
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}

const show = (destination: string, { patient, step, key, via }: Reception): string =>
  `${destination}: ${patient} step ${step} (${key}, daemon ${via + 1})`;

/** Order within lanes, and one sender at a time, as the receivers saw them. */
export function judgeLanes(evidence: Evidence): LaneVerdict {
  const violations: string[] = [];
  let excused = 0;
  let repeated = 0;
  const claims = new Claims(evidence);
  const deliveries = new Map(evidence.deliveries.map((delivery) => [delivery.key, delivery]));
  for (const [destination, receptions] of evidence.receptions) {
    const lanes = new Map<string, { reception: Reception; claim: Claim | undefined }[]>();
    const seen = new Set<string>();
    for (const reception of receptions) {
      const delivery = deliveries.get(reception.key);
      // A key that belongs to no delivery is a fault of its own, found elsewhere.
      if (delivery === undefined) continue;
      const claim = claims.of(reception, delivery);
      if (claim === undefined) violations.push(`sent without a claim: ${show(destination, reception)}`);
      const before = lanes.get(reception.patient) ?? [];
      const again = seen.has(reception.key);
      if (again) repeated += 1;
      seen.add(reception.key);

      const next = claim === undefined ? undefined : claims.takenOver(claim, reception.at);
      const late = claim !== undefined && next !== undefined;
      if (late && claims.over(claim, next.at)) excused += 1;
      else if (late)
        violations.push(`sent under token ${claim.token} after token ${next.token} was given: ${show(destination, reception)}`);

      const last = before.reduce((most, { reception: earlier }) => Math.max(most, earlier.step), -1);
      if (!(reception.step >= last) && !(late && again)) violations.push(`after step ${last}: ${show(destination, reception)}`);

      for (const other of before.filter(({ reception: earlier }) => earlier.until > reception.at)) {
        if (other.claim !== undefined && claims.over(other.claim, reception.at)) excused += 1;
        else if (claim !== undefined && late && claims.over(claim, reception.at)) excused += 1;
        else violations.push(`two at once: ${show(destination, other.reception)} and ${show(destination, reception)}`);
      }
      push(lanes, reception.patient, { reception, claim });
    }
  }
  return { violations: [...violations, ...judgeFolder(evidence)], excused, repeated };
}

/** Files of one patient got their names in the order of their steps. */
function judgeFolder({ files }: Evidence): string[] {
  const last = new Map<string, number>();
  const violations: string[] = [];
  for (const file of [...files].sort((a, b) => (a.named < b.named ? -1 : a.named > b.named ? 1 : 0))) {
    const { patient, step } = readFiled(file.bytes);
    const before = last.get(patient);
    // Two names given within one tick of the file system's clock have no order.
    if (before !== undefined && step < before && !files.some((other) => other.named === file.named && other !== file))
      violations.push(`filing: ${patient} step ${step} after step ${before}`);
    last.set(patient, Math.max(before ?? -1, step));
  }
  return violations;
}

/** Patient and step as a file of the folder destination shows them. */
export const readFiled = (bytes: Buffer): { readonly patient: string; readonly step: number } => {
  const text = bytes.toString('utf8');
  return { patient: prisonNumber(text), step: Number(/^Step\W+(\d+)/m.exec(text)?.[1] ?? Number.NaN) };
};
