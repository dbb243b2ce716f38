import { createHash } from 'node:crypto';
import { readBatch } from '../../formats/hl7v2/batch.ts';
import type { FaultCode } from '../../records/faults.ts';
import type { SourceName } from '../../records/ids.ts';
import type { Receipt, Receiver } from '../../records/ports.ts';
import type { Reading } from '../files/reading.ts';
import type { FileVerdict, MessageVerdict } from './verdict.ts';

type WholeFile = Extract<Reading, { kind: 'whole' }>;

/**
 * Gives a file's messages to the receiver, one after another in the file's order: the next is given only when the one
 * before is committed, so that a store that fails in the middle never has a later message without an earlier one.
 */
export class FileIntake {
  readonly #source: SourceName;
  readonly #receiver: Receiver;
  readonly #connection: string;
  /** How far the file in hand had come when the store failed, so that a second go does not begin again. */
  #begun: { readonly digest: string; readonly messages: MessageVerdict[] } | null = null;

  constructor(source: SourceName, receiver: Receiver) {
    this.#source = source;
    this.#receiver = receiver;
    this.#connection = `folder/${source}`;
  }

  /** Rejects when the store did not take a message; what it took stays taken. `stop` is looked at between messages. */
  async take(file: WholeFile, name: Buffer, stop: AbortSignal): Promise<FileVerdict> {
    const digest = createHash('sha256').update(file.bytes).digest('hex');
    const batch = readBatch(file.bytes);
    const messages: MessageVerdict[] = this.#begun?.digest === digest ? this.#begun.messages : [];
    this.#begun = { digest, messages };
    const meta = { file: name.toString('utf8'), modified: file.modified.toISOString() };
    // A file without any message is given to the receiver whole, which rejects it and keeps its bytes.
    const foreign = batch.messages.length === 0 && batch.findings.length > 0;
    const parts = foreign ? [{ bytes: file.bytes, index: 1 }] : batch.messages;
    for (const message of parts.slice(messages.length)) {
      stop.throwIfAborted();
      const receipt = await this.#receiver.receive({
        source: this.#source,
        bytes: message.bytes,
        connection: this.#connection,
        transportId: `${digest}.${message.index}`,
        meta: { ...meta, index: String(message.index) },
      });
      messages.push({ index: message.index, receipt });
    }
    this.#begun = null;
    return { messages, faults: batch.findings };
  }

  /** Journals a file that holds nothing to receive (empty, too large) as rejected. Rejects when the store did not take it. */
  refuse(reason: FaultCode, head: Buffer, size: number): Promise<Receipt> {
    return this.#receiver.refuse({ source: this.#source, reason, head, size, connection: this.#connection });
  }
}
