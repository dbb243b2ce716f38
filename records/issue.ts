/** Where a line of configuration or mapping stands. Lines and columns count from 1. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export type Severity = 'error' | 'warning' | 'info';

/** A finding of `check`: in configuration, mapping, route or directory. Never holds patient data. */
export interface Finding {
  readonly code: string;
  readonly severity: Severity;
  readonly place: Place;
  readonly message: string;
  /** Did-you-mean or the next step, one sentence. */
  readonly hint?: string;
}

/** `file:line:col severity code message (hint)` */
export const showFinding = (f: Finding): string =>
  `${f.place.file}:${f.place.line}:${f.place.column} ${f.severity} ${f.code} ${f.message}${f.hint === undefined ? '' : ` (${f.hint})`}`;

/** Something a mapping met in one message: a value left out, kept as text, cleared without leave. Codes and places, never values. */
export interface Issue {
  readonly code: string;
  /** `file:line` of the rule. */
  readonly rule: string;
  /** Canonical field or segment target the rule was filling. */
  readonly target: string;
  /** Position in the source, e.g. `PID-3[2].1` or `OBX[4]-5`. */
  readonly source?: string;
}
