import type { MeshDestinationSettings } from '../../config/types-mesh.ts';
import type { DestinationName } from '../../records/ids.ts';
import type { DestinationAdapter, OutboundDelivery, Resolution, SendResult } from '../../records/ports.ts';
import type { Telemetry } from '../../records/telemetry.ts';
import { Condition } from '../condition.ts';
import { asksFor } from './asking.ts';
import { later, type OutParts } from './attempt.ts';
import { beginMessage } from './first-request.ts';
import { resumeMessage } from './further-chunks.ts';
import { Lookups } from './lookup.ts';
import { Lost } from './lost.ts';
import type { MeshMailbox } from './mailbox.ts';
import { Payload } from './payload.ts';
import { resolveMessage } from './resolving.ts';

/** Messages of one destination that are sent at once; the service does not like many requests of one mailbox. */
const SLOTS = 4;
/** A message whose answer was lost is shown by tracking, if at all, after this many times the service's longest silence. */
const SETTLES = 2;

/**
 * A MESH mailbox as a destination. The first request of a message goes out once and is not repeated before it is known that the service
 * did not take it; with the id of its answer noted, the further chunks may be sent as often as needed, also by another daemon.
 */
export class MeshDestination implements DestinationAdapter {
  readonly address: string;
  readonly dedupable = false;
  readonly slots = SLOTS;
  readonly asks: number;
  readonly #parts: OutParts;
  readonly #reach: Condition;
  readonly #stop = new AbortController();
  readonly #open = new Set<Promise<unknown>>();
  #learning: Promise<void> | null = null;

  /** `now`: a clock that only goes forward, ms. */
  constructor(
    name: DestinationName,
    settings: Omit<MeshDestinationSettings, 'kind'>,
    mailbox: MeshMailbox,
    telemetry: Telemetry,
    now: () => number = () => performance.now(),
  ) {
    const settleMs = mailbox.settings.timeout * SETTLES;
    const lookup = async (odsCode: string, workflow: string): Promise<string[]> =>
      (await mailbox.client.lookup(odsCode, workflow)).map((found) => found.mailbox);
    this.address = mailbox.address;
    this.asks = asksFor(settings.retry, settleMs);
    this.#parts = {
      name,
      settings,
      mailbox,
      telemetry,
      lookups: new Lookups(lookup, mailbox.settings.lookupAge, now),
      lost: new Lost(settleMs, now),
      ready: () => this.#ready(),
      stopping: this.#stop.signal,
    };
    this.#reach = new Condition(telemetry, 'destination.unreachable', { destination: name });
    mailbox.sends([settings.workflow, ...settings.allowed]);
  }

  async send(delivery: OutboundDelivery, deadline: AbortSignal, goesOn: () => void = () => {}): Promise<SendResult> {
    if (this.#stop.signal.aborted || deadline.aborted) return later(false);
    const attempt = { delivery, payload: new Payload(delivery), deadline, goesOn };
    const noted = delivery.farId ?? this.#parts.lost.farId(delivery.id);
    const work = noted === null ? beginMessage(this.#parts, attempt) : resumeMessage(this.#parts, attempt, noted);
    this.#open.add(work);
    try {
      const result = await work;
      if (result.outcome === 'delivered') this.#reach.clear();
      else if (result.transport) this.#reach.raise(result.code, { cause: result.receiptCode });
      return result;
    } finally {
      this.#open.delete(work);
      attempt.payload.close();
    }
  }

  resolve(delivery: OutboundDelivery): Promise<Resolution> {
    return resolveMessage(this.#parts, delivery);
  }

  /** Which version the service speaks is asked once for all that wait: a wrong one would cost the message. */
  async #ready(): Promise<void> {
    const { mailbox } = this.#parts;
    await mailbox.ready();
    if (mailbox.client.version !== null) return;
    this.#learning ??= mailbox.client.handshake().finally(() => {
      this.#learning = null;
    });
    await this.#learning;
  }

  /** Lets the chunks that are on their way end; what is behind them is sent by whoever comes next. */
  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.allSettled([...this.#open]);
  }
}
