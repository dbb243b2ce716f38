import { type ChildProcess, spawn } from 'node:child_process';

/** Calls between the bench and its child processes, over Node's own channel. */
interface Call {
  readonly id: number;
  readonly name: string;
  readonly argument: unknown;
}
interface Reply {
  readonly id: number;
  readonly value?: unknown;
  readonly failed?: string;
}

type Handler = (argument: never) => unknown;

/** In the child: answers calls by name. The channel alone keeps no process alive. */
export function answerCalls(handlers: Readonly<Record<string, Handler>>): void {
  process.on('message', (call: Call) => {
    const handler = handlers[call.name];
    void Promise.resolve()
      .then(() => {
        if (handler === undefined) throw new Error(`nothing answers ${call.name}`);
        // Both ends are this folder: the caller's type of the argument is the handler's.
        return handler(call.argument as never);
      })
      .then((value): Reply => ({ id: call.id, value }))
      .catch((error: unknown): Reply => ({ id: call.id, failed: error instanceof Error ? (error.stack ?? error.message) : String(error) }))
      .then((reply) => process.send?.(reply));
  });
}

export class Remote {
  readonly child: ChildProcess;
  readonly #open = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  #calls = 0;
  #said = '';

  private constructor(child: ChildProcess) {
    this.child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.#said = (this.#said + chunk.toString('utf8')).slice(-20_000);
      });
    }
    child.on('message', (reply: Reply) => {
      const call = this.#open.get(reply.id);
      this.#open.delete(reply.id);
      if (reply.failed === undefined) call?.resolve(reply.value);
      else call?.reject(new Error(reply.failed));
    });
    child.on('exit', (code, signal) => {
      for (const { reject } of this.#open.values()) reject(new Error(`process ended (${code ?? signal}):\n${this.#said}`));
      this.#open.clear();
    });
  }

  /** Starts Node with `args` and a channel. */
  static start(args: readonly string[], env: NodeJS.ProcessEnv = process.env): Remote {
    return new Remote(spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe', 'ipc'], env }));
  }

  get running(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }
  /** The last 20 kB it printed. */
  get said(): string {
    return this.#said;
  }

  /** Rejects with what the process said when it ends before it answers. */
  call<T>(name: string, argument: unknown = null): Promise<T> {
    if (!this.running) return Promise.reject(new Error(`process has ended:\n${this.#said}`));
    this.#calls += 1;
    const id = this.#calls;
    return new Promise<T>((resolve, reject) => {
      // The type of an answer is that of the handler in this same folder.
      this.#open.set(id, { resolve: (value) => resolve(value as T), reject });
      this.child.send({ id, name, argument } satisfies Call);
    });
  }

  /** SIGTERM, and SIGKILL after `patience` milliseconds. */
  async end(patience = 20_000): Promise<void> {
    if (!this.running) return;
    const ended = new Promise<void>((resolve) => this.child.once('exit', () => resolve()));
    this.child.kill('SIGTERM');
    const timer = setTimeout(() => this.child.kill('SIGKILL'), patience);
    await ended;
    clearTimeout(timer);
  }
}
