import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Lease } from '../../records/far-side.ts';
import type { SourceName } from '../../records/ids.ts';
import type { SourceAdapter } from '../../records/ports.ts';
import { Condition, errnoOf } from '../condition.ts';
import { AsClient } from './as-client.ts';
import { BesideClient } from './beside-client.ts';
import { InterfaceRoot } from './interface-root.ts';
import { goesOn, type MeshFolderIntakeSettings, type MeshFolderSourceParts, type Round, StoreAway, Tally } from './round.ts';

/** The MESH client itself leaves files alone that are younger. */
const SETTLED = 1_000;
const LEASE_PAUSE = 5_000;
/** Whoever has it reads the folders: a mailbox like any other, but for where it lies. */
export const folderLease = (source: SourceName): string => `mailbox:folder/${source}`;
/** Longest pause between tries while the store does not take messages. */
const LONGEST_PAUSE = 30_000;

/**
 * The folders of a MESH client as a source, beside one that is installed or in place of one. One daemon at a time reads them; a pair is
 * claimed by moving it into `processing`, and what a crash leaves there is found by the next reader.
 */
export class MeshFolderSource implements SourceAdapter {
  readonly name: SourceName;
  readonly address: string;
  readonly #settings: MeshFolderIntakeSettings;
  readonly #parts: MeshFolderSourceParts;
  readonly #role: BesideClient | AsClient;
  readonly #reach: Condition;
  readonly #unreadable: Condition;
  readonly #store: Condition;
  readonly #leftPairs: Condition;
  readonly #stopping = new AbortController();
  readonly #overdue = new AbortController();
  #failures = 0;
  #running: Promise<void> = Promise.resolve();

  constructor(name: SourceName, settings: MeshFolderIntakeSettings, parts: MeshFolderSourceParts) {
    this.name = name;
    const path = resolve(settings.path);
    this.address = `mesh-folder ${path}`;
    this.#settings = settings;
    this.#parts = parts;
    const root = new InterfaceRoot(path, settings.make);
    const settleFor = settings.settleFor ?? SETTLED;
    this.#role = settings.role === 'beside-client' ? new BesideClient(root, settleFor) : new AsClient(root, settleFor);
    const condition = (event: string) => new Condition(parts.telemetry, event, { source: name });
    this.#reach = condition('source.unreachable');
    this.#unreadable = condition('source.files-unreadable');
    this.#store = condition('source.store-unavailable');
    this.#leftPairs = condition('source.pairs-left');
  }

  /** Begins to look; folders that are not there yet are reported and looked for again. */
  async start(): Promise<void> {
    this.#running = this.#run();
  }

  async stop(deadline: AbortSignal): Promise<void> {
    this.#stopping.abort();
    const overdue = new Promise<void>((done) => {
      const end = () => {
        this.#overdue.abort();
        done();
      };
      if (deadline.aborted) end();
      else deadline.addEventListener('abort', end, { once: true });
    });
    await Promise.race([this.#running, overdue]);
  }

  async #run(): Promise<void> {
    const stopping = this.#stopping.signal;
    while (!stopping.aborted) {
      const lease = await this.#parts.leases.take(folderLease(this.name)).catch((error: unknown) => {
        this.#store.raise('store-unavailable', { cause: errnoOf(error) });
        return null;
      });
      if (lease === null) {
        await sleep(this.#settings.leasePause ?? LEASE_PAUSE, undefined, { signal: stopping }).catch(() => {});
        continue;
      }
      // Another may have had it since: what lies there now is what counts.
      this.#role.forget();
      try {
        await this.#read(lease);
      } finally {
        await lease.release().catch(() => {});
      }
    }
  }

  /** Looks again and again while the lease is ours. */
  async #read(lease: Lease): Promise<void> {
    const either = AbortSignal.any([this.#stopping.signal, lease.lost]);
    while (!either.aborted) {
      const round = this.#roundOf(lease);
      try {
        await this.#role.round(round);
        this.#reach.clear();
        this.#store.clear();
        this.#failures = 0;
        if (goesOn(round)) this.#tell(round.tally);
      } catch (error) {
        if (this.#overdue.signal.aborted) return;
        this.#role.forget();
        // The next reader may have moved what was in hand here: that says nothing of the folder.
        if (lease.lost.aborted && !(error instanceof StoreAway)) return;
        this.#failures += 1;
        if (error instanceof StoreAway) this.#store.raise('store-unavailable', { cause: errnoOf(error.cause) });
        else this.#reach.raise(errnoOf(error));
      }
      const pause = this.#settings.interval * 2 ** Math.min(this.#failures, 16);
      const shown = this.#failures > 0 ? Math.min(pause, Math.max(LONGEST_PAUSE, this.#settings.interval)) : pause;
      await sleep(shown, undefined, { signal: either }).catch(() => {});
    }
  }

  #roundOf(lease: Lease): Round {
    return {
      name: this.name,
      settings: this.#settings,
      parts: this.#parts,
      fence: { lease: lease.name, token: lease.token },
      lease,
      stopping: this.#stopping.signal,
      overdue: this.#overdue.signal,
      tally: new Tally(),
    };
  }

  #tell({ unreadable, left }: Tally): void {
    const { telemetry } = this.#parts;
    telemetry.gauge('source_files_unreadable', unreadable, { source: this.name });
    if (unreadable > 0) this.#unreadable.raise('unreadable-files', { files: unreadable });
    else this.#unreadable.clear();
    for (const reason of ['workflow', 'foreign', 'kind', 'unreadable', 'unmatched'] as const)
      telemetry.gauge('source_pairs_left', left.get(reason) ?? 0, { source: this.name, reason });
    // Others' pairs are none of ours; what nobody can read, or has a rule for, is somebody's lost message.
    const reason = left.has('unreadable') ? 'control-file' : left.has('workflow') ? 'workflow-left' : null;
    if (reason === null) this.#leftPairs.clear();
    else this.#leftPairs.raise(reason, { files: (left.get('unreadable') ?? 0) + (left.get('workflow') ?? 0) });
  }
}
