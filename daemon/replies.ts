import type { MessageId } from '../records/ids.ts';
import type { Telemetry } from '../records/telemetry.ts';
import type { Database } from '../store/pool.ts';
import { filedReplies, giveUpReplies, markRepliesSent } from '../store/replies.ts';
import type { Vault } from '../store/vault.ts';

const LOOK_MS = 200;

/** Writes application answers (enhanced mode) to the connections this daemon holds, once the leader, here or elsewhere, has filed them. */
export class ReplyDesk {
  readonly #database: Database;
  readonly #vault: Vault;
  readonly #telemetry: Telemetry;
  readonly #waiting = new Map<MessageId, (reply: Buffer) => boolean>();
  readonly #timer: NodeJS.Timeout;
  #busy: Promise<void> | null = null;

  constructor(database: Database, vault: Vault, telemetry: Telemetry) {
    this.#database = database;
    this.#vault = vault;
    this.#telemetry = telemetry;
    this.#timer = setInterval(() => this.look(), LOOK_MS);
    this.#timer.unref();
  }

  await(id: MessageId, later: (reply: Buffer) => boolean): void {
    this.#waiting.set(id, later);
  }

  /** Looks now; looks that are asked for while one is under way share it. */
  look(): void {
    if (this.#waiting.size === 0 || this.#busy !== null) return;
    this.#busy = this.#write()
      .catch((error: unknown) => this.#telemetry.error('replies-failed', error))
      .finally(() => {
        this.#busy = null;
      });
  }

  async #write(): Promise<void> {
    const replies = await filedReplies(this.#database, this.#vault, [...this.#waiting.keys()]);
    const sent: MessageId[] = [];
    const gone: MessageId[] = [];
    for (const { messageId, bytes } of replies) {
      const write = this.#waiting.get(messageId);
      this.#waiting.delete(messageId);
      (write?.(bytes) === true ? sent : gone).push(messageId);
    }
    await markRepliesSent(this.#database, sent);
    await giveUpReplies(this.#database, gone);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#busy;
  }
}
