import { unlink } from 'node:fs/promises';
import { performance } from 'node:perf_hooks';
import type { ControlFile } from '../../formats/mesh/control-file.ts';
import { meaningOf } from '../../formats/mesh/control-status.ts';
import { readStamp } from '../../formats/mesh/timestamp.ts';
import type { FarName, FarReceipt, NoteOutcome } from '../../records/far-side.ts';
import { brandAs, type Instant } from '../../records/ids.ts';
import { errnoOf } from '../condition.ts';
import { inFolder } from '../files/names.ts';
import { shelve } from '../files/shelf.ts';
import { peekAtControl } from './control-reading.ts';
import type { InterfaceRoot } from './interface-root.ts';
import { keyOfStem } from './outgoing-stem.ts';
import { LeftAlone, type Pair, PairScanner, stemOf } from './pairs.ts';
import { goesOn, type Round, receiptCodeOf, stored, tellPair } from './round.ts';
import { isMailbox, type LeftBecause } from './sorting.ts';

/** Ms until what names no delivery of ours is looked at again: its sending may not be noted yet. */
export const ASK_AGAIN = 60_000;

/** SENT or FAILED beside a client: what is ours there is noted and taken away, so that the same name can come again. */
export class Outcomes {
  readonly #root: InterfaceRoot;
  readonly #kind: 'SENT' | 'FAILED';
  readonly #scanner: PairScanner;
  readonly #left = new LeftAlone<LeftBecause>();

  constructor(root: InterfaceRoot, kind: 'SENT' | 'FAILED', settleFor: number) {
    this.#root = root;
    this.#kind = kind;
    this.#scanner = new PairScanner(settleFor);
  }

  async look(round: Round): Promise<void> {
    const folder = await this.#root.find(this.#kind);
    if (folder === null) return;
    const left = this.#left;
    const pairs = await this.#scanner.ready(folder);
    for (const pair of pairs) {
      if (!goesOn(round)) return;
      const now = performance.now();
      if (left.why(pair, now) !== undefined) continue;
      const look = await peekAtControl(round, inFolder(folder, pair.ctl));
      if (look === null) continue;
      const control = 'control' in look.read ? look.read.control : { others: [] };
      const meaning = meaningOf(control.status);
      const failed = this.#kind === 'FAILED' || meaning.is === 'failed';
      const name = nameOf(round.settings.mailbox, control, keyOfStem(stemOf(pair.ctl)));
      const isOurs =
        (control.from === undefined || isMailbox(control.from, round.settings.mailbox)) && (name.farId ?? name.transportKey) !== undefined;
      // SUCCESS that has not happened yet is looked at again when the client writes it anew.
      if (!isOurs || (!failed && (meaning.is !== 'sent' || control.dtsId === undefined))) {
        left.leave(pair, 'kind', now);
        continue;
      }
      const receipt: FarReceipt = failed
        ? { ...receiptOf(control, 'accepted'), good: false, fault: meaning.is === 'failed' ? meaning.fault : 'mesh-refused' }
        : receiptOf(control, 'accepted');
      const noted = await stored(round, () => this.#note(round, name, receipt));
      if (noted === 'unmatched') left.leave(pair, 'unmatched', now, ASK_AGAIN);
      else await clearPair(round, this.#root, folder, pair, 'noted');
    }
    left.keepOnly(pairs);
  }

  /** The id in SENT is that of the send; elsewhere it may be of another message, and counts only where it is known. */
  async #note({ parts: { far } }: Round, name: FarName, receipt: FarReceipt): Promise<NoteOutcome> {
    if (this.#kind === 'SENT' && receipt.good) return far.note(name, receipt);
    for (const known of namesApart(name)) {
      const noted = await far.note(known, receipt);
      if (noted !== 'unmatched') return noted;
    }
    return 'unmatched';
  }
}

/** Takes a pair away that was dealt with: the data file first, for without its control file it is nothing. */
export const clearPair = async (
  round: Round,
  root: InterfaceRoot,
  folder: Buffer,
  pair: Pair,
  outcome: 'report' | 'noted',
): Promise<void> => {
  const done = round.settings.done === 'keep' ? await root.own('done') : null;
  for (const name of [pair.dat, pair.ctl]) {
    if (name === null) continue;
    try {
      if (done === null) await unlink(inFolder(folder, name));
      else await shelve(inFolder(folder, name), done, name);
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw error;
    }
  }
  tellPair(round, outcome);
};

export const atOf = ({ status }: ControlFile): { readonly at?: Instant } => {
  const at = status?.dateTime === undefined ? undefined : readStamp(status.dateTime);
  return at === undefined ? {} : { at: brandAs<Instant>(new Date(at).toISOString()) };
};

export const receiptOf = (control: ControlFile, stage: FarReceipt['stage']): FarReceipt => {
  const meaning = meaningOf(control.status);
  const words = control.status?.description;
  return {
    stage,
    good: meaning.is !== 'failed',
    ...(meaning.is === 'failed' ? { fault: meaning.fault } : {}),
    receiptCode: receiptCodeOf(control, meaning.is === 'failed' ? 'ERROR' : '00'),
    ...(words === undefined ? {} : { words: Buffer.from(words) }),
    ...atOf(control),
    reference: '',
  };
};

/** Our own file name names a delivery even where its workflow wants something else for a local id. */
export const nameOf = (mailbox: string, { dtsId, localId }: ControlFile, key: string | null): FarName => ({
  mailbox,
  ...(dtsId === undefined ? {} : { farId: dtsId }),
  ...(key !== null ? { transportKey: key } : localId === undefined ? {} : { transportKey: localId }),
});

/** By id alone, then by key alone: an id nobody has heard of is not to be taken for that of a send. */
export const namesApart = ({ mailbox, farId, transportKey }: FarName): readonly FarName[] => [
  ...(farId === undefined ? [] : [{ mailbox, farId }]),
  ...(transportKey === undefined ? [] : [{ mailbox, transportKey }]),
];
