import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { StoredMessage } from './message.ts';
import type { Spool } from './spool.ts';

/** Keeps what is known of messages beyond the server's end. */
export interface Keeper {
  save(message: StoredMessage): Promise<void>;
  remove(message: StoredMessage): Promise<void>;
}

/** Remembers nothing: tests and short demonstrations. */
export const forgetful: Keeper = { save: () => Promise.resolve(), remove: () => Promise.resolve() };

type Kept = Omit<StoredMessage, 'chunks'> & { readonly chunks: readonly ({ readonly file: string; readonly size: number } | null)[] };

/** One JSON file a message, beside its bodies. */
export class FileKeeper implements Keeper {
  readonly #folder: string;
  readonly #spool: Spool;
  readonly #saving = new WeakMap<StoredMessage, Promise<void>>();
  #count = 0;

  constructor(folder: string, spool: Spool) {
    this.#folder = folder;
    this.#spool = spool;
  }

  /** One after another for each message, so that the latest state stays. */
  save(message: StoredMessage): Promise<void> {
    const saved = (this.#saving.get(message) ?? Promise.resolve()).then(() => this.#write(message));
    this.#saving.set(
      message,
      saved.catch(() => undefined),
    );
    return saved;
  }

  remove(message: StoredMessage): Promise<void> {
    return rm(this.#path(message.id), { force: true });
  }

  /** What an earlier run left, in the order of acceptance. */
  async load(): Promise<StoredMessage[]> {
    await mkdir(this.#folder, { recursive: true });
    const found: StoredMessage[] = [];
    for (const name of await readdir(this.#folder)) {
      if (!name.endsWith('.json')) continue;
      const kept: Kept = JSON.parse(await readFile(join(this.#folder, name), 'utf8'));
      const chunks = kept.chunks.map((chunk) => (chunk === null ? undefined : this.#spool.found(chunk.file, chunk.size)));
      found.push({ ...kept, chunks: await Promise.all(chunks) });
    }
    return found.sort((a, b) => (a.acceptedAt ?? a.uploadedAt) - (b.acceptedAt ?? b.uploadedAt) || (a.id < b.id ? -1 : 1));
  }

  async #write(message: StoredMessage): Promise<void> {
    const chunks = Array.from(message.chunks, (chunk) => (chunk?.file === undefined ? null : { file: chunk.file, size: chunk.size }));
    this.#count += 1;
    const temporary = `${this.#path(message.id)}.${this.#count}`;
    await writeFile(temporary, JSON.stringify({ ...message, chunks }));
    await rename(temporary, this.#path(message.id));
  }

  #path(id: string): string {
    return join(this.#folder, `${id}.json`);
  }
}
