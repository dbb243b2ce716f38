import type { LateAnswer } from '../adapters/mllp/outbound.ts';
import { createDestination } from '../adapters/registry.ts';
import type { Config, DestinationSettings } from '../config/types.ts';
import type { Outlet } from '../queues/outlet.ts';
import type { DestinationId, DestinationName } from '../records/ids.ts';
import type { DestinationAdapter } from '../records/ports.ts';
import type { Telemetry } from '../records/telemetry.ts';

/** How often the far side is asked about an unknown outcome before a person is. */
const ASKS = 3;

type OnLate = (answer: LateAnswer) => void;

const adapterOf = (name: DestinationName, settings: DestinationSettings, telemetry: Telemetry, onLate: OnLate): DestinationAdapter =>
  settings.kind === 'mllp'
    ? createDestination('mllp', name, settings, telemetry, onLate)
    : createDestination('folder', name, settings, telemetry, onLate);

export interface OpenDestination {
  readonly name: DestinationName;
  readonly settings: DestinationSettings;
  readonly adapter: DestinationAdapter;
}

/** One adapter for every configured destination; each connects with its first delivery. */
export const openDestinations = (config: Config, telemetry: Telemetry, onLate: OnLate): readonly OpenDestination[] =>
  [...config.destinations].map(([name, settings]) => ({ name, settings, adapter: adapterOf(name, settings, telemetry, onLate) }));

export const outletOf = (
  { name, settings, adapter }: OpenDestination,
  id: DestinationId,
  { claimTtl, sendDeadline }: Config['advanced'],
): Outlet => ({
  destination: id,
  name,
  adapter,
  claimTtlMs: claimTtl,
  sendTimeoutMs: sendDeadline,
  asks: ASKS,
  retry: { firstMs: settings.retry.first, mostMs: settings.retry.most, factor: settings.retry.factor },
  breaker: { failures: settings.breaker.failures, firstMs: settings.breaker.first, mostMs: settings.breaker.most },
});
