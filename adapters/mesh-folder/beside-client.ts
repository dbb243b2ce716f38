import { createHash } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { readBusinessAnswer } from '../../formats/mesh/business-answer.ts';
import type { ControlFile } from '../../formats/mesh/control-file.ts';
import type { Receipt } from '../../records/ports.ts';
import { receiptOfAnswer } from '../far-answer.ts';
import { inFolder } from '../files/names.ts';
import { shelve } from '../files/shelf.ts';
import { type Claim, Claims } from './claims.ts';
import { lookAtControl, peekAtControl } from './control-reading.ts';
import { ChangedWhileRead, dataStream, pairDigest } from './data-stream.ts';
import type { InterfaceRoot } from './interface-root.ts';
import { ASK_AGAIN, atOf, clearPair, nameOf, namesApart, Outcomes, receiptOf } from './outcomes.ts';
import { LeftAlone, type Pair, PairScanner, Patience } from './pairs.ts';
import { complaintText, connectionOf, goesOn, type Round, receiverDisposition, rejectedOf, shownName, stored, tellPair } from './round.ts';
import { headersOf, type LeftBecause, type Sorted, sortIncoming } from './sorting.ts';

/** A recipient's answer of more than this is no answer. */
const LARGEST_ANSWER = 1_048_576;

/** Beside an installed MESH client: its IN brings messages and reports, its SENT and FAILED tell what became of ours. */
export class BesideClient {
  readonly #root: InterfaceRoot;
  readonly #in: PairScanner;
  readonly #outcomes: readonly Outcomes[];
  readonly #left = new LeftAlone<LeftBecause>();
  /** Control files without their data file. */
  readonly #patience = new Patience();
  #claims: Claim[] | null = null;

  constructor(root: InterfaceRoot, settleFor: number) {
    this.#root = root;
    this.#in = new PairScanner(settleFor);
    this.#outcomes = [new Outcomes(root, 'SENT', settleFor), new Outcomes(root, 'FAILED', settleFor)];
  }

  /** What lies in `processing` is looked at again in the next round. */
  forget(): void {
    this.#claims = null;
  }

  async round(round: Round): Promise<void> {
    const folder = await this.#root.need('IN');
    const claims = new Claims(await this.#root.own('processing'));
    this.#claims ??= await claims.all();
    for (const claim of [...this.#claims]) {
      if (!goesOn(round)) return;
      await this.#finish(round, claims, await claims.complete(claim, folder), folder);
    }
    // Ours first: reports are matched by the ids that SENT brings.
    for (const outcomes of this.#outcomes) await outcomes.look(round);
    const pairs = await this.#in.ready(folder);
    for (const pair of pairs) {
      if (!goesOn(round)) return;
      await this.#consider(round, claims, folder, pair);
    }
    this.#left.keepOnly(pairs);
    this.#patience.keepOnly(pairs);
  }

  async #consider(round: Round, claims: Claims, folder: Buffer, pair: Pair): Promise<void> {
    const now = performance.now();
    const why = this.#left.why(pair, now);
    if (why !== undefined) {
      round.tally.leave(why);
      return;
    }
    const look = await peekAtControl(round, inFolder(folder, pair.ctl));
    if (look === null) return;
    const sorted: Sorted = 'problem' in look.read ? { as: 'left', because: 'unreadable' } : sortIncoming(look.read.control, round.settings);
    if (sorted.as === 'left') {
      this.#left.leave(pair, sorted.because, now);
      round.tally.leave(sorted.because);
      return;
    }
    if ('problem' in look.read) return;
    if (sorted.as === 'report') {
      const receipt = await this.#report(round, look.bytes, look.read.control);
      if (receipt === null) {
        this.#left.leave(pair, 'unmatched', now, ASK_AGAIN);
        round.tally.leave('unmatched');
        return;
      }
      await clearPair(round, this.#root, folder, pair, 'report');
      return;
    }
    if (!pair.datReady && !(pair.dat === null && this.#patience.isOver(pair, round.settings.dataWait, now))) return;
    const claim = await claims.take(folder, pair);
    if (claim === null) return;
    this.#claims?.push(claim);
    await this.#finish(round, claims, claim, folder);
  }

  async #finish(round: Round, claims: Claims, claim: Claim, folder: Buffer): Promise<void> {
    const { to } = await claims.state(claim);
    if (to !== undefined) await claims.finish(claim, to);
    else if (!(await this.#receive(round, claims, claim, folder))) return;
    this.#claims = (this.#claims ?? []).filter(({ id }) => id !== claim.id);
  }

  /** False: it stays claimed, and is looked at again in the next round. */
  async #receive(round: Round, claims: Claims, claim: Claim, folder: Buffer): Promise<boolean> {
    // A data file without its control file is put back as it came: nothing says whose it is.
    if (claim.ctl === null) {
      if (claim.dat !== null) await shelve(claims.path(claim, claim.dat), folder, claim.dat);
      await claims.discard({ ...claim, dat: null });
      return true;
    }
    const look = await lookAtControl(claims.path(claim, claim.ctl));
    if (look === null) return false;
    const sorted = 'problem' in look.read ? null : sortIncoming(look.read.control, round.settings);
    if (sorted === null || sorted.as !== 'message' || 'problem' in look.read) {
      // It was one that we take when it was claimed; another configuration may have come since.
      if (claim.dat !== null) await shelve(claims.path(claim, claim.dat), folder, claim.dat);
      await shelve(claims.path(claim, claim.ctl), folder, claim.ctl);
      await claims.discard({ ...claim, ctl: null, dat: null });
      return true;
    }
    if (claim.dat === null) {
      await stored(round, () =>
        round.parts.receiver.refuse({
          source: round.name,
          reason: 'data-file-missing',
          head: look.bytes,
          size: look.size,
          connection: connectionOf(round.name),
        }),
      );
      await claims.putAway(claim, await this.#root.own('error'), null, complaintText('data-file-missing', null));
      tellPair(round, 'error', 'data-file-missing');
      return true;
    }
    const receipts = await this.#message(round, look.read.control, look.bytes, sorted, claims.path(claim, claim.dat), claim);
    if (receipts === null) return false;
    const rejected = rejectedOf(receipts);
    const code = rejected?.reason ?? 'internal';
    if (rejected !== undefined)
      await claims.putAway(claim, await this.#root.own('error'), null, complaintText(code, `Kept as message ${rejected.messageId}.`));
    else if (round.settings.done === 'delete') await claims.discard(claim);
    else await claims.putAway(claim, await this.#root.own('done'), null, null);
    tellPair(round, rejected === undefined ? 'done' : 'error', rejected?.reason);
    return true;
  }

  /** Null: the data file changed meanwhile, and is read again later. */
  async #message(
    round: Round,
    control: ControlFile,
    ctl: Buffer,
    { workflow, disposition }: Extract<Sorted, { as: 'message' }>,
    dat: Buffer,
    claim: Claim,
  ): Promise<readonly Receipt[] | null> {
    const { name, parts, fence, overdue } = round;
    let changed = false;
    async function* body(): AsyncGenerator<Buffer> {
      try {
        yield* dataStream(dat, overdue);
      } catch (error) {
        changed = error instanceof ChangedWhileRead;
        throw error;
      }
    }
    try {
      const transportId = control.dtsId ?? (await pairDigest(ctl, dat, overdue));
      if (disposition.do === 'acknowledge') {
        const answered = await this.#answer(round, control, workflow, transportId, body());
        if (answered !== null) return [answered];
      }
      const file = claim.dat === null ? undefined : shownName(claim.dat);
      return await stored(round, () =>
        parts.mailbox.receiveStream({
          source: name,
          connection: connectionOf(name),
          transportId,
          workflow,
          disposition: receiverDisposition(disposition),
          body: body(),
          meta: file === undefined ? {} : { file },
          headers: headersOf(control, file),
          fence,
        }),
      );
    } catch (error) {
      if (changed || error instanceof ChangedWhileRead) return null;
      throw error;
    }
  }

  /** A recipient's own answer. Null where it cannot be read as one: it is held then. */
  async #answer(
    round: Round,
    control: ControlFile,
    type: string,
    transportId: string,
    body: AsyncIterable<Buffer>,
  ): Promise<Receipt | null> {
    const { name, parts, fence, settings } = round;
    const pieces: Buffer[] = [];
    let size = 0;
    for await (const piece of body) {
      size += piece.length;
      if (size > LARGEST_ANSWER) return null;
      pieces.push(piece);
    }
    const bytes = Buffer.concat(pieces);
    const answer = readBusinessAnswer(bytes);
    if (answer === undefined) return null;
    // What it says it answers comes first; its local id may be one of its own.
    const keys = [...answer.about, ...(control.localId === undefined ? [] : [control.localId])];
    for (const [at, transportKey] of keys.entries()) {
      const receipt = await stored(round, () =>
        parts.mailbox.receiveReport({
          source: name,
          connection: connectionOf(name),
          transportId,
          bytes,
          type,
          name: { mailbox: settings.mailbox, transportKey },
          receipt: { ...receiptOfAnswer(answer), reference: transportId, ...atOf(control) },
          fence,
          final: at === keys.length - 1,
        }),
      );
      if (receipt !== null) return receipt;
    }
    return null;
  }

  /**
   * A report on what was sent from this mailbox; null where it names no delivery of ours. Its DTSId may be its own id or that of the
   * message it is about: it counts only where it is known.
   */
  async #report(round: Round, bytes: Buffer, control: ControlFile): Promise<Receipt | null> {
    const { name, parts, fence, settings } = round;
    const reference = `report.${createHash('sha256').update(bytes).digest('hex').slice(0, 32)}`;
    for (const known of namesApart(nameOf(settings.mailbox, control, null))) {
      const receipt = await stored(round, () =>
        parts.mailbox.receiveReport({
          source: name,
          connection: connectionOf(name),
          transportId: reference,
          bytes,
          type: 'REPORT',
          name: known,
          receipt: { ...receiptOf(control, control.status?.event === 'TRANSFER' ? 'accepted' : 'reported'), reference },
          fence,
          final: false,
        }),
      );
      if (receipt !== null) return receipt;
    }
    return null;
  }
}
