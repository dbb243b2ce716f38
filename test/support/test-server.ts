import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { clusterOf } from '../../store/embedded/cluster.ts';
import { stopPostmaster } from '../../store/embedded/postmaster.ts';
import { alive } from '../../store/embedded/processes.ts';

/** One embedded server a test run: its folder is named before the workers begin, and made by the first test that needs it. */

const PREFIX = 'throughcare-test-';
const FOLDER = 'THROUGHCARE_TEST_SERVER';
/** Set by failure-reporter.cjs. */
const FAILED = 'THROUGHCARE_TEST_FAILED';

export const testServerFolder = (): string => {
  const folder = process.env[FOLDER];
  if (folder === undefined) throw new Error('no test server: jest.config.cjs names its globalSetup');
  return folder;
};

const dispose = async (folder: string): Promise<void> => {
  await stopPostmaster(await clusterOf(folder), 2_000);
  await rm(folder, { recursive: true, force: true });
};

/** Runs that were killed leave their server behind. */
const sweep = async (): Promise<void> => {
  for (const name of (await readdir(tmpdir())).filter((entry) => entry.startsWith(PREFIX))) {
    const folder = join(tmpdir(), name);
    const owner = Number(await readFile(join(folder, 'owner'), 'utf8').catch(() => '0'));
    if (owner > 0 && !alive(owner)) await dispose(folder);
  }
};

export const nameTestServer = async (): Promise<void> => {
  await sweep();
  const folder = await mkdtemp(join(tmpdir(), PREFIX));
  // Closed to the server's user, the cluster would be made elsewhere.
  await chmod(folder, 0o711);
  await writeFile(join(folder, 'owner'), String(process.pid));
  process.env[FOLDER] = folder;
};

/** Stops the server; after a failure its files stay, to be looked into. */
export const endTestServer = async (): Promise<void> => {
  const folder = testServerFolder();
  if (process.env[FAILED] === undefined) {
    await dispose(folder);
    return;
  }
  await stopPostmaster(await clusterOf(folder), 2_000);
  const kept = (await readdir(folder)).includes('postgres');
  await rm(join(folder, 'owner'), { force: true });
  if (kept) console.log(`The databases of this run are kept in ${folder}`);
  else await rm(folder, { recursive: true, force: true });
};
