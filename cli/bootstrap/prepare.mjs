import { createHash } from 'node:crypto';
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ensureBuild } from './build.mjs';
import { ensurePackages, linkCommand, SetupError } from './packages.mjs';

export const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/[/\\]$/, '');

/** The `engines` of package.json, so that an old Node says so and does not stumble over syntax. */
export function checkNode(version = process.versions.node) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const fine = (major === 20 && minor >= 19) || (major === 22 && minor >= 12) || (major === 24 && minor >= 11) || major > 24;
  if (!fine) throw new SetupError(`Throughcare runs on Node 20.19, 22.12, 24.11 or newer; this is ${version}.`);
}

const alive = (pid) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
};

/** One preparation at a time in this clone: two daemons started together must not compile over each other. */
async function alone(work) {
  const lock = join(tmpdir(), `throughcare-${createHash('sha256').update(root).digest('hex').slice(0, 16)}.lock`);
  for (;;) {
    try {
      writeFileSync(lock, String(process.pid), { flag: 'wx' });
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') return work();
    }
    try {
      const holder = Number(readFileSync(lock, 'utf8'));
      // An empty file is a holder between creating and writing, unless it has been so for long.
      const abandoned = holder > 0 ? !alive(holder) : Date.now() - statSync(lock).mtimeMs > 5_000;
      if (abandoned) rmSync(lock, { force: true });
    } catch {
      // Released between the two looks.
    }
    await sleep(50);
  }
  try {
    return await work();
  } finally {
    rmSync(lock, { force: true });
  }
}

/** Everything between a bare clone and a program that runs: packages, the short command name, the compiled sources. */
export async function prepare({ dev = false } = {}) {
  checkNode();
  await alone(async () => {
    await ensurePackages(root, { dev });
    linkCommand(root);
    await ensureBuild(root);
  });
}
