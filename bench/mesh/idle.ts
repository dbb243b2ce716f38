import { setTimeout as sleep } from 'node:timers/promises';
import { idleMemory } from './memory-watch.ts';
import { mailboxIds, startMeshRig } from './rig.ts';

export interface Idle {
  readonly mailboxes: number;
  /** Looks of each mailbox a minute. */
  readonly looks: number;
  /** Processor time a minute, ms. */
  readonly cpu: { readonly daemon: number; readonly postgres: number };
  /** Resident memory of the daemon, MB. */
  readonly memory: number;
}

const POLL = 60;

/** Many mailboxes in which nothing waits, looked into once a minute: five times as often as the service asks for. */
export async function runIdle(mailboxes: number, seconds = 60): Promise<Idle> {
  const rig = await startMeshRig({ mailboxes: mailboxIds(mailboxes), poll: `${POLL}s` });
  try {
    // The first looks, with their handshakes, are spread over a tenth of the pause.
    await sleep(POLL * 250);
    const [before, asked] = [await rig.cpu(), await rig.standIn.call<number>('requests')];
    await sleep(seconds * 1_000);
    const [after, later] = [await rig.cpu(), await rig.standIn.call<number>('requests')];
    const minutes = seconds / 60;
    return {
      mailboxes,
      looks: (later - asked) / mailboxes / minutes,
      cpu: { daemon: (after.daemon - before.daemon) / minutes, postgres: ((after.postgres ?? 0) - (before.postgres ?? 0)) / minutes },
      memory: await idleMemory(rig.daemons[0]?.child.pid ?? 0, 500),
    };
  } finally {
    await rig.end();
  }
}
