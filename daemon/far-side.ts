import type { Config, DestinationSettings } from '../config/types.ts';
import type { FarDestination, FarReceipts, Fates, Overdue } from '../records/far-side.ts';
import type { DestinationId, DestinationName } from '../records/ids.ts';
import type { FiledHead } from '../records/process.ts';
import type { Telemetry } from '../records/telemetry.ts';
import { createFates } from '../store/fates.ts';
import { createFarReceipts, type FarReceiptsParts } from '../store/lanes/far-receipts.ts';
import { countOverdue, holdOverdue, settleEarly } from '../store/lanes/far-watch.ts';
import { takeLease } from '../store/lease.ts';
import type { Database } from '../store/pool.ts';
import type { Vault } from '../store/vault.ts';

export interface FarSideParts {
  readonly database: Database;
  readonly vault: Vault;
  /** This daemon's row. */
  readonly daemon: number;
  readonly telemetry: Telemetry;
  readonly onHeads: (heads: readonly FiledHead[]) => void;
  readonly intervalMs: number;
  /** The database's clock where absent. */
  readonly now?: () => Date;
}

/** The lease outlives the interval by so much of it, so that its holder keeps it. */
const LEASE_INTERVALS = 1.5;

type MeshSettings = Extract<DestinationSettings, { kind: 'mesh-api' | 'mesh-folder' }>;

/** MESH, but for pairs that are put into a folder in place of a client: whoever reads there says nothing. */
const isFar = (settings: DestinationSettings): settings is MeshSettings =>
  settings.kind === 'mesh-api' || (settings.kind === 'mesh-folder' && settings.role === 'beside-client');

/** What the queues must know of such a destination; see `LaneOutlet.far`. */
export const farOf = (settings: DestinationSettings): { readonly far?: { readonly confirmedBy: FarDestination['confirmedBy'] } } =>
  isFar(settings) ? { far: { confirmedBy: settings.confirmedBy } } : {};

/** The destinations of which more is learned after they took a delivery. A MESH client cannot be asked what became of a message. */
export const farDestinations = (config: Config, ids: ReadonlyMap<DestinationName, DestinationId>): readonly FarDestination[] => {
  const found: FarDestination[] = [];
  for (const [name, settings] of config.destinations) {
    const id = ids.get(name);
    if (id === undefined || !isFar(settings)) continue;
    const { confirmedBy, late } = settings;
    const mailbox = settings.kind === 'mesh-api' ? config.mailboxes.get(settings.mailbox) : undefined;
    found.push({
      id,
      name,
      mailboxes: [settings.mailbox, ...(mailbox === undefined ? [] : [mailbox.id])],
      confirmedBy,
      tracking: mailbox?.tracking ?? null,
      late,
    });
  }
  return found;
};

/** What is learned of deliveries after their hand-over, and what is not learned in time. One daemon at a time looks after the second. */
export class FarSide {
  readonly receipts: FarReceipts;
  readonly fates: Fates;
  readonly #parts: FarSideParts;
  readonly #store: FarReceiptsParts;
  #destinations: readonly FarDestination[] = [];
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(parts: FarSideParts) {
    const { database, vault, telemetry, onHeads, now } = parts;
    this.#parts = parts;
    this.#store = {
      database,
      vault,
      telemetry,
      onHeads,
      destinations: () => this.#destinations,
      ...(now === undefined ? {} : { now }),
    };
    this.receipts = createFarReceipts(this.#store);
    this.fates = createFates(database);
  }

  /** From now on these; before the first time there are none. */
  serve(destinations: readonly FarDestination[]): void {
    this.#destinations = destinations;
  }

  start(): void {
    this.#timer = setTimeout(() => {
      this.#looking = this.look()
        .catch((error: unknown) => this.#parts.telemetry.error('look-failed', error, { what: 'far-side' }))
        .finally(() => {
          if (!this.#stopped) this.start();
        });
    }, this.#parts.intervalMs);
    this.#timer.unref();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#looking;
  }

  /** One look, where it is this daemon's to look. On-call is told once of what is held for being late. */
  async look(): Promise<void> {
    if (this.#destinations.length === 0) return;
    const { database, daemon, intervalMs, telemetry } = this.#parts;
    if ((await takeLease(database, 'far-side', daemon, intervalMs * LEASE_INTERVALS)) === null) return;
    await settleEarly(this.#store);
    for (const overdue of await holdOverdue(this.#store)) tell(telemetry, overdue);
    const counts = await countOverdue(database);
    for (const { name } of this.#destinations) telemetry.gauge('deliveries_overdue', counts.get(name) ?? 0, { destination: name });
  }
}

const tell = (telemetry: Telemetry, { destination, reason, deliveries }: Overdue): void =>
  telemetry.warn('delivery.overdue', { destination, reason, count: deliveries.length, delivery: deliveries[0] });
