import type { FailureClass } from '../states.ts';

export interface FaultEntry {
  readonly class: FailureClass;
  /** What has happened. */
  readonly means: string;
  /** What is safe to do. */
  readonly next: string;
  /** Answer to the sender where a receipt check failed: MSA-1 in original mode, and the code of HL7 table 0357. */
  readonly answer?: { readonly ack: 'AR' | 'AE'; readonly err: number; readonly location?: string };
}
