import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { FastifyAdapter } from '@bull-board/fastify';
import type { Queue } from 'bullmq';
import type { FastifyPluginCallback } from 'fastify';
import type { HintQueue } from './backend.ts';

/** Path under which the console mounts it; the pages' own links need to know. */
export const BOARD_PATH = '/queues';

/** Bull Board over the hint queues: read-only, and there is nothing in a job but ids. Whoever mounts it keeps it to the loopback. */
export class Board {
  readonly #server = new FastifyAdapter();
  readonly #board: ReturnType<typeof createBullBoard>;
  readonly #adapters = new Map<HintQueue, BullMQAdapter>();

  constructor() {
    this.#server.setBasePath(BOARD_PATH);
    // Its declarations differ from the interface it implements in an optional property only.
    const serverAdapter = this.#server as unknown as Parameters<typeof createBullBoard>[0]['serverAdapter'];
    this.#board = createBullBoard({ queues: [], serverAdapter, options: { uiConfig: { boardTitle: 'Throughcare queues' } } });
  }

  /** Registers under `{ prefix: BOARD_PATH }`. */
  get plugin(): FastifyPluginCallback {
    return this.#server.registerPlugin();
  }

  add(queue: HintQueue): void {
    // The adapter is typed for Redis queues; it uses only what every backend's queue has.
    const adapter = new BullMQAdapter(queue as unknown as Queue, { readOnlyMode: true, description: 'hints: the store decides who sends' });
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
