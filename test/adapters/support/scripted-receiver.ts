import { brandAs, type MessageId, type SourceName } from '../../../records/ids.ts';
import type { Incoming, Receipt, Receiver, Refused } from '../../../records/ports.ts';

let nextId = 0;
export const receipt = (reply: Buffer | string | null, over: Partial<Receipt> = {}): Receipt => {
  nextId += 1;
  return {
    outcome: 'stored',
    messageId: brandAs<MessageId>(nextId),
    reply: typeof reply === 'string' ? Buffer.from(reply) : reply,
    ...over,
  };
};

export const sourceName = (name: string): SourceName => brandAs<SourceName>(name);

/** A receiver that keeps what it is given and answers as the test says; unscripted, it answers `ack <bytes>`. */
export class ScriptedReceiver implements Receiver {
  readonly received: Incoming[] = [];
  readonly refused: Refused[] = [];
  inHand = 0;
  mostInHand = 0;
  onReceive: (incoming: Incoming) => Promise<Receipt> | Receipt = (incoming) => receipt(`ack ${incoming.bytes.toString('latin1')}`);
  onRefuse: (refused: Refused) => Promise<Receipt> | Receipt = () => receipt('refused', { outcome: 'rejected' });

  async receive(incoming: Incoming): Promise<Receipt> {
    this.received.push(incoming);
    this.inHand += 1;
    this.mostInHand = Math.max(this.mostInHand, this.inHand);
    try {
      return await this.onReceive(incoming);
    } finally {
      this.inHand -= 1;
    }
  }

  async refuse(refused: Refused): Promise<Receipt> {
    this.refused.push(refused);
    return this.onRefuse(refused);
  }

  get texts(): string[] {
    return this.received.map((incoming) => incoming.bytes.toString('latin1'));
  }
}
