import type { MeshFolderSourceSettings, WorkflowDisposition } from '../../config/types-mesh.ts';
import type { ControlFile } from '../../formats/mesh/control-file.ts';
import type { FarReceipts, Fates, Fence, Lease, Leases } from '../../records/far-side.ts';
import { FAULTS, type FaultCode } from '../../records/faults.ts';
import type { SourceName } from '../../records/ids.ts';
import type { MailboxReceiver, Receipt, Receiver } from '../../records/ports.ts';
import type { Telemetry } from '../../records/telemetry.ts';
import type { LeftBecause } from './sorting.ts';

/** What a MESH folder source needs of its configuration; times in ms. */
export type MeshFolderIntakeSettings = Pick<
  MeshFolderSourceSettings,
  'role' | 'path' | 'make' | 'mailbox' | 'workflows' | 'others' | 'interval' | 'dataWait' | 'done'
> & {
  /** How long a file must have stopped changing. The MESH client itself waits a second. Default 1 s. */
  readonly settleFor?: number | undefined;
  /** Pause between tries to become the one reader. Default 5 s. */
  readonly leasePause?: number | undefined;
};

export interface MeshFolderSourceParts {
  readonly mailbox: MailboxReceiver;
  /** Journals what cannot be taken. */
  readonly receiver: Pick<Receiver, 'refuse'>;
  /** One daemon at a time reads the folders. */
  readonly leases: Leases;
  readonly far: Pick<FarReceipts, 'note'>;
  readonly fates: Fates;
  readonly telemetry: Telemetry;
  readonly now?: () => Date;
}

/** What one look into the folders works with. */
export interface Round {
  readonly name: SourceName;
  readonly settings: MeshFolderIntakeSettings;
  readonly parts: MeshFolderSourceParts;
  readonly fence: Fence;
  readonly lease: Lease;
  /** Finish the pair in hand and end. */
  readonly stopping: AbortSignal;
  /** Stop at once. */
  readonly overdue: AbortSignal;
  readonly tally: Tally;
}

export const goesOn = ({ stopping, lease }: Round): boolean => !stopping.aborted && !lease.lost.aborted;
export const connectionOf = (name: SourceName): string => `mesh-folder/${name}`;

/** The store took nothing: the round ends, and the next one comes after a pause that grows. */
export class StoreAway extends Error {}

/** Runs what the store must take. Anything it throws ends the round. */
export const stored = async <T>(round: Round, work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (cause) {
    round.overdue.throwIfAborted();
    throw new StoreAway('store', { cause });
  }
};

/** What one look left lying, for the gauges. */
export class Tally {
  unreadable = 0;
  readonly left = new Map<LeftBecause, number>();
  leave(because: LeftBecause): void {
    this.left.set(because, (this.left.get(because) ?? 0) + 1);
  }
}

export const tellPair = (
  { parts, name, tally: _ }: Round,
  outcome: 'done' | 'sent' | 'failed' | 'error' | 'report' | 'noted',
  code?: FaultCode,
): void => {
  parts.telemetry.count('source_files', { source: name, outcome });
  parts.telemetry.event('source.pair', { source: name, outcome, code });
};

export const rejectedOf = (receipts: readonly Receipt[]): Receipt | undefined => receipts.find(({ outcome }) => outcome === 'rejected');

/** The text laid beside a pair that was not taken: a code, what it means and a place; nothing of what the files say. */
export const complaintText = (code: FaultCode, detail: string | null): string =>
  ['This pair was not taken.', '', `${code}. ${FAULTS[code].means} ${FAULTS[code].next}`, ...(detail === null ? [] : [detail]), ''].join(
    '\n',
  );

/** A disposition the receiver knows. */
export const receiverDisposition = (disposition: WorkflowDisposition): 'process' | 'forward' | 'hold' =>
  disposition.do === 'process' || disposition.do === 'forward' ? disposition.do : 'hold';

/** A name for people and headers; none where it holds what a header cannot. */
export const shownName = (name: Buffer): string | undefined => {
  const text = name.toString('utf8');
  return text.length <= 300 && /^[ -~]+$/.test(text) ? text : undefined;
};

/** Codes of the far side are shown in clear: only what has the shape of one. */
export const receiptCodeOf = (control: ControlFile, otherwise: string): string => {
  const code = control.status?.code ?? '';
  return /^[A-Za-z0-9-]{1,40}$/.test(code) ? code : otherwise;
};
