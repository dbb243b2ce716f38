import type { Fence } from '../../records/far-side.ts';
import { int8s, texts } from '../arrays.ts';
import type { Transaction } from '../pool.ts';
import type { IntakeRow } from './rows.ts';

/** Some of a flush was fetched under a lease that another has now. Nothing of the flush was written. */
export class FenceLost extends Error {
  /** Which; undefined where only the careful way can tell. */
  readonly lost: ReadonlySet<string> | undefined;
  constructor(lost?: ReadonlySet<string>) {
    super('a lease was lost');
    this.name = 'FenceLost';
    this.lost = lost;
  }
}

export const fenceKey = ({ lease, token }: Fence): string => `${lease}\0${token}`;

/** The fences of a flush, each once. */
export const fencesOf = (rows: readonly IntakeRow[]): readonly Fence[] => {
  const found = new Map<string, Fence>();
  for (const { arrival } of rows) if (arrival.fence !== undefined) found.set(fenceKey(arrival.fence), arrival.fence);
  return [...found.values()];
};

/** Names and tokens of fences as parameters. */
export const fenceColumns = (fences: readonly Fence[]): Buffer[] => [
  texts(fences.map((fence) => fence.lease)),
  int8s(fences.map((fence) => fence.token)),
];

/**
 * The leases among `w(lease, token)` that are still those; shared until the transaction ends, so that nobody takes one over before its
 * rows are committed or refused.
 */
export const LIVE_FENCES = (names: string, tokens: string): string => `
select l.name as lease, l.token from lease l join unnest(${names}::text[], ${tokens}::int8[]) w(name, token) on w.name = l.name and w.token = l.token
order by l.name for share of l`;

const LOCK = LIVE_FENCES('$1', '$2');

/** Keys of the fences of these rows that are lost. */
export const lockFences = async (tx: Transaction, rows: readonly IntakeRow[]): Promise<ReadonlySet<string>> => {
  const fences = fencesOf(rows);
  const lost = new Set(fences.map(fenceKey));
  if (fences.length === 0) return lost;
  for (const live of await tx.query<Fence>(LOCK, fenceColumns(fences), 'intake-fences')) lost.delete(fenceKey(live));
  return lost;
};

export const requireFences = (lost: ReadonlySet<string>): void => {
  if (lost.size > 0) throw new FenceLost(lost);
};
