import pg from 'pg';
import { ThroughcareError } from '../records/faults.ts';
import { errnoOf } from './errno.ts';

/**
 * The store failed. `store-unavailable` means the server could not be reached, gave up or had no room: the same call may
 * be made again later. `internal` means the server refused the statement itself.
 * The text holds the SQLSTATE and the constraint, never the server's DETAIL, which quotes values.
 */
export class StoreError extends ThroughcareError {
  /** SQLSTATE, or the errno name of a connection that failed. */
  readonly state: string;
  readonly constraint: string | undefined;
  constructor(code: 'store-unavailable' | 'internal', state: string, detail: string, constraint?: string, options?: ErrorOptions) {
    super(code, detail, options);
    this.name = 'StoreError';
    this.state = state;
    this.constraint = constraint;
  }
}

/** The connection ended while COMMIT was under way: run the same work again with the same keys, it must recognise itself. */
export class CommitUnknown extends StoreError {
  constructor(state: string, options?: ErrorOptions) {
    super('store-unavailable', state, 'commit unknown', undefined, options);
    this.name = 'CommitUnknown';
  }
}

/** Thrown inside a transaction to have it rolled back and run again (a lane was closed meanwhile, a row was missed). */
export class RetryTransaction extends Error {
  constructor(why: string) {
    super(why);
    this.name = 'RetryTransaction';
  }
}

/** Server gone or going (08, 57P), out of room or connections (53), cancelled (57014), disk failing (58), idle in transaction (25P03). */
const UNAVAILABLE = /^(08|53|57P|57014|58|25P03|25P04)/;
/** Shown with the server's own text: class 42 quotes the statement, which holds no values. */
const HARMLESS_TEXT = /^(42|0A|3F)/;

/** True where the server itself answered that it will not do the statement, so that the session is known to be sound. */
export const answeredByServer = (error: unknown): boolean => error instanceof pg.DatabaseError && error.severity === 'ERROR';

/** Any error of `pg` as the product's own, without values. Errors of the product pass through. */
export const storeError = (error: unknown): Error => {
  if (error instanceof ThroughcareError || error instanceof RetryTransaction) return error;
  if (error instanceof pg.DatabaseError) {
    const state = error.code ?? 'XX000';
    if (UNAVAILABLE.test(state)) return new StoreError('store-unavailable', state, `SQLSTATE ${state}`);
    const text = HARMLESS_TEXT.test(state) ? ` ${error.message}` : '';
    const on = error.constraint === undefined ? '' : ` on ${error.constraint}`;
    return new StoreError('internal', state, `SQLSTATE ${state}${on}${text}`, error.constraint);
  }
  // Whatever else pg throws is about the connection: refused, reset, timed out, ended.
  const state = errnoOf(error);
  return new StoreError('store-unavailable', state ?? 'connection', state ?? (error instanceof Error ? error.message : 'connection'));
};

/** Why a COMMIT failed: a plain ERROR is the server's word that nothing was committed; anything else leaves it open. */
export const commitError = (error: unknown): Error => {
  const cause = storeError(error);
  return answeredByServer(error) ? cause : new CommitUnknown(cause instanceof StoreError ? cause.state : 'connection', { cause });
};

/** May the same call succeed later, without anything being changed? */
export const isUnavailable = (error: unknown): boolean => error instanceof StoreError && error.code === 'store-unavailable';

/** Two transactions met: serialization (40001), deadlock (40P01), a key that came first (23505), a lock not had in time (55P03). */
export const isContention = (error: unknown): boolean =>
  error instanceof RetryTransaction || (error instanceof StoreError && /^(40001|40P01|23505|55P03)$/.test(error.state));
