import { lstat, readdir } from 'node:fs/promises';
import { performance } from 'node:perf_hooks';
import { errnoOf } from '../condition.ts';
import { byName, inFolder, isHidden } from './names.ts';
import { Readiness } from './readiness.ts';

export interface ReadyFile {
  readonly name: Buffer;
  readonly mtimeMs: number;
}

const byTime = (a: ReadyFile, b: ReadyFile): number => a.mtimeMs - b.mtimeMs || byName(a, b);
const LOOKS_AT_ONCE = 64;

/** Plain files of a folder by name: no links, no folders, no pipes, nothing hidden. Throws the system's error: a folder that cannot be read is not an empty one. */
export const plainFiles = async (folder: Buffer): Promise<Buffer[]> => {
  const entries = await readdir(folder, { withFileTypes: true, encoding: 'buffer' });
  return entries.filter((entry) => entry.isFile() && !isHidden(entry.name)).map((entry) => entry.name);
};

/** Looks into a source's folder and says which files are ready to be taken, in the order they are taken. */
export class Scanner {
  readonly #folder: Buffer;
  readonly #wanted: (name: Buffer) => boolean;
  readonly #order: 'name' | 'time';
  readonly #readiness: Readiness;

  constructor(folder: Buffer, wanted: (name: Buffer) => boolean, order: 'name' | 'time', stableFor: number) {
    this.#folder = folder;
    this.#wanted = wanted;
    this.#order = order;
    this.#readiness = new Readiness(stableFor);
  }

  async ready(): Promise<ReadyFile[]> {
    const names = (await plainFiles(this.#folder)).filter(this.#wanted);
    const now = performance.now();
    const ready: ReadyFile[] = [];
    for (let at = 0; at < names.length; at += LOOKS_AT_ONCE) {
      const found = await Promise.all(names.slice(at, at + LOOKS_AT_ONCE).map((name) => this.#look(name, now)));
      for (const file of found) if (file !== null) ready.push(file);
    }
    this.#readiness.endScan();
    return ready.sort(this.#order === 'time' ? byTime : byName);
  }

  async #look(name: Buffer, now: number): Promise<ReadyFile | null> {
    try {
      const look = await lstat(inFolder(this.#folder, name));
      return this.#readiness.look(name.toString('latin1'), look, now) && look.isFile() ? { name, mtimeMs: look.mtimeMs } : null;
    } catch (error) {
      // Taken away or renamed since it was listed.
      if (errnoOf(error) === 'ENOENT') return null;
      throw error;
    }
  }
}
