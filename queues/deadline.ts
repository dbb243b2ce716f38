/** Part of the time after which an attempt that goes on is given its whole time again. */
const RENEW_AT = 1 / 3;
/** Least pause between tries to renew, as part of the time: the store may be away. */
const AGAIN = 1 / 15;

/**
 * The time one attempt to send has. An adapter whose attempt takes long (hundreds of megabytes, one chunk after another) says that it goes
 * on; then the claim is renewed, and only once that is committed the time begins anew. So the claim always outlasts the attempt, and an
 * attempt that stands still ends as soon as any other.
 */
export class Deadline {
  readonly #ms: number;
  readonly #renew: () => Promise<boolean>;
  readonly #abort = new AbortController();
  #tell: () => void = () => {};
  #timer: NodeJS.Timeout;
  #renewed = performance.now();
  #tried = Number.NEGATIVE_INFINITY;
  #renewing = false;
  #ended = false;

  /** Resolves when the time is over; `signal` has been given then. */
  readonly over = new Promise<void>((resolve) => {
    this.#tell = resolve;
  });

  /** `renew`: false where the claim is another's by now. */
  constructor(ms: number, renew: () => Promise<boolean>) {
    this.#ms = ms;
    this.#renew = renew;
    this.#timer = setTimeout(() => this.#end(), ms);
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Cheap: may be called for every piece that was sent. */
  readonly goesOn = (): void => {
    const now = performance.now();
    if (this.#ended || this.#renewing || now - this.#renewed < this.#ms * RENEW_AT || now - this.#tried < this.#ms * AGAIN) return;
    this.#renewing = true;
    this.#tried = now;
    this.#renew().then(
      (ours) => {
        this.#renewing = false;
        if (this.#ended) return;
        // Whoever has the claim now will look into it; nothing more may leave here.
        if (!ours) this.#end();
        else this.#begin(now);
      },
      () => {
        this.#renewing = false;
      },
    );
  };

  #begin(since: number): void {
    this.#renewed = since;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#end(), Math.max(0, since + this.#ms - performance.now()));
  }

  #end(): void {
    this.stop();
    this.#abort.abort();
    this.#tell();
  }

  /** The attempt has ended. */
  stop(): void {
    this.#ended = true;
    clearTimeout(this.#timer);
  }
}
