import type { ReadinessCheck } from '../console/readiness.ts';
import type { DeliveryService } from '../queues/delivery-service.ts';
import type { Daemon } from '../store/daemon.ts';
import type { Database } from '../store/pool.ts';
import type { Reloads } from './reload.ts';
import type { WaysIn } from './ways-in.ts';

interface Parts {
  readonly database: Database;
  readonly delivery: DeliveryService;
  readonly sources: () => WaysIn['states'];
  readonly daemon: Daemon;
  readonly reloads: () => Reloads['state'];
}

const SILENT_MS = 10_000;

/** What /readyz asks: store, queue backend, heartbeat, a processing leader somewhere, the configuration, and every source by name. */
export const readinessChecks = ({ database, delivery, sources, daemon, reloads }: Parts): (() => readonly ReadinessCheck[]) => {
  const always: readonly ReadinessCheck[] = [
    {
      name: 'store',
      check: async () => {
        await database.query('select 1', [], { timeout: 1_500 });
        return { ready: true };
      },
    },
    { name: 'queue', check: () => ({ ready: delivery.ready() }) },
    { name: 'heartbeat', check: () => ({ ready: daemon.silentFor() < SILENT_MS }) },
    {
      name: 'leader',
      check: async () => {
        const [row] = await database.query<{ led: boolean }>(
          "select until > clock_timestamp() and holder is not null as led from lease where name = 'process'",
          [],
          { timeout: 1_500 },
        );
        return { ready: row?.led === true };
      },
    },
    {
      // The old configuration works on: nothing is unready, but the person on call should see that the file is not what runs.
      name: 'configuration',
      check: () => (reloads().refused ? { ready: true, code: 'config-refused', detail: 'a changed file was refused' } : { ready: true }),
    },
  ];
  return () => [
    ...always,
    ...sources().map(({ name, address, open }) => ({
      name: `source ${name}`,
      check: () => ({ ready: open, detail: address, ...(open ? {} : { code: 'not-open' }) }),
    })),
  ];
};
