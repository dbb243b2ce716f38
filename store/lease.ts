import { brandAs, type Token } from '../records/ids.ts';
import type { Database, Transaction } from './pool.ts';

/**
 * A right that one daemon has at a time, as a row: 'process', 'reconcile', 'maintain', 'mailbox:<id>'. Time is the
 * database's own, so a daemon whose clock runs ahead gains nothing. The token rises each time the right is taken.
 */
export type LeaseName = 'process' | 'reconcile' | 'maintain' | 'far-side' | `mailbox:${string}`;

/** Another daemon has the right now. What was begun under the old token must not be committed. */
export class LeaseLost extends Error {
  constructor(name: LeaseName) {
    super(`the lease ${name} is another's`);
    this.name = 'LeaseLost';
  }
}

export const LEASE_MILLISECONDS = 5_000;

const TAKE = `
update lease set holder = $2, token = token + 1, until = clock_timestamp() + $3::float8 * interval '1 ms'
where name = $1 and (until < clock_timestamp() or holder = $2) returning token`;

/** Takes the lease if it is free, has run out, or is one's own (a restart under the same id). Null when another has it. */
export const takeLease = async (
  database: Database,
  name: LeaseName,
  daemon: number,
  milliseconds = LEASE_MILLISECONDS,
): Promise<Token | null> => {
  const rows = await database.query<{ token: number }>(TAKE, [name, daemon, milliseconds], { name: 'lease-take' });
  const token = rows[0]?.token;
  return token === undefined ? null : brandAs<Token>(token);
};

/** Makes the row of a lease that is named at run time (a mailbox). */
export const ensureLease = async (database: Database, name: LeaseName): Promise<void> => {
  await database.query('insert into lease (name) values ($1) on conflict do nothing', [name]);
};

const RENEW = `
update lease set until = clock_timestamp() + $4::float8 * interval '1 ms'
where name = $1 and holder = $2 and token = $3 returning 1 as kept`;

/** Holds on to the lease. False when it has been taken by another. */
export const renewLease = async (
  database: Database,
  name: LeaseName,
  daemon: number,
  token: Token,
  milliseconds = LEASE_MILLISECONDS,
): Promise<boolean> => (await database.query(RENEW, [name, daemon, token, milliseconds], { name: 'lease-renew' })).length > 0;

/**
 * First statement of a transaction under the lease: locks the row and holds on to it, or throws `LeaseLost`. Until this
 * transaction ends nobody else can take the lease, so a deposed holder commits nothing, and a new one waits for the
 * batch that is open. Renewals wait behind it too, which is why it renews.
 */
export const fenceLease = async (
  tx: Transaction,
  name: LeaseName,
  daemon: number,
  token: Token,
  milliseconds = LEASE_MILLISECONDS,
): Promise<void> => {
  const rows = await tx.query(RENEW, [name, daemon, token, milliseconds], 'lease-renew');
  if (rows.length === 0) throw new LeaseLost(name);
};

/** Gives the lease up at once, so that another need not wait for its end. */
export const releaseLease = async (database: Database, name: LeaseName, daemon: number, token: Token): Promise<void> => {
  await database.query("update lease set holder = null, until = '-infinity' where name = $1 and holder = $2 and token = $3", [
    name,
    daemon,
    token,
  ]);
};
