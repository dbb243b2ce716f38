import type { AwaitedDelivery, FarName, FarReceipt, FarReceipts, IncomingReport, NoteOutcome } from '../../../../records/far-side.ts';
import { ThroughcareError } from '../../../../records/faults.ts';
import { brandAs, type MessageId } from '../../../../records/ids.ts';
import type { IncomingStream, MailboxReceiver, Receipt, Refused } from '../../../../records/ports.ts';
import type { TestLeases } from './diary.ts';

export interface Journalled extends Omit<IncomingStream, 'body'> {
  readonly content: Buffer;
}

/** The journal as an inbound adapter sees it: recognises what it has, refuses what comes under an old lease, fails when told. */
export class TestJournal implements MailboxReceiver {
  /** In the order they were journalled, duplicates left out. */
  readonly messages: Journalled[] = [];
  readonly reports: IncomingReport[] = [];
  readonly refused: Refused[] = [];
  duplicates = 0;
  /** Deliveries that reports may name. */
  readonly deliveries: FarName[] = [];
  onReceive: (incoming: IncomingStream) => void | Promise<void> = () => {};
  readonly #leases: TestLeases | undefined;

  constructor(leases?: TestLeases) {
    this.#leases = leases;
  }

  get ids(): string[] {
    return this.messages.map(({ transportId }) => transportId);
  }

  async receiveStream(incoming: IncomingStream): Promise<readonly Receipt[]> {
    await this.onReceive(incoming);
    const pieces: Uint8Array[] = [];
    for await (const piece of incoming.body) pieces.push(piece);
    this.#fence(incoming);
    const { body: _, ...rest } = incoming;
    const known = this.messages.some(({ transportId }) => transportId === incoming.transportId);
    if (known) this.duplicates += 1;
    else this.messages.push({ ...rest, content: Buffer.concat(pieces) });
    return [receipt(known ? 'duplicate' : 'stored')];
  }

  async receiveReport(report: IncomingReport): Promise<Receipt | null> {
    this.#fence(report);
    const known = this.deliveries.some(
      (one) =>
        (one.farId !== undefined && one.farId === report.name.farId) ||
        (one.transportKey !== undefined && one.transportKey === report.name.transportKey),
    );
    if (!known && !report.final) return null;
    this.reports.push(report);
    return receipt(known ? 'stored' : 'held');
  }

  readonly refuse = async (refused: Refused): Promise<Receipt> => {
    this.refused.push(refused);
    return receipt('rejected');
  };

  #fence({ fence }: Pick<IncomingStream, 'fence'>): void {
    if (fence !== undefined && this.#leases !== undefined && this.#leases.newest(fence.lease) !== fence.token)
      throw new ThroughcareError('lease-lost');
  }
}

const receipt = (outcome: Receipt['outcome']): Receipt => ({ outcome, messageId: brandAs<MessageId>(1), reply: null });

/** Deliveries that wait for more, and what is noted of them. */
export class TestFar implements Pick<FarReceipts, 'awaited' | 'note'> {
  waiting: AwaitedDelivery[] = [];
  readonly noted: { readonly name: FarName; readonly receipt: FarReceipt }[] = [];

  async awaited(_mailbox: string, limit: number): Promise<readonly AwaitedDelivery[]> {
    return this.waiting.slice(0, limit);
  }

  async note(name: FarName, noted: FarReceipt): Promise<NoteOutcome> {
    this.noted.push({ name, receipt: noted });
    return 'noted';
  }
}
