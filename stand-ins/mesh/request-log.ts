import type { MeshVersion } from '../../formats/mesh/headers.ts';
import type { RouteName } from './routes.ts';

/** One request as the server saw it; no header or body that could hold patient data. */
export interface SeenRequest {
  /** Server's time, milliseconds since 1970. */
  readonly at: number;
  readonly method: string;
  readonly route: RouteName | 'none';
  /** Empty where the path names none. */
  readonly mailbox: string;
  /** Of the path; of the answer for a message that was sent. */
  messageId: string;
  readonly chunk: number;
  readonly version: MeshVersion;
  /** Of the token; empty without one. */
  readonly nonce: string;
  readonly nonceCount: string;
  /** 0 until it is answered, and when it never is (reset, cut before the first byte). */
  status: number;
  /** Kind of the fault that was injected. */
  fault: string | undefined;
}

/** The latest requests, oldest first, and how many there were on each route. */
export class RequestLog {
  readonly #most: number;
  #kept: SeenRequest[] = [];
  readonly counts = new Map<string, number>();
  total = 0;

  constructor(most: number) {
    this.#most = most;
  }

  add(request: SeenRequest): void {
    this.#kept.push(request);
    this.total += 1;
    this.counts.set(request.route, (this.counts.get(request.route) ?? 0) + 1);
    // Cut by halves: taking one off the front for each new one would move them all.
    if (this.#kept.length >= 2 * this.#most) this.#kept = this.#kept.slice(-this.#most);
  }

  latest(): readonly SeenRequest[] {
    return this.#kept.slice(-this.#most);
  }
}
