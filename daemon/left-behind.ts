import type { Config } from '../config/types.ts';
import type { Telemetry } from '../records/telemetry.ts';
import { listDestinations } from '../store/lanes/views.ts';
import type { Database } from '../store/pool.ts';

/** Says which destinations are no longer configured though deliveries wait for them: nobody sends those until they are back, or withdrawn. */
export const tellLeftBehind = async (database: Database, config: Config, telemetry: Telemetry): Promise<void> => {
  for (const row of await listDestinations(database)) {
    if (config.destinations.has(row.name)) continue;
    const lanes = row.due + row.sending + row.backoff + row.held + row.ambiguous + row.confirming;
    if (lanes > 0) telemetry.warn('destination.left-behind', { destination: row.name, count: lanes });
  }
};
