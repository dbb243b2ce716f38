/** Size, modification time and identity of a file as one look saw it. */
export interface FileLook {
  readonly size: number;
  readonly mtimeMs: number;
  readonly ino: number;
}

interface Seen extends FileLook {
  /** Monotonic time (ms) of the first look that saw exactly this. */
  readonly since: number;
}

/**
 * Says when a file has stopped changing: the same size, modification time and inode over `stableFor` ms of the monotonic
 * clock, so neither a sender's clock nor a step of ours can make a half-written file look finished.
 */
export class Readiness {
  readonly #stableFor: number;
  #seen = new Map<string, Seen>();
  #next = new Map<string, Seen>();

  constructor(stableFor: number) {
    this.#stableFor = stableFor;
  }

  /** Notes one look; true when the file is ready. `now` is monotonic ms. */
  look(name: string, look: FileLook, now: number): boolean {
    const before = this.#seen.get(name);
    const same = before !== undefined && before.size === look.size && before.mtimeMs === look.mtimeMs && before.ino === look.ino;
    const seen = same ? before : { size: look.size, mtimeMs: look.mtimeMs, ino: look.ino, since: now };
    this.#next.set(name, seen);
    return now - seen.since >= this.#stableFor;
  }

  /** Ends a scan: what was not seen in it is forgotten, so the memory is that of the files that lie there. */
  endScan(): void {
    this.#seen = this.#next;
    this.#next = new Map();
  }
}
