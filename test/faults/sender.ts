import { setTimeout as sleep } from 'node:timers/promises';
import { MllpClient } from '../support/mllp-client.ts';
import type { Chance } from '../support/seed.ts';
import type { Feed, Sent } from './feed.ts';

/** Milliseconds. A real sender waits longer; here an answer that was lost must not cost the run. */
const PATIENCE = 1_500;
const BACK_OFF = 40;

/**
 * A sender as hospitals have them: one message at a time, the next only when this one has been acknowledged; at any doubt it connects
 * again, to the next address it was given, and sends the same bytes once more.
 */
export class Sender {
  readonly feed: Feed;
  /** Answers that a sender of sound messages should never see. */
  readonly refusals: string[] = [];
  readonly #ports: readonly number[];
  readonly #chance: Chance;
  readonly #pause: number;
  #at: number;
  #client: MllpClient | undefined;
  #stopping = false;
  #given = false;
  #running: Promise<void> | undefined;

  /** `pause`: milliseconds between two messages, about. */
  constructor(feed: Feed, ports: readonly number[], chance: Chance, pause: number) {
    this.feed = feed;
    this.#ports = ports;
    this.#chance = chance;
    this.#pause = pause;
    this.#at = chance.below(ports.length);
  }

  start(): void {
    this.#running = this.#run();
  }

  /** No further messages; resolves once the last one has been acknowledged, or was given up. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#running;
    this.#client?.destroy();
  }
  /** Gives up what is not acknowledged yet. */
  giveUp(): void {
    this.#given = true;
    this.#client?.destroy();
  }

  /** Sends until it is acknowledged; false when it was given up. */
  async deliver(message: Sent): Promise<boolean> {
    while (!this.#given) {
      message.tries += 1;
      const code = await this.#try(message).catch(() => 'lost');
      // AA in original mode, CA in enhanced mode: it is in the journal.
      if (code === 'AA' || code === 'CA') {
        message.acknowledged = Date.now();
        return true;
      }
      // AE or CE says that the store did not take it: to be sent again. Nothing in this feed deserves AR.
      if (code !== 'lost' && code !== 'AE' && code !== 'CE') this.refusals.push(`${message.controlId}: ${code}`);
      await sleep(BACK_OFF + this.#chance.below(BACK_OFF));
    }
    return false;
  }

  async #try(message: Sent): Promise<string> {
    try {
      this.#client ??= await this.#connect();
      const { code, controlId } = await this.#client.send(message.bytes, PATIENCE);
      if (controlId !== message.controlId) throw new Error('the answer is to another message');
      if (!code.endsWith('A')) this.#leave();
      return code;
    } catch (error) {
      this.#leave();
      throw error;
    }
  }

  #connect(): Promise<MllpClient> {
    const port = this.#ports[this.#at % this.#ports.length];
    if (port === undefined) throw new RangeError('a sender needs an address');
    return MllpClient.open(port);
  }

  #leave(): void {
    this.#client?.destroy();
    this.#client = undefined;
    this.#at += 1;
  }

  async #run(): Promise<void> {
    while (!this.#stopping) {
      await this.deliver(this.feed.next());
      await sleep(this.#chance.below(2 * this.#pause));
    }
  }
}
