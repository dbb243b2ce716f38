import type { ProcessStore, ProcessTransaction } from '../../records/process.ts';
import type { Telemetry } from '../../records/telemetry.ts';
import type { Plan } from '../plan/plan.ts';
import type { Names } from './names.ts';
import type { KeepContent } from './release.ts';

/** What deciding needs beside the message and what is known. */
export interface DecideParts {
  readonly plan: Plan;
  readonly names: Names;
  readonly ids: ProcessStore['ids'];
  readonly tx: Pick<ProcessTransaction, 'filed' | 'handedOver'>;
  readonly keep: KeepContent;
  readonly telemetry: Telemetry;
}
