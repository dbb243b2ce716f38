import { hostname } from 'node:os';
import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { FastifyAdapter } from '@bull-board/fastify';
import type { Queue } from 'bullmq';
import type { FastifyPluginCallback } from 'fastify';
import { PRIORITY } from '../records/states.ts';
import type { HintQueue } from './backend.ts';
import type { HintJob } from './job.ts';

/** Path under which the console mounts it; the pages' own links need to know. */
export const BOARD_PATH = '/queues';

/**
 * Workers share connections, so the backend's list of clients knows nothing of them. Every queue that is open here has one of this daemon;
 * those of other daemons are on their own boards.
 */
class HintAdapter extends BullMQAdapter {
  readonly #since = performance.now();

  override async getWorkers(): ReturnType<BullMQAdapter['getWorkers']> {
    const age = Math.round((performance.now() - this.#since) / 1_000);
    return [{ id: String(process.pid), name: 'this daemon', addr: hostname(), age }];
  }
}

/** A job as the operator's verbs name things: `delivery list`, `message trace`. */
const inWords = ({ h, p, ask, code }: HintJob): Readonly<Record<string, unknown>> => ({
  deliveries: h.map(([, delivery]) => delivery),
  lanes: h.map(([lane]) => lane),
  priority: Object.entries(PRIORITY).find(([, rank]) => rank === p)?.[0],
  ...(ask === true ? { asks: 'whether they arrived' } : {}),
  ...(code === undefined ? {} : { held: code }),
});

/** Bull Board over the hint queues: read-only, and there is nothing in a job but ids. Whoever mounts it keeps it to the loopback. */
export class Board {
  readonly #server = new FastifyAdapter();
  readonly #board: ReturnType<typeof createBullBoard>;
  readonly #adapters = new Map<HintQueue, BullMQAdapter>();

  constructor() {
    this.#server.setBasePath(BOARD_PATH);
    // Its declarations differ from the interface it implements in an optional property only.
    const serverAdapter = this.#server as unknown as Parameters<typeof createBullBoard>[0]['serverAdapter'];
    this.#board = createBullBoard({
      queues: [],
      serverAdapter,
      options: { uiConfig: { boardTitle: 'Throughcare queues', hideRedisDetails: true } },
    });
  }

  /** Registers under `{ prefix: BOARD_PATH }`. */
  get plugin(): FastifyPluginCallback {
    return this.#server.registerPlugin();
  }

  add(queue: HintQueue): void {
    // The adapter is typed for Redis queues; it uses only what every backend's queue has.
    const adapter = new HintAdapter(queue as unknown as Queue, {
      readOnlyMode: true,
      description: 'hints: the store decides who sends; of completed jobs some are shown',
    });
    adapter.setFormatter('data', (job: HintJob) => inWords(job));
    this.#adapters.set(queue, adapter);
    this.#board.addQueue(adapter);
  }

  remove(queue: HintQueue): void {
    const adapter = this.#adapters.get(queue);
    if (adapter === undefined) return;
    this.#adapters.delete(queue);
    this.#board.removeQueue(adapter);
  }
}
