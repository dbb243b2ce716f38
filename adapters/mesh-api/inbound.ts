import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { MeshSourceSettings } from '../../config/types-mesh.ts';
import type { FarReceipts, Lease, Leases, MailboxDiary } from '../../records/far-side.ts';
import type { SourceName } from '../../records/ids.ts';
import type { MailboxReceiver, Receiver, SourceAdapter } from '../../records/ports.ts';
import type { Telemetry } from '../../records/telemetry.ts';
import { Condition, errnoOf } from '../condition.ts';
import { MeshError } from './errors.ts';
import { followUp } from './follow-up.ts';
import { NotJournalled } from './intake.ts';
import { lookInto } from './look.ts';
import type { MeshMailbox } from './mailbox.ts';
import { InboxMemory } from './memory.ts';

export interface MeshSourceParts {
  readonly mailbox: MeshMailbox;
  readonly receiver: MailboxReceiver;
  readonly refuse: Receiver['refuse'];
  readonly leases: Leases;
  readonly diary: MailboxDiary;
  readonly far: Pick<FarReceipts, 'awaited' | 'note'>;
  readonly telemetry: Telemetry;
  /** 0 to 1: spreads the first looks of many mailboxes. */
  readonly random?: () => number;
}

/** First pause after a failure that may pass; it doubles. */
const FIRST_PAUSE = 5_000;
/** Longest pause while the store is away: the service is not asked meanwhile. */
const STORE_PAUSE = 30_000;
/** Longest pause while the store is there and does not take a message, so that it is not fetched hundreds of times a day. */
const MESSAGE_PAUSE = 3_600_000;
/** Until it is asked again whether another daemon still reads the mailbox. */
const TAKEOVER = 15_000;
/** A look that is asked for after a send comes at the earliest so long after the one before, at the usual pause between looks. */
const SOON_SHARE = 10;

/**
 * A MESH mailbox as a source. One daemon at a time looks into it, under a lease; each look takes all there is. Between looks there is the
 * pause the service asks for, counted over all daemons and restarts.
 */
export class MeshSource implements SourceAdapter {
  readonly name: SourceName;
  readonly address: string;
  readonly #settings: Pick<MeshSourceSettings, 'workflows' | 'others' | 'page'>;
  readonly #parts: MeshSourceParts;
  readonly #memory = new InboxMemory();
  readonly #told = new Set<string>();
  readonly #unreachable: Condition;
  readonly #unauthorised: Condition;
  readonly #store: Condition;
  readonly #stopping = new AbortController();
  readonly #overdue = new AbortController();
  #wake = new AbortController();
  #soon = false;
  #failures = 0;
  /** Monotonic ms of the next look after a failure; null: as usual. */
  #again: number | null = null;
  #running: Promise<void> = Promise.resolve();

  constructor(name: SourceName, settings: Pick<MeshSourceSettings, 'workflows' | 'others' | 'page'>, parts: MeshSourceParts) {
    this.name = name;
    this.address = parts.mailbox.address;
    this.#settings = settings;
    this.#parts = parts;
    const facts = { source: name, mailbox: parts.mailbox.name };
    this.#unreachable = new Condition(parts.telemetry, 'mailbox.unreachable', facts);
    this.#unauthorised = new Condition(parts.telemetry, 'mailbox.unauthorised', facts);
    this.#store = new Condition(parts.telemetry, 'source.store-unavailable', { source: name });
  }

  /** Begins to look; a service that does not answer is reported and asked again. */
  async start(): Promise<void> {
    this.#running = this.#run();
  }

  /** What is in hand is journalled and acknowledged; nothing more is begun. */
  async stop(deadline: AbortSignal): Promise<void> {
    this.#stopping.abort();
    this.#wake.abort();
    let overdue: () => void = () => {};
    const late = new Promise<void>((done) => {
      overdue = () => {
        this.#overdue.abort();
        done();
      };
    });
    if (deadline.aborted) overdue();
    else deadline.addEventListener('abort', overdue, { once: true });
    await Promise.race([this.#running, late]);
    deadline.removeEventListener('abort', overdue);
  }

  async #run(): Promise<void> {
    const { mailbox, random = Math.random } = this.#parts;
    const forget = mailbox.onLookSoon(() => {
      this.#soon = true;
      this.#wake.abort();
    });
    await this.#rest(random() * this.#soonPause);
    while (!this.#stopping.signal.aborted) {
      // Made before the turn: what is sent during it asks for another.
      this.#wake = new AbortController();
      let pause: number;
      try {
        pause = await this.#turn();
        if (this.#again === null) this.#store.clear();
      } catch (error) {
        // The lease or the diary: nothing was asked of the service.
        this.#store.raise('store-unavailable', { cause: errnoOf(error) });
        this.#failures += 1;
        pause = Math.min(1_000 * 2 ** Math.min(this.#failures, 16), STORE_PAUSE);
      }
      await this.#rest(pause);
    }
    forget();
  }

  async #rest(milliseconds: number): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    await sleep(milliseconds, undefined, { signal: this.#wake.signal }).catch(() => {});
  }

  get #soonPause(): number {
    return Math.min(this.#parts.mailbox.settings.poll / SOON_SHARE, 30_000);
  }

  /** Milliseconds until a look is due; 0 or less: now. */
  async #dueIn(): Promise<number> {
    const { mailbox, diary } = this.#parts;
    const asked = mailbox.client.pauseMs;
    if (this.#again !== null) return Math.max(this.#again - performance.now(), asked);
    const { sincePollMs } = await diary.read(mailbox.id);
    if (sincePollMs === null) return asked;
    return Math.max((this.#soon ? this.#soonPause : mailbox.settings.poll) - sincePollMs, asked);
  }

  /** Looks if it is due and nobody else does. Resolves with the pause until the next turn; rejects where the store is away. */
  async #turn(): Promise<number> {
    const { mailbox, leases } = this.#parts;
    const due = await this.#dueIn();
    if (due > 0) return due;
    const lease = await leases.take(`mailbox:${mailbox.id}`);
    if (lease === null) return Math.min(TAKEOVER, mailbox.settings.poll);
    try {
      // Another daemon may have looked just now.
      const still = await this.#dueIn();
      if (still > 0) return still;
      await this.#look(lease);
    } finally {
      await lease.release();
    }
    return Math.max(await this.#dueIn(), 1);
  }

  async #look(lease: Lease): Promise<void> {
    const { mailbox, diary, telemetry } = this.#parts;
    const stopping = this.#stopping.signal;
    const signal = AbortSignal.any([lease.lost, this.#overdue.signal]);
    this.#again = null;
    this.#soon = false;
    await diary.note(mailbox.id, 'poll');
    let outcome = 'done';
    try {
      await orStopped(mailbox.ready(), stopping);
      const gone = await lookInto({
        ...this.#parts,
        ...this.#settings,
        source: this.name,
        rules: this.#settings,
        memory: this.#memory,
        lease,
        signal,
        overdue: this.#overdue.signal,
        stopping,
        onLeft: (workflow) => this.#tellLeft(workflow),
      });
      if (gone > 0) telemetry.event('mailbox.looked', { source: this.name, mailbox: mailbox.name, count: gone });
      this.#failures = 0;
      this.#unreachable.clear();
      this.#unauthorised.clear();
      await followUp(this.#parts, AbortSignal.any([stopping, signal]));
    } catch (error) {
      outcome = this.#failed(error, signal);
    }
    telemetry.count('mailbox_looks', { mailbox: mailbox.name, outcome });
    telemetry.gauge('mailbox_left', this.#memory.left.size, { mailbox: mailbox.name });
  }

  /** Says what is wrong, and when to look again. */
  #failed(error: unknown, signal: AbortSignal): string {
    const { poll } = this.#parts.mailbox.settings;
    if (signal.aborted || this.#stopping.signal.aborted) return 'stopped';
    this.#failures += 1;
    const pause = Math.min(FIRST_PAUSE, poll) * 2 ** Math.min(this.#failures - 1, 16);
    if (!(error instanceof MeshError)) {
      const cause = error instanceof NotJournalled ? error.cause : error;
      this.#store.raise('store-unavailable', { cause: errnoOf(cause) });
      this.#again = performance.now() + Math.min(pause, Math.max(MESSAGE_PAUSE, poll));
      return 'not-journalled';
    }
    const facts = { cause: error.errno || error.trouble, ...(error.status === null ? {} : { status: String(error.status) }) };
    if (error.unauthorised) this.#unauthorised.raise('mesh-unauthorised', facts);
    else this.#unreachable.raise('mesh-unavailable', facts);
    // An answer that says no is not asked for again before the usual time; what may pass, sooner.
    this.#again = performance.now() + Math.max(error.passing ? Math.min(pause, poll) : poll, error.retryAfterMs ?? 0);
    return error.unauthorised ? 'unauthorised' : 'unreachable';
  }

  /** Once for a workflow, however many messages of it there are and however often they are seen. */
  #tellLeft(workflow: string): void {
    if (this.#told.has(workflow)) return;
    this.#told.add(workflow);
    this.#parts.telemetry.warn('mailbox.workflow-left', { source: this.name, mailbox: this.#parts.mailbox.name, workflow });
  }
}

/** Rejects as soon as it is stopped, whatever becomes of what was waited for: others may wait for it too. */
const orStopped = async (waited: Promise<void>, stopping: AbortSignal): Promise<void> => {
  if (stopping.aborted) throw new MeshError({ trouble: 'stopped', reached: false });
  let stop: () => void = () => {};
  const stopped = new Promise<never>((_, reject) => {
    stop = () => reject(new MeshError({ trouble: 'stopped', reached: false }));
    stopping.addEventListener('abort', stop, { once: true });
  });
  try {
    await Promise.race([waited, stopped]);
  } finally {
    stopping.removeEventListener('abort', stop);
  }
};
