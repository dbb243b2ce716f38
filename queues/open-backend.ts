import type { Telemetry } from '../records/telemetry.ts';
import type { BackendConfig, QueueBackend } from './backend.ts';
import { postgresBackend } from './backend-postgres.ts';
import { redisBackend } from './backend-redis.ts';

/** Braces make the prefix one hash slot, so that a Redis cluster keeps all of it together. */
const PREFIX = '{throughcare}';

/** Opens the connections of whichever backend is configured. */
export const openBackend = (config: BackendConfig, telemetry: Telemetry): QueueBackend =>
  config.kind === 'redis' ? redisBackend(config.url, config.prefix ?? PREFIX, telemetry) : postgresBackend(config, telemetry);
