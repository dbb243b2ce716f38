import type { FarDestination, FarName, FarReceipt, FarReceipts, NoteOutcome, ReceiptStage } from '../../records/far-side.ts';
import type { DeliveryId } from '../../records/ids.ts';
import type { FiledHead } from '../../records/process.ts';
import { RECEIPT_STAGE } from '../../records/states.ts';
import { silent, type Telemetry } from '../../records/telemetry.ts';
import { int4s } from '../arrays.ts';
import type { Database, Transaction } from '../pool.ts';
import { retryTransaction } from '../retry.ts';
import type { Vault } from '../vault.ts';
import { lookUp } from './far-look.ts';
import { applyReceipt, type FarPosition, farPosition } from './far-outcome.ts';

export interface FarReceiptsParts {
  readonly database: Database;
  readonly vault: Vault;
  /** Those of the configuration, whichever it is by now. */
  readonly destinations: () => readonly FarDestination[];
  readonly onHeads: (heads: readonly FiledHead[]) => void;
  readonly telemetry?: Telemetry;
  /** The database's clock where absent. */
  readonly now?: () => Date;
}

export const createFarReceipts = (parts: FarReceiptsParts): FarReceipts => ({
  find: (name) => parts.database.inTransaction((tx) => find(tx, name, ofMailbox(parts, name.mailbox))),
  note: (name, receipt) => note(parts, name, receipt),
  awaited: (mailbox, limit) => lookUp(parts, ofMailbox(parts, mailbox), limit),
});

const ofMailbox = ({ destinations }: FarReceiptsParts, mailbox: string): readonly FarDestination[] => {
  const wanted = mailbox.toUpperCase();
  return destinations().filter(({ mailboxes }) => mailboxes.some((one) => one.toUpperCase() === wanted));
};

const note = async (parts: FarReceiptsParts, name: FarName, receipt: FarReceipt): Promise<NoteOutcome> => {
  const { database, vault, onHeads, telemetry = silent } = parts;
  const destinations = ofMailbox(parts, name.mailbox);
  if (destinations.length === 0) return 'unmatched';
  const noted = await retryTransaction(database, async (tx): Promise<Noted> => {
    const found = await find(tx, name, destinations);
    if (found === null) return { outcome: 'unmatched' };
    const at = await farPosition(tx, found);
    const destination = at === null ? undefined : destinations.find(({ id }) => id === at.destination);
    if (at === null || destination === undefined) return { outcome: 'unmatched' };
    const send = await sendMeant(tx, at, name.farId);
    if (!(await keep(tx, vault, at.delivery, send.farId, receipt))) return { outcome: 'known' };
    // Said of a send that a person has replaced since: it is on record, and settles nothing.
    if (!send.present) return { outcome: 'noted', destination, heads: [] };
    return { outcome: 'noted', destination, heads: await applyReceipt(tx, vault, destination, at, receipt, telemetry) };
  });
  if (noted.outcome === 'noted') {
    telemetry.count('receipts', { destination: noted.destination.name, stage: receipt.stage, outcome: receipt.good ? 'good' : 'bad' });
    if (noted.heads.length > 0) onHeads(noted.heads);
  }
  return noted.outcome;
};

type Noted =
  | { readonly outcome: 'known' | 'unmatched' }
  | { readonly outcome: 'noted'; readonly destination: FarDestination; readonly heads: readonly FiledHead[] };

/** By the far side's id; else by ours, and then the newest that is still wanted. */
const find = async (
  tx: Transaction,
  { farId, transportKey }: FarName,
  destinations: readonly FarDestination[],
): Promise<DeliveryId | null> => {
  const ids = int4s(destinations.map(({ id }) => id));
  if (farId !== undefined) {
    const [row] = await tx.query<{ delivery: DeliveryId }>(
      'select delivery_id as delivery from far_message where far_id = $1 and destination_id = any($2::int4[]) order by id desc limit 1',
      [farId, ids],
      'far-find',
    );
    if (row !== undefined) return row.delivery;
  }
  if (transportKey === undefined) return null;
  const [row] = await tx.query<{ delivery: DeliveryId }>(
    'select id as delivery from delivery where transport_key = $1 and destination_id = any($2::int4[]) order by state = 3, id desc limit 1',
    [transportKey, ids],
    'far-find-by-key',
  );
  return row?.delivery ?? null;
};

interface Send {
  /** '' where nobody has named it. */
  readonly farId: string;
  readonly present: boolean;
}

/**
 * Which send of the delivery a receipt is about. One the far side names and we have never heard of (its answer to our first part was
 * lost, or a MESH client gave the id) is taken to be the present one where nothing newer can be under way. The delivery is locked.
 */
const sendMeant = async (tx: Transaction, at: FarPosition, farId: string | undefined): Promise<Send> => {
  const sends = await tx.query<{ far_id: string | null; present: boolean }>(
    'select far_id, present from far_message where delivery_id = $1',
    [at.delivery],
    'far-sends',
  );
  const present = sends.find((send) => send.present);
  if (farId === undefined) return { farId: present?.far_id ?? '', present: sends.every((send) => send.present) };
  const named = sends.find((send) => send.far_id === farId);
  if (named !== undefined) return { farId, present: named.present };
  const settledDown = at.state !== 0 || at.phase === 4 || at.phase === 5;
  const adopt = (present === undefined ? sends.length === 0 : present.far_id === null) && settledDown;
  await tx.query(
    `insert into far_message (delivery_id, destination_id, far_id, present) values ($1, $2, $3, $4)
     on conflict (delivery_id) where present do update set far_id = excluded.far_id`,
    [at.delivery, at.destination, farId, adopt],
    'far-adopt',
  );
  return { farId, present: adopt };
};

const receiptPlace = (delivery: DeliveryId, stage: ReceiptStage, reference: string): string => `receipt:${delivery}:${stage}:${reference}`;

/** False where it was noted before. */
const keep = async (tx: Transaction, vault: Vault, delivery: DeliveryId, farId: string, receipt: FarReceipt): Promise<boolean> => {
  const { stage, reference, words } = receipt;
  const sealed = words === undefined || words.length === 0 ? null : vault.seal(words, receiptPlace(delivery, stage, reference));
  const rows = await tx.query(
    `insert into receipt (delivery_id, far_id, stage, reference, good, code, fault, at, message_id, key_id, words)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) on conflict do nothing returning id`,
    [
      delivery,
      farId,
      RECEIPT_STAGE.code(stage),
      reference,
      receipt.good,
      receipt.receiptCode,
      receipt.fault ?? null,
      receipt.at ?? null,
      receipt.messageId ?? null,
      sealed?.keyId ?? null,
      sealed?.bytes ?? null,
    ],
    'far-receipt',
  );
  return rows.length > 0;
};

/** The far side's own words, as they were kept. */
export const openWords = (
  vault: Vault,
  row: {
    readonly delivery: DeliveryId;
    readonly stage: ReceiptStage;
    readonly reference: string;
    readonly keyId: number;
    readonly words: Buffer;
  },
): string => vault.unseal(row.keyId, row.words, receiptPlace(row.delivery, row.stage, row.reference)).toString('utf8');
