import type { Telemetry } from '../records/telemetry.ts';

/** A far side that answers nothing must not keep the daemon: what it was sent is claimed still, and is looked at again as after a crash. */
export const closeWithin = async (ms: number, closing: Promise<unknown>, telemetry: Telemetry): Promise<void> => {
  let timer: NodeJS.Timeout | undefined;
  const overdue = new Promise<'overdue'>((resolve) => {
    timer = setTimeout(() => resolve('overdue'), ms);
  });
  if ((await Promise.race([closing, overdue])) === 'overdue') telemetry.warn('drain-overdue');
  clearTimeout(timer);
};
