import { constants } from 'node:fs';
import { access, readdir, stat } from 'node:fs/promises';
import { errnoOf } from './condition.ts';
import { connect } from './mllp/connect.ts';
import type { MllpDestinationSettings } from './mllp/outbound.ts';
import { tlsMaterial } from './mllp/tls-material.ts';

/** Why something could not be reached: `connection-refused`, `tls-failed`, `no-folder` …, and the errno or OpenSSL code beneath. */
export interface Unreached {
  readonly code: 'connection-refused' | 'tls-failed' | 'tls-files' | 'no-folder' | 'not-a-folder' | 'folder-closed';
  readonly cause: string;
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
