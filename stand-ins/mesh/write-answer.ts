import type { ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { TLSSocket } from 'node:tls';
import type { Answer } from './answer.ts';
import type { Fault } from './faults.ts';

/** Breaks a connection as a network does: with a reset where the socket can. */
export const breakConnection = (response: ServerResponse): void => {
  const { socket } = response;
  if (socket instanceof Socket && !(socket instanceof TLSSocket)) socket.resetAndDestroy();
  else socket?.destroy();
};

/** Writes an answer out, slowly or in part where a fault says so. Resolves when it is out, or when the client is gone. */
export const writeAnswer = async (response: ServerResponse, answer: Answer, fault: Fault | undefined): Promise<void> => {
  // A file may be gone before it is read: the pipeline tells, once it stands.
  if (answer.body instanceof Readable) answer.body.on('error', () => undefined);
  if (fault?.effect === 'slow-first-byte') await sleep(fault.milliseconds, undefined, { ref: false });
  if (response.destroyed) {
    if (answer.body instanceof Readable) answer.body.destroy();
    return;
  }
  response.writeHead(answer.status, answer.headers);
  const { body } = answer;
  if (body === undefined || response.req.method === 'HEAD') {
    response.end();
  } else if (fault?.effect === 'cut') {
    await writeSome(response, body, fault.afterBytes);
  } else {
    answer.count?.(1);
    try {
      await writeWhole(response, body, fault);
    } catch (error) {
      answer.count?.(-1);
      throw error;
    }
  }
};

const writeWhole = async (response: ServerResponse, body: Buffer | Readable, fault: Fault | undefined): Promise<void> => {
  if (fault?.effect === 'trickle') await trickle(response, body, fault.bytesPerSecond);
  else if (body instanceof Readable) await pipeline(body, response);
  else response.end(body);
};

const pieces = async function* (body: Buffer | Readable): AsyncGenerator<Buffer> {
  if (Buffer.isBuffer(body)) yield body;
  else for await (const piece of body) yield Buffer.isBuffer(piece) ? piece : Buffer.from(String(piece));
};

/** Waits until the socket has taken what was written. */
const flushed = (response: ServerResponse, bytes: Buffer): Promise<void> =>
  new Promise((resolve) => {
    response.once('close', resolve);
    response.write(bytes, () => {
      response.removeListener('close', resolve);
      resolve();
    });
  });

const writeSome = async (response: ServerResponse, body: Buffer | Readable, most: number): Promise<void> => {
  let left = most;
  response.flushHeaders();
  for await (const piece of pieces(body)) {
    if (left > 0) await flushed(response, piece.subarray(0, left));
    left -= piece.length;
    if (left <= 0 || response.destroyed) break;
  }
  if (body instanceof Readable) body.destroy();
  // Time for the client to read what was written: a reset drops what is still on its way.
  await sleep(20);
  response.socket?.destroy();
};

const TICK = 100;

const trickle = async (response: ServerResponse, body: Buffer | Readable, bytesPerSecond: number): Promise<void> => {
  const step = Math.max(1, Math.round((bytesPerSecond * TICK) / 1000));
  const pause = Math.max(TICK, (step * 1000) / bytesPerSecond);
  for await (const piece of pieces(body)) {
    for (let at = 0; at < piece.length && !response.destroyed; at += step) {
      await flushed(response, piece.subarray(at, at + step));
      await sleep(pause, undefined, { ref: false });
    }
    if (response.destroyed) break;
  }
  if (body instanceof Readable) body.destroy();
  if (response.destroyed) throw new Error('the client went away');
  response.end();
};
