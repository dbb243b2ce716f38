import { createHash } from 'node:crypto';
import type { FarName, FarReceipt, Fate, IncomingReport, Lease, NoteOutcome } from '../../../records/far-side.ts';
import { brandAs, type MessageId, type Token } from '../../../records/ids.ts';
import type { IncomingStream, MailboxReceiver, Receipt } from '../../../records/ports.ts';
import { receipt } from './scripted-receiver.ts';

/** A stream as it was read to its end. */
export interface Read extends Omit<IncomingStream, 'body'> {
  readonly text: string;
  readonly size: number;
  readonly sha256: string;
}

/** A mailbox receiver with a journal by transport id, far receipts and fates, all as the test says. */
export class ScriptedMailbox implements MailboxReceiver {
  readonly streams: Read[] = [];
  readonly reports: IncomingReport[] = [];
  readonly notes: { readonly name: FarName; readonly receipt: FarReceipt }[] = [];
  readonly fateOf = new Map<MessageId, Fate>();
  /** Transport keys and far ids that name deliveries; null: any. */
  deliveries: ReadonlySet<string> | null = null;
  onStream: (read: Read) => Promise<readonly Receipt[]> | readonly Receipt[] = () => [receipt(null)];
  readonly #journal = new Map<string, readonly Receipt[]>();

  async receiveStream({ body, ...incoming }: IncomingStream): Promise<readonly Receipt[]> {
    const hash = createHash('sha256');
    let size = 0;
    let text = '';
    for await (const piece of body) {
      hash.update(piece);
      size += piece.length;
      if (text.length < 100_000) text += Buffer.from(piece).toString('latin1');
    }
    const read: Read = { ...incoming, text, size, sha256: hash.digest('hex') };
    this.streams.push(read);
    const before = this.#journal.get(incoming.transportId);
    if (before !== undefined) return before.map((each) => ({ ...each, outcome: 'duplicate' }));
    const receipts = await this.onStream(read);
    this.#journal.set(incoming.transportId, receipts);
    return receipts;
  }

  async receiveReport(report: IncomingReport): Promise<Receipt | null> {
    this.reports.push(report);
    return this.#knows(report.name) || report.final ? receipt(null) : null;
  }

  async note(name: FarName, far: FarReceipt): Promise<NoteOutcome> {
    this.notes.push({ name, receipt: far });
    return this.#knows(name) ? 'noted' : 'unmatched';
  }

  async of(messages: readonly MessageId[]): Promise<ReadonlyMap<MessageId, Fate>> {
    return new Map(messages.map((id) => [id, this.fateOf.get(id) ?? { fate: 'open' }]));
  }

  #knows({ farId = '', transportKey = '' }: FarName): boolean {
    return this.deliveries === null || this.deliveries.has(farId) || this.deliveries.has(transportKey);
  }
}

/** Leases of which one daemon at a time has each. */
export class SharedLeases {
  readonly #held = new Map<string, AbortController>();
  #token = 0;

  async take(name: string): Promise<Lease | null> {
    if (this.#held.has(name)) return null;
    const lost = new AbortController();
    this.#held.set(name, lost);
    this.#token += 1;
    return {
      name,
      token: brandAs<Token>(this.#token),
      lost: lost.signal,
      release: async () => {
        if (this.#held.get(name) === lost) this.#held.delete(name);
      },
    };
  }

  /** As when it could not be renewed in time. */
  lose(name: string): void {
    this.#held.get(name)?.abort();
    this.#held.delete(name);
  }

  get names(): readonly string[] {
    return [...this.#held.keys()];
  }
}
