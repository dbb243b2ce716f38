import { performance } from 'node:perf_hooks';
import type { MailboxSettings } from '../../config/types-mesh.ts';
import type { MailboxDiary } from '../../records/far-side.ts';
import type { MailboxName } from '../../records/ids.ts';
import { MeshClient } from './client.ts';
import { beforehand } from './errors.ts';
import type { MeshClientParts } from './requests.ts';

export interface MeshMailboxParts extends Omit<MeshClientParts, 'name'> {
  readonly diary: MailboxDiary;
}

/** After a handshake that failed, the next is not before this, whoever asks. */
const HANDSHAKE_PAUSE = 30_000;

/** One configured mailbox, shared by its source and its destinations: connections, handshakes, and word that something was sent. */
export class MeshMailbox {
  readonly name: MailboxName;
  /** Mailbox id, upper case. */
  readonly id: string;
  readonly settings: MailboxSettings;
  readonly client: MeshClient;
  readonly #diary: MailboxDiary;
  readonly #pause: number;
  /** Monotonic ms until which no handshake is due. */
  #greetedUntil = Number.NEGATIVE_INFINITY;
  #greeting: Promise<void> | null = null;
  #failed: { readonly error: unknown; readonly until: number } | null = null;
  readonly #lookers = new Set<() => void>();
  readonly #sent = new Set<string>();

  /** Throws a Problem where address or proxy cannot be used. */
  constructor(name: MailboxName, settings: MailboxSettings, parts: MeshMailboxParts) {
    this.name = name;
    this.id = settings.id;
    this.settings = settings;
    this.client = new MeshClient(settings, { ...parts, name });
    this.#diary = parts.diary;
    this.#pause = Math.min(HANDSHAKE_PAUSE, settings.handshake);
  }

  /** Shown to people: `mesh X26OT001`. */
  get address(): string {
    return `mesh ${this.id}`;
  }

  /**
   * To be called before anything is asked or sent: does the handshake where it is due, by any daemon's last one, restarts included. All
   * that call meanwhile wait for the same one. Rejects with a MeshError (of which no request of the caller's own has gone out), or with
   * the store's error where the diary cannot be read.
   */
  async ready(): Promise<void> {
    const now = performance.now();
    if (now < this.#greetedUntil) return;
    if (this.#failed !== null && now < this.#failed.until) throw this.#failed.error;
    this.#greeting ??= this.#greet().finally(() => {
      this.#greeting = null;
    });
    await this.#greeting;
  }

  async #greet(): Promise<void> {
    const { handshake } = this.settings;
    const { sinceHandshakeMs } = await this.#diary.read(this.id);
    if (sinceHandshakeMs !== null && sinceHandshakeMs < handshake) {
      this.#greetedUntil = performance.now() + handshake - sinceHandshakeMs;
      return;
    }
    try {
      await this.client.handshake();
    } catch (error) {
      const told = beforehand(error);
      this.#failed = { error: told, until: performance.now() + this.#pause };
      throw told;
    }
    this.#failed = null;
    this.#greetedUntil = performance.now() + handshake;
    await this.#diary.note(this.id, 'handshake');
  }

  /** Something was sent: the service expects a look into the inbox right after it. Soon, and once for all that is sent meanwhile. */
  lookSoon(): void {
    for (const look of this.#lookers) look();
  }

  /** Whoever reads the inbox is told of `lookSoon`. Returns how to end that. */
  onLookSoon(look: () => void): () => void {
    this.#lookers.add(look);
    return () => void this.#lookers.delete(look);
  }

  /** Workflow ids that are sent from here: reports on them come back under these. */
  sends(workflows: readonly string[]): void {
    for (const workflow of workflows) this.#sent.add(workflow);
  }

  get sent(): ReadonlySet<string> {
    return this.#sent;
  }

  close(): void {
    this.client.close();
  }
}
