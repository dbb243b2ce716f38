import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Problem } from '../../records/problem.ts';
import { startMeshServer } from './server.ts';
import { readSettings } from './settings-file.ts';
import { writeTlsFiles } from './tls-material.ts';

/** What the command line says of a stand-in. */
export interface AskedServer {
  readonly host: string;
  readonly port: number;
  readonly adminPort: number;
  /** Settings file; left out: two example mailboxes. */
  readonly settings?: string;
  readonly data?: string;
  readonly tls: boolean;
  /** Server seconds a real second. */
  readonly speed: number;
  /** Milliseconds ahead of the machine's clock. */
  readonly offset: number;
}

/** What somebody must know to use it. */
export interface ServerFacts {
  readonly url: string;
  readonly adminUrl: string;
  readonly sharedKey: string;
  /** Files for a client: authority, certificate, key; undefined without TLS. */
  readonly tls: { readonly ca: string; readonly cert: string; readonly key: string } | undefined;
  readonly mailboxes: readonly { readonly id: string; readonly password: string }[];
}

/** Starts a stand-in as its verb asks, with its certificates in files. Throws a `Problem` for what an engineer must put right. */
export const runMeshServer = async (asked: AskedServer): Promise<{ readonly facts: ServerFacts; close(): Promise<void> }> => {
  const { host, port, adminPort, data, tls, speed, offset } = asked;
  const { options, faults } = asked.settings === undefined ? { options: {}, faults: [] } : await readSettings(asked.settings);
  const server = await startMeshServer({
    ...options,
    ...(data === undefined ? {} : { data }),
    host,
    port,
    adminPort,
    tls,
    clock: { speed, offset },
  }).catch((error: unknown) => {
    throw taken(error);
  });
  for (const fault of faults) server.inject(fault);
  const temporary = data === undefined && tls ? await mkdtemp(join(tmpdir(), 'mesh-server-tls-')) : undefined;
  const files = tls ? await writeTlsFiles(temporary ?? join(data ?? '', 'tls'), server) : undefined;
  return {
    facts: {
      url: server.url,
      adminUrl: server.adminUrl ?? '',
      sharedKey: server.sharedKey,
      tls: files,
      mailboxes: server.mailboxes().map(({ id, password }) => ({ id, password })),
    },
    close: async () => {
      await server.close();
      if (temporary !== undefined) await rm(temporary, { recursive: true, force: true });
    },
  };
};

const taken = (error: unknown): unknown => {
  if (typeof error !== 'object' || error === null || !('code' in error)) return error;
  const port = 'port' in error ? String(error.port) : '';
  if (error.code === 'EADDRINUSE') return new Problem(`port ${port} is taken: give another with --port or --admin-port`, { cause: error });
  if (error.code === 'EADDRNOTAVAIL') return new Problem('this machine has no such address: see --host', { cause: error });
  return error;
};
