import { setTimeout as sleep } from 'node:timers/promises';
import { conservation } from '../../store/conservation.ts';
import { openDatabase } from '../../store/pool.ts';
import { type MeshRig, mailboxIds, startMeshRig } from './rig.ts';
import { SMALL } from './site.ts';
import type { Drained, SmallPut } from './stand-in.ts';

export interface Drain {
  readonly mailboxes: number;
  readonly messages: number;
  /** Journalled and acknowledged, a second. */
  readonly rate: number;
  /** From the first look until the last was processed, a second. */
  readonly processed: number;
  /** Processor time a message, ms. */
  readonly cpu: { readonly daemon: number; readonly standIn: number; readonly postgres: number };
  /** Most requests of one mailbox at the same time. */
  readonly concurrent: number;
  readonly faults: Faults;
}
/** Against what was sent. */
export interface Faults {
  readonly missing: number;
  /** Journalled more than once, or fetched again after they were journalled. */
  readonly repeated: number;
  readonly unprocessed: number;
}

const LONGEST = 600_000;
/** Longer than the filling takes, so that a look finds all of them. */
const POLL = '15s';

/** What the journal holds of `sent` messages. */
export async function faultsOf(rig: MeshRig, sent: number): Promise<Faults> {
  const database = openDatabase(rig.target, { max: 1, statementTimeout: 120_000 });
  try {
    const { messages } = await conservation(database);
    const sum = (pick: (row: (typeof messages)[number]) => number): number => messages.reduce((total, row) => total + pick(row), 0);
    const distinct = sum((row) => row.processed) + sum((row) => row.held) + sum((row) => row.rejected) + sum((row) => row.unprocessed);
    const repeated = sum((row) => row.duplicate) + Math.max(0, distinct - sent);
    return { missing: Math.max(0, sent - distinct), repeated, unprocessed: distinct - sum((row) => row.processed) };
  } finally {
    await database.close();
  }
}

/** Waits until the inboxes are empty. Throws where nothing more goes out of them. */
export async function untilDrained(rig: MeshRig): Promise<Drained> {
  for (const since = performance.now(); ; await sleep(50)) {
    const drained = await rig.standIn.call<Drained>('drained');
    if (drained.waiting === 0) return drained;
    if (performance.now() - since > LONGEST) throw new Error(`${drained.waiting} messages stay in their mailbox:\n${rig.daemons[0]?.said}`);
  }
}

/** Waits until all that was sent is processed; gives the faults there are when that takes too long. */
export async function untilProcessed(rig: MeshRig, sent: number): Promise<Faults> {
  for (const since = performance.now(); ; await sleep(250)) {
    const faults = await faultsOf(rig, sent);
    if ((faults.missing === 0 && faults.unprocessed === 0) || performance.now() - since > LONGEST / 5) return faults;
  }
}

/** Fills the mailboxes and measures until they are empty, in a daemon that has read some before. */
export async function runDrain(mailboxes: number, messages: number): Promise<Drain> {
  const ids = mailboxIds(mailboxes);
  const rig = await startMeshRig({ mailboxes: ids, poll: POLL });
  try {
    const warmth = Math.ceil(1_000 / mailboxes);
    await rig.standIn.call('putSmall', { mailboxes: ids, each: warmth, workflow: SMALL, load: 1 } satisfies SmallPut);
    await untilDrained(rig);
    await untilProcessed(rig, warmth * mailboxes);
    const before = await rig.cpu();
    const each = Math.ceil(messages / mailboxes);
    const sent = each * mailboxes;
    await rig.standIn.call('putSmall', { mailboxes: ids, each, workflow: SMALL, load: 2 } satisfies SmallPut);
    const filled = await rig.cpu();
    const { began, latest } = await untilDrained(rig);
    const after = await rig.cpu();
    const faults = await untilProcessed(rig, sent + warmth * mailboxes);
    const ended = performance.timeOrigin + performance.now();
    const { concurrent } = await rig.standIn.call<{ concurrent: number }>('strain');
    return {
      mailboxes,
      messages: sent,
      rate: (sent * 1_000) / (latest - began),
      processed: (sent * 1_000) / (ended - began),
      cpu: {
        daemon: (after.daemon - before.daemon) / sent,
        standIn: ((after.standIn ?? 0) - (filled.standIn ?? 0)) / sent,
        postgres: ((after.postgres ?? 0) - (before.postgres ?? 0)) / sent,
      },
      concurrent,
      faults,
    };
  } finally {
    await rig.end();
  }
}
