import type { AckCode } from '../../formats/hl7v2/acknowledgement.ts';
import type { DeliveryId, DestinationName } from '../../records/ids.ts';
import type { DestinationAdapter, OutboundDelivery, Resolution, SendResult } from '../../records/ports.ts';
import type { Telemetry } from '../../records/telemetry.ts';
import { Condition } from '../condition.ts';
import { notSent } from './answer.ts';
import type { Endpoint } from './connect.ts';
import { Line } from './line.ts';
import { type TlsClientSettings, tlsMaterial } from './tls-material.ts';

/** Settings of an MLLP destination. Times in ms. */
export interface MllpDestinationSettings {
  readonly host: string;
  readonly port: number;
  /** Connections, each with one message at a time. Default 1. */
  readonly connections?: number | undefined;
  /** For name look-up, TCP and TLS together. Default 10 s. */
  readonly connectTimeout?: number | undefined;
  /** For the answer. Default 30 s. */
  readonly timeout?: number | undefined;
  /** An unused connection is closed after this; 0 = never. Default 5 min. */
  readonly idle?: number | undefined;
  /** What AE and CE mean of this receiver: a person decides, or it is tried again. Default `hold`. */
  readonly onError?: 'hold' | 'retry' | undefined;
  readonly tls?: TlsClientSettings | undefined;
}

/** An application answer that came after the accept answer had ended the attempt (enhanced mode). */
export interface LateAnswer {
  readonly delivery: DeliveryId;
  readonly code: AckCode;
  readonly reply: Buffer;
}

interface Waiter {
  readonly home: number;
  readonly take: (line: number | null) => void;
}

/**
 * An MLLP receiver as a destination. A lane has its own connection (lane modulo connections), opened when first needed. While
 * that one is busy with another lane's message a free one is borrowed, so that one slow patient stalls no other; but not from
 * a receiver that has ever answered CA: it works on after its answer, in the order of the connection.
 *
 * One attempt is one try: it neither retries nor waits for a receiver to come back; the caller has the back-off.
 */
export class MllpDestination implements DestinationAdapter {
  readonly address: string;
  readonly dedupable = true;
  readonly slots: number;
  readonly #settings: MllpDestinationSettings;
  readonly #lines: readonly Line[];
  readonly #busy: boolean[];
  readonly #waiters: Waiter[] = [];
  readonly #reach: Condition;
  #worksOn = false;
  #closed = false;
  #emptied: (() => void) | null = null;

  constructor(name: DestinationName, settings: MllpDestinationSettings, telemetry: Telemetry, onLate?: (answer: LateAnswer) => void) {
    this.address = `${settings.tls === undefined ? 'mllp' : 'mllp-tls'} ${settings.host}:${settings.port}`;
    this.slots = settings.connections ?? 1;
    this.#settings = settings;
    this.#reach = new Condition(telemetry, 'destination.unreachable', { destination: name });
    const limits = { timeout: settings.timeout ?? 30_000, idle: settings.idle ?? 300_000, onError: settings.onError ?? 'hold' };
    const events = {
      connected: () => {
        this.#reach.clear();
        telemetry.count('destination_connections_opened', { destination: name });
      },
      connectFailed: ({ code, cause }: { code: string; cause: string }) => {
        // An attempt whose own time was up says nothing of the receiver.
        if (code !== 'send-failed') this.#reach.raise(code, { cause });
      },
      dropped: (reason: string) => telemetry.count('destination_connections_dropped', { destination: name, reason }),
      junk: (size: number) => telemetry.count('destination_junk_bytes', { destination: name }, size),
      late: (delivery: DeliveryId, code: AckCode, reply: Buffer) => {
        telemetry.count('destination_late_answers', { destination: name, code });
        if (code !== 'AA') telemetry.warn('destination.late-refusal', { destination: name, id: delivery, code });
        onLate?.({ delivery, code, reply });
      },
    };
    this.#lines = Array.from({ length: this.slots }, () => new Line(() => this.#endpoint(), limits, events));
    this.#busy = this.#lines.map(() => false);
  }

  /** Certificates are read at each connection, so that renewed ones are used without a reload. */
  async #endpoint(): Promise<Endpoint> {
    const { host, port, connectTimeout, tls } = this.#settings;
    return {
      host,
      port,
      connectTimeout: connectTimeout ?? 10_000,
      tls:
        tls === undefined ? null : { ...(await tlsMaterial(tls)), ...(tls.servername === undefined ? {} : { servername: tls.servername }) },
    };
  }

  async send(delivery: OutboundDelivery, deadline: AbortSignal): Promise<SendResult> {
    if (this.#closed) return notSent('send-failed', false);
    const home = delivery.lane % this.#lines.length;
    const at = this.#free(home) ?? (await this.#wait(home, deadline));
    const line = at === null ? undefined : this.#lines[at];
    if (at === null || line === undefined) return notSent('send-failed', false);
    try {
      const result = await line.send(delivery, deadline);
      if (result.receiptCode?.startsWith('C') === true) this.#worksOn = true;
      return result;
    } finally {
      this.#release(at);
    }
  }

  /** Takes a free connection at once, or null. */
  #free(home: number): number | null {
    const at = this.#busy[home] === false ? home : this.#worksOn ? -1 : this.#busy.indexOf(false);
    if (at < 0) return null;
    this.#busy[at] = true;
    return at;
  }

  /** Waits for a connection in the order of asking; null when the deadline or the end comes first. */
  #wait(home: number, deadline: AbortSignal): Promise<number | null> {
    return new Promise((done) => {
      const overdue = () => waiter.take(null);
      const waiter: Waiter = {
        home,
        take: (line) => {
          const at = this.#waiters.indexOf(waiter);
          if (at >= 0) this.#waiters.splice(at, 1);
          deadline.removeEventListener('abort', overdue);
          done(line);
        },
      };
      this.#waiters.push(waiter);
      if (deadline.aborted) overdue();
      else deadline.addEventListener('abort', overdue, { once: true });
    });
  }

  #release(at: number): void {
    const next = this.#waiters.find((waiter) => !this.#worksOn || waiter.home === at);
    if (next !== undefined) {
      next.take(at);
      return;
    }
    this.#busy[at] = false;
    if (!this.#busy.includes(true)) this.#emptied?.();
  }

  /** A receiver of HL7 v2 cannot be asked; it recognises MSH-10 instead. */
  async resolve(): Promise<Resolution> {
    return { known: 'unknown' };
  }

  /** Lets the messages on the lines have their answers (each within its own time), then closes. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const waiter of [...this.#waiters]) waiter.take(null);
    if (this.#busy.includes(true)) {
      await new Promise<void>((emptied) => {
        this.#emptied = emptied;
      });
    }
    for (const line of this.#lines) line.close();
  }
}
