import { lstat, readdir, rename, rm, unlink } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { ControlFile } from '../../formats/mesh/control-file.ts';
import { writeControlFile } from '../../formats/mesh/control-writer.ts';
import { ThroughcareError } from '../../records/faults.ts';
import type { DestinationName } from '../../records/ids.ts';
import type { DestinationAdapter, OutboundDelivery, Resolution, SendResult } from '../../records/ports.ts';
import { Problem } from '../../records/problem.ts';
import type { Telemetry } from '../../records/telemetry.ts';
import { Condition, errnoOf } from '../condition.ts';
import { Attempts } from '../files/attempts.ts';
import { folderFault, notWritten } from '../files/failure.ts';
import { inFolder } from '../files/names.ts';
import { plainFiles } from '../files/scan.ts';
import { compareWith, PayloadFailure, syncFolder, wasNotRenamed, writeBytes, writePayload } from '../files/writing.ts';
import { lookAtControl } from './control-reading.ts';
import { InterfaceRoot } from './interface-root.ts';
import { controlOf, type MeshFolderDeliverySettings } from './outgoing-control.ts';
import { stemOfKey } from './outgoing-stem.ts';

const MODE = 0o640;
const RECEIPT = 'file';

/** How far an attempt had come: the control file is the commit mark. */
type Step = 'before' | 'committing' | 'committed';

const isThere = async (path: string): Promise<boolean> => {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw error;
  }
};

/** The paths of one delivery in one folder. */
const pathsIn = (folder: string, delivery: OutboundDelivery) => {
  const stem = stemOfKey(delivery.transportKey);
  return {
    stem,
    ctl: join(folder, `${stem}.ctl`),
    dat: join(folder, `${stem}.dat`),
    // Hidden, and with the claim's token: a sender that lost its claim can neither finish nor disturb the files of the next.
    newCtl: join(folder, `.${stem}.ctl.${delivery.token}.part`),
    newDat: join(folder, `.${stem}.dat.${delivery.token}.part`),
  };
};

/**
 * Pairs for the folders of a MESH client: into OUT of one that is installed, or into IN in place of one. Both files are on the disk under
 * temporary names before either has its own, and the control file gets its name last.
 */
export class MeshFolderDestination implements DestinationAdapter {
  readonly address: string;
  readonly dedupable = false;
  readonly slots: number;
  readonly #settings: MeshFolderDeliverySettings;
  readonly #root: InterfaceRoot;
  readonly #reach: Condition;
  readonly #now: () => Date;
  readonly #attempts = new Attempts();

  /** Throws a Problem where the settings ask for what folders cannot do. */
  constructor(name: DestinationName, settings: MeshFolderDeliverySettings, telemetry: Telemetry, now: () => Date = () => new Date()) {
    if (settings.to.by === 'organisation')
      throw new Problem('setting `to`: a mailbox is looked up by organisation through the API alone, not by folder');
    const path = resolve(settings.path);
    this.address = `mesh-folder ${path}`;
    this.slots = settings.slots;
    this.#settings = settings;
    this.#root = new InterfaceRoot(path, settings.make);
    this.#reach = new Condition(telemetry, 'destination.unreachable', { destination: name });
    this.#now = now;
  }

  send(delivery: OutboundDelivery, deadline: AbortSignal): Promise<SendResult> {
    let step: Step = 'before';
    const late = (): SendResult =>
      step === 'before'
        ? notWritten('send-failed', true)
        : { outcome: 'ambiguous', code: 'folder-unreachable', sentBytes: true, transport: true };
    const control = controlOf(this.#settings, delivery, this.#now());
    if ('fault' in control) {
      const refused: SendResult = { outcome: 'permanent', code: control.fault, sentBytes: false, transport: false };
      return Promise.resolve(refused);
    }
    return this.#attempts.run(deadline, late, () =>
      this.#write(delivery, control, deadline, (now) => {
        step = now;
      }),
    );
  }

  /** One attempt; never rejects. */
  async #write(
    delivery: OutboundDelivery,
    control: ControlFile,
    deadline: AbortSignal,
    reached: (step: Step) => void,
  ): Promise<SendResult> {
    let step: Step = 'before';
    let clear: readonly string[] = [];
    try {
      const folder = await this.#folder();
      const { stem, ctl, dat, newCtl, newDat } = pathsIn(folder, delivery);
      const there = await this.#present(folder, delivery);
      if (there !== null) return there;
      await removeTemporary(folder, stem);
      clear = [newCtl, newDat];
      await writePayload(newDat, delivery, MODE, deadline);
      await writeBytes(newCtl, writeControlFile(control), MODE);
      const still = await this.#present(folder, delivery);
      if (still !== null || deadline.aborted) {
        for (const path of clear) await rm(path, { force: true });
        return still ?? notWritten('send-failed', true);
      }
      // A data file of an earlier attempt without its control file was never handed over: it is written over.
      await rename(newDat, dat);
      step = 'committing';
      reached(step);
      await rename(newCtl, ctl);
      step = 'committed';
      reached(step);
      await syncFolder(folder);
      this.#reach.clear();
      return { outcome: 'delivered', confirmed: false, receiptCode: RECEIPT };
    } catch (error) {
      const code = folderFault(error);
      if (!(error instanceof PayloadFailure)) this.#reach.raise(code, { cause: errnoOf(error) });
      if (step === 'committed' || (step === 'committing' && !wasNotRenamed(error)))
        return { outcome: 'ambiguous', code, sentBytes: true, transport: true };
      for (const path of clear) await rm(path, { force: true }).catch(() => {});
      return error instanceof PayloadFailure ? notWritten('send-failed', false) : notWritten(code, true);
    }
  }

  async #folder(): Promise<string> {
    return (await this.#root.need(this.#settings.role === 'beside-client' ? 'OUT' : 'IN')).toString('utf8');
  }

  /** The result where a control file has our name already; null where there is none. */
  async #present(folder: string, delivery: OutboundDelivery): Promise<SendResult | null> {
    const { ctl, dat } = pathsIn(folder, delivery);
    if (!(await isThere(ctl))) return null;
    return (await compareWith(folder, dat, delivery)) === 'ours'
      ? { outcome: 'delivered', confirmed: false, receiptCode: RECEIPT }
      : { outcome: 'ambiguous', code: 'file-exists', sentBytes: false, transport: false };
  }

  /**
   * A pair that lies there whole was handed over. Temporary files say that the control file never got its name: all is removed, and it was
   * not sent. Neither: the client has it, or had it: SENT and FAILED are looked into. Rejects with `folder-unreachable` when the folders
   * cannot be looked into: ask again later.
   */
  resolve(delivery: OutboundDelivery): Promise<Resolution> {
    if (delivery.farId !== null) return Promise.resolve({ known: 'delivered', receiptCode: RECEIPT, farId: delivery.farId });
    return this.#lookFor(delivery).catch((cause: unknown) =>
      Promise.reject(new ThroughcareError('folder-unreachable', errnoOf(cause), { cause })),
    );
  }

  async #lookFor(delivery: OutboundDelivery): Promise<Resolution> {
    const folder = await this.#folder();
    const { stem, ctl, dat } = pathsIn(folder, delivery);
    const unfinished = await removeTemporary(folder, stem);
    if (await isThere(ctl)) {
      const ours = (await compareWith(folder, dat, delivery)) === 'ours';
      return ours ? { known: 'delivered', receiptCode: RECEIPT } : { known: 'unknown' };
    }
    if (unfinished) {
      await rm(dat, { force: true });
      return { known: 'not-sent' };
    }
    return this.#settings.role === 'beside-client' ? this.#atClient(stem) : { known: 'unknown' };
  }

  /** What the client did with a pair that it took. */
  async #atClient(stem: string): Promise<Resolution> {
    for (const kind of ['SENT', 'FAILED'] as const) {
      const folder = await this.#root.find(kind);
      if (folder === null) continue;
      const name = (await plainFiles(folder)).find((each) => each.toString('latin1').toLowerCase() === `${stem}.ctl`.toLowerCase());
      if (name === undefined) continue;
      const look = await lookAtControl(inFolder(folder, name));
      const dtsId = look !== null && 'control' in look.read ? look.read.control.dtsId : undefined;
      // A pair in FAILED was handed over, too; that it went wrong is told by the source that reads there.
      return { known: 'delivered', receiptCode: RECEIPT, ...(dtsId === undefined || kind === 'FAILED' ? {} : { farId: dtsId }) };
    }
    return { known: 'unknown' };
  }

  /** Waits for what is being written; takes no new work. */
  close(): Promise<void> {
    return this.#attempts.close();
  }
}

/** Removes what earlier attempts were writing, so that none of them can still finish; whether there was any. */
const removeTemporary = async (folder: string, stem: string): Promise<boolean> => {
  let found = false;
  for (const name of await readdir(folder)) {
    const rest = name.startsWith(`.${stem}.`) ? name.slice(stem.length + 2) : '';
    if (!/^(?:ctl|dat)\.\d+\.part$/.test(rest)) continue;
    try {
      await unlink(join(folder, name));
      found = true;
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw error;
    }
  }
  return found;
};
