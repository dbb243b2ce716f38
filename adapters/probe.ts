import { constants } from 'node:fs';
import { access, readdir, stat } from 'node:fs/promises';
import type { MailboxSettings } from '../config/types-mesh.ts';
import type { MailboxName } from '../records/ids.ts';
import { silent } from '../records/telemetry.ts';
import { errnoOf } from './condition.ts';
import { MeshClient } from './mesh-api/client.ts';
import { mailboxTrouble } from './mesh-api/why.ts';
import { connect } from './mllp/connect.ts';
import type { MllpDestinationSettings } from './mllp/outbound.ts';
import { tlsMaterial } from './mllp/tls-material.ts';

/** Why something could not be reached: `connection-refused`, `tls-failed`, `no-folder` …, and the errno or OpenSSL code beneath. */
export interface Unreached {
  readonly code: 'connection-refused' | 'mailbox-refused' | 'tls-failed' | 'tls-files' | 'no-folder' | 'not-a-folder' | 'folder-closed';
  readonly cause: string;
  /** What to do, where the failure itself knows better than its code. */
  readonly hint?: string;
}

/** Connects as a delivery would, with TLS checked to its end, and hangs up. Nothing is sent. */
export const probeMllp = async ({ host, port, connectTimeout = 10_000, tls }: MllpDestinationSettings): Promise<Unreached | null> => {
  let material: Awaited<ReturnType<typeof tlsMaterial>> | null;
  try {
    material = tls === undefined ? null : await tlsMaterial(tls);
  } catch (error) {
    return { code: 'tls-files', cause: errnoOf(error instanceof Error && error.cause !== undefined ? error.cause : error) };
  }
  const servername = tls?.servername;
  const options = material === null ? null : { ...material, ...(servername === undefined ? {} : { servername }) };
  const reached = await connect({ host, port, connectTimeout, tls: options }, new AbortController().signal);
  if ('destroy' in reached) {
    reached.on('error', () => {});
    reached.destroy();
    return null;
  }
  return { code: reached.code === 'tls-failed' ? 'tls-failed' : 'connection-refused', cause: reached.cause };
};

/** A folder that files are read from or put into: there, a folder, listable and writable. Nothing is written. */
export const probeFolder = async (path: string): Promise<Unreached | null> => {
  try {
    if (!(await stat(path)).isDirectory()) return { code: 'not-a-folder', cause: 'ENOTDIR' };
    await readdir(path);
    await access(path, constants.R_OK | constants.W_OK | constants.X_OK);
    return null;
  } catch (error) {
    const cause = errnoOf(error);
    return { code: cause === 'ENOENT' ? 'no-folder' : 'folder-closed', cause };
  }
};

/** Greets a mailbox as the daemon does; nothing is sent or taken. */
export const probeMailbox = async (name: MailboxName, settings: MailboxSettings, clientVersion: string): Promise<Unreached | null> => {
  const client = new MeshClient(settings, { name, telemetry: silent, clientVersion });
  try {
    await client.handshake();
    return null;
  } catch (error) {
    const trouble = mailboxTrouble(error);
    if (trouble === null) throw error;
    return { code: trouble.reached ? 'mailbox-refused' : 'connection-refused', cause: trouble.said, hint: trouble.hint };
  } finally {
    client.close();
  }
};
