import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { mkdir, open, readdir, rename, rm, rmdir } from 'node:fs/promises';
import { errnoOf } from '../condition.ts';
import { inFolder, nthName } from '../files/names.ts';
import { openToRead, readWhole } from '../files/reading.ts';
import { plainFiles } from '../files/scan.ts';
import { moveNew } from '../files/shelf.ts';
import { dataFor, isControlName, isDataName, type Pair, stemOf } from './pairs.ts';

/**
 * A pair that was taken out of its folder: a folder of its own under `processing`, whose name is the claim's id. The control file
 * is moved first, and only one of several can move it; what a crash leaves half done is finished from what lies there.
 */
export interface Claim {
  /** 32 hex digits. */
  readonly id: string;
  readonly folder: Buffer;
  /** Names within it; null once they were put away. */
  readonly ctl: Buffer | null;
  readonly dat: Buffer | null;
}

/** Where a claim is to go, decided before anything of it is moved. */
export interface Destination {
  /** Folder, as bytes in latin1. */
  readonly folder: string;
  /** Name without its ending, as bytes in latin1. */
  readonly stem: string;
  /** A control file of ours goes there in place of the one that came. */
  readonly rewritten: boolean;
  /** Laid beside them under the ending `.error`. */
  readonly text: string | null;
}

/** What is known of a claim beside its files; kept in its folder. */
export interface ClaimState {
  /** Message ids, as the journal gave them. */
  readonly messages?: readonly number[];
  readonly to?: Destination;
}

const STATE = Buffer.from('.state');
const NEXT_STATE = Buffer.from('.state.part');
const FINAL = Buffer.from('.final');
const NEXT_FINAL = Buffer.from('.final.part');
const NEW = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW;
const TRIES = 10_000;

const isState = (value: unknown): value is ClaimState => typeof value === 'object' && value !== null;

export class Claims {
  readonly #processing: Buffer;

  constructor(processing: Buffer) {
    this.#processing = processing;
  }

  /** Takes a pair; null when another was first. */
  async take(from: Buffer, { ctl, dat }: Pair): Promise<Claim | null> {
    const id = randomBytes(16).toString('hex');
    const folder = inFolder(this.#processing, Buffer.from(id));
    await mkdir(folder, { mode: 0o750 });
    try {
      await rename(inFolder(from, ctl), inFolder(folder, ctl));
    } catch (error) {
      await rmdir(folder);
      if (errnoOf(error) === 'ENOENT') return null;
      throw error;
    }
    const claim: Claim = { id, folder, ctl, dat: null };
    return dat === null ? claim : this.complete(claim, from);
  }

  /** Brings the data file of a claim that has none yet, where it lies in `from`. */
  async complete(claim: Claim, from: Buffer): Promise<Claim> {
    if (claim.ctl === null || claim.dat !== null) return claim;
    const dat = dataFor(claim.ctl, await plainFiles(from));
    if (dat === null) return claim;
    try {
      await rename(inFolder(from, dat), inFolder(claim.folder, dat));
      return { ...claim, dat };
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return claim;
      throw error;
    }
  }

  /** Every claim that lies there. What holds nothing is removed. */
  async all(): Promise<Claim[]> {
    const entries = await readdir(this.#processing, { withFileTypes: true, encoding: 'buffer' });
    const claims: Claim[] = [];
    for (const entry of entries) {
      const id = entry.name.toString('latin1');
      if (!entry.isDirectory() || !/^[0-9a-f]{32}$/.test(id)) continue;
      const folder = inFolder(this.#processing, entry.name);
      const names = await plainFiles(folder);
      const claim: Claim = { id, folder, ctl: names.find(isControlName) ?? null, dat: names.find(isDataName) ?? null };
      if (claim.ctl === null && claim.dat === null) await this.#remove(claim);
      else claims.push(claim);
    }
    return claims.sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  path(claim: Claim, name: Buffer): Buffer {
    return inFolder(claim.folder, name);
  }

  /** What was noted of a claim; nothing where a crash cut the note. */
  async state(claim: Claim): Promise<ClaimState> {
    try {
      const handle = await openToRead(inFolder(claim.folder, STATE));
      try {
        const reading = await readWhole(handle, 1_048_576);
        const value: unknown = reading.kind === 'whole' ? JSON.parse(reading.bytes.toString('utf8')) : null;
        return isState(value) ? value : {};
      } finally {
        await handle.close();
      }
    } catch (error) {
      if (errnoOf(error) === 'ENOENT' || error instanceof SyntaxError) return {};
      throw error;
    }
  }

  async note(claim: Claim, state: ClaimState): Promise<void> {
    await this.#write(claim, NEXT_STATE, STATE, Buffer.from(JSON.stringify(state)));
  }

  /**
   * Puts a claim away under one free name in `folder`: a text beside it where there is something to say, the data file, and the control
   * file last (`control` null: as it came). Where it is going is noted first, so that `finish` can go on after a crash at any point.
   */
  async putAway(claim: Claim, folder: Buffer, control: Buffer | null, text: string | null): Promise<void> {
    if (control !== null) await this.#write(claim, NEXT_FINAL, FINAL, control);
    await this.#settle(claim, { folder: folder.toString('latin1'), rewritten: control !== null, text });
  }

  /** Goes on with what `putAway` had begun. */
  async finish(claim: Claim, to: Destination): Promise<void> {
    if (!(await this.#move(claim, to))) await this.#settle(claim, to);
  }

  /** Removes a claim's files, for good. */
  async discard(claim: Claim): Promise<void> {
    if (claim.dat !== null) await rm(inFolder(claim.folder, claim.dat), { force: true });
    await this.#remove(claim);
  }

  async #settle(claim: Claim, to: Omit<Destination, 'stem'>): Promise<void> {
    if (claim.ctl === null) throw new Error('a claim without its control file has no name');
    const state = await this.state(claim);
    for (let n = 1; n <= TRIES; n += 1) {
      const decided = { ...to, stem: nthStem(stemOf(claim.ctl), n).toString('latin1') };
      if (!(await this.#isFree(decided))) continue;
      await this.note(claim, { ...state, to: decided });
      if (await this.#move(claim, decided)) return;
    }
    throw new Error('no free name in the folder');
  }

  async #isFree({ folder, stem }: Destination): Promise<boolean> {
    const names = await readdir(Buffer.from(folder, 'latin1'), { encoding: 'buffer' });
    const there = new Set(names.map((name) => name.toString('latin1').toLowerCase()));
    return !['.ctl', '.dat', '.error'].some((ending) => there.has(`${stem}${ending}`.toLowerCase()));
  }

  /** False where another came to have the name meanwhile; nothing was moved then. */
  async #move(claim: Claim, to: Destination): Promise<boolean> {
    const target = (ending: string): Buffer =>
      inFolder(Buffer.from(to.folder, 'latin1'), Buffer.concat([Buffer.from(to.stem, 'latin1'), Buffer.from(ending)]));
    if (to.text !== null) await writeText(target('.error'), to.text);
    if (claim.dat !== null && !(await moveNew(inFolder(claim.folder, claim.dat), target('.dat')))) {
      if (to.text !== null) await rm(target('.error'), { force: true });
      return false;
    }
    const control = to.rewritten ? FINAL : claim.ctl;
    // Without one, only clearing up was left to do.
    if (control !== null && claim.ctl !== null && !(await this.#moveControl(inFolder(claim.folder, control), target('.ctl')))) {
      await rm(target('.error'), { force: true });
      // Back together, and away under another name: by the next attempt, which sees what lies here.
      const back = Buffer.concat([stemOf(claim.ctl), Buffer.from('.dat')]);
      await rename(target('.dat'), inFolder(claim.folder, back)).catch(() => {});
      const { to: _, ...state } = await this.state(claim);
      await this.note(claim, state);
      throw new Error('the name of a control file was taken');
    }
    await this.#remove(claim);
    return true;
  }

  async #moveControl(from: Buffer, to: Buffer): Promise<boolean> {
    try {
      return await moveNew(from, to);
    } catch (error) {
      // It was written before anything was moved: that it is not here any more means that it is there.
      if (errnoOf(error) !== 'ENOENT') throw error;
      return true;
    }
  }

  async #write(claim: Claim, part: Buffer, name: Buffer, bytes: Buffer): Promise<void> {
    const path = inFolder(claim.folder, part);
    const handle = await open(path, NEW, 0o640);
    try {
      await handle.writeFile(bytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(path, inFolder(claim.folder, name));
  }

  /** Never the data file: where it still lies there, the folder stays. */
  async #remove(claim: Claim): Promise<void> {
    // The control file first: while it lies here, what was noted says that it is done with.
    const ours = [...(claim.ctl === null ? [] : [claim.ctl]), FINAL, NEXT_FINAL, NEXT_STATE, STATE];
    for (const name of ours) await rm(inFolder(claim.folder, name), { force: true });
    await rmdir(claim.folder).catch((error: unknown) => {
      if (errnoOf(error) !== 'ENOENT') throw error;
    });
  }
}

const nthStem = (stem: Buffer, n: number): Buffer => stemOf(nthName(Buffer.concat([stem, Buffer.from('.ctl')]), n));

const writeText = async (path: Buffer, text: string): Promise<void> => {
  const handle = await open(path, NEW, 0o640);
  try {
    await handle.writeFile(text);
  } finally {
    await handle.close();
  }
};
