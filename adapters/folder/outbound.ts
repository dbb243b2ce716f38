import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, lstat, open, readdir, rename, rm, unlink } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { ThroughcareError } from '../../records/faults.ts';
import type { DestinationName } from '../../records/ids.ts';
import type { DestinationAdapter, OutboundDelivery, Resolution, SendResult } from '../../records/ports.ts';
import type { Telemetry } from '../../records/telemetry.ts';
import { Condition, errnoOf } from '../condition.ts';
import { folderFault, notWritten } from './failure.ts';
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

const CREATE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
/** Errors by which a file system says that folders cannot be synced; nothing is wrong then. */
const NO_FOLDER_SYNC = new Set(['EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'EPERM', 'EISDIR', 'EBADF']);

/** Errors by which a rename says that it was not done. */
const REFUSED = new Set(['ENOSPC', 'EDQUOT', 'EACCES', 'EPERM', 'EROFS', 'EXDEV', 'EISDIR']);

const writeAll = async (handle: FileHandle, bytes: Buffer): Promise<void> => {
  let written = 0;
  // A full disk or a size limit may take a part first; the error comes with the next write.
  while (written < bytes.length) written += (await handle.write(bytes, written, bytes.length - written)).bytesWritten;
};

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
  readonly #open = new Set<Promise<unknown>>();
  #closed = false;

  /** Throws an Error when the template of names is not usable. */
  constructor(name: DestinationName, settings: FolderDestinationSettings, telemetry: Telemetry) {
    this.#folder = resolve(settings.path);
    this.address = `folder ${this.#folder}`;
    this.slots = settings.slots ?? 4;
    this.#names = new OutgoingNames(settings.name ?? '{key}.{ext}', settings.extension);
    this.#mode = settings.fileMode ?? 0o640;
    this.#reach = new Condition(telemetry, 'destination.unreachable', { destination: name });
  }

  async send(delivery: OutboundDelivery, deadline: AbortSignal): Promise<SendResult> {
    let step: Step = 'writing';
    const late = (): SendResult =>
      step === 'writing'
        ? notWritten('send-failed', true)
        : { outcome: 'ambiguous', code: 'folder-unreachable', sentBytes: true, transport: true };
    if (deadline.aborted || this.#closed) return late();
    const work = this.#write(delivery, deadline, (now) => {
      step = now;
    });
    this.#open.add(work);
    void work.then(() => this.#open.delete(work));
    // A call into a dead network mount may not come back: the answer is given at the deadline, whatever it does.
    return new Promise<SendResult>((answer) => {
      const end = () => answer(late());
      deadline.addEventListener('abort', end, { once: true });
      void work.then((result) => {
        deadline.removeEventListener('abort', end);
        answer(result);
      });
    });
  }

  /** One attempt; never rejects. */
  async #write(delivery: OutboundDelivery, deadline: AbortSignal, reached: (step: Step) => void): Promise<SendResult> {
    const final = join(this.#folder, this.#names.final(delivery));
    const temporary = join(this.#folder, this.#names.temporary(delivery));
    let step: Step = 'writing';
    try {
      const there = await this.#compare(final, delivery);
      if (there !== 'absent') return this.#found(there);
      await this.#writeTemporary(temporary, delivery, deadline);
      const still = await this.#compare(final, delivery);
      if (still !== 'absent' || deadline.aborted) {
        await rm(temporary, { force: true });
        return still === 'absent' ? notWritten('send-failed', true) : this.#found(still);
      }
      step = 'renaming';
      reached(step);
      await rename(temporary, final);
      step = 'named';
      reached(step);
      await this.#syncFolder();
      this.#reach.clear();
      return { outcome: 'delivered', confirmed: false, receiptCode: 'file-written' };
    } catch (error) {
      const code = folderFault(error);
      if (!(error instanceof PayloadFailure)) this.#reach.raise(code, { cause: errnoOf(error) });
      // A network mount may fail a rename that was done: only a clear refusal says that it was not. What lies there decides.
      if (step === 'named' || (step === 'renaming' && !REFUSED.has(errnoOf(error)))) {
        return { outcome: 'ambiguous', code, sentBytes: true, transport: true };
      }
      await rm(temporary, { force: true }).catch(() => {});
      return error instanceof PayloadFailure ? notWritten('send-failed', false) : notWritten(code, true);
    }
  }

  async #writeTemporary(temporary: string, delivery: OutboundDelivery, deadline: AbortSignal): Promise<void> {
    // Left by an attempt under the same token that could not clear up.
    await rm(temporary, { force: true });
    const handle = await open(temporary, CREATE, this.#mode);
    try {
      if (delivery.bytes !== null) await writeAll(handle, delivery.bytes);
      else {
        let size = 0;
        for await (const chunk of payloadOf(delivery)) {
          if (deadline.aborted) throw new PayloadFailure();
          size += chunk.length;
          await writeAll(handle, chunk);
        }
        // A payload cut short must not be handed over as whole.
        if (size !== delivery.size) throw new PayloadFailure();
      }
      await handle.sync();
    } finally {
      await handle.close();
    }
  }

  async #syncFolder(): Promise<void> {
    try {
      const handle = await open(this.#folder, constants.O_RDONLY);
      try {
        await handle.sync();
      } finally {
        await handle.close();
      }
    } catch (error) {
      if (!NO_FOLDER_SYNC.has(errnoOf(error))) throw error;
    }
  }

  #found(there: 'ours' | 'other'): SendResult {
    return there === 'ours'
      ? { outcome: 'delivered', confirmed: false, receiptCode: 'file-present' }
      : { outcome: 'ambiguous', code: 'file-exists', sentBytes: false, transport: false };
  }

  /** What lies under the final name. */
  async #compare(final: string, delivery: OutboundDelivery): Promise<'absent' | 'ours' | 'other'> {
    try {
      const there = await lstat(final);
      if (!there.isFile() || there.size !== delivery.size) return 'other';
      const handle = await open(final, constants.O_RDONLY | constants.O_NOFOLLOW);
      const hash = createHash('sha256');
      for await (const chunk of handle.createReadStream()) hash.update(chunk);
      return hash.digest('hex') === (await delivery.digest()) ? 'ours' : 'other';
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw error;
      // The folder itself may be what is missing: then nothing is known of the file.
      await lstat(this.#folder);
      return 'absent';
    }
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
    const there = await this.#compare(join(this.#folder, this.#names.final(delivery)), delivery);
    if (there === 'ours') return { known: 'delivered', receiptCode: 'file-present' };
    return there === 'absent' && unfinished ? { known: 'not-sent' } : { known: 'unknown' };
  }

  /** Waits for what is being written; takes no new work. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled([...this.#open]);
  }
}

/** The payload could not be read to its end, or its time was up: the folder is not to blame. */
class PayloadFailure extends Error {}

/** The payload's chunks; what goes wrong in reading them is told apart from what goes wrong in writing. */
async function* payloadOf(delivery: OutboundDelivery): AsyncIterable<Buffer> {
  try {
    yield* delivery.stream();
  } catch (error) {
    throw new PayloadFailure('payload', { cause: error });
  }
}
