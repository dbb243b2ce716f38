import type { Finding } from '../records/issue.ts';

/** The configuration has errors, or cannot be taken over: `findings` says which. */
export class PlanRefused extends Error {
  readonly findings: readonly Finding[];
  constructor(findings: readonly Finding[], options?: ErrorOptions) {
    super('the configuration has errors', options);
    this.name = 'PlanRefused';
    this.findings = findings;
  }
}

export const refuse = (findings: readonly Finding[]): void => {
  if (findings.some((finding) => finding.severity === 'error')) throw new PlanRefused(findings);
};
