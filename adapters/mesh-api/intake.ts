import type { Lease } from '../../records/far-side.ts';
import type { FaultCode } from '../../records/faults.ts';
import type { SourceName } from '../../records/ids.ts';
import type { MailboxReceiver, Receiver } from '../../records/ports.ts';
import type { Telemetry } from '../../records/telemetry.ts';
import { errnoOf } from '../condition.ts';
import { type BodyBeginning, beginningOf, WatchedBody } from './beginning.ts';
import { dispositionOf, travellingHeaders, type WorkflowRules } from './disposition.ts';
import { MeshContentError, MeshError } from './errors.ts';
import type { MeshHeaders } from './exchange.ts';
import type { MeshMailbox } from './mailbox.ts';
import { type InboxMemory, oneMore } from './memory.ts';
import { type ReportContent, readBusinessReport, readReport } from './report.ts';

/** The store did not take a message. It stays in the mailbox. */
export class NotJournalled extends Error {
  constructor(options: ErrorOptions) {
    super('not journalled', options);
    this.name = 'NotJournalled';
  }
}

export interface IntakeParts {
  readonly source: SourceName;
  readonly mailbox: MeshMailbox;
  readonly rules: WorkflowRules;
  readonly receiver: MailboxReceiver;
  readonly refuse: Receiver['refuse'];
  readonly telemetry: Telemetry;
  readonly memory: InboxMemory;
  readonly lease: Lease;
  /** No further message is begun. */
  readonly stopping: AbortSignal;
  /** Requests under way are given up: the lease is lost, or the time to finish is over. */
  readonly signal: AbortSignal;
  /** The time to finish is over: what is committed is not even acknowledged any more. */
  readonly overdue: AbortSignal;
  /** Told of each message that is left because its workflow has no disposition. */
  readonly onLeft: (workflow: string) => void;
}

/** Small messages are read to their end before they are journalled, so that the next can be fetched meanwhile. */
const SMALL = 64 * 1024;
const MOST_WAITING = 4;
/** A recipient's own answer is a document of this size at most. */
const MOST_ANSWER = 1024 * 1024;
/** Worth compressing on the way. */
const WORTH_GZIP = 16 * 1024;
/** Looks in which the content of a message cannot be had, before it is refused and taken out of the mailbox. */
export const CONTENT_TRIES = 3;
/** A report is matched by then, or about nothing of ours: its delivery's id is stored at once, and reports follow in seconds at the earliest. */
const UNMATCHED_MS = 600_000;

/**
 * Takes messages of one mailbox, in the order given. There is one request to the service at a time: headers first, then the content, then
 * the acknowledgement of what is committed by then. Commits go on meanwhile, one after the other.
 */
export class MailboxIntake {
  /** Messages that left the mailbox. */
  gone = 0;
  readonly #parts: IntakeParts;
  #journalling: Promise<void> = Promise.resolve();
  #waiting = 0;
  #onSpace: () => void = () => {};
  readonly #committed: string[] = [];
  #failure: unknown = null;

  constructor(parts: IntakeParts) {
    this.#parts = parts;
  }

  /** Rejects with a MeshError, with NotJournalled, or with what the store said; what was committed before is acknowledged all the same. */
  async take(ids: readonly string[]): Promise<void> {
    const { stopping, signal, memory } = this.#parts;
    try {
      for (const id of ids) {
        if (stopping.aborted || signal.aborted || this.#failure !== null) break;
        if (memory.taken.has(id)) this.#committed.push(id);
        else await this.#one(id);
        await this.#acknowledge();
      }
    } finally {
      await this.#journalling;
      // Also where the lease is lost meanwhile: what is committed is committed, and need not be fetched by another.
      await this.#acknowledge();
    }
    if (this.#failure !== null) throw this.#failure;
  }

  async #one(id: string): Promise<void> {
    const { mailbox, rules, signal, memory, onLeft } = this.#parts;
    let headers: MeshHeaders = {};
    try {
      headers = await mailbox.client.head(id, signal);
      const what = dispositionOf(headers, rules);
      if (what.kind === 'leave') {
        memory.left.set(id, what.workflow);
        this.#count('left');
        onLeft(what.workflow);
        return;
      }
      await this.#space();
      if (this.#failure !== null) return;
      const compressed = Number(headers['content-length'] ?? WORTH_GZIP) >= WORTH_GZIP;
      const download = await mailbox.client.download(id, { compressed, signal });
      headers = { ...headers, ...download.headers };
      const begun = await beginningOf(download.body, what.kind === 'business' ? MOST_ANSWER : SMALL);
      if ('failure' in begun) {
        if (!(begun.failure instanceof MeshContentError)) throw begun.failure;
        return this.#spoilt(id, headers, begun.failure, begun.bytes);
      }
      if (what.kind === 'report') return this.#report(id, readReport(id, headers));
      const answer = what.kind === 'business' && begun.whole ? readBusinessReport(id, what.workflow, headers, begun.bytes) : undefined;
      if (answer !== undefined) return this.#report(id, answer);
      // An answer that is not understood is for a person.
      await this.#message(id, headers, what.workflow, what.kind === 'take' ? what.as : 'hold', begun);
    } catch (error) {
      if (!(error instanceof MeshContentError)) throw error;
      this.#spoilt(id, headers, error, Buffer.alloc(0));
    }
  }

  async #message(
    id: string,
    headers: MeshHeaders,
    workflow: string,
    disposition: 'process' | 'forward' | 'hold',
    begun: BodyBeginning,
  ): Promise<void> {
    const { source, mailbox, receiver, lease } = this.#parts;
    const body = new WatchedBody(begun);
    const journal = async (): Promise<void> => {
      try {
        await receiver.receiveStream({
          source,
          connection: `mesh:${mailbox.id}`,
          transportId: id,
          workflow,
          disposition,
          body: body.pieces(),
          meta: { mailbox: mailbox.id },
          headers: travellingHeaders(headers),
          fence: { lease: lease.name, token: lease.token },
        });
        this.#journalled(id, 'taken');
      } catch (error) {
        if (body.failure === undefined) throw error;
        if (!(body.failure instanceof MeshContentError)) throw body.failure;
        await this.#refuse(id, headers, body.failure, body.head, body.size);
      } finally {
        await body.close();
      }
    };
    this.#enqueue(id, journal);
    // A large one comes over the connection while it is journalled: nothing else is asked meanwhile.
    if (!begun.whole) await this.#journalling;
  }

  #report(id: string, content: ReportContent): void {
    const { source, mailbox, receiver, lease, memory } = this.#parts;
    this.#enqueue(id, async () => {
      const seen = content.at ?? memory.unmatched.get(id) ?? Date.now();
      const old = Date.now() - Math.min(seen, memory.unmatched.get(id) ?? seen) > UNMATCHED_MS;
      const names = content.names.length === 0 ? [{}] : content.names;
      for (const [index, name] of names.entries()) {
        const receipt = await receiver.receiveReport({
          source,
          connection: `mesh:${mailbox.id}`,
          transportId: id,
          bytes: content.bytes,
          type: content.type,
          name: { mailbox: mailbox.id, ...name },
          receipt: content.receipt,
          meta: { mailbox: mailbox.id },
          fence: { lease: lease.name, token: lease.token },
          // A report that names nothing at all will never be matched.
          final: index === names.length - 1 && (old || content.names.length === 0),
        });
        if (receipt !== null) return this.#journalled(id, 'report');
      }
      if (!memory.unmatched.has(id)) memory.unmatched.set(id, Date.now());
      this.#count('waiting');
    });
  }

  #spoilt(id: string, headers: MeshHeaders, error: MeshContentError, head: Buffer): void {
    this.#enqueue(id, () => this.#refuse(id, headers, error, head, head.length));
  }

  /** After some looks it is journalled with what there is of it, and taken out: else it would be fetched for ever. */
  async #refuse(id: string, headers: MeshHeaders, error: MeshContentError, head: Buffer, size: number): Promise<void> {
    const { source, mailbox, refuse, telemetry, memory } = this.#parts;
    if (oneMore(memory.spoilt, id) < CONTENT_TRIES) {
      telemetry.warn('mailbox.message-failed', { mailbox: mailbox.name, id, code: error.trouble, chunk: error.chunk });
      return this.#count('failed');
    }
    const reason: FaultCode = 'mesh-content';
    const about = Buffer.from(`${JSON.stringify({ ...headers, 'mex-messageid': id })}\n`);
    await refuse({ source, reason, head: Buffer.concat([about, head]), size: about.length + size, connection: `mesh:${mailbox.id}` });
    telemetry.warn('mailbox.content-refused', { mailbox: mailbox.name, id, code: error.trouble, chunk: error.chunk });
    this.#journalled(id, 'refused');
  }

  /** Commits in order, one after the other; after one that fails none is begun. */
  #enqueue(id: string, work: () => Promise<void>): void {
    const { signal, memory, telemetry, mailbox } = this.#parts;
    this.#waiting += 1;
    this.#journalling = this.#journalling.then(async () => {
      try {
        if (this.#failure === null && !signal.aborted) await work();
      } catch (error) {
        if (error instanceof MeshError) this.#failure = error;
        else {
          // Another reader's turn, and not this message's fault.
          if (!signal.aborted && errnoOf(error) !== 'lease-lost') oneMore(memory.failures, id);
          telemetry.warn('mailbox.message-failed', { mailbox: mailbox.name, id, code: errnoOf(error) });
          this.#failure = new NotJournalled({ cause: error });
        }
      }
      this.#waiting -= 1;
      this.#onSpace();
    });
  }

  async #space(): Promise<void> {
    while (this.#waiting >= MOST_WAITING)
      await new Promise<void>((go) => {
        this.#onSpace = go;
      });
  }

  #journalled(id: string, outcome: 'taken' | 'report' | 'refused'): void {
    this.#parts.memory.taken.add(id);
    this.#committed.push(id);
    this.#count(outcome);
  }

  /** Of what is committed by now. What cannot be acknowledged is remembered, and acknowledged at a later look without fetching it again. */
  async #acknowledge(): Promise<void> {
    const { mailbox, memory, overdue, telemetry } = this.#parts;
    for (const id of this.#committed.splice(0)) {
      if (overdue.aborted) return;
      try {
        await mailbox.client.acknowledge(id, overdue);
        memory.forget(id);
        this.gone += 1;
      } catch (error) {
        telemetry.warn('mailbox.acknowledge-failed', { mailbox: mailbox.name, id, code: errnoOf(error) });
        if (error instanceof MeshError && !error.passing) continue;
        this.#failure ??= error;
        return;
      }
    }
  }

  #count(outcome: string): void {
    this.#parts.telemetry.count('mailbox_messages', { mailbox: this.#parts.mailbox.name, outcome });
  }
}
