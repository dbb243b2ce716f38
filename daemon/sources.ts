import { createSource } from '../adapters/registry.ts';
import type { Config, SourceSettings } from '../config/types.ts';
import type { SourceName } from '../records/ids.ts';
import type { Receiver, SourceAdapter } from '../records/ports.ts';
import type { Telemetry } from '../records/telemetry.ts';

const sourceOf = (name: SourceName, settings: SourceSettings, receiver: Receiver, telemetry: Telemetry): SourceAdapter => {
  if (settings.kind === 'folder') return createSource('folder', name, settings, receiver, telemetry);
  const { listen, ...rest } = settings;
  return createSource('mllp', name, { ...rest, host: listen.host, port: listen.port }, receiver, telemetry);
};

/** Every configured source, not started. */
export const openSources = (config: Config, receiver: Receiver, telemetry: Telemetry): ReadonlyMap<SourceName, SourceAdapter> =>
  new Map([...config.sources].map(([name, settings]) => [name, sourceOf(name, settings, receiver, telemetry)]));
