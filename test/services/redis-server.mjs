/**
 * Brings the `redis-server` program the tests start private instances of. Starts nothing itself.
 * Found on the PATH; else installed from Debian's packages as root; else, on Debian without root, unpacked into
 * node_modules/.cache and touching nothing of the system; else a failure that names the command to run.
 */
import { spawn } from 'node:child_process';
import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, join } from 'node:path';
import { SetupError } from '../../cli/bootstrap/packages.mjs';
import { withProgress } from '../../cli/bootstrap/progress.mjs';

function onPath(name) {
  for (const folder of (process.env.PATH ?? '').split(delimiter).filter(Boolean)) {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return join(folder, name);
    } catch {
      // Not in this folder.
    }
  }
  return undefined;
}

/** Ends with the exit status and all that was said, in the order it came. */
const run = (command, args, cwd) =>
  new Promise((resolve) => {
    let said = '';
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said += chunk));
    child.on('error', (error) => resolve({ status: 1, said: error.message }));
    child.on('close', (status) => resolve({ status: status ?? 1, said }));
  });
const answers = async (program) => (await run(program, ['--version'])).status === 0;

function failure(said) {
  return new SetupError(
    `The tests need the program redis-server, and it is not here. Install it and run the tests again, for example:
  Debian, Ubuntu:  sudo apt-get update && sudo apt-get install -y redis-server
  Fedora, RHEL:    sudo dnf install redis
  macOS:           brew install redis
${said.trim().split('\n').slice(-8).join('\n')}`,
  );
}

async function installAsRoot() {
  let last = await run('apt-get', ['install', '-y', '--no-install-recommends', 'redis-server']);
  if (last.status !== 0) {
    await run('apt-get', ['update']);
    last = await run('apt-get', ['install', '-y', '--no-install-recommends', 'redis-server']);
  }
  return { program: onPath('redis-server'), said: last.said };
}

/** The server is the program redis-check-rdb of redis-tools run under another name. */
async function unpackBeside(root) {
  const cache = join(root, 'node_modules', '.cache', 'throughcare');
  const home = join(cache, 'redis');
  const program = join(home, 'redis-server');
  if (existsSync(program) && (await answers(program))) return { program, said: '' };
  mkdirSync(cache, { recursive: true });
  const work = mkdtempSync(join(cache, 'unpack-'));
  const download = await run('apt-get', ['download', 'redis-tools', 'libatomic1', 'libjemalloc2', 'liblzf1'], work);
  let { said } = download;
  for (const name of readdirSync(work).filter((file) => file.endsWith('.deb'))) {
    said += (await run('dpkg', ['-x', name, 'unpacked'], work)).said;
    rmSync(join(work, name));
  }
  const libraries = join('unpacked', 'usr', 'lib');
  if (!existsSync(join(work, 'unpacked', 'usr', 'bin', 'redis-check-rdb')) || !existsSync(join(work, libraries))) {
    rmSync(work, { recursive: true, force: true });
    return { program: undefined, said };
  }
  rmSync(join(work, 'unpacked', 'usr', 'bin', 'redis-server'), { force: true });
  symlinkSync('redis-check-rdb', join(work, 'unpacked', 'usr', 'bin', 'redis-server'));
  const paths = readdirSync(join(work, libraries)).map((folder) => join(home, libraries, folder));
  const shell = (text) => `'${text.replaceAll("'", `'\\''`)}'`;
  writeFileSync(
    join(work, 'redis-server'),
    `#!/bin/sh\nLD_LIBRARY_PATH=${shell([join(home, libraries), ...paths].join(':'))} exec ${shell(join(home, 'unpacked/usr/bin/redis-server'))} "$@"\n`,
  );
  chmodSync(join(work, 'redis-server'), 0o755);
  chmodSync(work, 0o755);
  rmSync(home, { recursive: true, force: true });
  renameSync(work, home);
  return { program: (await answers(program)) ? program : undefined, said };
}

/** Path of a redis-server that runs. Throws SetupError when none can be brought. */
export async function ensureRedisServer(root) {
  const found = onPath('redis-server');
  if (found !== undefined) return found;
  const debian = existsSync('/etc/debian_version') && onPath('apt-get') !== undefined;
  if (!debian) throw failure('');
  const bring = process.getuid?.() === 0 ? installAsRoot : unpackBeside;
  const { program, said } = await withProgress('Bringing redis-server for the tests', () => bring(root));
  if (program === undefined) throw failure(said);
  return program;
}
