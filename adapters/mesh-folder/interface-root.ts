import { lstat, mkdir, readdir } from 'node:fs/promises';
import { inFolder } from '../files/names.ts';
import { ownFolder } from '../files/shelf.ts';

/** The folders of a MESH client's interface root, as the NHS names them. */
export type ClientFolder = 'IN' | 'OUT' | 'SENT' | 'FAILED';
/** Ours, beside them, so that moves stay on one file system. */
type OwnFolder = 'processing' | 'done' | 'error';

const missing = (): Error => Object.assign(new Error('no such folder in the interface root'), { code: 'ENOENT' });

/** Upper case where there are several spellings, else the first by its bytes. */
const oneOf = (names: readonly Buffer[], wanted: ClientFolder): Buffer | undefined => {
  const found = names.filter((name) => name.toString('latin1').toUpperCase() === wanted).sort(Buffer.compare);
  return found.find((name) => name.toString('latin1') === wanted) ?? found[0];
};

/** An interface root. Its folders are found in either letter case at every look: a folder that is gone is not an empty one. */
export class InterfaceRoot {
  readonly path: string;
  readonly #root: Buffer;
  readonly #make: boolean;

  constructor(path: string, make: boolean) {
    this.path = path;
    this.#root = Buffer.from(path);
    this.#make = make;
  }

  /** The folder as it is written on disk; null where there is none. Links are not followed. Throws where the root cannot be looked into. */
  async find(wanted: ClientFolder): Promise<Buffer | null> {
    if (this.#make) await mkdir(this.#root, { recursive: true, mode: 0o750 });
    const entries = await readdir(this.#root, { withFileTypes: true, encoding: 'buffer' });
    const name = oneOf(
      entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name),
      wanted,
    );
    return name === undefined ? null : inFolder(this.#root, name);
  }

  /** The same, for a folder that must be there: made where the settings say so, else ENOENT. */
  async need(wanted: ClientFolder): Promise<Buffer> {
    const found = await this.find(wanted);
    if (found !== null) return found;
    if (!this.#make) throw missing();
    return this.made(wanted);
  }

  /** The same, for a folder we write in place of the client: made where it is missing and the root is there. */
  async made(wanted: ClientFolder): Promise<Buffer> {
    const found = await this.find(wanted);
    if (found !== null) return found;
    const path = inFolder(this.#root, Buffer.from(wanted));
    await ownFolder(path);
    return path;
  }

  /** A folder of our own in the root, which must be there. */
  async own(name: OwnFolder): Promise<Buffer> {
    await lstat(this.#root);
    const path = inFolder(this.#root, Buffer.from(name));
    await ownFolder(path);
    return path;
  }
}
