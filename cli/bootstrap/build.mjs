import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { SetupError } from './packages.mjs';
import { withProgress } from './progress.mjs';

const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'));
/** What the compiled program reads beside itself: migrations, pages, styles. */
const ASSET = /\.(sql|html|css|svg|njk)$/;
const OUTPUT = /\.(js|js\.map|sql|html|css|svg|njk)$/;

function* files(root, folder) {
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) yield* files(root, path);
    else yield path;
  }
}

/** Sources and assets named by tsconfig.build.json, sorted, relative to the root. */
export function buildInputs(root) {
  const rooms = readJson(join(root, 'tsconfig.build.json')).include.filter((room) => existsSync(join(root, room)));
  const all = rooms.flatMap((room) => (room.endsWith('.ts') ? [room] : [...files(root, room)]));
  return all.filter((path) => path.endsWith('.ts') || ASSET.test(path)).sort();
}

/** Changes when any input, the compiler or its settings change; file times do not matter. */
function fingerprint(root, inputs) {
  const hash = createHash('sha256');
  for (const path of ['tsconfig.json', 'tsconfig.build.json', 'node_modules/typescript/package.json', ...inputs]) {
    hash
      .update(`${path}\0`)
      .update(readFileSync(join(root, path)))
      .update('\0');
  }
  return hash.digest('hex');
}

function compile(root) {
  return new Promise((resolve) => {
    let output = '';
    const child = spawn(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.build.json'], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
    child.on('error', (error) => resolve({ code: 1, output: error.message }));
    child.on('close', (code) => resolve({ code: code ?? 1, output }));
  });
}

function copyAssets(root, inputs) {
  for (const path of inputs.filter((input) => ASSET.test(input))) {
    const target = join(root, 'dist', path);
    mkdirSync(dirname(target), { recursive: true });
    copyFileSync(join(root, path), target);
  }
}

/** A renamed source must not live on in its old output. */
function removeLeftovers(root, inputs) {
  const wanted = new Set(
    inputs.flatMap((path) => (path.endsWith('.ts') ? [path.replace(/ts$/, 'js'), path.replace(/ts$/, 'js.map')] : [path])),
  );
  for (const room of readdirSync(join(root, 'dist'), { withFileTypes: true }).filter((entry) => entry.isDirectory())) {
    for (const path of files(join(root, 'dist'), room.name)) if (OUTPUT.test(path) && !wanted.has(path)) rmSync(join(root, 'dist', path));
  }
}

/** Compiles into dist/ when anything changed since the last time. Types are checked by `npm test`, not here. */
export async function ensureBuild(root) {
  const inputs = buildInputs(root);
  const stamp = join(root, 'dist', '.built');
  const now = fingerprint(root, inputs);
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === now) return;
  rmSync(stamp, { force: true });
  const { code, output } = await withProgress('Compiling', () => compile(root));
  if (code !== 0) throw new SetupError(`The sources do not compile:\n${output.trim()}`);
  removeLeftovers(root, inputs);
  copyAssets(root, inputs);
  writeFileSync(stamp, now);
}
