import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Where the configuration, the data and the folders of one run lie, and what its daemons connect to. */
export interface SitePlan {
  readonly folder: string;
  /** `redis://…`; absent: the queues live in PostgreSQL. */
  readonly redis?: string;
  readonly daemons: readonly DaemonPorts[];
}

/** What one daemon has for itself: it listens on ports of its own and reaches each receiver by a way of its own. */
export interface DaemonPorts {
  readonly source: number;
  readonly console: number;
  readonly clinical: number;
  readonly archive: number;
}

/** Destinations of the fault site. `clinical` and `archive` are MLLP, `filing` is a folder. */
export const DESTINATIONS = ['clinical', 'archive', 'filing'] as const;
export type Destination = (typeof DESTINATIONS)[number];

/** Times of the machinery in ms, short enough that a claim, a lease and a lost hint run out many times within seconds. */
const PACE = {
  claimTtl: 2_000,
  sendDeadline: 1_200,
  lease: 1_500,
  heartbeat: 200,
  reconcile: 500,
  wipePoll: 200,
  statementTimeout: 5_000,
};

const pace = Object.entries(PACE)
  .map(([name, value]) => `  ${name}: ${value}ms`)
  .join('\n');

const mllp = (name: string, port: number, mapping: string): string => `  ${name}:
    kind: mllp
    host: 127.0.0.1
    port: ${port}
    connections: 4
    connectTimeout: 500ms
    timeout: 1s
    mappings: [${mapping}]
    retry:
      first: 50ms
      most: 500ms
    breaker:
      failures: 5
      first: 200ms
      most: 500ms
`;

const siteFile = ({ folder, redis }: SitePlan, daemon: DaemonPorts): string => `site: faults
environment: test
data: ${dataFolder(folder)}
${redis === undefined ? '' : `queue:\n  redis: ${redis}\n`}console:
  listen: 127.0.0.1:${daemon.console}
log:
  level: info
directory: ${join(__dirname, 'site/directory.yaml')}
mappings:
  - ${join(__dirname, 'site/mappings')}
zone: Europe/London
sources:
  near-side:
    kind: mllp
    listen: 127.0.0.1:${daemon.source}
    system: nomis
destinations:
${mllp('clinical', daemon.clinical, 'faults/movement-out')}${mllp('archive', daemon.archive, 'faults/alert-out')}  filing:
    kind: folder
    path: ${filingFolder(folder)}
    mappings: [faults/referral-text]
    retry:
      first: 50ms
      most: 500ms
routes:
  - name: movements-to-the-establishment
    when: kind = custody
    to: custodian
  - name: alerts-to-the-archive
    when: kind = alert
    to: archive
  - name: referrals-to-the-folder
    when: kind = referral
    to: filing
  - name: demographics-kept
    when: kind = patient
    file: read by what is sent
advanced:
${pace}
`;

export const dataFolder = (folder: string): string => join(folder, 'data');
/** Where the folder destination puts its files. */
export const filingFolder = (folder: string): string => join(folder, 'filing');

/** Writes one configuration a daemon, all on the same data; resolves with their files, in order. */
export async function writeSite(plan: SitePlan): Promise<readonly string[]> {
  await mkdir(dataFolder(plan.folder), { recursive: true });
  await mkdir(filingFolder(plan.folder), { recursive: true });
  return Promise.all(
    plan.daemons.map(async (daemon, index) => {
      const file = join(plan.folder, `daemon-${index + 1}.yaml`);
      await writeFile(file, siteFile(plan, daemon));
      return file;
    }),
  );
}
