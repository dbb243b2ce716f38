import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../support/eventually.ts';

/** Time between the end of a daemon and its restart, as a service manager would take. */
const RESTART = 200;
const entry = join(__dirname, '../../cli/throughcare.mjs');

/** One life of a daemon. Times in milliseconds since 1970. */
export interface Life {
  readonly pid: number;
  readonly from: number;
  until: number | undefined;
  /** Killed by the test, ended by the test's request, or ended by itself with this code or signal. */
  end: 'killed' | 'stopped' | string | undefined;
  /** Where everything it printed is kept. */
  readonly log: string;
}

/** Whether this life came so far as to say that it had started. A start that fails is tried again, as service managers do. */
export const hadStarted = (life: Life): boolean => readFileSync(life.log, 'utf8').includes('"event":"daemon.started"');

/** The real daemon in a process of its own, started again whenever it ends, as a service manager would. */
export class SupervisedDaemon {
  readonly lives: Life[] = [];
  readonly #config: string;
  readonly #console: number;
  #child: ChildProcess | undefined;
  #stopping = false;
  #ended: Promise<void> = Promise.resolve();

  constructor(config: string, consolePort: number) {
    this.#config = config;
    this.#console = consolePort;
  }

  get life(): Life | undefined {
    return this.lives.at(-1);
  }

  /** Starts it and keeps it up; resolves when it says that it is ready. */
  async start(): Promise<void> {
    this.#spawn();
    await this.ready();
  }

  async ready(within = 60_000): Promise<void> {
    await eventually(
      async () => (await fetch(`http://127.0.0.1:${this.#console}/readyz`, { signal: AbortSignal.timeout(2_000) })).status,
      (status) => status === 200,
      { within, every: 50, what: `a ready daemon (see ${this.life?.log})` },
    );
  }

  /** SIGKILL; it is started again. */
  kill(): void {
    const life = this.life;
    if (life === undefined || life.end !== undefined) return;
    life.end = 'killed';
    life.until = Date.now();
    this.#child?.kill('SIGKILL');
  }

  /** Stands still for so many milliseconds, as a machine does that is moved or starved. */
  async freeze(ms: number): Promise<void> {
    const child = this.#child;
    child?.kill('SIGSTOP');
    await sleep(ms);
    child?.kill('SIGCONT');
  }

  /** SIGTERM and no restart; SIGKILL after `patience` ms. Resolves with its exit code, null where it had to be killed. */
  async stop(patience = 30_000): Promise<number | null> {
    this.#stopping = true;
    const child = this.#child;
    const life = this.life;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null;
    if (life !== undefined) life.end ??= 'stopped';
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), patience);
    await this.#ended;
    clearTimeout(timer);
    return child.exitCode;
  }

  #spawn(): void {
    const log = this.#config.replace(/\.yaml$/, `-${this.lives.length + 1}.log`);
    const out = openSync(log, 'a');
    // What the surroundings say of stores and queues must not reach the daemon under test.
    const { DATABASE_URL: _database, REDIS_URL: _redis, ...environment } = process.env;
    const child = spawn(process.execPath, [entry, 'start', '--config', this.#config], { stdio: ['ignore', out, out], env: environment });
    closeSync(out);
    const life: Life = { pid: child.pid ?? 0, from: Date.now(), until: undefined, end: undefined, log };
    this.lives.push(life);
    this.#child = child;
    this.#ended = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        life.until ??= Date.now();
        life.end ??= `${code ?? signal}`;
        resolve();
        if (!this.#stopping) void this.#again();
      });
    });
  }

  async #again(): Promise<void> {
    await sleep(RESTART);
    if (!this.#stopping) this.#spawn();
  }
}
