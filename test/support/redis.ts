import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { connect } from 'node:net';
import { delimiter, join } from 'node:path';
import { eventually } from './eventually.ts';
import { freePort } from './free-port.ts';
import { temporaryFolder } from './temp.ts';

/** A redis-server of the test's own: loopback port, data in a temporary folder, AOF each second, nothing evicted. */
export interface PrivateRedis {
  readonly port: number;
  readonly url: string;
  /** Where its append-only files lie. */
  readonly folder: string;
  /** Process id now; 0 while it is down. */
  readonly pid: number;
  /** As a crash: SIGKILL. The data stay for `start`. */
  kill(): Promise<void>;
  /** Starts it again on the same port with the same data. */
  start(): Promise<void>;
  /** Forgets everything, as FLUSHALL by someone else would. */
  wipe(): Promise<void>;
  /** Ends it and removes its data. */
  stop(): Promise<void>;
}

/** Named by whoever started this process, else from the PATH, else what `npm test` unpacked beside the packages. */
function program(): string {
  const named = process.env.THROUGHCARE_REDIS_SERVER;
  if (named !== undefined) return named;
  const folders = [...(process.env.PATH ?? '').split(delimiter), join(__dirname, '../../node_modules/.cache/throughcare/redis')];
  for (const folder of folders.filter(Boolean)) {
    try {
      accessSync(join(folder, 'redis-server'), constants.X_OK);
      return join(folder, 'redis-server');
    } catch {
      // Not in this folder.
    }
  }
  throw new Error('redis-server is not installed. `npm test` brings it; or: apt-get install -y redis-server');
}

/** Sends one inline command and gives the first line of the answer. */
function ask(port: number, command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(`${command}\r\n`));
    socket.setTimeout(5_000, () => socket.destroy(new Error(`no answer to ${command}`)));
    socket.once('data', (data) => {
      resolve(data.toString('latin1').split('\r\n')[0] ?? '');
      socket.destroy();
    });
    socket.once('error', reject);
  });
}

export async function startRedis(): Promise<PrivateRedis> {
  const command = program();
  const folder = await temporaryFolder('redis');
  const port = await freePort();
  let child: ChildProcess | undefined;
  let said = '';

  const start = async (): Promise<void> => {
    const settings = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder.path, '--save', '', '--appendonly', 'yes'];
    const started = spawn(command, [...settings, '--appendfsync', 'everysec', '--maxmemory-policy', 'noeviction', '--daemonize', 'no'], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child = started;
    for (const stream of [started.stdout, started.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        said = (said + chunk.toString('utf8')).slice(-4_000);
      });
    }
    await eventually(
      () => {
        if (started.exitCode !== null) throw new Error(`redis-server ended:\n${said}`);
        return ask(port, 'PING');
      },
      (answer) => answer === '+PONG',
      { within: 20_000, what: 'redis-server' },
    );
  };
  const end = (signal: NodeJS.Signals): Promise<void> => {
    const ending = child;
    child = undefined;
    if (ending === undefined || ending.exitCode !== null) return Promise.resolve();
    return new Promise((resolve) => {
      ending.once('exit', () => resolve());
      ending.kill(signal);
    });
  };
  const atExit = (): void => {
    child?.kill('SIGKILL');
  };
  process.once('exit', atExit);
  await start();
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    folder: folder.path,
    get pid() {
      return child?.pid ?? 0;
    },
    kill: () => end('SIGKILL'),
    start,
    wipe: async () => {
      await ask(port, 'FLUSHALL');
    },
    stop: async () => {
      process.removeListener('exit', atExit);
      await end('SIGKILL');
      await folder.remove();
    },
  };
}
