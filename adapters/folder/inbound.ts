import { randomBytes } from 'node:crypto';
import { rename, unlink } from 'node:fs/promises';
import { resolve } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SourceName } from '../../records/ids.ts';
import type { Receiver, SourceAdapter } from '../../records/ports.ts';
import type { Telemetry } from '../../records/telemetry.ts';
import { Condition, errnoOf } from '../condition.ts';
import { claimedName, inFolder, matcher, TEMPORARY_NAMES, unclaimedName } from '../files/names.ts';
import { openToRead, type Reading, readWhole } from '../files/reading.ts';
import { plainFiles, Scanner } from '../files/scan.ts';
import { ownFolder, shelve, shelveWithText } from '../files/shelf.ts';
import { FileIntake } from './intake.ts';
import { errorText, type FileVerdict, isClean, noteText } from './verdict.ts';

/** Settings of a folder source. Times in ms, sizes in bytes. */
export interface FolderSourceSettings {
  /** The folder senders write into; `processing`, `done` and `error` are made inside it, so that moves stay on one file system. */
  readonly path: string;
  /** File names taken: `*`, `?`, letters of either case. Default `*`. */
  readonly pattern?: string | undefined;
  /** `stable`: taken when unchanged for `stableFor`. `rename`: senders write under a temporary name, then rename. Default `stable`. */
  readonly ready?: 'stable' | 'rename' | undefined;
  /** Default 2 s. */
  readonly stableFor?: number | undefined;
  /** Names of files being written, never taken; hidden files are never taken either. Default `TEMPORARY_NAMES`. */
  readonly temporary?: readonly string[] | undefined;
  /** Pause between looks into the folder. Default 1 s. */
  readonly interval?: number | undefined;
  /** What becomes of files taken whole: moved to `done`, or deleted. Default `keep`. */
  readonly done?: 'keep' | 'delete' | undefined;
  /** Which of the ready files is taken first. Default `name`. */
  readonly order?: 'name' | 'time' | undefined;
  /** Default 64 MB. */
  readonly maxSize?: number | undefined;
  /** How long a file another daemon has claimed may lie before it is taken over. Default 10 min. */
  readonly takeover?: number | undefined;
}

const MB = 1_048_576;
/** Longest pause between tries while the store does not take messages. */
const LONGEST_PAUSE = 30_000;

/**
 * A folder as a source: one file is one message or one HL7 batch. A file is claimed by renaming it into `processing`,
 * every message in it is committed, and only then it moves on to `done` or `error`. What lies in `processing` at the
 * start is taken again: the journal recognises what it has.
 */
export class FolderSource implements SourceAdapter {
  readonly name: SourceName;
  readonly address: string;
  readonly #settings: FolderSourceSettings;
  readonly #telemetry: Telemetry;
  readonly #intake: FileIntake;
  readonly #folder: Buffer;
  readonly #processing: Buffer;
  readonly #done: Buffer;
  readonly #error: Buffer;
  readonly #scanner: Scanner;
  readonly #reach: Condition;
  readonly #unreadable: Condition;
  readonly #store: Condition;
  /** Claimed files and when (monotonic ms) each may be taken: those of a former run at once, those of another daemon after `takeover`. */
  readonly #claims = new Map<string, number>();
  /** Verdicts on claimed files that could not be put away (a full disk): they are put away later, not received again. */
  readonly #verdicts = new Map<string, FileVerdict>();
  #firstRound = true;
  #unreadableFiles = 0;
  #failures = 0;
  readonly #stopping = new AbortController();
  readonly #overdue = new AbortController();
  #running: Promise<void> = Promise.resolve();

  constructor(name: SourceName, settings: FolderSourceSettings, receiver: Receiver, telemetry: Telemetry) {
    this.name = name;
    const path = resolve(settings.path);
    this.address = `folder ${path}`;
    this.#settings = settings;
    this.#telemetry = telemetry;
    this.#intake = new FileIntake(name, receiver);
    this.#folder = Buffer.from(path);
    this.#processing = inFolder(this.#folder, Buffer.from('processing'));
    this.#done = inFolder(this.#folder, Buffer.from('done'));
    this.#error = inFolder(this.#folder, Buffer.from('error'));
    const wanted = matcher(settings.pattern ?? '*');
    const temporary = (settings.temporary ?? TEMPORARY_NAMES).map(matcher);
    const isWanted = (file: Buffer): boolean => wanted(file) && !temporary.some((matches) => matches(file));
    this.#scanner = new Scanner(
      this.#folder,
      isWanted,
      settings.order ?? 'name',
      settings.ready === 'rename' ? 0 : (settings.stableFor ?? 2_000),
    );
    this.#reach = new Condition(telemetry, 'source.unreachable', { source: name });
    this.#unreadable = new Condition(telemetry, 'source.files-unreadable', { source: name });
    this.#store = new Condition(telemetry, 'source.store-unavailable', { source: name });
  }

  /** Begins to look; a folder that is not there yet is reported and looked for again. */
  async start(): Promise<void> {
    this.#running = this.#run();
  }

  async stop(deadline: AbortSignal): Promise<void> {
    this.#stopping.abort();
    const overdue = new Promise<void>((done) => {
      const end = () => {
        this.#overdue.abort();
        done();
      };
      if (deadline.aborted) end();
      else deadline.addEventListener('abort', end, { once: true });
    });
    await Promise.race([this.#running, overdue]);
  }

  async #run(): Promise<void> {
    const stopping = this.#stopping.signal;
    while (!stopping.aborted) {
      try {
        await this.#round();
        this.#reach.clear();
      } catch (error) {
        this.#reach.raise(errnoOf(error));
      }
      const pause = (this.#settings.interval ?? 1_000) * 2 ** Math.min(this.#failures, 16);
      await sleep(this.#failures > 0 ? Math.min(pause, LONGEST_PAUSE) : pause, undefined, { signal: stopping }).catch(() => {});
    }
  }

  /** One look: first what is claimed and not finished, then what is new. Ends early when the store takes nothing. */
  async #round(): Promise<void> {
    for (const folder of [this.#processing, this.#done, this.#error]) await ownFolder(folder);
    this.#unreadableFiles = 0;
    for (const claimed of await this.#dueClaims()) {
      if (this.#stopping.signal.aborted || !(await this.#finish(claimed))) return;
    }
    for (const { name } of await this.#scanner.ready()) {
      if (this.#stopping.signal.aborted) return;
      const claimed = await this.#claim(name);
      if (claimed !== null && !(await this.#finish(claimed))) return;
    }
    this.#telemetry.gauge('source_files_unreadable', this.#unreadableFiles, { source: this.name });
    if (this.#unreadableFiles > 0) this.#unreadable.raise('unreadable-files', { files: this.#unreadableFiles });
    else this.#unreadable.clear();
  }

  async #dueClaims(): Promise<Buffer[]> {
    const names = (await plainFiles(this.#processing)).sort((a, b) => Buffer.compare(unclaimedName(a), unclaimedName(b)));
    const now = performance.now();
    const there = new Set(names.map((name) => name.toString('latin1')));
    for (const known of this.#claims.keys()) if (!there.has(known)) this.#claims.delete(known);
    const due = now + (this.#firstRound ? 0 : (this.#settings.takeover ?? 600_000));
    for (const name of there) if (!this.#claims.has(name)) this.#claims.set(name, due);
    this.#firstRound = false;
    return names.filter((name) => (this.#claims.get(name.toString('latin1')) ?? due) <= now);
  }

  /** Takes a file out of its sender's reach. Null when it cannot be read, or another daemon was first. */
  async #claim(name: Buffer): Promise<Buffer | null> {
    const path = inFolder(this.#folder, name);
    try {
      // A file that cannot be read stays where its owner can see it and mend its permissions.
      await (await openToRead(path)).close();
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') this.#unreadableFiles += 1;
      return null;
    }
    const claimed = claimedName(randomBytes(4).toString('hex'), name);
    try {
      await rename(path, inFolder(this.#processing, claimed));
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return null;
      throw error;
    }
    this.#claims.set(claimed.toString('latin1'), performance.now());
    return claimed;
  }

  /** Receives a claimed file and moves it on. False when the store took nothing: the file stays claimed and the round ends. */
  async #finish(claimed: Buffer): Promise<boolean> {
    const path = inFolder(this.#processing, claimed);
    const name = unclaimedName(claimed);
    const key = claimed.toString('latin1');
    const known = this.#verdicts.get(key);
    if (known !== undefined) {
      await this.#putAway(path, name, known);
      this.#verdicts.delete(key);
      return true;
    }
    let reading: Reading;
    try {
      const handle = await openToRead(path);
      try {
        reading = await readWhole(handle, this.#settings.maxSize ?? 64 * MB);
      } finally {
        await handle.close();
      }
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') this.#unreadableFiles += 1;
      return true;
    }
    if (reading.kind === 'growing' || reading.kind === 'not-a-file') {
      // Back to its sender, who is not finished with it.
      await this.#move(() => shelve(path, this.#folder, name));
      this.#telemetry.count('source_files_put_back', { source: this.name });
      return true;
    }
    let verdict: FileVerdict;
    try {
      verdict = await this.#receive(reading, name);
    } catch (error) {
      if (this.#overdue.signal.aborted) return false;
      this.#failures += 1;
      this.#store.raise('store-unavailable', { cause: errnoOf(error) });
      return false;
    }
    this.#failures = 0;
    this.#store.clear();
    this.#verdicts.set(key, verdict);
    await this.#putAway(path, name, verdict);
    this.#verdicts.delete(key);
    return true;
  }

  async #receive(reading: Extract<Reading, { kind: 'whole' | 'too-large' }>, name: Buffer): Promise<FileVerdict> {
    if (reading.kind === 'too-large') {
      await this.#intake.refuse('message-too-large', reading.head, reading.size);
      return { messages: [], faults: [{ code: 'message-too-large' }] };
    }
    if (reading.bytes.length === 0) {
      await this.#intake.refuse('empty-file', reading.bytes, 0);
      return { messages: [], faults: [{ code: 'empty-file' }] };
    }
    return this.#intake.take(reading, name, this.#overdue.signal);
  }

  async #putAway(path: Buffer, name: Buffer, verdict: FileVerdict): Promise<void> {
    const clean = isClean(verdict);
    const note = clean ? noteText(verdict) : null;
    await this.#move(async () => {
      if (!clean) await shelveWithText(path, this.#error, name, '.error', errorText(verdict));
      else if (this.#settings.done === 'delete') await unlink(path);
      else if (note !== null) await shelveWithText(path, this.#done, name, '.note', note);
      else await shelve(path, this.#done, name);
    });
    const outcome = clean ? 'done' : 'error';
    this.#telemetry.count('source_files', { source: this.name, outcome });
    this.#telemetry.event('source.file', {
      source: this.name,
      outcome,
      messages: verdict.messages.length,
      rejected: verdict.messages.filter((m) => m.receipt.outcome === 'rejected').length,
      duplicates: verdict.messages.filter((m) => m.receipt.outcome === 'duplicate').length,
      code: verdict.faults[0]?.code,
    });
  }

  /** A move of a claimed file; that another daemon has moved it already is as good. */
  async #move(move: () => Promise<unknown>): Promise<void> {
    try {
      await move();
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw error;
      this.#telemetry.count('source_files_moved_by_another', { source: this.name });
    }
  }
}
