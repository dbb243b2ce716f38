import { setTimeout as sleep } from 'node:timers/promises';
import { isContention } from '../pool.ts';

const ATTEMPTS = 12;

/** Runs one statement again when it met another transaction (deadlock, lanes linked meanwhile): the server did nothing then. */
export const untilClear = async <T>(statement: () => Promise<T>): Promise<T> => {
  for (let attempt = 1; ; attempt++) {
    try {
      return await statement();
    } catch (error) {
      if (!isContention(error) || attempt >= ATTEMPTS) throw error;
      await sleep(Math.random() * Math.min(200, 2 ** attempt));
    }
  }
};
