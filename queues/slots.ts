import type { DeliveryId } from '../records/ids.ts';
import type { ClaimedDelivery, ClaimedHead, ClaimRef, HeadResult, LaneStore } from '../records/lanes.ts';
import type { FiledHead } from '../records/process.ts';
import type { Telemetry } from '../records/telemetry.ts';
import { dispatch } from './dispatcher.ts';
import type { Outlet, Recheck } from './outlet.ts';

export interface SlotsParts {
  readonly outlet: Outlet;
  readonly lanes: LaneStore;
  readonly recheck: Recheck;
  readonly telemetry: Telemetry;
  /** A claimed head has a result; `transport`: it worked, failed, or the result says nothing of it. */
  readonly onResult: (result: HeadResult, transport: boolean | undefined) => void;
  /** A claimed head left our hands without a result: filed elsewhere, or the claim was lost. */
  readonly onGone: (delivery: DeliveryId, end: 'filed' | 'missed', heads: readonly FiledHead[]) => void;
  /** The transport keeps failing and the store has not been told yet: nothing more is sent until it has. */
  readonly halted: () => boolean;
  /** Something moved. */
  readonly onChange: () => void;
}

/** Claims in hand at most, beside those being sent; one waits for its slot for about this many milliseconds of sending. */
const MOST_AHEAD = 64;
const AHEAD_MS = 500;
/** Left of a claim's time when sending begins, beyond the send's own deadline. */
const MARGIN = 5_000;
const FIRST_GUESS_MS = 20;

const refOf = ({ lane, delivery, token }: ClaimRef): ClaimRef => ({ lane, delivery, token });

/** The claimed heads of one destination: loaded, checked again where stale, then sent as slots come free, urgent first. */
export class Slots {
  readonly #parts: SlotsParts;
  #preparing = 0;
  readonly #ready: { readonly claimed: ClaimedDelivery; readonly since: number }[] = [];
  #sending = 0;
  #closed = false;
  #sendMs = FIRST_GUESS_MS;

  constructor(parts: SlotsParts) {
    this.#parts = parts;
  }

  /** Average milliseconds of a send lately. */
  get sendMs(): number {
    return this.#sendMs;
  }

  get inHand(): number {
    return this.#preparing + this.#ready.length + this.#sending;
  }

  /** A slot is free and nothing is on its way to it. */
  get starving(): boolean {
    return this.#ready.length + this.#preparing === 0 && this.#sending < this.#parts.outlet.adapter.slots;
  }

  /** Heads that may be claimed now. Only where the receiver recognises duplicates may a claim wait for its slot. */
  get room(): number {
    if (this.#closed) return 0;
    const { slots, dedupable } = this.#parts.outlet.adapter;
    const ahead = dedupable ? Math.min(MOST_AHEAD, Math.floor((slots * AHEAD_MS) / Math.max(1, this.#sendMs))) : 0;
    return Math.max(0, slots + ahead - this.inHand);
  }

  /** Nothing more is sent; what waits for a slot goes back. */
  close(): void {
    this.#closed = true;
    this.#giveBack();
  }

  #giveBack(): void {
    for (const { claimed } of this.#ready.splice(0)) this.#parts.onResult({ ...refOf(claimed), kind: 'returned' }, undefined);
  }

  /** Takes claimed heads; `since` is when claiming them began, on the steady clock. */
  async accept(claims: readonly ClaimedHead[], since: number): Promise<void> {
    const { lanes, telemetry, outlet } = this.#parts;
    this.#preparing += claims.length;
    let loaded: readonly ClaimedDelivery[] = [];
    try {
      loaded = await lanes.load(claims);
    } catch (error) {
      telemetry.error('load-failed', error, { destination: outlet.name, claims: claims.length });
    }
    const found = new Set<DeliveryId>(loaded.map((claimed) => claimed.delivery));
    for (const claim of claims) if (!found.has(claim.delivery)) this.#give({ ...refOf(claim), kind: 'returned' });
    for (const claimed of loaded) {
      if (claimed.stale) void this.#check(claimed, since);
      else this.#makeReady(claimed, since);
    }
    this.#feed();
    this.#parts.onChange();
  }

  /** The route rests on an older state of the person: the pipeline says whether it still stands (ruling A10). */
  async #check(claimed: ClaimedDelivery, since: number): Promise<void> {
    try {
      const verdict = await this.#parts.recheck(claimed);
      if (verdict.verdict === 'go') {
        this.#makeReady(claimed, since);
      } else if (verdict.verdict === 'held') {
        this.#give({ ...refOf(claimed), kind: 'failed', outcome: 'permanent', code: verdict.code, sentBytes: false });
      } else {
        this.#preparing -= 1;
        const replaced = verdict.verdict === 'replaced';
        this.#parts.onGone(claimed.delivery, replaced ? 'filed' : 'missed', replaced ? verdict.heads : []);
      }
    } catch (error) {
      this.#parts.telemetry.error('recheck-failed', error, { delivery: claimed.delivery });
      this.#give({ ...refOf(claimed), kind: 'failed', outcome: 'transient', code: 'send-failed', sentBytes: false });
    }
    this.#feed();
    this.#parts.onChange();
  }

  /** A claim that ends without having been sent. */
  #give(result: HeadResult): void {
    this.#preparing -= 1;
    this.#parts.onResult(result, undefined);
  }

  #makeReady(claimed: ClaimedDelivery, since: number): void {
    if (this.#closed) {
      this.#give({ ...refOf(claimed), kind: 'returned' });
      return;
    }
    this.#preparing -= 1;
    this.#ready.push({ claimed, since });
  }

  #feed(): void {
    if (this.#parts.halted()) this.#giveBack();
    while (this.#ready.length > 0 && this.#sending < this.#parts.outlet.adapter.slots) {
      const urgent = this.#ready.findIndex(({ claimed }) => claimed.priority === 1);
      const [next] = this.#ready.splice(Math.max(0, urgent), 1);
      if (next !== undefined) void this.#send(next.claimed, next.since);
    }
  }

  async #send(claimed: ClaimedDelivery, since: number): Promise<void> {
    const { outlet, lanes, telemetry, onResult, onChange } = this.#parts;
    if (performance.now() - since > outlet.claimTtlMs - outlet.sendTimeoutMs - Math.min(MARGIN, outlet.claimTtlMs / 8)) {
      // The claim would run out while it is being sent, and another would send beside us.
      onResult({ ...refOf(claimed), kind: 'returned' }, undefined);
      onChange();
      return;
    }
    this.#sending += 1;
    const { result, transport, ms } = await dispatch(lanes, outlet, claimed, telemetry);
    this.#sending -= 1;
    this.#sendMs += (ms - this.#sendMs) / 16;
    onResult(result, transport);
    this.#feed();
    onChange();
  }
}
