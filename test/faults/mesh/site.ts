import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DeliveryId } from '../../../records/ids.ts';
import { RECEIPT_STAGE } from '../../../records/states.ts';
import type { MeshServer, MessageView } from '../../../stand-ins/mesh/handle.ts';
import { startMeshServer } from '../../../stand-ins/mesh/server.ts';
import { writeTlsFiles } from '../../../stand-ins/mesh/tls-material.ts';
import { conservation } from '../../../store/conservation.ts';
import { releaseDelivery } from '../../../store/lanes/operator.ts';
import { connectionUrl } from '../../../store/pool.ts';
import { DaemonProcess } from '../../support/daemon-process.ts';
import { type TestDatabase, testDatabase } from '../../support/database.ts';
import type { BackendKind } from '../../support/delivery.ts';
import { eventually } from '../../support/eventually.ts';
import { freePort } from '../../support/free-port.ts';
import { type PrivateRedis, startRedis } from '../../support/redis.ts';
import { type StoreProxy, storeProxy } from '../../support/store-proxy.ts';
import { type Disposable, temporaryFolder } from '../../support/temp.ts';

/** Receives what the site sends; nobody empties it. */
export const FAR = 'X26FAR1';

/** Patience for what takes a few seconds on a quiet machine. */
export const LONG = 60_000;

/** What is in the site: each name is a mailbox, and a source or a destination on it. */
export interface MeshSitePlan {
  readonly backend: BackendKind;
  /** Sources on mailboxes of their own. Workflow FILE goes to the folder `filing`, TEXT is to be HL7, any other goes to the destination of this name. */
  readonly sources: readonly string[];
  /** Destinations on mailboxes of their own, in YAML what is not as usual; a source `from-…` brings the REPORTs of each. */
  readonly destinations?: Readonly<Record<string, string>>;
  /** Names whose mailboxes' longest silence is `SHORT`: what hangs there is given up soon. */
  readonly quick?: readonly string[];
}

/** Times of the machinery, short enough that a claim or a lease of a daemon that was killed runs out at once. */
const PACE = `advanced:
  claimTtl: 2500ms
  sendDeadline: 2s
  lease: 1500ms
  heartbeat: 200ms
  reconcile: 500ms
`;

/** Longest silence of the service: longer than any that a test makes before it kills; and one that is waited for. */
const SILENCE = '30s';
const SHORT = '2s';
/** Between two looks into a mailbox. */
const POLL = '300ms';

export const mailboxId = (name: string): string => `X26${name.replaceAll('-', '').toUpperCase()}`;

const mailboxYaml = (name: string, url: string, silence: string): string => `  ${name}:
    id: ${mailboxId(name)}
    url: ${url}
    password: password
    sharedKey: key
    tls: {ca: tls/ca.pem, cert: tls/client.pem, key: tls/client-key.pem}
    poll: ${POLL}
    timeout: ${silence}
    tracking: 1h
`;

const siteYaml = (plan: MeshSitePlan, url: string): string => {
  const { sources, destinations = {}, quick = [] } = plan;
  const names = Object.keys(destinations);
  const forwards = [
    '{FILE: {do: forward, to: filing}',
    'TEXT: {do: process}',
    ...names.map((name) => `${name}: {do: forward, to: ${name}}`),
  ].join(', ');
  const retry = '    retry: {first: 50ms, most: 400ms}\n    breaker: {failures: 100, first: 100ms, most: 400ms}\n';
  return [
    'mailboxes:\n',
    ...[...sources, ...names].map((name) => mailboxYaml(name, url, quick.includes(name) ? SHORT : SILENCE)),
    'sources:\n',
    ...sources.map((name) => `  ${name}:\n    kind: mesh-api\n    mailbox: ${name}\n    workflows: ${forwards}}\n`),
    ...names.map((name) => `  from-${name}:\n    kind: mesh-api\n    mailbox: ${name}\n`),
    `destinations:\n  filing:\n    kind: folder\n    path: filing\n    mappings: []\n${retry}`,
    ...Object.entries(destinations).map(
      ([name, more]) =>
        `  ${name}:\n    kind: mesh-api\n    mailbox: ${name}\n    workflow: ${name}\n    to: {by: mailbox, mailbox: ${FAR}}\n    mappings: []\n    compress: no\n    chunkSize: 1KB\n${retry}${more}`,
    ),
    PACE,
  ].join('');
};

/** Messages of one source, as both conservation lines count them. */
export type Counted = Readonly<Record<(typeof COUNTED)[number], number>>;
const COUNTED = ['received', 'processed', 'held', 'rejected', 'duplicate', 'unprocessed'] as const;

/** Real daemons between a stand-in MESH service, with mutual TLS, and a folder; the store is reached through a proxy that can stand still. */
export class MeshSite {
  readonly mesh: MeshServer;
  readonly db: TestDatabase;
  readonly proxy: StoreProxy;
  readonly folder: string;
  readonly #temp: Disposable;
  readonly #redis: PrivateRedis | undefined;
  readonly #daemons: DaemonProcess[] = [];
  readonly #plan: MeshSitePlan;

  private constructor(plan: MeshSitePlan, mesh: MeshServer, db: TestDatabase, proxy: StoreProxy, temp: Disposable, redis?: PrivateRedis) {
    this.#plan = plan;
    this.mesh = mesh;
    this.db = db;
    this.proxy = proxy;
    this.folder = temp.path;
    this.#temp = temp;
    this.#redis = redis;
  }

  static async open(plan: MeshSitePlan): Promise<MeshSite> {
    const mailboxes = [...plan.sources, ...Object.keys(plan.destinations ?? {})].map(mailboxId);
    const [mesh, db, temp, redis] = await Promise.all([
      startMeshServer({
        sharedKey: 'key',
        mailboxes: [...mailboxes, FAR].map((id) => ({ id, password: 'password' })),
        requestsKept: 100_000,
      }),
      testDatabase(),
      temporaryFolder('mesh'),
      plan.backend === 'redis' ? startRedis() : undefined,
    ]);
    const site = new MeshSite(plan, mesh, db, await storeProxy(db.target), temp, redis);
    await mkdir(join(site.folder, 'data'));
    await mkdir(join(site.folder, 'filing'));
    await writeTlsFiles(join(site.folder, 'tls'), mesh);
    await writeFile(join(site.folder, 'keys'), db.keys);
    await writeFile(join(site.folder, 'directory.yaml'), 'organisations: []\n');
    return site;
  }

  /** Another daemon on the same store, through the proxy; resolves once it says that it is up. */
  async start(): Promise<DaemonProcess> {
    const config = join(this.folder, `daemon-${this.#daemons.length + 1}.yaml`);
    await writeFile(
      config,
      `site: mesh-faults
environment: test
data: data
store:
  url: ${connectionUrl(this.proxy.target)}
  keys: \${file:keys}
${this.#redis === undefined ? '' : `queue:\n  redis: ${this.#redis.url}\n`}console:
  listen: 127.0.0.1:${await freePort()}
log:
  level: info
directory: directory.yaml
mappings: []
zone: Europe/London
${siteYaml(this.#plan, this.mesh.url)}`,
    );
    const daemon = DaemonProcess.spawn(config);
    this.#daemons.push(daemon);
    await daemon.logged('daemon.started');
    return daemon;
  }

  /** Everything the folder destination has written. */
  async filed(): Promise<readonly string[]> {
    const folder = join(this.folder, 'filing');
    const names = (await readdir(folder)).filter((name) => !name.startsWith('.'));
    return Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
  }

  /** What was learned of the deliveries to a destination after they were sent. */
  async receipts(destination: string): Promise<readonly string[]> {
    const rows = await this.db.database.query<{ stage: number }>(
      `select r.stage from receipt r join delivery d on d.id = r.delivery_id join destination n on n.id = d.destination_id
       where n.name = $1 order by r.id`,
      [destination],
    );
    return rows.map(({ stage }) => RECEIPT_STAGE.word(stage));
  }

  /** Messages of a source so far. */
  async counted(source: string): Promise<Counted> {
    const rows = (await conservation(this.db.database)).messages.filter((row) => row.source === source);
    const sum = (name: (typeof COUNTED)[number]): number => rows.reduce((total, row) => total + row[name], 0);
    return {
      received: sum('received'),
      processed: sum('processed'),
      held: sum('held'),
      rejected: sum('rejected'),
      duplicate: sum('duplicate'),
      unprocessed: sum('unprocessed'),
    };
  }

  /** How many of these messages the service was told to take out of the inbox. */
  async acknowledged(ids: readonly string[]): Promise<number> {
    const found = await Promise.all(ids.map((id) => this.mesh.message(id)));
    return found.filter((message) => message?.state === 'acknowledged').length;
  }

  async allAcknowledged(ids: readonly string[]): Promise<void> {
    await eventually(
      () => this.acknowledged(ids),
      (count) => count === ids.length,
      { within: LONG, every: 50, what: `${ids.length} acknowledgements` },
    );
  }

  /** First requests of messages that came from a mailbox. */
  posts(name: string): number {
    return this.mesh.requests().filter((seen) => seen.route === 'send' && seen.mailbox === mailboxId(name)).length;
  }

  sent(name: string): Promise<readonly MessageView[]> {
    return this.mesh.messages({ sender: mailboxId(name), recipient: FAR });
  }

  /** Why the deliveries to a destination are held; empty for one that is not. */
  async standing(destination: string): Promise<readonly { readonly state: string; readonly reason: string | null }[]> {
    return this.db.database.query<{ state: string; reason: string | null }>(
      `select case d.state when 1 then 'handed-over' when 2 then 'confirmed' when 3 then 'withdrawn' when 4 then 'held' else 
         case when l.head = d.id and l.phase = 4 then 'held' else 'waiting' end end as state,
         (select h.reason from hold h where h.delivery_id = d.id and h.done is null) as reason
       from delivery d join destination n on n.id = d.destination_id left join lane l on l.id = d.lane_id where n.name = $1 order by d.id`,
      [destination],
    );
  }

  /** Waits until nothing is on its way, and both conservation lines balance. */
  async settles(): Promise<void> {
    await eventually(
      async () => {
        const { messages, deliveries } = await conservation(this.db.database);
        expect(messages.filter((row) => !row.balances || row.unexplained > 0)).toEqual([]);
        expect(deliveries.filter((row) => !row.balances)).toEqual([]);
        return (
          messages.reduce((sum, row) => sum + row.unprocessed, 0) + deliveries.reduce((sum, row) => sum + row.waiting + row.sending, 0)
        );
      },
      (left) => left === 0,
      { within: LONG, every: 100, what: 'the end of all work' },
    );
  }

  /**
   * What the person on call does with files of which nobody knows whether they were taken, because a daemon died over them: has them sent
   * again. Resolves with how many there were.
   */
  async releaseFiles(): Promise<number> {
    await this.settles();
    const held = await this.db.database.query<{ delivery: DeliveryId }>(
      `select d.id as delivery from delivery d join destination n on n.id = d.destination_id join hold h on h.delivery_id = d.id and h.done is null
       where n.name = 'filing' and h.reason in ('claim-expired', 'poison')`,
    );
    for (const { delivery } of held)
      await releaseDelivery(this.db.database, this.db.vault, delivery, { who: 'on-call', why: 'looked into the folder' });
    await this.settles();
    return held.length;
  }

  async close(): Promise<void> {
    await Promise.all(this.#daemons.map((daemon) => daemon.stop()));
    await this.mesh.close();
    await this.proxy.close();
    await this.#redis?.stop();
    await this.db.close();
    await this.#temp.remove();
  }
}
