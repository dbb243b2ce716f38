import { lstat } from 'node:fs/promises';
import { performance } from 'node:perf_hooks';
import { errnoOf } from '../condition.ts';
import { inFolder, matcher, TEMPORARY_NAMES } from '../files/names.ts';
import { type FileLook, Readiness } from '../files/readiness.ts';
import { plainFiles } from '../files/scan.ts';

/** A control file that is ready, and the data file of the same name. Names are bytes, as the file system has them. */
export interface Pair {
  readonly ctl: Buffer;
  /** Null: none lies there. */
  readonly dat: Buffer | null;
  /** The data file is there and has stopped changing. */
  readonly datReady: boolean;
  readonly look: FileLook;
}

const ENDING = 4;
const isTemporary = ((): ((name: Buffer) => boolean) => {
  const matchers = TEMPORARY_NAMES.map(matcher);
  return (name) => matchers.some((matches) => matches(name));
})();

const endingOf = (name: Buffer): string => name.subarray(-ENDING).toString('latin1').toLowerCase();
/** A name without `.ctl` or `.dat`. */
export const stemOf = (name: Buffer): Buffer => name.subarray(0, -ENDING);
const isOf = (ending: '.ctl' | '.dat') => (name: Buffer) => name.length > ENDING && endingOf(name) === ending && !isTemporary(name);
export const isControlName = isOf('.ctl');
export const isDataName = isOf('.dat');

const plain = (stem: Buffer): string => stem.toString('latin1').toLowerCase();

/**
 * The data file of a control file: the same name to the letter, or in another letter case where only one can be meant. Null: none.
 */
export const dataFor = (ctl: Buffer, names: readonly Buffer[], controls: readonly Buffer[] = [ctl]): Buffer | null => {
  const stem = stemOf(ctl);
  const exact = names.filter((name) => isDataName(name) && stemOf(name).equals(stem)).sort(Buffer.compare);
  if (exact.length > 0) return exact.find((name) => name.subarray(-ENDING).toString('latin1') === '.dat') ?? exact[0] ?? null;
  const alike = names.filter((name) => isDataName(name) && plain(stemOf(name)) === plain(stem));
  const rivals = controls.filter((name) => plain(stemOf(name)) === plain(stem));
  return alike.length === 1 && rivals.length === 1 ? (alike[0] ?? null) : null;
};

const byAge = (a: Pair, b: Pair): number => a.look.mtimeMs - b.look.mtimeMs || Buffer.compare(a.ctl, b.ctl);

/** Looks into a folder of pairs. The control file is the commit mark: a data file alone is one that is still to be committed. */
export class PairScanner {
  readonly #readiness: Readiness;

  /** `settleFor`: ms a file must have stopped changing. */
  constructor(settleFor: number) {
    this.#readiness = new Readiness(settleFor);
  }

  /** Pairs whose control file is ready, oldest first; `skip` says which control files need no look. */
  async ready(folder: Buffer): Promise<Pair[]> {
    const names = await plainFiles(folder);
    const controls = names.filter(isControlName);
    const byStem = new Map<string, Buffer[]>();
    for (const name of names.filter((each) => isControlName(each) || isDataName(each)))
      byStem.set(plain(stemOf(name)), [...(byStem.get(plain(stemOf(name))) ?? []), name]);
    const pairs: Pair[] = [];
    const now = performance.now();
    for (const ctl of controls) {
      const near = byStem.get(plain(stemOf(ctl))) ?? [];
      const look = await this.#look(folder, ctl, now);
      const dat = dataFor(ctl, near, near.filter(isControlName));
      const data = dat === null ? null : await this.#look(folder, dat, now);
      if (look?.ready === true) pairs.push({ ctl, dat: data === null ? null : dat, datReady: data?.ready === true, look: look.look });
    }
    this.#readiness.endScan();
    return pairs.sort(byAge);
  }

  async #look(folder: Buffer, name: Buffer, now: number): Promise<{ readonly ready: boolean; readonly look: FileLook } | null> {
    try {
      const look = await lstat(inFolder(folder, name));
      return look.isFile() ? { ready: this.#readiness.look(name.toString('latin1'), look, now), look } : null;
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return null;
      throw error;
    }
  }
}

/** Control files that were read and left where they are, so that the same file is not read again at every look. */
export class LeftAlone<Why> {
  readonly #left = new Map<string, { readonly look: FileLook; readonly why: Why; readonly again: number; readonly pause: number }>();

  /** Why it was left; undefined: it is new, has changed, or is due for another look. */
  why({ ctl, look }: Pair, now: number): Why | undefined {
    const known = this.#left.get(ctl.toString('latin1'));
    if (known === undefined || now >= known.again) return undefined;
    const same = known.look.ino === look.ino && known.look.mtimeMs === look.mtimeMs && known.look.size === look.size;
    return same ? known.why : undefined;
  }

  /** `first`: ms until it is looked at again, doubled each time up to an hour; Infinity: not before it changes. */
  leave({ ctl, look }: Pair, why: Why, now: number, first = Number.POSITIVE_INFINITY): void {
    const key = ctl.toString('latin1');
    const before = this.#left.get(key);
    const pause = before !== undefined && Number.isFinite(before.pause) ? Math.min(before.pause * 2, 3_600_000) : first;
    this.#left.set(key, { look, why, again: now + pause, pause });
  }

  /** Forgets what is not there any more. */
  keepOnly(pairs: readonly Pair[]): void {
    const there = new Set(pairs.map(({ ctl }) => ctl.toString('latin1')));
    for (const key of this.#left.keys()) if (!there.has(key)) this.#left.delete(key);
  }
}

/** Since when something was waited for; of files that do not change meanwhile. */
export class Patience {
  readonly #since = new Map<string, { readonly look: FileLook; readonly since: number }>();

  /** Whether this control file has lain as it is for `time` ms (`now`: monotonic). */
  isOver({ ctl, look }: Pair, time: number, now: number): boolean {
    const key = ctl.toString('latin1');
    const known = this.#since.get(key);
    const same = known !== undefined && known.look.ino === look.ino && known.look.mtimeMs === look.mtimeMs && known.look.size === look.size;
    const since = same ? known.since : now;
    this.#since.set(key, { look, since });
    return now - since >= time;
  }

  /** Forgets what is not there any more. */
  keepOnly(pairs: readonly Pair[]): void {
    const there = new Set(pairs.map(({ ctl }) => ctl.toString('latin1')));
    for (const key of this.#since.keys()) if (!there.has(key)) this.#since.delete(key);
  }
}
