import { FAULTS } from '../../records/faults.ts';

/** docs/faults.md: every reason a person or a sender may see, from the catalogue. */
export const faultsPage = (): string => {
  const rows = Object.entries(FAULTS)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([code, { class: kind, means, next, answer }]) => {
      const told = answer === undefined ? '–' : `${answer.ack} ${answer.err}`;
      return `| \`${code}\` | ${kind} | ${means} | ${next} | ${told} |`;
    });
  return `# Faults

Every reason that holds, logs, metrics and answers carry. *Transient* is tried again, *ambiguous* is found out first, *permanent* waits for a person.
*Answer* is what a sender is told: MSA-1 and the code of HL7 table 0357. This page is made from \`records/faults.ts\`.

| code | class | what has happened | what is safe to do | answer |
|---|---|---|---|---|
${rows.join('\n')}
`;
};
