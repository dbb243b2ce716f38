import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { until } from './waiting.ts';

const ROOT = join(__dirname, '../../..');

/** A process of a test that has no rights of root, and perhaps a limit on the size of its files; it says things in lines of JSON. */
export class Child {
  readonly said: Record<string, unknown>[] = [];
  readonly #process: ChildProcess;
  #errors = '';
  readonly #ended: Promise<void>;

  /** `program`: the path of a TypeScript file. `fileSize`: most bytes a file may have. */
  constructor(program: string, job: unknown, fileSize?: number) {
    // In a shell, since a limit is inherited and Node cannot set one. POSIX counts it in units of 512 bytes.
    const limit = fileSize === undefined ? '' : `ulimit -f ${Math.floor(fileSize / 512)}; `;
    this.#process = spawn(
      'sh',
      ['-c', `${limit}exec "$@"`, 'sh', process.execPath, '-r', join(ROOT, 'test/support/ts-hook.cjs'), program, JSON.stringify(job)],
      {
        stdio: ['pipe', 'pipe', 'pipe'],
      },
    );
    const { stdout, stderr } = this.#process;
    if (stdout !== null) createInterface({ input: stdout }).on('line', (line) => this.said.push(JSON.parse(line)));
    stderr?.on('data', (chunk) => {
      this.#errors += String(chunk);
    });
    this.#ended = new Promise((done) => this.#process.on('close', () => done()));
  }

  /** Waits until it has said something that fits. */
  async says(what: string, fits: (line: Record<string, unknown>) => boolean): Promise<Record<string, unknown>> {
    await until(
      `the child says ${what}; it said ${JSON.stringify(this.said)} ${this.#errors}`,
      () => this.said.some(fits) || this.#process.exitCode !== null,
      30_000,
    );
    const found = this.said.find(fits);
    if (found === undefined) throw new Error(`the child ended without saying ${what}: ${this.#errors}`);
    return found;
  }

  /** Writes a line to its input. */
  tell(line: string): void {
    this.#process.stdin?.write(`${line}\n`);
  }

  get running(): boolean {
    return this.#process.exitCode === null && this.#process.signalCode === null;
  }

  /** Ends its input, on which it stops, and waits for its end. */
  async stop(): Promise<void> {
    this.#process.stdin?.end();
    await this.#ended;
  }
}
