import { makeFolders } from '../config/folders.ts';
import { planReload } from '../config/reload.ts';
import type { LoadedConfig } from '../config/types.ts';
import type { Plan } from '../pipeline/plan/plan.ts';
import type { DestinationId, DestinationName } from '../records/ids.ts';
import type { Finding } from '../records/issue.ts';
import type { DaemonTelemetry } from '../telemetry/telemetry.ts';
import { type LoadedPlan, planFindings, readPlanFiles } from './load-plan.ts';
import type { MailboxPool } from './mailbox-pool.ts';
import { PlanRefused, refuse } from './plan-refused.ts';
import { CannotOpen, type OpeningSources, type WaysIn } from './ways-in.ts';
import type { Change, OpenDestination, WaysOut } from './ways-out.ts';

interface MadePlan {
  readonly plan: Plan;
  readonly destinationIds: ReadonlyMap<DestinationName, DestinationId>;
}

export interface ReloadParts {
  readonly current: () => LoadedConfig;
  readonly pool: MailboxPool;
  readonly waysIn: WaysIn;
  readonly waysOut: WaysOut;
  readonly makePlan: (from: LoadedConfig, read: LoadedPlan, open: readonly OpenDestination[]) => Promise<MadePlan>;
  /** From here on the new holds. Resolves when what left sends nothing any more. */
  readonly swap: (next: LoadedConfig, made: MadePlan, change: Change) => Promise<void>;
  /** Says what waits for a destination that is no longer there. */
  readonly leftBehind: () => Promise<void>;
  readonly telemetry: DaemonTelemetry;
}

/**
 * A changed configuration while the daemon runs: planned, checked, opened, and only then swapped, whole. Anything that stands in the way
 * leaves the old one in force, with an alarm that lasts until a reload succeeds. One at a time.
 */
export class Reloads {
  readonly #parts: ReloadParts;
  #last: Promise<unknown> = Promise.resolve();
  #refused = 0;
  #stopped = false;

  constructor(parts: ReloadParts) {
    this.#parts = parts;
    parts.telemetry.gauge('config_refused', 0);
  }

  /** For /readyz: the daemon works, but not by the file an operator sees. */
  get state(): { readonly refused: boolean; readonly findings: number } {
    return { refused: this.#refused > 0, findings: this.#refused };
  }

  reload(next: LoadedConfig): Promise<readonly Finding[]> {
    const turn = this.#last.then(() => this.#reload(next));
    this.#last = turn.catch(() => {});
    return turn;
  }

  async #reload(next: LoadedConfig): Promise<readonly Finding[]> {
    if (this.#stopped) return [];
    try {
      const findings = await this.#take(next);
      this.#refused = 0;
      this.#parts.telemetry.gauge('config_refused', 0);
      return findings;
    } catch (error) {
      if (error instanceof PlanRefused) this.refused(error.findings);
      else this.#alarm(error, 1);
      throw error;
    }
  }

  refused(findings: readonly Finding[]): void {
    this.#alarm(new PlanRefused(findings), findings.filter(({ severity }) => severity === 'error').length);
    for (const { code, place } of findings)
      this.#parts.telemetry.warn('config.finding', { code, place: `${place.file}:${place.line}:${place.column}` });
  }

  #alarm(error: unknown, findings: number): void {
    this.#refused = Math.max(1, findings);
    this.#parts.telemetry.gauge('config_refused', 1);
    this.#parts.telemetry.error('config.refused', error, { findings });
  }

  async #take(next: LoadedConfig): Promise<readonly Finding[]> {
    const { current, pool, waysIn, waysOut, makePlan, swap, leftBehind, telemetry } = this.#parts;
    const { changes, refused } = planReload(current().config, next.config);
    refuse(refused.map(({ path }) => needsRestart(next, path)));
    const read = await readPlanFiles(next);
    refuse([...read.findings, ...planFindings(next, read)]);
    await makeFolders(next.config);
    const mailboxes = pool.prepare(next.config.mailboxes);
    const destinations = waysOut.prepare(next.config.destinations, mailboxes);
    const sources = await opening(next, () => waysIn.prepare(next.config.sources, mailboxes));
    let made: MadePlan;
    try {
      made = await makePlan(next, read, destinations);
    } catch (error) {
      await sources.abandon();
      throw error;
    }
    const change = waysOut.take(destinations, made.destinationIds);
    const closeMailboxes = pool.take(mailboxes);
    const swapped = swap(next, made, change);
    await Promise.all([sources.commit(), swapped.then(() => change.close())]);
    closeMailboxes();
    await leftBehind().catch((error: unknown) => telemetry.error('look-failed', error, { what: 'left-behind' }));
    telemetry.setLevel(next.config.log.level);
    for (const { path, what } of changes) telemetry.event('config.change', { setting: path.toLowerCase(), what });
    telemetry.event('config.reloaded', { count: changes.length });
    return read.findings;
  }

  /** Waits for the one under way; takes no further. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#last;
  }
}

const needsRestart = (next: LoadedConfig, path: string): Finding => ({
  code: 'needs-restart',
  severity: 'error',
  place: next.placeOf(path),
  message: `a change of ${path} needs a restart`,
  hint: 'put it back, or restart the daemon',
});

const opening = async (next: LoadedConfig, open: () => Promise<OpeningSources>): Promise<OpeningSources> => {
  try {
    return await open();
  } catch (error) {
    if (!(error instanceof CannotOpen)) throw error;
    const path = `sources.${error.source}`;
    const place = next.config.sources.get(error.source)?.kind === 'mllp' ? `${path}.listen` : path;
    throw new PlanRefused([{ code: 'cannot-open', severity: 'error', place: next.placeOf(place), message: error.message }], {
      cause: error,
    });
  }
};
