import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { fieldOf, frame, plainAck, takeFrames } from '../support/mllp-bytes.ts';
import type { Chance } from '../support/seed.ts';
import { prisonNumber } from './feed.ts';

/** A message a far side was sent, and for how long it was being sent as the far side saw it. Times in milliseconds since 1970. */
export interface Reception {
  /** Which daemon's way it came by, from 0. */
  readonly via: number;
  /** MSH-10. */
  readonly key: string;
  readonly patient: string;
  readonly step: number;
  readonly bytes: Buffer;
  readonly at: number;
  /** When it was answered or its connection ended. */
  until: number;
  answered: boolean;
}

/** Longest think time before an answer. */
const THINK = 12;

/**
 * A far side that keeps what it was sent in the order in which it came. One that deduplicates answers a control id it knows at once,
 * as real HL7 receivers do; the other thinks about every message as if it were new.
 */
export class Receiver {
  readonly receptions: Reception[] = [];
  readonly #known = new Set<string>();
  readonly #deduplicates: boolean;
  readonly #chance: Chance;
  readonly #servers: Server[] = [];
  readonly #sockets = new Set<Socket>();

  private constructor(deduplicates: boolean, chance: Chance) {
    this.#deduplicates = deduplicates;
    this.#chance = chance;
  }

  /** Listens on one port for each of `ways`, so that it knows which daemon is speaking. */
  static async listen(ways: number, deduplicates: boolean, chance: Chance): Promise<Receiver> {
    const receiver = new Receiver(deduplicates, chance);
    for (let via = 0; via < ways; via += 1) {
      const server = createServer((socket) => receiver.#serve(socket, via));
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(0, '127.0.0.1', resolve);
      });
      receiver.#servers.push(server);
    }
    return receiver;
  }

  get ports(): readonly number[] {
    // Servers that listen on TCP have an address with a port.
    return this.#servers.map((server) => (server.address() as AddressInfo).port);
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all(this.#servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve()))));
  }

  #serve(socket: Socket, via: number): void {
    let pending: Buffer = Buffer.alloc(0);
    const open = new Set<Reception>();
    this.#sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.#sockets.delete(socket);
      for (const reception of open) reception.until = Date.now();
    });
    socket.on('data', (chunk: Buffer) => {
      const { frames, rest } = takeFrames(Buffer.concat([pending, chunk]));
      pending = rest;
      for (const bytes of frames) {
        const reception = this.#take(bytes, via);
        open.add(reception);
        const think = this.#deduplicates && this.#known.has(reception.key) ? 0 : this.#chance.below(THINK);
        this.#known.add(reception.key);
        setTimeout(() => {
          if (!socket.writable || !open.delete(reception)) return;
          reception.until = Date.now();
          reception.answered = true;
          socket.write(frame(plainAck(bytes, 'AA')));
        }, think);
      }
    });
  }

  #take(bytes: Buffer, via: number): Reception {
    const reception = {
      via,
      key: fieldOf(bytes, 'MSH', 10),
      patient: prisonNumber(fieldOf(bytes, 'PID', 3)),
      step: Number(/(\d+)\D*$/.exec(fieldOf(bytes, 'PV1', 3))?.[1] ?? Number.NaN),
      bytes,
      at: Date.now(),
      until: Number.POSITIVE_INFINITY,
      answered: false,
    };
    this.receptions.push(reception);
    return reception;
  }
}
