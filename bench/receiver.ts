import { createServer, type Socket } from 'node:net';
import { answerCalls } from './remote.ts';

/** The far side of the bench: answers AA at once and counts. */
export interface Delivered {
  readonly messages: number;
  /** The same control id again. */
  readonly repeated: number;
  /** Messages about a patient that came after a later one about the same patient. */
  readonly misordered: number;
  /** Milliseconds since 1970 of the last message. */
  readonly ended: number;
  /** Milliseconds of processor time of the receiver itself since the last look. */
  readonly cpu: number;
}

const END = Buffer.of(0x1c, 0x0d);
const seen = new Set<string>();
const steps = new Map<string, number>();
let repeated = 0;
let misordered = 0;
let ended = 0;
let cpu = process.cpuUsage();
let waiting: { readonly count: number; readonly resolve: () => void } | undefined;

/** Field of a segment whose text begins at `start`. */
function field(text: string, segment: string, n: number): string {
  const start = text.startsWith(`${segment}|`) ? 0 : text.indexOf(`\r${segment}|`) + 1;
  if (start === 0 && !text.startsWith(`${segment}|`)) return '';
  const end = text.indexOf('\r', start);
  return text.slice(start, end < 0 ? text.length : end).split('|')[segment === 'MSH' ? n - 1 : n] ?? '';
}

function take(frame: Buffer, socket: Socket): void {
  const text = frame.toString('latin1');
  const controlId = field(text, 'MSH', 10);
  if (seen.has(controlId)) repeated += 1;
  else {
    seen.add(controlId);
    const patient = field(text, 'PID', 3);
    const step = Number(/(\d+)\D*$/.exec(field(text, 'PV1', 3))?.[1]);
    if (step < (steps.get(patient) ?? 0)) misordered += 1;
    steps.set(patient, step);
  }
  ended = performance.timeOrigin + performance.now();
  socket.write(`\x0bMSH|^~\\&|FAR|SIDE|||20260302||ACK|R${seen.size}|T|2.4\rMSA|AA|${controlId}\r\x1c\r`);
  if (waiting !== undefined && seen.size >= waiting.count) {
    waiting.resolve();
    waiting = undefined;
  }
}

const server = createServer((socket) => {
  let pending: Buffer = Buffer.alloc(0);
  socket.setNoDelay(true);
  socket.on('error', () => undefined);
  socket.on('data', (chunk: Buffer) => {
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
    for (let end = pending.indexOf(END); end >= 0; end = pending.indexOf(END)) {
      take(pending.subarray(pending.indexOf(0x0b) + 1, end), socket);
      pending = pending.subarray(end + END.length);
    }
  });
});

function delivered(): Delivered {
  const used = process.cpuUsage(cpu);
  cpu = process.cpuUsage();
  return { messages: seen.size, repeated, misordered, ended, cpu: (used.user + used.system) / 1_000 };
}

answerCalls({
  listen: () =>
    new Promise<number>((resolve) => {
      server.listen(0, '127.0.0.1', () => {
        const address = server.address();
        resolve(typeof address === 'object' && address !== null ? address.port : 0);
      });
    }),
  /** Answers once `count` different messages have come in all. */
  until: async (count: number): Promise<Delivered> => {
    if (seen.size < count) {
      await new Promise<void>((resolve) => {
        waiting = { count, resolve };
      });
    }
    return delivered();
  },
  now: delivered,
});
