import { setTimeout as sleep } from 'node:timers/promises';
import { type Database, isContention, type Transaction, type TransactionOptions } from './pool.ts';

export interface RetryOptions extends TransactionOptions {
  /** How often the work is run at most. */
  readonly attempts?: number;
}

/**
 * Runs a transaction again, whole, when it met another one: 40001, 40P01, 23505, 55P03 or `RetryTransaction`.
 * The work must be free of effects outside the transaction. `CommitUnknown` is not retried here: only the caller knows
 * how its work recognises itself.
 */
export const retryTransaction = async <T>(
  database: Database,
  work: (tx: Transaction) => Promise<T>,
  options: RetryOptions = {},
): Promise<T> => {
  const { attempts = 10, ...transaction } = options;
  for (let attempt = 1; ; attempt++) {
    try {
      return await database.inTransaction(work, transaction);
    } catch (error) {
      if (!isContention(error) || attempt >= attempts) throw error;
      // Two that met would meet again if they waited equally long.
      await sleep(Math.random() * Math.min(200, 2 ** attempt));
    }
  }
};
