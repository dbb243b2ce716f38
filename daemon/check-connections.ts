import { probeFolder, probeMailbox, probeMllp, type Unreached } from '../adapters/probe.ts';
import type { LoadedConfig } from '../config/types.ts';
import { redisBackend } from '../queues/backend-redis.ts';
import type { Finding } from '../records/issue.ts';
import { silent } from '../records/telemetry.ts';
import { openDatabase } from '../store/pool.ts';

const SAYS: Readonly<Record<Unreached['code'], string>> = {
  'connection-refused': 'nothing answers at',
  'mailbox-refused': 'the mailbox is not let in at',
  'tls-failed': 'TLS cannot be agreed on with',
  'tls-files': 'the certificate files cannot be read for',
  'no-folder': 'there is no folder',
  'not-a-folder': 'this is no folder:',
  'folder-closed': 'this process may not read and write in',
};

const NEXT: Readonly<Record<Unreached['code'], string>> = {
  'connection-refused': 'is the far side up, and are address, port and firewall right?',
  'mailbox-refused': 'compare its settings with what the service desk gave you',
  'tls-failed': 'compare ca, servername and certificates with the far side’s',
  'tls-files': 'check the paths under tls and their permissions',
  'no-folder': 'make it, or mount it; make: yes has it made at the start',
  'not-a-folder': 'name the folder itself',
  'folder-closed': 'give the daemon’s user rights to it; run this check as that user',
};

interface Probe {
  readonly path: string;
  readonly who: string;
  readonly where: string;
  readonly run: () => Promise<Unreached | null>;
}

const POSTGRES_MS = 5_000;

/** Servers of our own: whatever goes wrong with them is told by its code alone, for their addresses carry passwords. */
const answered = async (work: () => Promise<unknown>): Promise<Unreached | null> => {
  try {
    await work();
    return null;
  } catch (error) {
    const cause = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : 'no answer';
    return { code: 'connection-refused', cause };
  }
};

const probes = ({ config }: LoadedConfig): readonly Probe[] => {
  const all: Probe[] = [];
  const { url } = config.store;
  if (url !== undefined)
    all.push({
      path: 'store.url',
      who: 'store',
      where: 'the configured PostgreSQL',
      run: () =>
        answered(async () => {
          const database = openDatabase({ url: url.reveal() }, { max: 1, statementTimeout: POSTGRES_MS });
          await database.query('select 1', [], { timeout: POSTGRES_MS }).finally(() => database.close());
        }),
    });
  const redis = config.queue.redis?.reveal() ?? '';
  if (redis !== '')
    all.push({
      path: 'queue.redis',
      who: 'queue',
      where: 'the configured Redis',
      run: () =>
        answered(async () => {
          const backend = redisBackend(redis, 'throughcare-check', silent);
          await backend.prepare().finally(() => backend.close());
        }),
    });
  for (const [name, settings] of config.mailboxes) {
    const where = `${settings.url} (${settings.id})`;
    all.push({ path: `mailboxes.${name}.url`, who: name, where, run: () => probeMailbox(name, settings, 'check') });
  }
  for (const [name, settings] of config.sources) {
    // A folder that is made at the start need not be there before.
    if ((settings.kind === 'folder' || settings.kind === 'mesh-folder') && !settings.make)
      all.push({ path: `sources.${name}.path`, who: name, where: settings.path, run: () => probeFolder(settings.path) });
  }
  for (const [name, settings] of config.destinations) {
    if (settings.kind === 'mllp') {
      const where = `${settings.tls === undefined ? 'mllp' : 'mllp-tls'} ${settings.host}:${settings.port}`;
      all.push({ path: `destinations.${name}.host`, who: name, where, run: () => probeMllp(settings) });
    } else if ((settings.kind === 'folder' || settings.kind === 'mesh-folder') && !settings.make) {
      all.push({ path: `destinations.${name}.path`, who: name, where: settings.path, run: () => probeFolder(settings.path) });
    }
  }
  return all;
};

/** Tries, all at once, everything the daemon connects to or looks into. Nothing is sent or written anywhere. */
export const checkConnections = async (
  loaded: LoadedConfig,
): Promise<{ readonly tried: number; readonly findings: readonly Finding[] }> => {
  const all = probes(loaded);
  const findings = await Promise.all(
    all.map(async ({ path, who, where, run }): Promise<readonly Finding[]> => {
      const failed = await run();
      if (failed === null) return [];
      const message = `${who}: ${SAYS[failed.code]} ${where} (${failed.cause})`;
      return [{ code: failed.code, severity: 'error', place: loaded.placeOf(path), message, hint: failed.hint ?? NEXT[failed.code] }];
    }),
  );
  return { tried: all.length, findings: findings.flat() };
};
