import { setTimeout as sleep } from 'node:timers/promises';
import type { MeshDestinationSettings } from '../../config/types-mesh.ts';
import { MEX, writeChunkRange } from '../../formats/mesh/headers.ts';
import { planSending, type Sending } from '../../formats/mesh/sending.ts';
import { type FaultCode, ThroughcareError } from '../../records/faults.ts';
import type { DestinationName } from '../../records/ids.ts';
import type { DestinationAdapter, OutboundDelivery, Resolution, SendResult } from '../../records/ports.ts';
import type { Telemetry } from '../../records/telemetry.ts';
import { Condition } from '../condition.ts';
import { asksFor } from './asking.ts';
import { type ChunkPlan, chunkAt, planChunks, planOf } from './chunks.ts';
import { compresses, SNIFFED } from './compression.ts';
import { MeshError } from './errors.ts';
import { readFarName, writeBegun } from './far-name.ts';
import { Lookups } from './lookup.ts';
import { Lost } from './lost.ts';
import type { MeshMailbox } from './mailbox.ts';
import { Payload } from './payload.ts';
import { chunkFailure, firstFailure } from './send-failure.ts';
import { uploadOf } from './upload.ts';

/** Requests of one destination at once; the service does not like many of one mailbox. */
const SLOTS = 4;
/** A message whose request was lost may be seen by tracking only after this many times the service's longest silence. */
const SETTLES = 2;
/** Least pause between tries to commit the id of a message that was begun, ms. */
const NOTE_AGAIN = 200;

/** One attempt and what it works with. */
interface Attempt {
  readonly delivery: OutboundDelivery;
  readonly payload: Payload;
  readonly deadline: AbortSignal;
  readonly goesOn: () => void;
}

/** A message the service has begun to take. */
interface Begun {
  readonly id: string;
  readonly plan: ChunkPlan;
  readonly gzip: boolean;
}

const held = (code: FaultCode, receiptCode?: string): SendResult => ({
  outcome: 'permanent',
  code,
  sentBytes: false,
  transport: false,
  ...(receiptCode === undefined ? {} : { receiptCode }),
});
/** Nothing to do with the service: our own time is over, or we are stopping. */
const later = (sentBytes: boolean): SendResult => ({ outcome: 'transient', code: 'send-failed', sentBytes, transport: false });

/**
 * A MESH mailbox as a destination. The first request of a message goes out once and is not repeated before it is known that the service
 * did not take it; with the id of its answer noted, the further chunks may be sent as often as needed, also by another daemon.
 */
export class MeshDestination implements DestinationAdapter {
  readonly address: string;
  readonly dedupable = false;
  readonly slots = SLOTS;
  readonly asks: number;
  readonly #name: DestinationName;
  readonly #settings: Omit<MeshDestinationSettings, 'kind'>;
  readonly #mailbox: MeshMailbox;
  readonly #telemetry: Telemetry;
  readonly #lookups: Lookups;
  readonly #lost: Lost;
  readonly #reach: Condition;
  readonly #open = new Set<Promise<unknown>>();
  #learning: Promise<void> | null = null;
  #closed = false;

  constructor(name: DestinationName, settings: Omit<MeshDestinationSettings, 'kind'>, mailbox: MeshMailbox, telemetry: Telemetry) {
    const settleMs = mailbox.settings.timeout * SETTLES;
    this.address = mailbox.address;
    this.asks = asksFor(settings.retry, settleMs);
    this.#name = name;
    this.#settings = settings;
    this.#mailbox = mailbox;
    this.#telemetry = telemetry;
    this.#lookups = new Lookups(
      async (odsCode, workflow) => (await mailbox.client.lookup(odsCode, workflow)).map((found) => found.mailbox),
      mailbox.settings.lookupAge,
      () => performance.now(),
    );
    this.#lost = new Lost(settleMs, () => performance.now());
    this.#reach = new Condition(telemetry, 'destination.unreachable', { destination: name });
    mailbox.sends([settings.workflow, ...settings.allowed]);
  }

  async send(delivery: OutboundDelivery, deadline: AbortSignal, goesOn: () => void = () => {}): Promise<SendResult> {
    if (this.#closed || deadline.aborted) return later(false);
    const payload = new Payload(delivery);
    const attempt = { delivery, payload, deadline, goesOn };
    const noted = delivery.farId ?? this.#lost.farId(delivery.id);
    const work = noted === null ? this.#begin(attempt) : this.#resume(attempt, noted);
    this.#open.add(work);
    try {
      const result = await work;
      if (result.outcome === 'delivered') this.#reach.clear();
      else if (result.transport) this.#reach.raise(result.code, { cause: result.receiptCode });
      return result;
    } finally {
      this.#open.delete(work);
      payload.close();
    }
  }

  /** A message nothing was sent of. Everything that can be known before the first byte is. */
  async #begin(attempt: Attempt): Promise<SendResult> {
    const { delivery, payload, deadline } = attempt;
    const { transportKey, contentType, envelope, size } = delivery;
    const sending = planSending(this.#settings, { from: this.#mailbox.id, transportKey, contentType, envelope });
    if ('fault' in sending) return held(sending.fault, sending.header);
    const plan = planChunks(size, this.#settings.chunkSize);
    if (plan === null) return held('mesh-refused', 'size');
    let to: string | SendResult;
    let gzip: boolean;
    try {
      await this.#ready();
      to = await this.#addressee(sending);
      if (typeof to !== 'string') return to;
      gzip = compresses(this.#settings.compress, size, await payload.head(SNIFFED));
    } catch (error) {
      return firstFailure(error, { begun: false, whole: false });
    }
    if (deadline.aborted) return later(false);
    const id = await this.#first(attempt, to, sending, plan, gzip);
    if (typeof id !== 'string') return id;
    if (plan.count === 1) return this.#taken(id, size);
    if (!(await this.#note(attempt, writeBegun(id, plan.count, gzip))))
      return { outcome: 'ambiguous', code: 'mesh-unknown', sentBytes: true, receiptCode: '202', transport: false };
    return this.#rest(attempt, { id, plan, gzip });
  }

  async #first(attempt: Attempt, to: string, sending: Sending, plan: ChunkPlan, gzip: boolean): Promise<string | SendResult> {
    const range = chunkAt(plan, 1);
    const about = Object.fromEntries(Object.entries(sending.headers).map(([name, value]) => [`mex-${name}`, value]));
    const headers = {
      ...about,
      [MEX.from]: this.#mailbox.id,
      [MEX.to]: to,
      [MEX.workflowId]: sending.workflow,
      [MEX.chunkRange]: writeChunkRange(range),
      'content-type': sending.headers['content-type'] ?? 'application/octet-stream',
      ...(gzip ? { 'content-encoding': 'gzip' } : {}),
    };
    const { body, progress, end } = uploadOf(attempt.payload, range, gzip, attempt.goesOn);
    try {
      return await this.#mailbox.client.send(headers, body, attempt.deadline);
    } catch (error) {
      const failure = firstFailure(error, progress);
      if (failure.outcome === 'ambiguous') this.#lost.at(attempt.delivery.id);
      if (failure.code === 'recipient-unknown' && 'organisation' in sending.to)
        this.#lookups.forget(sending.to.organisation, sending.workflow);
      return failure;
    } finally {
      end();
    }
  }

  async #addressee({ to, workflow }: Sending): Promise<string | SendResult> {
    if ('mailbox' in to) return to.mailbox;
    const found = await this.#lookups.find(to.organisation, workflow);
    if ('mailbox' in found) return found.mailbox;
    return 'none' in found ? held('no-mailbox') : held('mailbox-ambiguous', String(found.several));
  }

  /** The handshake, where it is due; and which version the service speaks, once for all that wait. */
  async #ready(): Promise<void> {
    await this.#mailbox.ready();
    if (this.#mailbox.client.version !== null) return;
    this.#learning ??= this.#mailbox.client.handshake().finally(() => {
      this.#learning = null;
    });
    await this.#learning;
  }

  /** Commits the id before anything more is sent under it. False: that cannot be, or the claim is another's by now. */
  async #note({ delivery, deadline }: Attempt, farId: string): Promise<boolean> {
    this.#lost.begun(delivery.id, farId);
    for (;;) {
      try {
        await delivery.noteFarId(farId);
        this.#lost.forget(delivery.id);
        return true;
      } catch (error) {
        if (deadline.aborted || (error instanceof ThroughcareError && error.code === 'claim-expired')) return false;
        await sleep(NOTE_AGAIN);
      }
    }
  }

  /** A message another attempt has begun. */
  async #resume(attempt: Attempt, farId: string): Promise<SendResult> {
    const { id, begun } = readFarName(farId);
    try {
      await this.#ready();
    } catch (error) {
      return chunkFailure(error, { begun: false, whole: false });
    }
    if (begun === null) return this.#confirmTaken(id, attempt.delivery.size);
    const plan = planOf(attempt.delivery.size, begun.count);
    if (plan === null) return held('mesh-refused', 'size');
    if (attempt.delivery.farId === null && !(await this.#note(attempt, farId)))
      return { outcome: 'ambiguous', code: 'mesh-unknown', sentBytes: true, receiptCode: '202', transport: false };
    return this.#rest(attempt, { id, plan, gzip: begun.gzip });
  }

  /** The chunks behind the first, in order, each as often as needed. */
  async #rest(attempt: Attempt, { id, plan, gzip }: Begun): Promise<SendResult> {
    const { payload, deadline, goesOn, delivery } = attempt;
    const headers = gzip ? { 'content-encoding': 'gzip' } : {};
    for (let chunk = 2; chunk <= plan.count; chunk += 1) {
      if (deadline.aborted || this.#closed) return later(true);
      const range = chunkAt(plan, chunk);
      const { body, progress, end } = uploadOf(payload, range, gzip, goesOn);
      try {
        await this.#mailbox.client.sendChunk(id, range, headers, body, deadline);
      } catch (error) {
        // Final already: an earlier attempt's last chunk was taken, its answer lost.
        if (error instanceof MeshError && error.status === 423) return this.#confirmTaken(id, delivery.size);
        return chunkFailure(error, progress);
      } finally {
        end();
      }
    }
    return this.#taken(id, delivery.size);
  }

  #taken(id: string, size: number): SendResult {
    this.#telemetry.count('mailbox_sent_bytes', { mailbox: this.#mailbox.name }, size);
    this.#mailbox.lookSoon();
    return { outcome: 'delivered', confirmed: this.#settings.confirmedBy === 'accepted', receiptCode: '202', farId: id };
  }

  /** The service should have all of it: it says so itself. */
  async #confirmTaken(id: string, size: number): Promise<SendResult> {
    try {
      const tracked = await this.#mailbox.client.track(id);
      if (tracked !== null && tracked.status !== 'uploading') return this.#taken(id, size);
      return { outcome: 'ambiguous', code: 'mesh-unknown', sentBytes: true, transport: false };
    } catch (error) {
      return chunkFailure(error, { begun: true, whole: true });
    }
  }

  async resolve(delivery: OutboundDelivery): Promise<Resolution> {
    await this.#ready();
    const noted = delivery.farId ?? this.#lost.farId(delivery.id);
    if (noted !== null) return this.#resolveById(delivery, noted);
    return this.#settings.localId === 'key' ? this.#resolveByKey(delivery) : { known: 'unknown' };
  }

  async #resolveById(delivery: OutboundDelivery, noted: string): Promise<Resolution> {
    const { id, begun } = readFarName(noted);
    const tracked = await this.#mailbox.client.track(id);
    if (tracked !== null && tracked.status !== 'uploading') return this.#found(delivery, id, tracked.status);
    if (begun === null) return { known: 'unknown' };
    if (delivery.farId === null) await delivery.noteFarId(noted);
    return { known: 'not-sent' };
  }

  /** Our local id is unique, so version 1 can be asked for it; but a message just sent may not be seen at once. */
  async #resolveByKey(delivery: OutboundDelivery): Promise<Resolution> {
    const tracked = await this.#mailbox.client.trackByLocalId(delivery.transportKey);
    if (tracked === 'several') {
      this.#telemetry.warn('destination.sent-twice', { destination: this.#name, delivery: delivery.id });
      return { known: 'unknown' };
    }
    if (tracked === null) return { known: this.#lost.settled(delivery.id) ? 'not-sent' : 'unknown' };
    if (tracked.id === '') return { known: 'unknown' };
    if (tracked.status !== 'uploading') return this.#found(delivery, tracked.id, tracked.status);
    // Its first chunk was taken. How it was cut is the service's to say: what is sent on must fit.
    const { chunks, gzip } = tracked;
    if (chunks === null || gzip === null || planOf(delivery.size, chunks) === null) return { known: 'unknown' };
    await delivery.noteFarId(writeBegun(tracked.id, chunks, gzip));
    return { known: 'not-sent' };
  }

  #found(delivery: OutboundDelivery, id: string, status: string): Resolution {
    this.#lost.forget(delivery.id);
    const receiptCode = /^[a-z]{1,20}$/.test(status) ? status : '202';
    return { known: 'delivered', confirmed: this.#settings.confirmedBy === 'accepted', receiptCode, farId: id };
  }

  /** Lets chunks that are on their way end; what is behind them is sent by whoever comes next. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled([...this.#open]);
  }
}
