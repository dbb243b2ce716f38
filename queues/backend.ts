import type { BackendFactory, IQueueBackend, Processor, Queue, Worker } from 'bullmq';
import type { HintJob } from './job.ts';

/** Where BullMQ keeps its jobs. Connections are made inside; what they need to know comes from `store` through `main.ts`. */
export type BackendConfig =
  | { readonly kind: 'redis'; readonly url: string; readonly prefix?: string }
  | {
      readonly kind: 'postgres';
      /** As `pg` takes it: connectionString, or host, port, user, database. */
      readonly connection: Readonly<Record<string, unknown>>;
      /** Schema of BullMQ's own tables; never ours. */
      readonly schema?: string;
      /** Connections at most, beside one that listens. */
      readonly max?: number;
    };

export type HintQueue = Queue<HintJob, void, string, HintJob, void, string, IQueueBackend, object>;
export type HintWorker = Worker<HintJob, void, string, IQueueBackend, string, object>;
export type HintProcessor = Processor<HintJob, void, string, string>;
export type HintBackendFactory = BackendFactory<IQueueBackend, object>;

/** A backend as the rest of this room sees it; whichever of the two it is. */
export interface QueueBackend {
  readonly kind: 'redis' | 'postgres';
  readonly prefix: string | undefined;
  readonly factory: HintBackendFactory;
  /** Makes what BullMQ needs (its tables). Rejects while the backend cannot be reached. */
  prepare(): Promise<void>;
  /** Is the mark still there that was placed when the hints were last complete? Rejects where it cannot be told. */
  marked(): Promise<boolean>;
  /** Places the mark. False where another daemon was first. */
  mark(): Promise<boolean>;
  close(): Promise<void>;
}

/** A time limit for what is not ours to cancel; the work may still end later, unheard. */
export const within = async <T>(ms: number, what: string, work: Promise<T>): Promise<T> => {
  let timer: NodeJS.Timeout | undefined;
  const overdue = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} took longer than ${ms} ms`)), ms);
  });
  work.catch(() => {});
  try {
    return await Promise.race([work, overdue]);
  } finally {
    clearTimeout(timer);
  }
};
