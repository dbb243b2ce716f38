import { performance } from 'node:perf_hooks';
import { type ControlFile, explainProblem, type ReadControl } from '../../formats/mesh/control-file.ts';
import { recordOf } from '../../formats/mesh/control-status.ts';
import { writeControlFile } from '../../formats/mesh/control-writer.ts';
import { MESH_STATUS } from '../../formats/mesh/status-codes.ts';
import { secondStamp } from '../../formats/mesh/timestamp.ts';
import type { Fate } from '../../records/far-side.ts';
import { FAULTS, type FaultCode } from '../../records/faults.ts';
import { brandAs, type MessageId } from '../../records/ids.ts';
import type { Receipt } from '../../records/ports.ts';
import { inFolder } from '../files/names.ts';
import { type Claim, Claims } from './claims.ts';
import { type ControlLook, lookAtControl, peekAtControl } from './control-reading.ts';
import { ChangedWhileRead, dataStream, isEmpty } from './data-stream.ts';
import type { InterfaceRoot } from './interface-root.ts';
import { LeftAlone, type Pair, PairScanner, Patience } from './pairs.ts';
import { complaintText, connectionOf, goesOn, type Round, receiverDisposition, rejectedOf, shownName, stored, tellPair } from './round.ts';
import { type Complaint, headersOf, type LeftBecause, sortOutgoing } from './sorting.ts';

/** Fates asked for at once. */
const FATES_AT_ONCE = 500;

/** Why a pair is refused, for its sender: the record's event and code, and words that hold nothing the files say. */
interface Refusal {
  readonly code: FaultCode;
  readonly event: string;
  readonly number: string;
  readonly detail: string;
}

const COMPLAINTS: Readonly<Record<Complaint, Pick<Refusal, 'event' | 'number' | 'detail'>>> = {
  from: { event: 'SEND', number: '07', detail: 'From_DTS is missing' },
  to: { event: 'SEND', number: '08', detail: 'To_DTS is missing' },
  workflow: { event: 'TRANSFER', number: '06', detail: 'WorkflowId is missing' },
  kind: { event: 'SEND', number: '11', detail: 'MessageType is not Data' },
  'too-long': { event: 'TRANSFER', number: '06', detail: 'To_DTS, WorkflowId, LocalId or Subject is too long' },
};

const refusalOf = (code: FaultCode, detail = FAULTS[code].means): Refusal => {
  const { event, code: number } = recordOf(code);
  return { code, event, number, detail };
};

/**
 * In place of a MESH client: what legacy systems drop in OUT is checked and taken, lies in `processing` until it is known what became
 * of it, and comes to lie in SENT with its id, or in FAILED with the reason.
 */
export class AsClient {
  readonly #root: InterfaceRoot;
  readonly #out: PairScanner;
  readonly #left = new LeftAlone<LeftBecause>();
  /** What is not complete yet. */
  readonly #patience = new Patience();
  /** Claims that are not received yet. */
  #begun: Claim[] | null = null;
  /** Claims whose fate is open, by id. */
  readonly #open = new Map<string, { readonly claim: Claim; readonly messages: readonly MessageId[] }>();

  constructor(root: InterfaceRoot, settleFor: number) {
    this.#root = root;
    this.#out = new PairScanner(settleFor);
  }

  /** What lies in `processing` is looked at again in the next round. */
  forget(): void {
    this.#begun = null;
    this.#open.clear();
  }

  async round(round: Round): Promise<void> {
    const folder = await this.#root.need('OUT');
    const claims = new Claims(await this.#root.own('processing'));
    this.#begun ??= await claims.all();
    for (const claim of [...this.#begun]) {
      if (!goesOn(round)) return;
      await this.#begin(round, claims, await claims.complete(claim, folder));
    }
    await this.#settleFates(round, claims);
    const pairs = await this.#out.ready(folder);
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
    if ('control' in look.read) {
      const sorted = sortOutgoing(look.read.control, round.settings);
      if (sorted.as === 'left') {
        this.#left.leave(pair, sorted.because, now);
        round.tally.leave(sorted.because);
        return;
      }
      if (!pair.datReady && !(pair.dat === null && this.#patience.isOver(pair, round.settings.dataWait, now))) return;
    } else if (pair.dat !== null && !pair.datReady) return;
    else if (mayBeGrowing(look.read) && !this.#patience.isOver(pair, round.settings.dataWait, now)) return;
    const claim = await claims.take(folder, pair);
    if (claim === null) return;
    this.#begun?.push(claim);
    await this.#begin(round, claims, claim);
  }

  /** Receives a claim, or goes on where a former run ended. */
  async #begin(round: Round, claims: Claims, claim: Claim): Promise<void> {
    const { to, messages } = await claims.state(claim);
    if (to !== undefined) await claims.finish(claim, to);
    else if (messages !== undefined) this.#open.set(claim.id, { claim, messages: messages.map((id) => brandAs<MessageId>(id)) });
    else if (!(await this.#receive(round, claims, claim))) return;
    this.#begun = (this.#begun ?? []).filter(({ id }) => id !== claim.id);
  }

  /** False: it stays as it is, and is looked at again in the next round. */
  async #receive(round: Round, claims: Claims, claim: Claim): Promise<boolean> {
    // A data file alone cannot be: the control file is taken first and put away last.
    if (claim.ctl === null) return true;
    const look = await lookAtControl(claims.path(claim, claim.ctl));
    if (look === null) return false;
    const { read } = look;
    if ('problem' in read) {
      const detail = `The control file could not be read: ${explainProblem(read.problem)}.`;
      await this.#refuse(round, claims, claim, look, null, refusalOf('control-file', detail));
      return true;
    }
    const sorted = sortOutgoing(read.control, round.settings);
    if (sorted.as === 'refused') {
      await this.#refuse(round, claims, claim, look, read.control, { code: 'control-file', ...COMPLAINTS[sorted.complaint] });
      return true;
    }
    if (claim.dat === null || (await isEmpty(claims.path(claim, claim.dat)))) {
      const code = claim.dat === null ? 'data-file-missing' : 'empty-file';
      await this.#refuse(round, claims, claim, look, read.control, refusalOf(code));
      return true;
    }
    // Left by the configuration of now, and taken under one before: a person decides.
    const { workflow, disposition } =
      sorted.as === 'message' ? sorted : { workflow: read.control.workflowId ?? '', disposition: { do: 'hold' } as const };
    const file = shownName(claim.dat);
    const dat = claims.path(claim, claim.dat);
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
    let receipts: readonly Receipt[];
    try {
      receipts = await stored(round, () =>
        parts.mailbox.receiveStream({
          source: name,
          connection: connectionOf(name),
          // The pair has no id yet, and the same pair dropped twice is meant twice, as for the client.
          transportId: claim.id,
          workflow,
          disposition: receiverDisposition(disposition),
          body: body(),
          meta: file === undefined ? {} : { file },
          headers: headersOf(read.control, file),
          fence,
        }),
      );
    } catch (error) {
      if (changed) return false;
      throw error;
    }
    await this.#taken(round, claims, claim, read.control, receipts);
    return true;
  }

  async #taken(round: Round, claims: Claims, claim: Claim, control: ControlFile, receipts: readonly Receipt[]): Promise<void> {
    const rejected = rejectedOf(receipts);
    if (rejected !== undefined) {
      const code = rejected.reason ?? 'internal';
      const failed = receipts.filter(({ outcome }) => outcome === 'rejected').length;
      const detail = receipts.length === 1 ? FAULTS[code].means : `${FAULTS[code].means} ${failed} of ${receipts.length} messages.`;
      await this.#fail(round, claims, claim, control, { ...refusalOf(code), detail });
      return;
    }
    if (receipts.every(({ outcome }) => outcome === 'ignored')) {
      if (round.settings.done === 'delete') await claims.discard(claim);
      else await claims.putAway(claim, await this.#root.own('done'), null, null);
      tellPair(round, 'done');
      return;
    }
    const messages = receipts.filter(({ outcome }) => outcome !== 'ignored').map(({ messageId }) => messageId);
    await claims.note(claim, { messages: messages.map(Number) });
    this.#open.set(claim.id, { claim, messages });
  }

  /** Journals a pair that is not taken, and gives it back with the reason. */
  async #refuse(
    round: Round,
    claims: Claims,
    claim: Claim,
    look: NonNullable<ControlLook>,
    control: ControlFile | null,
    refusal: Refusal,
  ): Promise<void> {
    const { name: source } = round;
    await stored(round, () =>
      round.parts.receiver.refuse({ source, reason: refusal.code, head: look.bytes, size: look.size, connection: connectionOf(source) }),
    );
    await this.#fail(round, claims, claim, control, refusal);
  }

  /** Into FAILED with an ERROR record; where the control file cannot be read, as it came and with a text beside it. */
  async #fail(round: Round, claims: Claims, claim: Claim, control: ControlFile | null, refusal: Refusal): Promise<void> {
    const failed = await this.#root.made('FAILED');
    if (control === null) await claims.putAway(claim, failed, null, complaintText(refusal.code, refusal.detail));
    else {
      const record = { dateTime: secondStamp(this.#now(round)), event: refusal.event, status: 'ERROR', code: refusal.number };
      const description = `${refusal.code}: ${refusal.detail}`;
      await claims.putAway(claim, failed, writeControlFile({ ...control, status: { ...record, description } }), null);
    }
    tellPair(round, 'failed', refusal.code);
  }

  /** Asks what became of what was taken, and puts away what is known. */
  async #settleFates(round: Round, claims: Claims): Promise<void> {
    const open = [...this.#open.values()];
    for (let at = 0; at < open.length; at += FATES_AT_ONCE) {
      const some = open.slice(at, at + FATES_AT_ONCE);
      const fates = await stored(round, () => round.parts.fates.of(some.flatMap(({ messages }) => messages)));
      for (const { claim, messages } of some) {
        if (!goesOn(round)) return;
        const fate = together(messages.map((id) => fates.get(id) ?? { fate: 'open' }));
        if (fate.fate === 'open') continue;
        await this.#end(round, claims, claim, fate);
        this.#open.delete(claim.id);
      }
    }
  }

  async #end(round: Round, claims: Claims, claim: Claim, fate: Exclude<Fate, { fate: 'open' }>): Promise<void> {
    if (claim.ctl === null) return;
    const look = await lookAtControl(claims.path(claim, claim.ctl));
    // It was readable when it was taken.
    const control: ControlFile = look !== null && 'control' in look.read ? look.read.control : { others: [] };
    if (fate.fate === 'failed') {
      const refusal = refusalOf(fate.code);
      await this.#fail(round, claims, claim, control, { ...refusal, number: fate.receiptCode ?? refusal.number });
      return;
    }
    if (round.settings.done === 'delete') await claims.discard(claim);
    else {
      const status = {
        dateTime: secondStamp(new Date(fate.at)),
        event: 'TRANSFER',
        status: 'SUCCESS',
        code: '00',
        description: MESH_STATUS['00'].description,
      };
      const sent = writeControlFile({ ...control, ...(fate.farId === null ? {} : { dtsId: fate.farId }), status });
      await claims.putAway(claim, await this.#root.made('SENT'), sent, null);
    }
    tellPair(round, 'sent');
  }

  #now({ parts }: Round): Date {
    return parts.now?.() ?? new Date();
  }
}

/** A file that ends too early may be one that is still being written. */
const mayBeGrowing = (read: ReadControl): boolean =>
  'problem' in read && (read.problem.kind === 'unfinished' || read.problem.kind === 'empty');

/** Of the messages of one pair: failed as soon as one failed and none is open, sent when all are. */
const together = (fates: readonly Fate[]): Fate => {
  if (fates.some(({ fate }) => fate === 'open')) return { fate: 'open' };
  return fates.find(({ fate }) => fate === 'failed') ?? fates.at(-1) ?? { fate: 'open' };
};
