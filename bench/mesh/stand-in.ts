import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import type { MeshServer } from '../../stand-ins/mesh/handle.ts';
import { startMeshServer } from '../../stand-ins/mesh/server.ts';
import { writeTlsFiles } from '../../stand-ins/mesh/tls-material.ts';
import { message, PATIENTS } from '../messages.ts';
import { answerCalls } from '../remote.ts';
import { type Kind, largeBytes } from './bytes.ts';
import { type MeshFacts, PASSWORD, PEER } from './site.ts';

/** The far side of the bench: the stand-in MESH server in a process of its own, with mutual TLS. */
export interface LargePut {
  readonly mailbox: string;
  readonly workflow: string;
  readonly kind: Kind;
  readonly seed: string;
  /** Bytes of each chunk, before compression. */
  readonly chunkBytes: number;
  readonly chunks: number;
  readonly compress: boolean;
}
export interface SmallPut {
  readonly mailboxes: readonly string[];
  /** Messages in each. */
  readonly each: number;
  readonly workflow: string;
  /** Tells the messages of one filling from those of another. */
  readonly load: number;
}
/** Times in milliseconds since 1970. */
export interface Drained {
  /** First look into an inbox after they were filled; 0: not yet. */
  readonly began: number;
  /** Latest acknowledgement that was seen. */
  readonly latest: number;
  readonly waiting: number;
  /** Messages out of an inbox since they were filled. */
  readonly gone: number;
}
export interface Received {
  readonly digest: string;
  readonly size: number;
  readonly chunks: number;
}

const LOOK = 5;

let server: MeshServer | undefined;
const running = (): MeshServer => {
  if (server === undefined) throw new Error('the stand-in is not started');
  return server;
};

const now = (): number => performance.timeOrigin + performance.now();

/** When the first look came and when the last message went. */
class DrainWatch {
  readonly #filled: number;
  readonly #looks: number;
  #began = 0;
  #latest = 0;
  #waiting: number;

  constructor() {
    this.#looks = looks();
    this.#filled = waiting();
    this.#waiting = this.#filled;
    setInterval(() => this.#look(), LOOK).unref();
  }

  #look(): void {
    if (this.#began === 0 && looks() > this.#looks) this.#began = now();
    const left = waiting();
    if (left < this.#waiting) this.#latest = now();
    this.#waiting = left;
  }

  get now(): Drained {
    return { began: this.#began, latest: this.#latest, waiting: this.#waiting, gone: this.#filled - this.#waiting };
  }
}

const looks = (): number => running().totals().byRoute.inbox ?? 0;
const waiting = (): number =>
  running()
    .mailboxes()
    .reduce((sum, { id, waiting: count }) => sum + (id === PEER ? 0 : count), 0);

let watch: DrainWatch | undefined;

async function putLarge({ mailbox, workflow, kind, seed, chunkBytes, chunks, compress }: LargePut): Promise<Received> {
  const hash = createHash('sha256');
  async function* chunk(n: number): AsyncGenerator<Buffer> {
    for await (const piece of largeBytes(kind, `${seed} ${n}`, chunkBytes)) {
      hash.update(piece);
      yield piece;
    }
  }
  const bodies = Array.from({ length: chunks }, (_, n) => chunk(n));
  await running().put(mailbox, { workflowId: workflow, from: PEER, chunks: bodies, compress });
  return { digest: hash.digest('hex'), size: chunkBytes * chunks, chunks };
}

async function putSmall({ mailboxes, each, workflow, load }: SmallPut): Promise<void> {
  for (let n = 0; n < each; n += 1) {
    for (const [index, mailbox] of mailboxes.entries()) {
      const at = n * mailboxes.length + index;
      const body = message({ event: 'A08', patient: at % PATIENTS, controlId: `${load}-${index}-${n}`, step: at });
      await running().put(mailbox, { workflowId: workflow, from: PEER, body });
    }
  }
  watch = new DrainWatch();
}

/** What waits in the peer's inbox, collected: each chunk decompressed where it was sent so. */
async function received(): Promise<readonly Received[]> {
  const found: Received[] = [];
  for (const { id, totalChunks } of await running().messages({ recipient: PEER, state: 'accepted' })) {
    const hash = createHash('sha256');
    let size = 0;
    for (let chunk = 1; chunk <= totalChunks; chunk += 1) {
      const bytes = await running().body(id, chunk);
      if (bytes === undefined) throw new Error(`chunk ${chunk} of ${totalChunks} is not there`);
      const plain = bytes.readUInt16BE(0) === 0x1f8b ? gunzipSync(bytes) : bytes;
      hash.update(plain);
      size += plain.length;
    }
    found.push({ digest: hash.digest('hex'), size, chunks: totalChunks });
    await running().collect(id);
  }
  return found;
}

answerCalls({
  start: async ({ mailboxes, folder }: { mailboxes: readonly string[]; folder: string }): Promise<MeshFacts> => {
    server = await startMeshServer({
      mailboxes: [...mailboxes, PEER].map((id) => ({ id, password: PASSWORD })),
      requestsKept: 1_000,
    });
    return { url: server.url, sharedKey: server.sharedKey, tls: await writeTlsFiles(folder, server) };
  },
  putLarge,
  putSmall,
  drained: (): Drained => ({ began: 0, latest: 0, gone: 0, ...watch?.now, waiting: waiting() }),
  received,
  /** Most requests of one mailbox at the same time, and faults of the stand-in itself. */
  strain: () => ({
    concurrent: Math.max(
      ...running()
        .mailboxes()
        .map(({ mostConcurrent }) => mostConcurrent),
    ),
    problems: running().problems.length,
  }),
  requests: () => running().totals().requests,
  close: () => server?.close(),
});
