/**
 * `npm test`: installs what is missing, brings redis-server, runs every gate and every Jest suite, and shows all that failed.
 * `npm test -- <pattern>` runs only the suites that match (and takes Jest's options).
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensurePackages, linkCommand } from '../cli/bootstrap/packages.mjs';
import { checkNode, prepare, root } from '../cli/bootstrap/prepare.mjs';

const patterns = process.argv.slice(2);
const inPackage = (path) => join(root, 'node_modules', path);
/**
 * Its suites kill daemons and stop servers again and again: on two cores they would starve every other suite, and be starved by them.
 * They come last, one at a time.
 */
const FAULTS = 'test/faults/';
/** How long Jest may take to end once its results are written; then something was left open. */
const LINGER_MS = 30_000;

const gates = [
  { name: 'types', program: inPackage('typescript/bin/tsc'), args: ['--noEmit', ...(process.stdout.isTTY ? ['--pretty'] : [])] },
  { name: 'lint', program: inPackage('@biomejs/biome/bin/biome'), args: ['check', '--error-on-warnings', '--max-diagnostics=20', '.'] },
  { name: 'imports', program: join(root, 'test/gates/imports.mjs'), args: [] },
  { name: 'dead code', program: inPackage('knip/bin/knip.js'), args: ['--treat-config-hints-as-errors'] },
];

const seconds = (since) => `${((Date.now() - since) / 1_000).toFixed(1)} s`;
const rows = [];
function report(name, passed, detail, since) {
  rows.push({ name, passed, detail, took: seconds(since) });
}

/** Runs a program of Node from the root of the clone. */
const node = (program, args, options) => spawn(process.execPath, [program, ...args], { cwd: root, ...options });

/** Ends with the exit code and everything said. */
function heard(child) {
  return new Promise((resolve) => {
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (output += chunk));
    child.on('error', (error) => resolve({ code: 1, output: error.message }));
    child.on('close', (code) => resolve({ code: code ?? 1, output }));
  });
}

async function runGates() {
  const waiting = [...gates];
  const lane = async () => {
    for (let gate = waiting.shift(); gate !== undefined; gate = waiting.shift()) {
      const since = Date.now();
      const env = process.stdout.isTTY ? { ...process.env, FORCE_COLOR: '1' } : process.env;
      const { code, output } = await heard(node(gate.program, gate.args, { stdio: ['ignore', 'pipe', 'pipe'], env }));
      console.log(`${code === 0 ? 'pass' : 'FAIL'}  ${gate.name}  ${seconds(since)}${code === 0 ? '' : `\n${output.trimEnd()}\n`}`);
      report(gate.name, code === 0, code === 0 ? '' : 'see above', since);
    }
  };
  await Promise.all([lane(), lane()]);
}

/** Runs Jest's suites under a row of their own; resolves with how many tests passed and failed. */
async function runJest(name, choice) {
  const since = Date.now();
  const folder = mkdtempSync(join(tmpdir(), 'throughcare-results-'));
  const file = join(folder, 'jest.json');
  const args = ['--json', `--outputFile=${file}`, ...(process.env.CI ? ['--ci'] : []), ...choice];
  let stuck = false;
  const child = node(inPackage('jest/bin/jest.js'), args, { stdio: ['ignore', 'inherit', 'inherit'] });
  const watch = setInterval(() => {
    if (!existsSync(file)) return;
    clearInterval(watch);
    setTimeout(() => {
      stuck = true;
      child.kill('SIGKILL');
    }, LINGER_MS).unref();
  }, 500);
  const { code } = await heard(child);
  clearInterval(watch);
  const result = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
  rmSync(folder, { recursive: true, force: true });
  if (stuck) console.error('Jest did not end after its last suite: a test left a server, a socket or a timer open.');
  const passed = result?.numPassedTests ?? 0;
  // A suite that could not be loaded has no failed test of its own.
  const failed = (result?.numFailedTests ?? 0) + (result?.numRuntimeErrorTestSuites ?? 0);
  const broken = code !== 0 && failed === 0 ? 1 : 0;
  report(name, code === 0, `${result?.numTotalTestSuites ?? 0} suites, ${passed} tests${failed > 0 ? `, ${failed} failed` : ''}`, since);
  return { passed, failed: failed + broken };
}

/** Everything, the fault runs after the rest; or, where patterns are given, whatever they match. */
async function runSuites() {
  if (patterns.length > 0) return runJest('jest', patterns);
  const suites = await runJest(
    'jest',
    ['/node_modules/', FAULTS].map((path) => `--testPathIgnorePatterns=${path}`),
  );
  const faults = await runJest('fault runs', ['--runInBand', FAULTS]);
  return { passed: suites.passed + faults.passed, failed: suites.failed + faults.failed };
}

async function main() {
  const since = Date.now();
  checkNode();
  await ensurePackages(root, { dev: true });
  linkCommand(root);
  // Only now: what it imports may not have been there before.
  const { ensureRedisServer } = await import('./services/redis-server.mjs');
  await ensureRedisServer(root);
  if (patterns.length === 0) await runGates();
  let tests = { passed: 0, failed: 1 };
  try {
    await prepare({ dev: true });
    tests = await runSuites();
  } catch (error) {
    if (error.name !== 'SetupError') throw error;
    console.error(error.message);
    report('build', false, 'see above', since);
  }

  const width = Math.max(...rows.map((row) => row.name.length));
  console.log('');
  for (const row of rows) console.log(`${row.passed ? 'pass' : 'FAIL'}  ${row.name.padEnd(width)}  ${row.took.padStart(8)}  ${row.detail}`);
  const isGate = ({ name }) => gates.some((gate) => gate.name === name);
  const passedGates = rows.filter((row) => row.passed && isGate(row)).length;
  const failedGates = rows.filter((row) => !row.passed && isGate(row)).length;
  const failed = tests.failed + failedGates;
  console.log(`\nin ${seconds(since)}; tests and gates together:`);
  console.log(`${tests.passed + passedGates} passed, ${failed} failed`);
  process.exitCode = failed > 0 ? 1 : 0;
}

try {
  await main();
} catch (error) {
  if (error.name !== 'SetupError') throw error;
  console.error(error.message);
  console.log('0 passed, 1 failed');
  process.exitCode = 1;
}
