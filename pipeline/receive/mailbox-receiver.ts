import { beginsHl7, readBatch } from '../../formats/hl7v2/batch.ts';
import type { FarReceipts } from '../../records/far-side.ts';
import { ThroughcareError } from '../../records/faults.ts';
import { type Arrival, type BodyStore, KNOWN_BY_WORKFLOW, type Settlement } from '../../records/intake.ts';
import type { IncomingStream, MailboxReceiver, Receipt } from '../../records/ports.ts';
import { messageMeta } from './mailbox-meta.ts';
import { outcomeOf, type ReceiverParts, receiveMessage, transportIdentity, whyHeld } from './receiver.ts';
import { receiveReport } from './report.ts';
import { type Beginning, cutAtLineEnd, HeaderWatch, readBeginning } from './stream-head.ts';

/** Identity digest of bytes that arrive in pieces. */
export interface DigestStream {
  update(chunk: Uint8Array): void;
  digest(): Buffer;
}

export interface MailboxReceiverParts extends Omit<ReceiverParts, 'awaitReply'> {
  readonly digester: () => DigestStream;
  readonly bodies: BodyStore;
  readonly far: Pick<FarReceipts, 'find' | 'note'>;
}

/** Of a body, so much is held in memory; more goes to the content store as it comes. */
const HELD = 1024 * 1024;
/** The journal counts bytes in 32 bits. */
const MOST = 2 ** 31 - 1;
const NOTHING = Buffer.alloc(0);

/** Takes what mailboxes bring, whatever it is and however large, into the journal. Nobody reads an answer there: none is made. */
export const createMailboxReceiver = (parts: MailboxReceiverParts): MailboxReceiver => {
  const alone = oneAtATime();
  return {
    receiveStream: (incoming) => receiveStream(parts, alone, incoming),
    receiveReport: (report) => receiveReport(parts, report),
  };
};

type Alone = <T>(work: () => Promise<T>) => Promise<T>;

const oneAtATime = (): Alone => {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const next = last.then(work, work);
    last = next.catch(() => undefined);
    return next;
  };
};

const receiveStream = async (parts: MailboxReceiverParts, alone: Alone, incoming: IncomingStream): Promise<readonly Receipt[]> => {
  const beginning = await readBeginning(incoming.body, HELD);
  if ('head' in beginning) return receiveLarge(parts, alone, incoming, beginning);
  const { whole } = beginning;
  if (incoming.disposition === 'process' && beginsHl7(whole) !== undefined) return receiveHl7(parts, incoming, whole);
  return [await receiveOpaque(parts, incoming, { body: whole, digest: parts.digest(whole) })];
};

/** Messages in their order: the next is journalled only when the one before is committed, so that a second go begins where the first ended. */
const receiveHl7 = async (parts: MailboxReceiverParts, incoming: IncomingStream, whole: Buffer): Promise<readonly Receipt[]> => {
  const { messages, findings } = readBatch(whole);
  const [first] = messages;
  const [finding] = findings;
  const receipts: Receipt[] = [];
  // A file header and no message: the receipt checks say so, and its bytes are kept.
  if (first === undefined || (messages.length === 1 && finding === undefined))
    return [await receiveOne(parts, incoming, first?.bytes ?? whole, incoming.transportId)];
  for (const { bytes, index } of messages) receipts.push(await receiveOne(parts, incoming, bytes, `${incoming.transportId}.${index}`));
  // What belongs to no message, or is missing, is for a person to see: the mailbox keeps nothing once it is acknowledged.
  if (finding !== undefined)
    receipts.push(
      await receiveOpaque(parts, incoming, { body: whole, digest: parts.digest(whole) }, { outcome: 'held', reason: finding.code }),
    );
  return receipts;
};

const receiveOne = (parts: MailboxReceiverParts, incoming: IncomingStream, bytes: Buffer, transportId: string): Promise<Receipt> =>
  receiveChecked(parts, incoming, bytes, transportId, bytes.length);

const receiveChecked = async (
  parts: MailboxReceiverParts,
  incoming: IncomingStream,
  bytes: Buffer,
  transportId: string,
  size: number,
  stored: Pick<Arrival, 'stored' | 'digest' | 'body'> | null = null,
): Promise<Receipt> => {
  const { source, connection, workflow, fence } = incoming;
  const tooLong = size > parts.settings(source).maxSize;
  const receipt = await receiveMessage(
    { ...parts, awaitReply: () => undefined },
    { source, bytes, connection, transportId, meta: messageMeta(incoming) },
    {
      ...(stored ?? {}),
      ...(fence === undefined ? {} : { fence }),
      ...(tooLong ? { settled: TOO_LONG, type: workflow, answer: KNOWN_BY_WORKFLOW } : { answer: 0 }),
    },
  );
  return { ...receipt, reply: null };
};

const TOO_LONG: Settlement = { outcome: 'held', reason: 'message-too-long' };

/** Straight into the content store; its beginning tells what it is. */
const receiveLarge = async (
  parts: MailboxReceiverParts,
  alone: Alone,
  incoming: IncomingStream,
  { head, rest }: Extract<Beginning, { rest: unknown }>,
): Promise<readonly Receipt[]> => {
  const begins = incoming.disposition === 'process' ? beginsHl7(head) : undefined;
  const cut = begins === undefined ? head : cutAtLineEnd(head);
  const watch = begins === undefined ? undefined : new HeaderWatch(head, cut);
  const digester = parts.digester();
  const stored = await parts.bodies.write(measured(digester, head, rest, watch), false);
  const held = { stored, digest: digester.digest(), body: NOTHING };
  if (begins === undefined) return [await receiveOpaque(parts, incoming, held)];
  if (begins === 'message' && watch?.found !== true && readBatch(cut).messages.length < 2)
    return [await receiveChecked(parts, incoming, cut, incoming.transportId, stored.size, held)];
  if (stored.size > parts.settings(incoming.source).maxSize) return [await receiveOpaque(parts, incoming, held, TOO_LONG)];
  // Several messages cannot be told apart without holding them all: of such bodies there is one in memory, whatever comes in beside it.
  return alone(async () => receiveHl7(parts, incoming, await gathered(parts.bodies.readById(stored.id), stored.size)));
};

const gathered = async (pieces: AsyncIterable<Uint8Array>, size: number): Promise<Buffer> => {
  const whole = Buffer.allocUnsafeSlow(size);
  let at = 0;
  for await (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
};

async function* measured(
  digester: DigestStream,
  head: Buffer,
  rest: AsyncIterable<Uint8Array>,
  watch: HeaderWatch | undefined,
): AsyncGenerator<Uint8Array> {
  let size = 0;
  const seen = (piece: Uint8Array): Uint8Array => {
    size += piece.length;
    if (size > MOST) throw new ThroughcareError('message-too-long', 'more than 2 GB');
    digester.update(piece);
    return piece;
  };
  yield seen(head);
  for await (const piece of rest) {
    watch?.see(piece);
    yield seen(piece);
  }
}

/** What nobody looks into before it is decided by its workflow: passed on, held, or found to be HL7 after all when a person releases it. */
const receiveOpaque = async (
  parts: MailboxReceiverParts,
  incoming: IncomingStream,
  body: Pick<Arrival, 'body' | 'digest' | 'stored'>,
  because?: Settlement,
): Promise<Receipt> => {
  const { source, connection, workflow, fence, disposition } = incoming;
  const settings = parts.settings(source);
  const settled: Settlement | undefined = because ?? (disposition === 'hold' ? { outcome: 'held', reason: 'workflow-held' } : undefined);
  const result = await parts.journal.append({
    ...body,
    sourceId: settings.id,
    sender: '',
    controlId: transportIdentity(parts, incoming, body.digest),
    type: workflow,
    connection,
    meta: messageMeta(incoming),
    answer: KNOWN_BY_WORKFLOW,
    reused: settings.reused,
    windowMs: settings.windowMs,
    ...(settled === undefined ? {} : { settled }),
    ...(fence === undefined ? {} : { fence }),
  });
  parts.telemetry.count('messages_received', { source: settings.name, outcome: result.kind });
  const reason = whyHeld(result, settled);
  return { outcome: outcomeOf(result), messageId: result.messageId, reply: null, ...(reason === undefined ? {} : { reason }) };
};
