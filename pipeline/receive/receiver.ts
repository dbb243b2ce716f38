import { type AckError, buildAck } from '../../formats/hl7v2/acknowledgement.ts';
import { type AckMode, ackMode, type ReplyOutcome, replyAfterProcessing, replyAtReceipt } from '../../formats/hl7v2/reply-due.ts';
import { type SenderFacts, salvageFacts, senderFacts } from '../../formats/hl7v2/sender-facts.ts';
import { FAULTS, type FaultCode } from '../../records/faults.ts';
import type { MessageId, SourceName } from '../../records/ids.ts';
import type { Arrival, IntakeResult, JournalPort } from '../../records/intake.ts';
import type { Incoming, Receipt, Receiver, Refused } from '../../records/ports.ts';
import type { Telemetry } from '../../records/telemetry.ts';
import { checkReceipt, type Verdict } from './receipt-checks.ts';
import type { ReceiptSettings } from './settings.ts';

export interface ReceiverParts {
  /** Read at each message, so that a reload takes effect with the next one. */
  readonly settings: (source: SourceName) => ReceiptSettings;
  readonly journal: JournalPort;
  /** Identity digest of the bytes. */
  readonly digest: (bytes: Buffer) => Buffer;
  /** Keyed hash (hex) that stands for a control id where the source says `controlId: hashed`. */
  readonly hashControlId: (controlId: string) => string;
  /** Tells who waits for a later application answer. */
  readonly awaitReply: (id: MessageId, later: (reply: Buffer) => boolean) => void;
  readonly telemetry: Telemetry;
  readonly now: () => Date;
}

/** Bits of `message.answer`: which application answers are wanted after processing. */
export const ANSWER = { good: 1, error: 2 } as const;

/** Receipt checks → journal → acknowledgement. The acknowledgement is built only when the journal's commit is through. */
export const createReceiver = (parts: ReceiverParts): Receiver => ({
  receive: (incoming) => receiveMessage(parts, incoming),
  refuse: (refused) => refuse(parts, refused),
});

/** What a mailbox adds to an arrival: the lease it was read under; of what is held or stored already, that too. */
export type TakenFrom = Partial<Pick<Arrival, 'fence' | 'settled' | 'stored' | 'body' | 'digest' | 'type' | 'answer'>>;

/** `incoming.bytes` are the message, or its beginning where `taken` has its digest and says where it is stored. */
export const receiveMessage = async (parts: ReceiverParts, incoming: Incoming, taken?: TakenFrom): Promise<Receipt> => {
  const began = performance.now();
  const settings = parts.settings(incoming.source);
  const verdict = checkReceipt(incoming.bytes, settings);
  const facts = verdict.message === null ? salvageFacts(incoming.bytes) : senderFacts(verdict.message);
  const mode = modeOf(facts, settings);
  const digest = taken?.digest ?? parts.digest(incoming.bytes);
  parts.telemetry.observe('stage', (performance.now() - began) / 1000, { stage: 'receive' });
  const answer = verdict.kind === 'accepted' && facts !== undefined ? answerWanted(facts, mode) : 0;
  const result = await parts.journal.append({
    sourceId: settings.id,
    sender: settings.sender && facts !== undefined ? `${facts.sendingApplication.join('^')}|${facts.sendingFacility.join('^')}` : '',
    controlId: identityOf(parts, settings, incoming, verdict, digest),
    type: verdict.type,
    digest,
    body: incoming.bytes,
    connection: incoming.connection,
    ...(incoming.meta === undefined ? {} : { meta: incoming.meta }),
    ...(verdict.kind === 'rejected' ? { rejected: verdict.reason } : {}),
    ...(verdict.kind === 'ignored' ? { ignored: verdict.why } : {}),
    answer,
    reused: settings.reused,
    windowMs: settings.windowMs,
    ...taken,
  });
  if (result.kind === 'stored' && incoming.later !== undefined && answer !== 0) parts.awaitReply(result.messageId, incoming.later);
  parts.telemetry.count('messages_received', { source: settings.name, outcome: result.kind });
  const reason = verdict.kind === 'rejected' ? verdict.reason : whyHeld(result, taken?.settled);
  return receipt(parts, result, facts, mode, verdict.kind === 'rejected' ? verdict.reason : undefined, reason);
};

/** Whatever is held otherwise came under a control id that had other content before. */
export const whyHeld = (result: IntakeResult, settled: Arrival['settled']): FaultCode | undefined =>
  result.kind !== 'held' ? undefined : settled?.outcome === 'held' ? settled.reason : 'control-id-reused';

const refuse = async (parts: ReceiverParts, refused: Refused): Promise<Receipt> => {
  const settings = parts.settings(refused.source);
  const facts = salvageFacts(refused.head);
  const result = await parts.journal.append({
    sourceId: settings.id,
    sender: '',
    controlId: null,
    type: null,
    digest: parts.digest(refused.head),
    body: refused.head,
    size: refused.size,
    connection: refused.connection,
    rejected: refused.reason,
    answer: 0,
    reused: settings.reused,
    windowMs: settings.windowMs,
  });
  parts.telemetry.count('messages_received', { source: settings.name, outcome: 'rejected' });
  return receipt(parts, result, facts, modeOf(facts, settings), refused.reason, refused.reason);
};

const receipt = (
  parts: ReceiverParts,
  result: IntakeResult,
  facts: SenderFacts | undefined,
  mode: AckMode,
  rejected: FaultCode | undefined,
  reason: FaultCode | undefined,
): Receipt => {
  const answer = rejected === undefined ? undefined : FAULTS[rejected].answer;
  const outcome: ReplyOutcome = rejected === undefined ? 'good' : answer?.ack === 'AE' ? 'error' : 'reject';
  // What cannot be read has no MSH-15 to ask for silence with: it is always answered, and never positively.
  const code =
    facts === undefined ? (outcome === 'error' ? 'AE' : 'AR') : replyAtReceipt(facts.acceptAck, facts.applicationAck, outcome, mode);
  const err: AckError | undefined =
    rejected === undefined || answer === undefined
      ? undefined
      : {
          code: answer.err,
          ...(answer.location === undefined ? {} : { location: answer.location }),
          text: FAULTS[rejected].means,
          severity: 'E',
        };
  const reply =
    code === undefined
      ? null
      : buildAck({ to: facts, code, controlId: `TC${result.messageId}`, at: parts.now(), ...(err === undefined ? {} : { err }) });
  return { outcome: outcomeOf(result), messageId: result.messageId, reply, ...(reason === undefined ? {} : { reason }) };
};

/** What was decided before the journal is stored like any other, as far as its sender is concerned. */
export const outcomeOf = ({ kind }: IntakeResult): Receipt['outcome'] => (kind === 'processed' ? 'stored' : kind);

const modeOf = (facts: SenderFacts | undefined, settings: ReceiptSettings): AckMode => {
  if (settings.ack !== 'auto') return settings.ack;
  return facts === undefined ? 'original' : ackMode(facts.acceptAck, facts.applicationAck);
};

const answerWanted = (facts: SenderFacts, mode: AckMode): number =>
  (replyAfterProcessing(facts.acceptAck, facts.applicationAck, 'good', mode) === undefined ? 0 : ANSWER.good) |
  (replyAfterProcessing(facts.acceptAck, facts.applicationAck, 'error', mode) === undefined ? 0 : ANSWER.error);

const identityOf = (
  parts: ReceiverParts,
  settings: ReceiptSettings,
  incoming: Incoming,
  verdict: Verdict,
  digest: Buffer,
): string | null => {
  if (settings.identity === 'transport') return transportIdentity(parts, incoming, digest);
  if (verdict.controlId === null) return null;
  return settings.controlId === 'hashed' ? parts.hashControlId(verdict.controlId) : verdict.controlId;
};

/** A mailbox's own id is kept clear; one made of a file's content is a plain digest of patient data, so it is kept keyed. */
export const transportIdentity = (
  parts: Pick<ReceiverParts, 'hashControlId'>,
  { transportId }: Pick<Incoming, 'transportId'>,
  digest: Buffer,
): string => {
  if (transportId === undefined) return `#${digest.toString('hex')}`;
  return /^[0-9a-f]{64}\b/.test(transportId) ? `#${parts.hashControlId(transportId)}` : transportId;
};
