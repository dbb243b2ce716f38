import type { DestinationId, MessageId, SourceId } from '../records/ids.ts';
import type { FiledHead } from '../records/process.ts';
import type { Telemetry } from '../records/telemetry.ts';
import type { Database } from '../store/pool.ts';
import { filedReplies, giveUpReply, markRepliesSent, orphanReplies, withoutReply } from '../store/replies.ts';
import type { Vault } from '../store/vault.ts';

const LOOK_MS = 200;
/** How often it is looked whether somebody waits in vain, and whether a reply has nobody. */
const TIDY_MS = 5_000;
/** A daemon that lives looks far more often than this. */
const ORPHANED_MS = 30_000;

export interface ReplyDeskParts {
  readonly database: Database;
  readonly vault: Vault;
  readonly telemetry: Telemetry;
  /** Where answers of this source go whose connection is gone; undefined: nowhere. */
  readonly destinationOf: (source: SourceId) => DestinationId | undefined;
  readonly onHeads: (heads: readonly FiledHead[]) => void;
}

/** Writes application answers (enhanced mode) to the connections this daemon holds, once the leader, here or elsewhere, has filed them. */
export class ReplyDesk {
  readonly #parts: ReplyDeskParts;
  readonly #waiting = new Map<MessageId, (reply: Buffer) => boolean>();
  readonly #timers: readonly NodeJS.Timeout[];
  #busy: Promise<void> | null = null;

  constructor(parts: ReplyDeskParts) {
    this.#parts = parts;
    this.#timers = [setInterval(() => this.look(), LOOK_MS), setInterval(() => this.#do(() => this.#tidy()), TIDY_MS)];
    for (const timer of this.#timers) timer.unref();
  }

  /** Who wait now. */
  get waiting(): number {
    return this.#waiting.size;
  }

  await(id: MessageId, later: (reply: Buffer) => boolean): void {
    this.#waiting.set(id, later);
  }

  /** Looks now; looks that are asked for while one is under way share it. */
  look(): void {
    if (this.#waiting.size > 0) this.#do(() => this.#write());
  }

  #do(work: () => Promise<void>): void {
    if (this.#busy !== null) return;
    this.#busy = work()
      .catch((error: unknown) => this.#parts.telemetry.error('replies-failed', error))
      .finally(() => {
        this.#busy = null;
      });
  }

  async #write(): Promise<void> {
    const { database, vault } = this.#parts;
    const replies = await filedReplies(database, vault, [...this.#waiting.keys()]);
    const sent: MessageId[] = [];
    const gone: MessageId[] = [];
    for (const { messageId, bytes } of replies) {
      const write = this.#waiting.get(messageId);
      this.#waiting.delete(messageId);
      (write?.(bytes) === true ? sent : gone).push(messageId);
    }
    await markRepliesSent(database, sent);
    for (const id of gone) await this.#giveUp(id);
  }

  /** A sender that asked for answers to errors alone waits in vain where there was none; a reply filed for a daemon that died has nobody. */
  async #tidy(): Promise<void> {
    for (const id of await withoutReply(this.#parts.database, [...this.#waiting.keys()])) this.#waiting.delete(id);
    for (const id of await orphanReplies(this.#parts.database, ORPHANED_MS)) if (!this.#waiting.has(id)) await this.#giveUp(id);
  }

  async #giveUp(id: MessageId): Promise<void> {
    const { database, vault, destinationOf, onHeads } = this.#parts;
    const heads = await giveUpReply(database, vault, id, destinationOf);
    if (heads.length > 0) onHeads(heads);
  }

  async stop(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    await this.#busy;
  }
}
