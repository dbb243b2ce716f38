import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MeshFolderSource } from '../../../adapters/mesh-folder/inbound.ts';
import type { MeshFolderIntakeSettings } from '../../../adapters/mesh-folder/round.ts';
import { makeFolder } from './folders.ts';
import { Notebook } from './notebook.ts';
import { ScriptedMailbox, SharedLeases } from './scripted-mailbox.ts';
import { ScriptedReceiver, sourceName } from './scripted-receiver.ts';

export const MAILBOX = 'X26OT001';
export type Elements = Readonly<Record<string, string>>;

export const controlText = (elements: Elements, status?: readonly [event: string, status: string, code: string]): string => {
  const lines = Object.entries(elements).map(([name, text]) => `<${name}>${text}</${name}>`);
  const record =
    status === undefined
      ? ''
      : `<StatusRecord><DateTime>20261101120001</DateTime><Event>${status[0]}</Event><Status>${status[1]}</Status><StatusCode>${status[2]}</StatusCode><Description>said so</Description></StatusRecord>`;
  return `<DTSControl>\n${lines.join('\n')}\n${record}</DTSControl>\n`;
};

export const received = (over: Elements = {}): string =>
  controlText(
    {
      Version: '1.0',
      MessageType: 'Data',
      From_DTS: 'X26OT002',
      To_DTS: MAILBOX,
      WorkflowId: 'RECORDS',
      DTSId: 'ID1',
      LocalId: 'L1',
      ...over,
    },
    ['TRANSFER', 'SUCCESS', '00'],
  );

export const dropped = (over: Elements = {}): string =>
  controlText({
    Version: '1.0',
    AddressType: 'DTS',
    MessageType: 'Data',
    From_DTS: MAILBOX,
    To_DTS: 'X26OT002',
    WorkflowId: 'LETTERS',
    LocalId: 'L1',
    ...over,
  });

/** An interface root of its own, and the sources of daemons that read it. */
export class MeshFolders {
  readonly mailbox = new ScriptedMailbox();
  readonly receiver = new ScriptedReceiver();
  readonly leases = new SharedLeases();
  readonly notebook = new Notebook();
  readonly path: string;
  readonly #remove: () => Promise<void>;
  readonly #sources: MeshFolderSource[] = [];

  private constructor(path: string, remove: () => Promise<void>) {
    this.path = path;
    this.#remove = remove;
  }

  static async make(folders: readonly string[] = ['IN', 'OUT', 'SENT', 'FAILED']): Promise<MeshFolders> {
    const folder = await makeFolder();
    for (const name of folders) await mkdir(join(folder.path, name));
    return new MeshFolders(folder.path, () => folder.remove());
  }

  at(...names: readonly string[]): string {
    return join(this.path, ...names);
  }

  /** As a client or legacy system does: data first, control file last. */
  async drop(folder: string, name: string, control: string | Buffer, data: string | Buffer | null = 'data'): Promise<void> {
    if (data !== null) await writeFile(this.at(folder, `${name}.dat`), data);
    await writeFile(this.at(folder, `.${name}.new`), control);
    await rename(this.at(folder, `.${name}.new`), this.at(folder, `${name}.ctl`));
  }

  async watch(over: Partial<MeshFolderIntakeSettings> = {}): Promise<MeshFolderSource> {
    const { mailbox, receiver, leases, notebook: telemetry } = this;
    const source = new MeshFolderSource(
      sourceName('client'),
      {
        role: 'beside-client',
        path: this.path,
        make: false,
        mailbox: MAILBOX,
        workflows: new Map([
          ['RECORDS', { do: 'process' }],
          ['LETTERS', { do: 'forward', to: 'gp' }],
          ['SCANS', { do: 'hold' }],
          ['OURS_ACK', { do: 'acknowledge', of: 'OURS' }],
        ]),
        others: 'leave',
        interval: 10,
        dataWait: 120,
        done: 'keep',
        settleFor: 20,
        leasePause: 10,
        ...over,
      },
      { mailbox, receiver, leases, far: mailbox, fates: mailbox, telemetry, now: () => new Date('2026-11-02T08:00:00Z') },
    );
    this.#sources.push(source);
    await source.start();
    return source;
  }

  async stop(): Promise<void> {
    for (const source of this.#sources.splice(0)) await source.stop(AbortSignal.timeout(1_000));
  }

  async remove(): Promise<void> {
    await this.stop();
    await this.#remove();
  }
}
