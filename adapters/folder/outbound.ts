import { readdir, rename, rm, unlink } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { ThroughcareError } from '../../records/faults.ts';
import type { DestinationName } from '../../records/ids.ts';
import type { DestinationAdapter, OutboundDelivery, Resolution, SendResult } from '../../records/ports.ts';
import type { Telemetry } from '../../records/telemetry.ts';
import { Condition, errnoOf } from '../condition.ts';
import { Attempts } from '../files/attempts.ts';
import { folderFault, notWritten } from '../files/failure.ts';
import { compareWith, PayloadFailure, syncFolder, wasNotRenamed, writePayload } from '../files/writing.ts';
import { OutgoingNames } from './outgoing-names.ts';

/** Settings of a folder destination. Times in ms, sizes in bytes. */
export interface FolderDestinationSettings {
  /** The folder receivers read from. It is never made: a mount that is away must not become a folder of the local disk. */
  readonly path: string;
  /** Template of file names: `{key}`, `{id}`, `{ext}`. Default `{key}.{ext}`. */
  readonly name?: string | undefined;
  /** Instead of the one the content type gives. */
  readonly extension?: string | undefined;
  /** Files written at once. Default 4. */
  readonly slots?: number | undefined;
  /** Permission bits of the files. Default 0o640. */
  readonly fileMode?: number | undefined;
}

/** How far an attempt had come; what a failure means depends on it. */
type Step = 'writing' | 'renaming' | 'named';

/**
 * A folder as a destination: temporary name, bytes, fsync, rename, fsync of the folder; the receiver sees whole files only.
 * A folder has no answer: a delivery ends at *handed over*, and an attempt whose end is unknown is settled by looking.
 */
export class FolderDestination implements DestinationAdapter {
  readonly address: string;
  readonly dedupable = false;
  readonly slots: number;
  readonly #folder: string;
  readonly #names: OutgoingNames;
  readonly #mode: number;
  readonly #reach: Condition;
  readonly #attempts = new Attempts();

  /** Throws an Error when the template of names is not usable. */
  constructor(name: DestinationName, settings: FolderDestinationSettings, telemetry: Telemetry) {
    this.#folder = resolve(settings.path);
    this.address = `folder ${this.#folder}`;
    this.slots = settings.slots ?? 4;
    this.#names = new OutgoingNames(settings.name ?? '{key}.{ext}', settings.extension);
    this.#mode = settings.fileMode ?? 0o640;
    this.#reach = new Condition(telemetry, 'destination.unreachable', { destination: name });
  }

  send(delivery: OutboundDelivery, deadline: AbortSignal): Promise<SendResult> {
    let step: Step = 'writing';
    const late = (): SendResult =>
      step === 'writing'
        ? notWritten('send-failed', true)
        : { outcome: 'ambiguous', code: 'folder-unreachable', sentBytes: true, transport: true };
    return this.#attempts.run(deadline, late, () =>
      this.#write(delivery, deadline, (now) => {
        step = now;
      }),
    );
  }

  /** One attempt; never rejects. */
  async #write(delivery: OutboundDelivery, deadline: AbortSignal, reached: (step: Step) => void): Promise<SendResult> {
    const final = join(this.#folder, this.#names.final(delivery));
    const temporary = join(this.#folder, this.#names.temporary(delivery));
    let step: Step = 'writing';
    try {
      const there = await compareWith(this.#folder, final, delivery);
      if (there !== 'absent') return this.#found(there);
      await writePayload(temporary, delivery, this.#mode, deadline);
      const still = await compareWith(this.#folder, final, delivery);
      if (still !== 'absent' || deadline.aborted) {
        await rm(temporary, { force: true });
        return still === 'absent' ? notWritten('send-failed', true) : this.#found(still);
      }
      step = 'renaming';
      reached(step);
      await rename(temporary, final);
      step = 'named';
      reached(step);
      await syncFolder(this.#folder);
      this.#reach.clear();
      return { outcome: 'delivered', confirmed: false, receiptCode: 'file-written' };
    } catch (error) {
      const code = folderFault(error);
      if (!(error instanceof PayloadFailure)) this.#reach.raise(code, { cause: errnoOf(error) });
      // A network mount may fail a rename that was done: only a clear refusal says that it was not. What lies there decides.
      if (step === 'named' || (step === 'renaming' && !wasNotRenamed(error))) {
        return { outcome: 'ambiguous', code, sentBytes: true, transport: true };
      }
      await rm(temporary, { force: true }).catch(() => {});
      return error instanceof PayloadFailure ? notWritten('send-failed', false) : notWritten(code, true);
    }
  }

  #found(there: 'ours' | 'other'): SendResult {
    return there === 'ours'
      ? { outcome: 'delivered', confirmed: false, receiptCode: 'file-present' }
      : { outcome: 'ambiguous', code: 'file-exists', sentBytes: false, transport: false };
  }

  /**
   * Temporary files go first, so that no sender that lost its claim can still finish; what then lies under the final name is
   * what the receiver sees. Nothing there and a temporary file removed: it was never handed over. Neither: it may have been
   * fetched. Rejects with `folder-unreachable` when the folder cannot be looked into: ask again later.
   */
  resolve(delivery: OutboundDelivery): Promise<Resolution> {
    return this.#lookFor(delivery).catch((cause: unknown) =>
      Promise.reject(new ThroughcareError('folder-unreachable', errnoOf(cause), { cause })),
    );
  }

  async #lookFor(delivery: OutboundDelivery): Promise<Resolution> {
    let unfinished = false;
    for (const name of await readdir(this.#folder)) {
      if (!this.#names.isTemporary(delivery, name)) continue;
      try {
        await unlink(join(this.#folder, name));
        unfinished = true;
      } catch (error) {
        if (errnoOf(error) !== 'ENOENT') throw error;
      }
    }
    const there = await compareWith(this.#folder, join(this.#folder, this.#names.final(delivery)), delivery);
    if (there === 'ours') return { known: 'delivered', receiptCode: 'file-present' };
    return there === 'absent' && unfinished ? { known: 'not-sent' } : { known: 'unknown' };
  }

  /** Waits for what is being written; takes no new work. */
  close(): Promise<void> {
    return this.#attempts.close();
  }
}
