import { setTimeout as sleep } from 'node:timers/promises';
import { ThroughcareError } from '../../records/faults.ts';
import { isContention } from '../pool.ts';

const ATTEMPTS = 12;

/** Not refused, only not now: nothing of what was asked may be given up. */
const notNow = (cause: unknown): ThroughcareError => new ThroughcareError('store-unavailable', 'contention', { cause });

/** Runs one statement again when it met another transaction (deadlock, lanes linked meanwhile): the server did nothing then. */
export const untilClear = async <T>(statement: () => Promise<T>): Promise<T> => {
  for (let attempt = 1; ; attempt++) {
    try {
      return await statement();
    } catch (error) {
      if (!isContention(error)) throw error;
      if (attempt >= ATTEMPTS) throw notNow(error);
      await sleep(Math.random() * Math.min(200, 2 ** attempt));
    }
  }
};
