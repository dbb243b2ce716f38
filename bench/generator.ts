import { connect, type Socket } from 'node:net';
import { message, PATIENTS, type Sending } from './messages.ts';
import { answerCalls } from './remote.ts';

/** The sender of the bench: connections that each wait for the answer to one message before they send the next. */
export interface Load {
  readonly port: number;
  readonly connections: number;
  readonly messages: number;
  readonly event: Sending['event'];
  /** Keeps control ids and steps apart between loads of one daemon. */
  readonly load: number;
}
export interface Acknowledged {
  readonly messages: number;
  /** Milliseconds since 1970, of the first byte sent and of the last answer. */
  readonly began: number;
  readonly ended: number;
  /** Answers other than CA and AA, or to another control id. */
  readonly refused: number;
  readonly latency: { readonly p50: number; readonly p95: number; readonly p99: number; readonly most: number };
  /** Milliseconds of processor time of the generator itself. */
  readonly cpu: number;
}

const END = Buffer.of(0x1c, 0x0d);
const now = (): number => performance.timeOrigin + performance.now();

/** One connection: resolves when its share has been answered. Patients belong to one connection, so that each has an order. */
function converse(load: Load, index: number, share: number, took: number[], refuse: () => void): Promise<void> {
  const own = Array.from({ length: PATIENTS }, (_, patient) => patient).filter((patient) => patient % load.connections === index);
  return new Promise((resolve, reject) => {
    let sent = 0;
    let since = 0;
    let expected = '';
    let pending: Buffer = Buffer.alloc(0);
    const socket: Socket = connect(load.port, '127.0.0.1');
    socket.setNoDelay(true);
    const next = (): void => {
      if (sent === share) {
        socket.end();
        resolve();
        return;
      }
      expected = `${load.load}-${index}-${sent}`;
      const patient = own[sent % own.length] ?? 0;
      const text = message({ event: load.event, patient, controlId: expected, step: load.load * 1_000_000 + sent });
      sent += 1;
      since = performance.now();
      socket.write(`\x0b${text}\x1c\r`);
    };
    socket.on('connect', next);
    socket.on('data', (chunk: Buffer) => {
      pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
      const end = pending.indexOf(END);
      if (end < 0) return;
      took.push(performance.now() - since);
      const answer = pending.subarray(0, end).toString('latin1');
      // The messages ask for an accept answer (MSH-15 AL): CA, or AA of a receiver without enhanced mode, says that they are safe.
      if (!answer.includes(`\rMSA|CA|${expected}`) && !answer.includes(`\rMSA|AA|${expected}`)) refuse();
      pending = pending.subarray(end + END.length);
      next();
    });
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('the connection ended before the last answer')));
  });
}

async function send(load: Load): Promise<Acknowledged> {
  const before = process.cpuUsage();
  const took: number[] = [];
  let refused = 0;
  const refuse = (): void => {
    refused += 1;
  };
  // A connection without a patient of its own would have nothing to say.
  const connections = Math.min(load.connections, PATIENTS);
  const share = (index: number): number => Math.floor(load.messages / connections) + (index < load.messages % connections ? 1 : 0);
  const began = now();
  await Promise.all(
    Array.from({ length: connections }, (_, index) => converse({ ...load, connections }, index, share(index), took, refuse)),
  );
  const ended = now();
  const { user, system } = process.cpuUsage(before);
  const order = Float64Array.from(took).sort();
  const at = (part: number): number => order[Math.min(order.length - 1, Math.floor(order.length * part))] ?? 0;
  const latency = { p50: at(0.5), p95: at(0.95), p99: at(0.99), most: at(1) };
  return { messages: took.length, began, ended, refused, latency, cpu: (user + system) / 1_000 };
}

answerCalls({ send });
