import type { ReadinessCheck } from '../console/readiness.ts';
import type { DeliveryService } from '../queues/delivery-service.ts';
import type { SourceAdapter } from '../records/ports.ts';
import type { Daemon } from '../store/daemon.ts';
import type { Database } from '../store/pool.ts';

interface Parts {
  readonly database: Database;
  readonly delivery: DeliveryService;
  readonly sources: () => readonly SourceAdapter[];
  readonly daemon: Daemon;
}

const SILENT_MS = 10_000;

/** What /readyz asks: store, queue backend, heartbeat, a processing leader somewhere, and every source by name. */
export const readinessChecks = ({ database, delivery, sources, daemon }: Parts): readonly ReadinessCheck[] => [
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
  ...sources().map((source) => ({ name: `source ${source.name}`, check: () => ({ ready: true, detail: source.address }) })),
];
