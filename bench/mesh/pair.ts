import { setTimeout as sleep } from 'node:timers/promises';
import { type Faults, untilDrained, untilProcessed } from './drain.ts';
import { mailboxIds, startMeshRig } from './rig.ts';
import { SMALL } from './site.ts';
import type { Drained, SmallPut } from './stand-in.ts';

export interface Pair {
  readonly messages: number;
  /** Acknowledged when the reader was killed. */
  readonly killedAt: number;
  /** Seconds without an acknowledgement, until the other had taken over. */
  readonly takeover: number;
  readonly faults: Faults;
  readonly concurrent: number;
}

/** Two daemons on one store and mailbox; the one that reads is killed in the middle of it. */
export async function runPair(messages: number): Promise<Pair> {
  const ids = mailboxIds(1);
  const rig = await startMeshRig({ mailboxes: ids, poll: '1s', daemons: 2 });
  try {
    const { standIn, daemons } = rig;
    await standIn.call('putSmall', { mailboxes: ids, each: messages, workflow: SMALL, load: 1 } satisfies SmallPut);
    const before = await Promise.all(daemons.map((daemon) => daemon.call<number>('cpu')));
    let seen = await standIn.call<Drained>('drained');
    while (seen.gone < messages / 3) {
      await sleep(20);
      seen = await standIn.call<Drained>('drained');
    }
    // The busier one reads.
    const spent = await Promise.all(daemons.map((daemon) => daemon.call<number>('cpu')));
    const busy = spent.map((one, index) => one - (before[index] ?? 0));
    const reader = daemons[(busy[1] ?? 0) > (busy[0] ?? 0) ? 1 : 0];
    reader?.child.kill('SIGKILL');
    await sleep(300);
    const { gone, latest } = await standIn.call<Drained>('drained');
    let next = await standIn.call<Drained>('drained');
    for (const since = performance.now(); next.gone === gone; next = await standIn.call<Drained>('drained')) {
      if (performance.now() - since > 120_000) throw new Error(`nobody took over:\n${daemons.map((daemon) => daemon.said).join('\n')}`);
      await sleep(20);
    }
    const takeover = (next.latest - latest) / 1_000;
    await untilDrained(rig);
    const faults = await untilProcessed(rig, messages);
    const { concurrent } = await standIn.call<{ concurrent: number }>('strain');
    return { messages, killedAt: gone, takeover, faults, concurrent };
  } finally {
    await rig.end();
  }
}
