import type { MeshMailbox } from '../adapters/mesh-api/mailbox.ts';
import type { LateAnswer } from '../adapters/mllp/outbound.ts';
import { createDestination } from '../adapters/registry.ts';
import { reopensDestination, repaces } from '../config/reload.ts';
import type { Config, DestinationSettings } from '../config/types.ts';
import type { Outlet } from '../queues/outlet.ts';
import type { DestinationId, DestinationName } from '../records/ids.ts';
import type { DestinationAdapter } from '../records/ports.ts';
import type { Telemetry } from '../records/telemetry.ts';
import { farOf } from './far-side.ts';
import { found, mailboxOf, type OpenMailboxes } from './mailbox-pool.ts';

/** How often the far side is asked about an unknown outcome before a person is. */
const ASKS = 3;

export interface OpenDestination {
  readonly name: DestinationName;
  readonly settings: DestinationSettings;
  /** The mailbox it sends from; another one in its place, and it is made anew. */
  readonly mailbox: MeshMailbox | undefined;
  readonly adapter: DestinationAdapter;
}

type Settings = ReadonlyMap<DestinationName, DestinationSettings>;

/** The destinations of a daemon: those of its configuration, whichever it is by now. Each connects with its first delivery. */
export class WaysOut {
  readonly #telemetry: Telemetry;
  readonly #pace: Config['advanced'];
  readonly #onLate: (answer: LateAnswer) => void;
  #open: readonly OpenDestination[] = [];
  #outlets: readonly Outlet[] = [];

  constructor(telemetry: Telemetry, pace: Config['advanced'], onLate: (answer: LateAnswer) => void) {
    this.#telemetry = telemetry;
    this.#pace = pace;
    this.#onLate = onLate;
  }

  /** Those of these settings: the open ones that stay, and new ones in place of what changed. Nothing is used before `take`. */
  prepare(settings: Settings, mailboxes: OpenMailboxes): readonly OpenDestination[] {
    return [...settings].map(([name, one]) => {
      const now = this.#open.find((destination) => destination.name === name);
      const mailbox = mailboxOf(one, mailboxes);
      if (now !== undefined && now.mailbox === mailbox && !reopensDestination(now.settings, one)) return { ...now, settings: one };
      return { name, settings: one, mailbox, adapter: this.#make(name, one, mailbox) };
    });
  }

  #make(name: DestinationName, settings: DestinationSettings, mailbox: MeshMailbox | undefined): DestinationAdapter {
    const parts = { telemetry: this.#telemetry, onLate: this.#onLate };
    switch (settings.kind) {
      case 'mllp':
        return createDestination('mllp', name, settings, parts);
      case 'folder':
        return createDestination('folder', name, settings, parts);
      case 'mesh-folder':
        return createDestination('mesh-folder', name, settings, parts);
      case 'mesh-api':
        return createDestination('mesh-api', name, { ...settings, mailbox: found(mailbox, settings.mailbox) }, parts);
    }
  }

  /** From now on these. The outlets of those that did not change are the same objects, so that nobody stops them. */
  take(open: readonly OpenDestination[], ids: ReadonlyMap<DestinationName, DestinationId>): Change {
    const before = this.#open;
    const outlets = open.flatMap((destination) => {
      const id = ids.get(destination.name);
      return id === undefined ? [] : [this.#outletOf(destination, id)];
    });
    this.#open = open;
    this.#outlets = outlets;
    const dropped = before.filter(({ adapter }) => !open.some((one) => one.adapter === adapter));
    return { outlets, close: () => Promise.all(dropped.map(({ adapter }) => adapter.close())) };
  }

  #outletOf({ name, settings, adapter }: OpenDestination, id: DestinationId): Outlet {
    const now = this.#outlets.find((outlet) => outlet.adapter === adapter);
    const known = this.#open.find((destination) => destination.name === name);
    if (now !== undefined && known !== undefined && !repaces(known.settings, settings)) return now;
    const { retry, breaker } = settings;
    return {
      destination: id,
      name,
      adapter,
      claimTtlMs: this.#pace.claimTtl,
      sendTimeoutMs: this.#pace.sendDeadline,
      asks: adapter.asks ?? ASKS,
      ...farOf(settings),
      retry: { firstMs: retry.first, mostMs: retry.most, factor: retry.factor },
      breaker: { failures: breaker.failures, firstMs: breaker.first, mostMs: breaker.most },
    };
  }

  close(): Promise<unknown> {
    return Promise.all(this.#open.map(({ adapter }) => adapter.close()));
  }
}

/** What is to be served from now on; `close` once nothing of the old is being sent. */
export interface Change {
  readonly outlets: readonly Outlet[];
  close(): Promise<unknown>;
}
