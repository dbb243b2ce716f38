import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { eventually } from './eventually.ts';

const entry = join(__dirname, '../../cli/throughcare.mjs');

/** One line of the daemon's log. */
export interface LogLine {
  readonly event: string;
  readonly level: string;
  readonly [fact: string]: unknown;
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

const isLine = (value: unknown): value is LogLine => typeof value === 'object' && value !== null && 'event' in value;

/** What the surroundings say of stores, queues and colours must not reach the program under test. */
export const bareEnvironment = (): NodeJS.ProcessEnv => {
  const {
    DATABASE_URL: _database,
    REDIS_URL: _redis,
    THROUGHCARE_KEYS: _keys,
    NO_COLOR: _plain,
    FORCE_COLOR: _loud,
    ...rest
  } = process.env;
  return rest;
};

/** The real daemon in a process of its own, as `throughcare start` runs it. */
export class DaemonProcess {
  readonly #child: ChildProcess;
  readonly #ended: Promise<Ended>;
  #said = '';
  #over: Ended | undefined;

  private constructor(config: string) {
    this.#child = spawn(process.execPath, [entry, 'start', '--config', config], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: bareEnvironment(),
    });
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.on('data', (chunk: Buffer) => {
        this.#said += chunk.toString('utf8');
      });
    this.#ended = new Promise((resolve) => {
      this.#child.once('close', (code, signal) => {
        this.#over = { code, signal };
        resolve(this.#over);
      });
    });
  }

  /** Resolves once it says that it is up; rejects with all it said where it ends first. */
  static async start(config: string): Promise<DaemonProcess> {
    const daemon = new DaemonProcess(config);
    await daemon.logged('daemon.started');
    return daemon;
  }

  /** Not waited for. */
  static spawn(config: string): DaemonProcess {
    return new DaemonProcess(config);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }
  /** Everything it printed. */
  get said(): string {
    return this.#said;
  }

  /** Its log so far, one object a line. */
  get log(): readonly LogLine[] {
    return this.#said.split('\n').flatMap((line): LogLine[] => {
      if (!line.startsWith('{')) return [];
      const value: unknown = JSON.parse(line);
      return isLine(value) ? [value] : [];
    });
  }

  /** Waits for the `nth` line of that event. */
  async logged(event: string, nth = 1): Promise<LogLine> {
    const lines = (): readonly LogLine[] => this.log.filter((line) => line.event === event);
    const found = await eventually(
      () => {
        if (this.#over !== undefined && lines().length < nth)
          throw new Error(`it ended (${this.#over.code ?? this.#over.signal}):\n${this.#said}`);
        return lines()[nth - 1];
      },
      (line) => line !== undefined,
      { within: 60_000, what: `${event} ${nth}` },
    );
    if (found === undefined) throw new Error(`no ${event}`);
    return found;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  ended(): Promise<Ended> {
    return this.#ended;
  }

  /** SIGTERM, unless it has ended. */
  async stop(): Promise<Ended> {
    if (this.#over === undefined) this.signal('SIGTERM');
    return this.#ended;
  }
}
