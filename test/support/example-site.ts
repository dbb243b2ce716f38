import { randomUUID } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DeliveryRow, HoldDetail, MessageDetail } from '../../cli/operations.ts';
import { loadConfig } from '../../config/load.ts';
import type { LoadedConfig } from '../../config/types.ts';
import { conservationLines } from '../../daemon/conservation-lines.ts';
import { type RunningDaemon, startDaemon } from '../../daemon/start.ts';
import { brandAs, type DestinationName, type MessageId, type SourceName } from '../../records/ids.ts';
import { showFinding } from '../../records/issue.ts';
import { conservation } from '../../store/conservation.ts';
import { connectionUrl } from '../../store/pool.ts';
import { openTelemetry } from '../../telemetry/telemetry.ts';
import { type TestDatabase, testDatabase } from './database.ts';
import { eventually } from './eventually.ts';
import { type Answer, MllpClient } from './mllp-client.ts';
import { MllpReceiver } from './mllp-receiver.ts';
import { type Disposable, temporaryFolder } from './temp.ts';
import { configWithoutMesh, directoryWithoutMesh } from './without-mesh.ts';

/** The shipped example site on a real daemon, with a database, ports and folders of its own, and a receiver for every MLLP destination. */

const ROOT = join(__dirname, '..', '..');
const SITE = join(ROOT, 'demo', 'site');
export const BY = { by: 'a tester', reason: 'the test asks for it' } as const;

export const loaded = (file: string): LoadedConfig => {
  const result = loadConfig(file, { environment: {} });
  if (result.loaded === undefined) throw new Error(result.findings.map(showFinding).join('\n'));
  return result.loaded;
};

/** What a test changes in the site's files before the daemon reads them. */
export interface SiteEdits {
  readonly config?: (yaml: string) => string;
  readonly directory?: (yaml: string) => string;
  /** Mapping files beside the shipped ones: path → text. */
  readonly mappings?: Readonly<Record<string, string>>;
  /** Keys of another site; its own where absent. */
  readonly keys?: string;
}

export type ReceiverName = 'leeds' | 'moorland' | 'hillLane';
type SiteFile = 'throughcare.yaml' | 'directory.yaml';
export type Source = 'prison-adt' | 'pathology';

/** Writes the example site's files into a folder, without MESH: ports and folders of its own, and the store named, else the embedded one. */
export const writeSite = async (
  folder: string,
  [leeds, moorland, hillLane]: readonly [leeds: number, moorland: number, hillLane: number],
  edits: SiteEdits = {},
  store?: { readonly url: string; readonly keys: string },
): Promise<void> => {
  const ports: Readonly<Record<number, number>> = { 2601: leeds, 2602: moorland, 2603: hillLane };
  const storeLines = store === undefined ? '' : `store:\n  url: ${store.url}\n  keys: ${store.keys}\n`;
  const example = configWithoutMesh(await readFile(join(SITE, 'throughcare.yaml'), 'utf8'))
    .replace('../../data/demo\n', `${join(folder, 'data')}\n${storeLines}`)
    .replaceAll('../../data/demo', join(folder, 'data'))
    .replaceAll(/listen: 127\.0\.0\.1:\d+/g, 'listen: 127.0.0.1:0')
    .replaceAll(/port: (\d+)/g, (_, port: string) => `port: ${ports[Number(port)]}\n    retry: {first: 50ms, most: 200ms}`)
    .replace('- ../../mappings', `- ${join(ROOT, 'mappings')}\n  - ${join(folder, 'mappings')}`);
  const directory = directoryWithoutMesh(await readFile(join(SITE, 'directory.yaml'), 'utf8'));
  for (const part of ['data/in/gp-records', 'data/out/gp-quay', 'mappings']) await mkdir(join(folder, part), { recursive: true });
  await writeFile(join(folder, 'throughcare.yaml'), edits.config?.(example) ?? example);
  await writeFile(join(folder, 'directory.yaml'), edits.directory?.(directory) ?? directory);
  for (const [path, text] of Object.entries(edits.mappings ?? {})) await writeFile(join(folder, 'mappings', path), text);
};

const started = (folder: string, log: string[]): Promise<RunningDaemon> =>
  startDaemon(
    loaded(join(folder, 'throughcare.yaml')),
    openTelemetry({ log: { level: 'debug', format: 'json', out: { write: (line) => log.push(line) } } }),
  );

export class ExampleSite {
  readonly db: TestDatabase;
  readonly receivers: Readonly<Record<ReceiverName, MllpReceiver>>;
  readonly folder: string;
  /** Everything the daemon has logged. */
  readonly log: string[];
  #daemon: RunningDaemon;
  readonly #temp: Disposable;
  readonly #clients: MllpClient[] = [];

  private constructor(daemon: RunningDaemon, db: TestDatabase, receivers: ExampleSite['receivers'], temp: Disposable, log: string[]) {
    this.#daemon = daemon;
    this.db = db;
    this.receivers = receivers;
    this.folder = temp.path;
    this.log = log;
    this.#temp = temp;
  }

  static async open(edits: SiteEdits = {}): Promise<ExampleSite> {
    const db = await testDatabase(edits.keys === undefined ? {} : { keys: edits.keys });
    const temp = await temporaryFolder('site');
    const [leeds, moorland, hillLane] = await Promise.all([MllpReceiver.listen(), MllpReceiver.listen(), MllpReceiver.listen()]);
    await writeFile(join(temp.path, 'keys'), db.keys);
    await writeSite(temp.path, [leeds.port, moorland.port, hillLane.port], edits, {
      url: connectionUrl(db.target),
      keys: '${file:keys}',
    });
    const log: string[] = [];
    const daemon = await started(temp.path, log);
    return new ExampleSite(daemon, db, { leeds, moorland, hillLane }, temp, log);
  }

  get daemon(): RunningDaemon {
    return this.#daemon;
  }

  /** Stops the daemon, changes what is changed while it is down, and starts another on the same files and database. */
  async restart(meanwhile: () => Promise<unknown> = () => Promise.resolve()): Promise<void> {
    await this.#daemon.stop();
    await meanwhile();
    this.#daemon = await started(this.folder, this.log);
  }

  async edit(file: SiteFile, edit: (yaml: string) => string): Promise<void> {
    const path = join(this.folder, file);
    await writeFile(path, edit(await readFile(path, 'utf8')));
  }

  /** Edits a file of the site and has the running daemon read everything again. */
  async reload(file: SiteFile, edit: (yaml: string) => string): Promise<void> {
    await this.edit(file, edit);
    await this.daemon.reload(loaded(join(this.folder, 'throughcare.yaml')));
  }

  /** A connection to a source of the site; closed with it. */
  async connect(source: Source): Promise<MllpClient> {
    const address = this.daemon.sources.get(brandAs<SourceName>(source))?.address ?? '';
    const client = await MllpClient.open(Number(/:(\d+)$/.exec(address)?.[1]));
    this.#clients.push(client);
    return client;
  }

  /** Sends one message on a connection of its own. */
  async send(source: Source, message: string | Buffer): Promise<Answer> {
    const client = await this.connect(source);
    return client.send(message).finally(() => client.end());
  }

  /** Sends one that is expected to be taken, and waits until it has its outcome and nothing of it is under way. */
  async take(source: Source, message: string | Buffer): Promise<MessageDetail> {
    const answer = await this.send(source, message);
    expect({ code: answer.code, text: answer.bytes.toString('latin1') }).toMatchObject({ code: 'AA' });
    return this.decided(await this.newest(source));
  }

  /** Drops one message into the folder of the GP systems, and waits until it has its outcome. */
  async drop(message: string): Promise<MessageDetail> {
    const gp = brandAs<SourceName>('gp-records');
    const newest = async () => (await this.daemon.operations.listMessages({ source: gp, limit: 1 }))[0]?.id;
    const before = await newest();
    await writeFile(join(this.folder, 'data/in/gp-records', `${randomUUID()}.hl7`), message);
    const id = await eventually(newest, (found) => found !== before, { what: 'a dropped message' });
    if (id === undefined) throw new Error('nothing was received');
    return this.decided(id);
  }

  async newest(source: Source): Promise<MessageId> {
    const [row] = await this.daemon.operations.listMessages({ source: brandAs<SourceName>(source), limit: 1 });
    if (row === undefined) throw new Error(`nothing was received by ${source}`);
    return row.id;
  }

  async message(id: MessageId): Promise<MessageDetail> {
    const detail = await this.daemon.operations.showMessage(id);
    if (detail === null) throw new Error(`there is no message ${id}`);
    return detail;
  }

  decided(id: MessageId): Promise<MessageDetail> {
    return eventually(
      () => this.message(id),
      ({ state }) => state !== 'unprocessed',
      { what: `the outcome of message ${id}` },
    );
  }

  /** The open holds of a message, with all an operator sees of them. */
  async holds(id: MessageId): Promise<readonly HoldDetail[]> {
    const open = (await this.message(id)).holds.filter((hold) => hold.closed === null);
    const details = await Promise.all(open.map((hold) => this.daemon.operations.showHold(hold.id)));
    return details.flatMap((detail) => detail ?? []);
  }

  async deliveries(id: MessageId): Promise<readonly DeliveryRow[]> {
    return (await this.message(id)).filed;
  }

  /** Waits until the deliveries of a message are in the states named, in any order. */
  async deliveriesBecome(id: MessageId, states: readonly DeliveryRow['state'][]): Promise<readonly DeliveryRow[]> {
    const wanted = [...states].sort().join();
    return eventually(
      () => this.deliveries(id),
      (rows) =>
        rows
          .map((row) => row.state)
          .sort()
          .join() === wanted,
      { what: `deliveries ${wanted} of message ${id}` },
    );
  }

  pause(destination: string): Promise<unknown> {
    return this.daemon.operations.pauseDestination(brandAs<DestinationName>(destination), BY);
  }

  resume(destination: string): Promise<unknown> {
    return this.daemon.operations.resumeDestination(brandAs<DestinationName>(destination), BY);
  }

  /** Both conservation lines; fails where either does not balance, or a processed message neither left nor names its rule. */
  async balance(): Promise<{ readonly lines: readonly string[]; readonly settled: boolean }> {
    const found = await conservation(this.db.database);
    expect(found.messages.filter((row) => !row.balances || row.unexplained > 0)).toEqual([]);
    expect(found.deliveries.filter((row) => !row.balances)).toEqual([]);
    return conservationLines(found);
  }

  /** Everything done, and both lines in balance. */
  async settled(): Promise<readonly string[]> {
    const { lines } = await eventually(
      () => this.balance(),
      ({ settled }) => settled,
      { what: 'a settled balance' },
    );
    return lines;
  }

  async close(): Promise<void> {
    for (const client of this.#clients) client.destroy();
    await this.daemon.stop();
    await Promise.all(Object.values(this.receivers).map((receiver) => receiver.close()));
    await this.db.close();
    await this.#temp.remove();
  }
}

/** A message of the example site's journey, changed by plain replacements. */
export const journeyMessage = async (name: string, ...changes: readonly (readonly [string, string])[]): Promise<string> => {
  let text = (await readFile(join(SITE, 'messages', `${name}.hl7`), 'latin1')).replaceAll('\n', '\r');
  for (const [from, to] of changes) {
    if (!text.includes(from)) throw new Error(`${name} has no ${from}`);
    text = text.replaceAll(from, to);
  }
  return text;
};
