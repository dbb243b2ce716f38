import { chmod, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What a test uses and must give back, as `await using` would. */
export interface Disposable {
  readonly path: string;
  remove(): Promise<void>;
}

/**
 * A folder of its own, readable and writable by anyone: servers started from a root shell drop to uid 65534.
 * The path is short, so that a UNIX socket within stays under the 107 bytes the kernel allows.
 */
export async function temporaryFolder(name = 'tc'): Promise<Disposable> {
  const path = await mkdtemp(join(await realpath(tmpdir()), `${name}-`));
  await chmod(path, 0o777);
  return { path, remove: () => rm(path, { recursive: true, force: true, maxRetries: 5 }) };
}
