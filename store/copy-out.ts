import pg from 'pg';

/** Signature and flags of the binary form of COPY; then the length of an extension, which is skipped. */
const FLAGS_END = 15;
const HEADER = 19;

/** Where the value of the first row lies in what has come so far; `more`: not whole yet; `none`: no row, or null. */
const valueIn = (copied: Buffer): Buffer | 'more' | 'none' => {
  if (copied.length < HEADER) return 'more';
  const row = HEADER + copied.readInt32BE(FLAGS_END);
  if (copied.length < row + 2) return 'more';
  if (copied.readInt16BE(row) < 1) return 'none';
  const value = row + 6;
  if (copied.length < value) return 'more';
  const length = copied.readInt32BE(row + 2);
  if (length < 0) return 'none';
  return copied.length < value + length ? 'more' : copied.subarray(value, value + length);
};

/**
 * Reads one bytea by COPY. A result row would come as text of twice its size, in a string that pg makes of it: garbage of many times what
 * is read, when megabytes are.
 */
class CopyOut extends pg.Query {
  #come: Buffer = Buffer.alloc(0);
  #over = false;
  readonly #use: (bytes: Buffer) => void;

  constructor(select: string, use: (bytes: Buffer) => void, settle: (error: Error | undefined) => void) {
    super(`copy (${select}) to stdout (format binary)`, settle);
    this.#use = use;
  }

  /** Called by pg, with a part of a buffer that it uses again. */
  handleCopyData({ chunk }: { readonly chunk: Buffer }): void {
    if (this.#over) return;
    const come = this.#come.length === 0 ? chunk : Buffer.concat([this.#come, chunk]);
    const value = valueIn(come);
    this.#over = value !== 'more';
    this.#come = this.#over ? Buffer.alloc(0) : Buffer.from(come);
    if (typeof value !== 'string') this.#use(value);
  }
}

/** One column of one row at most, without parameters. `use` gets the bytes where they lie in the connection's buffer, and must not throw. */
export const copyOut = (client: pg.PoolClient, select: string, use: (bytes: Buffer) => void): Promise<void> =>
  new Promise((settle, reject) => {
    client.query(new CopyOut(select, use, (error) => (error === undefined || error === null ? settle() : reject(error))));
  });
