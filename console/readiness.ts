/** One named thing the daemon needs to do its work. */
export interface ReadinessCheck {
  /** Shown to people and machines: `store`, `queue`, `source prison-adt`, `leader`. */
  readonly name: string;
  /** Rejecting counts as not ready. `code` is one of ours or a driver's; `detail` names things of the configuration. Never data. */
  check(): Promise<CheckOutcome> | CheckOutcome;
}

export interface CheckOutcome {
  readonly ready: boolean;
  readonly code?: string;
  readonly detail?: string;
}

export interface CheckReport extends CheckOutcome {
  readonly ms: number;
}

export interface Readiness {
  readonly ready: boolean;
  readonly checks: Readonly<Record<string, CheckReport>>;
}

/** A check that has not answered by then counts as failed: a half-open connection must not make the page hang with it. */
const DEADLINE_MS = 2_000;

const codeOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string' ? error.code : 'failed';

const within = async (check: ReadinessCheck, deadlineMs: number): Promise<CheckReport> => {
  const started = performance.now();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<CheckOutcome>((resolve) => {
    timer = setTimeout(() => resolve({ ready: false, code: 'no-answer' }), deadlineMs);
  });
  try {
    const outcome = await Promise.race([Promise.resolve().then(() => check.check()), late]);
    return { ...outcome, ms: Math.round(performance.now() - started) };
  } catch (error) {
    return { ready: false, code: codeOf(error), ms: Math.round(performance.now() - started) };
  } finally {
    clearTimeout(timer);
  }
};

/** Runs all checks at once. Askers who come while a round is under way share its result, so that asking often costs the store nothing. */
export const readiness = (checks: () => readonly ReadinessCheck[], deadlineMs = DEADLINE_MS): (() => Promise<Readiness>) => {
  let underWay: Promise<Readiness> | null = null;
  const round = async (): Promise<Readiness> => {
    const reports = await Promise.all(checks().map(async (check) => [check.name, await within(check, deadlineMs)] as const));
    return { ready: reports.every(([, report]) => report.ready), checks: Object.fromEntries(reports) };
  };
  return () => {
    underWay ??= round().finally(() => {
      underWay = null;
    });
    return underWay;
  };
};
