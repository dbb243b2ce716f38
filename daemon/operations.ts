import type { Act, ActResult, DeliveryRow, HoldDetail, HoldRow, MessageDetail, MessageRow, Operations } from '../cli/operations.ts';
import { shapeOf } from '../cli/shape.ts';
import { type FaultCode, isFaultCode } from '../records/faults.ts';
import { brandAs, type DeliveryId, type DestinationName, type HoldId, type MessageId } from '../records/ids.ts';
import type { FiledHead } from '../records/process.ts';
import { ATTEMPT } from '../records/states.ts';
import { conservation } from '../store/conservation.ts';
import type { ContentStore } from '../store/content.ts';
import { countRunning } from '../store/daemon.ts';
import { holdFacts, releaseMessageHold, withdrawMessageHold } from '../store/holds.ts';
import { type OperatorResult, pauseDestination, releaseDelivery, resumeDestination, withdrawDelivery } from '../store/lanes/operator.ts';
import { revealReplies } from '../store/lanes/reveal.ts';
import {
  listAttempts,
  listDeliveries,
  listDestinations,
  listHolds,
  listReceipts,
  type DeliveryRow as StoredDelivery,
  type HoldRow as StoredHold,
} from '../store/lanes/views.ts';
import { messageBytes, revealMessage } from '../store/message-body.ts';
import { listMessages, type MessageRow as StoredMessage, showMessage } from '../store/messages.ts';
import type { Database } from '../store/pool.ts';
import { traceMessage } from '../store/trace.ts';
import type { Vault } from '../store/vault.ts';
import { conservationLines } from './conservation-lines.ts';

/** A daemon shows a sign of life each second. */
const SILENT_MS = 10_000;

export interface OperationsParts {
  readonly database: Database;
  readonly vault: Vault;
  readonly content: ContentStore;
  readonly migrated: readonly string[];
  /** In a running daemon: what an act set free goes on at once. From the command line the daemons find it by themselves. */
  readonly onReleased?: () => void;
  readonly onHeads?: (heads: readonly FiledHead[]) => void;
  /** A destination was resumed. A pause shorter than the daemons' looks would else be noticed by none of them. */
  readonly onResumed?: () => void;
  close(): Promise<void>;
}

const code = (reason: string | null): FaultCode | null => (reason === null ? null : isFaultCode(reason) ? reason : 'internal');

const messageRow = (row: StoredMessage): MessageRow => ({
  id: row.id,
  source: row.source,
  received: row.received,
  type: row.type,
  controlId: row.controlId,
  state: row.state,
  reason: row.reason,
  size: row.size,
  deliveries: row.deliveries,
  duplicateOf: row.duplicateOf,
});

const deliveryRow = (row: StoredDelivery): DeliveryRow => ({
  id: row.id,
  destination: row.destination,
  lane: row.lane,
  phase: phaseOf(row.phase),
  state: row.view,
  message: row.message,
  transportKey: row.transportKey,
  priority: row.priority,
  attempts: row.attempts,
  lastOutcome: row.lastOutcome,
  lastCode: row.lastCode,
  nextAt: row.nextAt,
  sentFirst: row.sentFirst,
  done: row.done,
  receiptCode: row.receiptCode,
  withdrawn: withdrawnOf(row.withdrawn),
  farId: row.farId,
  resendOf: row.resendOf,
  overdue: row.overdue,
});
const PHASES: readonly DeliveryRow['phase'][] = ['empty', 'due', 'sending', 'backoff', 'held', 'ambiguous', 'confirming'];
const phaseOf = (word: string): DeliveryRow['phase'] => PHASES.find((phase) => phase === word) ?? 'empty';
const REASONS = ['skipped', 'replaced', 'operator'] as const;
const withdrawnOf = (word: string | null): DeliveryRow['withdrawn'] => REASONS.find((reason) => reason === word) ?? null;

const holdRow = (row: StoredHold): HoldRow => ({
  id: row.id,
  reason: code(row.reason) ?? 'internal',
  opened: row.opened,
  closed: row.doneAt,
  message: row.message,
  part: row.part,
  delivery: row.delivery,
  source: row.from,
  destination: row.destination,
});

const DONE: ActResult = { outcome: 'done' };
const UNKNOWN: ActResult = { outcome: 'unknown' };

/** The operator's verbs over the store. Every act is audited with who and why, in its own transaction. */
export const createOperations = (parts: OperationsParts): Operations => {
  const { database, vault, content } = parts;
  const operator = (act: Act) => ({ who: act.by, why: act.reason });
  const ended = (result: OperatorResult): ActResult => {
    parts.onHeads?.(result.heads);
    switch (result.outcome) {
      case 'done':
        return DONE;
      case 'not-found':
        return UNKNOWN;
      case 'already':
        return { outcome: 'refused', why: 'not-waiting' };
      case 'being-sent':
        return { outcome: 'refused', why: 'being-sent' };
      case 'not-possible':
        return { outcome: 'refused', why: 'not-the-head' };
      default:
        return result.outcome satisfies never;
    }
  };
  const messageHold = async (
    id: HoldId,
    act: Act,
    run: typeof releaseMessageHold,
    onDelivery: (delivery: DeliveryId) => Promise<ActResult>,
  ): Promise<ActResult> => {
    const result = await run(database, vault, id, operator(act));
    if (result.outcome === 'delivery') return onDelivery(result.delivery);
    if (result.outcome === 'done') parts.onReleased?.();
    return result.outcome === 'done' ? DONE : result.outcome === 'unknown' ? UNKNOWN : { outcome: 'refused', why: 'already-closed' };
  };
  const pausing = async (name: DestinationName, paused: boolean, act: () => Promise<boolean>): Promise<ActResult> => {
    const known = (await listDestinations(database)).some((row) => row.name === name);
    if (!known) return UNKNOWN;
    if (!(await act())) return { outcome: 'refused', why: paused ? 'already-paused' : 'not-paused' };
    if (!paused) parts.onResumed?.();
    return DONE;
  };

  return {
    listMessages: async ({ code: reason, ...filter }) =>
      (await listMessages(database, { ...filter, ...(reason === undefined ? {} : { reason }) })).map(messageRow),
    showMessage: (id) => detail(database, vault, content, id),
    traceMessage: (id) => traceMessage(database, id),
    revealMessage: async (id, act) => {
      const revealed = await revealMessage(database, vault, content, id, operator(act));
      return revealed === null ? null : bytesOf(revealed.stream());
    },
    listHolds: async ({ code: reason, all, before, ...filter }) =>
      (
        await listHolds(database, {
          ...filter,
          newest: true,
          ...(all ? {} : { open: true }),
          ...(reason === undefined ? {} : { reason }),
          ...(before === undefined ? {} : { before: brandAs<HoldId>(before) }),
        })
      ).map(holdRow),
    showHold: async (id): Promise<HoldDetail | null> => {
      const [row] = await listHolds(database, { id });
      if (row === undefined) return null;
      const facts = await holdFacts(database, vault, id);
      return {
        ...holdRow(row),
        rule: row.rule,
        position: row.source,
        say: row.say,
        waitingBehind: row.waitingBehind,
        leftMeanwhile: facts.leftMeanwhile,
        closedBy: row.doneBy,
        closedWhy: facts.closedWhy,
      };
    },
    releaseHold: (id, act) =>
      messageHold(id, act, releaseMessageHold, async (delivery) => ended(await releaseDelivery(database, vault, delivery, operator(act)))),
    withdrawHold: (id, act) =>
      messageHold(id, act, withdrawMessageHold, async (delivery) =>
        ended(await withdrawDelivery(database, vault, delivery, 'operator', operator(act))),
      ),
    listDeliveries: async ({ state, before, ...filter }) =>
      (
        await listDeliveries(database, {
          ...filter,
          ...(state === undefined ? {} : { view: state }),
          ...(before === undefined ? {} : { before: brandAs<DeliveryId>(before) }),
        })
      ).map(deliveryRow),
    retryDelivery: async (id, act) => ended(await releaseDelivery(database, vault, id, operator(act))),
    skipDelivery: async (id, act) => ended(await withdrawDelivery(database, vault, id, 'skipped', operator(act))),
    withdrawDelivery: async (id, act) => ended(await withdrawDelivery(database, vault, id, 'operator', operator(act))),
    showDelivery: async (id) => {
      const [row] = await listDeliveries(database, { id });
      if (row === undefined) return null;
      const [tried, receipts] = await Promise.all([listAttempts(database, id), listReceipts(database, id)]);
      return {
        ...deliveryRow(row),
        tried: tried.map(({ at, outcome, code: why, receiptCode, sentBytes, detail: words }) => ({
          at,
          outcome: ATTEMPT.word(outcome),
          code: why,
          receiptCode,
          sentBytes,
          hasReply: words !== null,
        })),
        receipts: receipts.map(({ fault: reason, farId, words, keyId: _key, reference: _reference, ...row }) => ({
          ...row,
          fault: code(reason),
          farId: farId === '' ? null : farId,
          hasWords: words !== null,
        })),
      };
    },
    revealReplies: (id, act) => revealReplies(database, vault, id, operator(act)),
    listDestinations: async () => (await listDestinations(database)).map(({ id: _id, failures: _failures, ...row }) => row),
    runningDaemons: () => countRunning(database, SILENT_MS),
    standing: async (since) => {
      const [held] = await database.query<{ n: number }>('select count(*)::int as n from hold where done is null');
      const found = await conservation(database, since);
      const balanced =
        found.messages.every((row) => row.balances && row.unexplained === 0) && found.deliveries.every((row) => row.balances);
      return { openHolds: held?.n ?? 0, lines: conservationLines(found).lines, balanced };
    },
    pauseDestination: (name, act) => pausing(name, true, () => pauseDestination(database, vault, name, operator(act))),
    resumeDestination: (name, act) => pausing(name, false, () => resumeDestination(database, vault, name, operator(act))),
    migrate: async () => {
      const [row] = await database.query<{ n: number }>('select count(*) as n from migration');
      const to = row?.n ?? 0;
      return { from: to - parts.migrated.length, to, applied: parts.migrated };
    },
    close: () => parts.close(),
  };
};

const bytesOf = async (stream: AsyncIterable<Buffer>): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
};

const detail = async (database: Database, vault: Vault, content: ContentStore, id: MessageId): Promise<MessageDetail | null> => {
  const found = await showMessage(database, id);
  if (found === null) return null;
  // The shape tells which fields hold something, never what: looking at it is no disclosure and asks for no reason.
  const bytes = await messageBytes(database, vault, content, id);
  return {
    ...messageRow(found),
    mappingVersion: found.mappingVersion,
    directoryVersion: found.directoryVersion,
    parts: found.partRows.map(({ part, outcome, reason, rule }) => ({ part, outcome, reason, rule })),
    holds: found.holds.map(holdRow),
    filed: found.filed.map(deliveryRow),
    shape: bytes === null ? null : shapeOf(bytes),
  };
};
