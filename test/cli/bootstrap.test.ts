import { spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '../support/eventually.ts';
import { type Disposable, temporaryFolder } from '../support/temp.ts';

const project = join(__dirname, '..', '..');

/** A clone with a program of three files in place of the product. */
async function clone(): Promise<Disposable & { write(path: string, text: string): void; file(path: string): string }> {
  const folder = await temporaryFolder('clone');
  const file = (path: string): string => join(folder.path, path);
  for (const name of [
    'package.json',
    'package-lock.json',
    'tsconfig.json',
    'tsconfig.build.json',
    'cli/throughcare.mjs',
    'cli/bootstrap',
  ]) {
    cpSync(join(project, name), file(name), { recursive: true });
  }
  symlinkSync(join(project, 'node_modules'), file('node_modules'));
  const write = (path: string, text: string): void => {
    mkdirSync(join(file(path), '..'), { recursive: true });
    writeFileSync(file(path), text);
  };
  write(
    'main.ts',
    `import { readFileSync } from 'node:fs';
import { word } from './records/word.ts';
export async function main(argv: readonly string[]): Promise<number> {
  const told = new Promise((resolve) => process.once('SIGTERM', resolve));
  console.log(word, readFileSync(__dirname + '/store/one.sql', 'utf8').trim(), ...argv);
  if (argv[0] !== 'start') return 4;
  const alive = setInterval(() => undefined, 1_000);
  await told;
  clearInterval(alive);
  return 7;
}
`,
  );
  write('records/word.ts', `export const word: string = 'first';\n`);
  write('records/old.ts', 'export const old = 1;\n');
  write('store/one.sql', 'select 1\n');
  return { ...folder, write, file };
}

describe('the throughcare command of a clone', () => {
  let house: Awaited<ReturnType<typeof clone>>;
  const run = (...args: string[]) => spawnSync(process.execPath, [house.file('cli/throughcare.mjs'), ...args], { encoding: 'utf8' });
  beforeEach(async () => {
    house = await clone();
  });
  afterEach(() => house.remove());

  it('compiles, hands over its arguments and ends with the exit code of the program', () => {
    expect(run('a', 'b c')).toMatchObject({ status: 4, stdout: 'first select 1 a b c\n', stderr: '' });
  });

  it('compiles again when a source or an asset changed, and forgets a source that is gone', () => {
    run();
    expect(existsSync(house.file('dist/records/old.js'))).toBe(true);
    house.write('records/word.ts', `export const word: string = 'second';\n`);
    house.write('store/one.sql', 'select 2\n');
    rmSync(house.file('records/old.ts'));
    expect(run().stdout).toBe('second select 2\n');
    expect(readdirSync(house.file('dist/records')).sort()).toEqual(['word.js', 'word.js.map']);
  });

  it('compiles nothing when nothing changed', () => {
    run();
    // Were it compiled again, this would be written over.
    writeFileSync(house.file('dist/records/word.js'), `exports.word = 'kept';\n`);
    expect(run().stdout).toBe('kept select 1\n');
  });

  it('shows what does not compile and does not run the old program', () => {
    run();
    house.write('records/word.ts', 'export const word = ;\n');
    const broken = run();
    expect(broken).toMatchObject({ status: 1, stdout: '' });
    expect(broken.stderr).toContain('records/word.ts(1,21)');
  });

  it('lets a signal reach the program itself', async () => {
    run();
    const child = spawn(process.execPath, [house.file('cli/throughcare.mjs'), 'start']);
    let said = '';
    child.stdout.on('data', (chunk) => {
      said += String(chunk);
    });
    await eventually(() => said.includes('start'));
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    expect(await ended).toBe(7);
  });

  it('compiles once when two start together', async () => {
    const both = await Promise.all(
      [1, 2].map(
        () =>
          new Promise((resolve) => {
            spawn(process.execPath, [house.file('cli/throughcare.mjs')], { stdio: 'ignore' }).once('exit', resolve);
          }),
      ),
    );
    expect(both).toEqual([4, 4]);
  });
});

describe('packages that are missing', () => {
  /** Stands for npm: notes its arguments, and installs `left-out` when told so. */
  const npm = (installs: boolean): string => `
const { appendFileSync, mkdirSync, writeFileSync } = require('node:fs');
appendFileSync('npm-calls', process.argv.slice(2).join(' ') + '\\n');
console.error('npm error 404 left-out is not in this registry');
if (${installs}) {
  mkdirSync('node_modules/left-out', { recursive: true });
  writeFileSync('node_modules/left-out/package.json', JSON.stringify({ version: '1.2.3' }));
}
process.exit(${installs ? 0 : 1});
`;
  const install = (house: Awaited<ReturnType<typeof clone>>, installs: boolean) => {
    house.write('fake/npm-cli.js', npm(installs));
    house.write(
      'package-lock.json',
      JSON.stringify({
        packages: {
          '': {},
          'node_modules/left-out': { version: '1.2.3' },
          'node_modules/only-for-tests': { version: '1.0.0', dev: true },
          'node_modules/other-platform': { version: '1.0.0', optional: true, os: ['never'] },
        },
      }),
    );
    rmSync(house.file('node_modules'));
    const program = `import('${house.file('cli/bootstrap/packages.mjs')}').then(({ ensurePackages }) => ensurePackages(process.cwd(), { dev: false })).catch((error) => { console.log(error.message); process.exitCode = 1; })`;
    return spawnSync(process.execPath, ['-e', program], {
      cwd: house.path,
      encoding: 'utf8',
      env: { ...process.env, npm_execpath: house.file('fake/npm-cli.js') },
    });
  };

  it('are installed with the packages of a bare clone, without the developers’ tools and without install scripts', async () => {
    const house = await clone();
    expect(install(house, true)).toMatchObject({ status: 0, stdout: '' });
    const said = spawnSync('cat', [house.file('npm-calls')], { encoding: 'utf8' }).stdout;
    expect(said).toBe('ci --omit=dev --ignore-scripts --loglevel=error\n');
    await house.remove();
  });

  it('end in a message that names the command and what npm said', async () => {
    const house = await clone();
    const { status, stdout } = install(house, false);
    expect(status).toBe(1);
    expect(stdout).toContain('npm ci --omit=dev');
    expect(stdout).toContain('404 left-out is not in this registry');
    expect(stdout).toContain('Still missing: left-out');
    await house.remove();
  });
});
