import type { Severity } from '../records/issue.ts';
import type { Config } from './types.ts';

/** Reports a finding at a setting, by its dotted path. */
export type Report = (
  path: string,
  code: string,
  message: string,
  options?: { readonly severity?: Severity; readonly hint?: string },
) => void;
export type CrossCheck = (config: Config, report: Report) => void;
