import type { Finding } from '../records/issue.ts';
import type { CrossCheck, Report } from './check.ts';
import { addressChecks } from './check-addresses.ts';
import { folderChecks } from './check-folders.ts';
import { liveChecks } from './check-live.ts';
import { mailboxChecks } from './check-mailboxes.ts';
import { meshFolderChecks } from './check-mesh-folders.ts';
import { meshSendingChecks } from './check-mesh-sending.ts';
import { routeChecks } from './check-routes.ts';
import { storeChecks } from './check-store.ts';
import { timeChecks } from './check-times.ts';
import type { LoadedConfig } from './types.ts';

const checks: readonly CrossCheck[] = [
  addressChecks,
  folderChecks,
  mailboxChecks,
  meshSendingChecks,
  meshFolderChecks,
  routeChecks,
  timeChecks,
  liveChecks,
  storeChecks,
];

/** What no setting can know alone: settings that contradict each other. */
export const crossChecks = ({ config, placeOf }: LoadedConfig): Finding[] => {
  const findings: Finding[] = [];
  const report: Report = (path, code, message, { severity = 'error', hint } = {}) =>
    findings.push({ code, severity, place: placeOf(path), message, ...(hint === undefined ? {} : { hint }) });
  for (const check of checks) check(config, report);
  return findings;
};
