import { type Finding, showFinding } from '../records/issue.ts';
import { paint, type Style } from './output.ts';

const colours = { error: 'red', warning: 'yellow', info: 'grey' } as const;

/** One line a finding, `file:line:col severity code message (hint)`, as editors and CI read it. */
export const findingLines = (findings: readonly Finding[], style: Style): string =>
  findings
    .map((finding) => {
      const line = showFinding(finding);
      const { file, line: row, column } = finding.place;
      const place = `${file}:${row}:${column}`;
      const rest = line.slice(place.length + 1 + finding.severity.length);
      return `${place} ${paint(style, colours[finding.severity], finding.severity)}${rest}\n`;
    })
    .join('');

/** `1 error`, `2 errors` */
export const plural = (count: number, word: string): string => `${count} ${word}${count === 1 ? '' : 's'}`;

export const hasErrors = (findings: readonly Finding[]): boolean => findings.some(({ severity }) => severity === 'error');

/** `2 errors, 1 warning` */
export const findingCount = (findings: readonly Finding[]): string => {
  const of = (severity: Finding['severity']): number => findings.filter((finding) => finding.severity === severity).length;
  return `${plural(of('error'), 'error')}, ${plural(of('warning'), 'warning')}`;
};
