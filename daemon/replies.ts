import type { MessageId, SourceId } from '../records/ids.ts';
import type { FiledHead } from '../records/process.ts';
import type { Telemetry } from '../records/telemetry.ts';
import type { Database } from '../store/pool.ts';
import { answerless, filedReplies, markRepliesSent, orphanedReplies, passOnReplies, type ReplyWay } from '../store/replies.ts';
import type { Vault } from '../store/vault.ts';

const LOOK_MS = 200;
/** Looks between two for answers nobody writes, and for messages that will have none. */
const SWEEP_EVERY = 25;
/** A daemon that holds the connection writes an answer well within this. */
const ORPHANED_MS = 15_000;

export interface ReplyDeskParts {
  readonly database: Database;
  readonly vault: Vault;
  readonly telemetry: Telemetry;
  /** `replies:` of the sources that name one. */
  readonly ways: () => ReadonlyMap<SourceId, ReplyWay>;
  readonly onHeads: (heads: readonly FiledHead[]) => void;
  readonly orphanedMs?: number;
}

/**
 * Writes application answers (enhanced mode) to the connections this daemon holds, once the leader, here or elsewhere, has filed them.
 * Those whose connection is gone, with their daemon or without it, go to the destination their source names (ruling A20).
 */
export class ReplyDesk {
  readonly #parts: ReplyDeskParts;
  readonly #waiting = new Map<MessageId, (reply: Buffer) => boolean>();
  readonly #timer: NodeJS.Timeout;
  #busy: Promise<void> | null = null;
  #looks = 0;

  constructor(parts: ReplyDeskParts) {
    this.#parts = parts;
    this.#timer = setInterval(() => {
      this.#looks += 1;
      this.look(this.#looks % SWEEP_EVERY === 0);
    }, LOOK_MS);
    this.#timer.unref();
  }

  await(id: MessageId, later: (reply: Buffer) => boolean): void {
    this.#waiting.set(id, later);
  }

  /** Looks now; looks that are asked for while one is under way share it. */
  look(sweep = false): void {
    if ((this.#waiting.size === 0 && !sweep) || this.#busy !== null) return;
    this.#busy = this.#work(sweep)
      .catch((error: unknown) => this.#parts.telemetry.error('replies-failed', error))
      .finally(() => {
        this.#busy = null;
      });
  }

  async #work(sweep: boolean): Promise<void> {
    await this.#write();
    if (!sweep) return;
    const { database, orphanedMs = ORPHANED_MS } = this.#parts;
    for (const id of await answerless(database, [...this.#waiting.keys()])) this.#waiting.delete(id);
    await this.#passOn(await orphanedReplies(database, orphanedMs));
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
    await this.#passOn(gone);
  }

  async #passOn(ids: readonly MessageId[]): Promise<void> {
    if (ids.length === 0) return;
    const { database, vault, telemetry, ways, onHeads } = this.#parts;
    const { filed, dropped, heads } = await passOnReplies(database, vault, ids, ways());
    onHeads(heads);
    if (filed > 0) telemetry.event('replies-passed-on', { count: filed });
    if (dropped > 0) telemetry.event('replies-unsent', { count: dropped });
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#busy;
  }
}
