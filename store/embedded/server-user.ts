import { lstat } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { dirname } from 'node:path';

/** PostgreSQL refuses to run as root, so root hands it to `nobody`; no account is made on the host. */
const NOBODY = 65_534;

export interface ServerUser {
  /** Absent when the server runs as the user of this process. */
  readonly uid?: number;
  readonly gid?: number;
  /** The account of this process, which the server lets in (peer authentication). */
  readonly client: string;
}

export const serverUser = (): ServerUser => {
  const { uid, username } = userInfo();
  return uid === 0 ? { uid: NOBODY, gid: NOBODY, client: username } : { client: username };
};

/** Can the server's user walk to this (existing) folder? Always, when it is the user of this process. */
export const reachable = async (folder: string, user: ServerUser): Promise<boolean> => {
  if (user.uid === undefined) return true;
  for (let at = folder; ; at = dirname(at)) {
    const { mode, uid, gid } = await lstat(at);
    const bit = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001;
    if ((mode & bit) === 0) return false;
    if (dirname(at) === at) return true;
  }
};
