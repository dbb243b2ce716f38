import type { SeenRequest } from './request-log.ts';
import type { RouteName } from './routes.ts';

/** Which requests a fault befalls; what is left out may be anything. */
export interface FaultTarget {
  readonly mailbox?: string;
  readonly route?: RouteName | readonly RouteName[];
  readonly messageId?: string;
  readonly chunk?: number;
  /** This many matching requests go well first. */
  readonly skip?: number;
  /** How many it befalls; default 1, 0: all from then on. */
  readonly times?: number;
}

/** An error's body: one of the service's shapes whatever version was asked for, what a gateway says, or own words. */
export type FaultBody = 'v1' | 'v2' | 'validation' | 'bare' | 'xml' | 'html' | 'none' | { readonly text: string; readonly type: string };

export type FaultEffect =
  /** Answers a status. `after`: the request is carried out first (accepted, but an error). Also a 2xx with an error in its body. */
  | {
      readonly effect: 'status';
      readonly status: number;
      readonly body?: FaultBody;
      readonly event?: string;
      readonly code?: string;
      readonly text?: string;
      readonly headers?: Readonly<Record<string, string>>;
      readonly after?: boolean;
    }
  /** 429; `retryAfter` in seconds or an HTTP date, left out: no such header. */
  | { readonly effect: 'rate-limit'; readonly retryAfter?: number | string }
  | { readonly effect: 'redirect'; readonly to: string; readonly status?: number }
  /** The connection breaks without an answer. `after`: the request is carried out first. */
  | { readonly effect: 'reset'; readonly after?: boolean }
  /** The request is carried out and never answered; the connection stays. */
  | { readonly effect: 'silence' }
  /** The request is neither read nor carried out nor answered; the connection stays. */
  | { readonly effect: 'black-hole' }
  | { readonly effect: 'slow-first-byte'; readonly milliseconds: number }
  | { readonly effect: 'trickle'; readonly bytesPerSecond: number }
  /** The connection breaks after so many bytes of the body. */
  | { readonly effect: 'cut'; readonly afterBytes: number };

export type Fault = FaultTarget & FaultEffect;

export interface InjectedFault {
  readonly fault: Fault;
  /** Requests it has befallen. */
  readonly hits: number;
  remove(): void;
}

interface Entry {
  readonly fault: Fault;
  matched: number;
  hits: number;
}

/** The faults that wait for a request, first come first taken. */
export class Faults {
  readonly #entries = new Set<Entry>();

  inject(fault: Fault): InjectedFault {
    const entry: Entry = { fault, matched: 0, hits: 0 };
    this.#entries.add(entry);
    return {
      fault,
      get hits() {
        return entry.hits;
      },
      remove: () => void this.#entries.delete(entry),
    };
  }

  clear(): void {
    this.#entries.clear();
  }

  list(): readonly { readonly fault: Fault; readonly hits: number }[] {
    return [...this.#entries].map(({ fault, hits }) => ({ fault, hits }));
  }

  /** The fault for this request, if any. */
  take(request: SeenRequest): Fault | undefined {
    for (const entry of this.#entries) {
      if (!matches(entry.fault, request)) continue;
      entry.matched += 1;
      if (entry.matched <= (entry.fault.skip ?? 0)) continue;
      entry.hits += 1;
      const times = entry.fault.times ?? 1;
      if (times > 0 && entry.hits >= times) this.#entries.delete(entry);
      return entry.fault;
    }
    return undefined;
  }
}

const matches = ({ mailbox, route, messageId, chunk }: FaultTarget, request: SeenRequest): boolean => {
  if (mailbox !== undefined && mailbox.toUpperCase() !== request.mailbox) return false;
  if (messageId !== undefined && messageId !== request.messageId) return false;
  if (chunk !== undefined && chunk !== request.chunk) return false;
  if (route === undefined) return true;
  return typeof route === 'string' ? route === request.route : route.some((name) => name === request.route);
};
