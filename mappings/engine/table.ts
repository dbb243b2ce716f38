import type { Finding } from '../../records/issue.ts';

/** A code table: which code becomes which. `keep` passes a code on that the table does not list, `invalid` refuses it. */
export interface Table {
  readonly name: string;
  readonly file: string;
  readonly forward: ReadonlyMap<string, string>;
  readonly backward: ReadonlyMap<string, string>;
  readonly unlisted: Unlisted;
  readonly unlistedBack: Unlisted;
}
export type Unlisted = { readonly kind: 'invalid' | 'keep' } | { readonly kind: 'value'; readonly value: string };

const POLICIES: Readonly<Record<string, Unlisted>> = {
  '!invalid': { kind: 'invalid' },
  '!keep': { kind: 'keep' },
};

/** Cells of each line of a comma-separated text: quotes, doubled quotes, CRLF and a byte-order mark are understood. */
const csvRows = (text: string): { readonly line: number; readonly cells: readonly string[] }[] => {
  const rows: { line: number; cells: string[] }[] = [];
  let cells: string[] = [];
  let cell = '';
  let quoted = false;
  let line = 1;
  let rowLine = 1;
  const source = text.startsWith('\ufeff') ? text.slice(1) : text;
  const endRow = (): void => {
    cells.push(cell);
    if (cells.some((one) => one.trim() !== '')) rows.push({ line: rowLine, cells: cells.map((one) => one.trim()) });
    cells = [];
    cell = '';
  };
  for (let at = 0; at < source.length; at += 1) {
    const character = source[at];
    if (character === '\n') line += 1;
    if (quoted) {
      if (character !== '"') cell += character;
      else if (source[at + 1] === '"') {
        cell += '"';
        at += 1;
      } else quoted = false;
    } else if (character === '"' && cell.trim() === '') {
      quoted = true;
      cell = '';
    } else if (character === ',') {
      cells.push(cell);
      cell = '';
    } else if (character === '\n') {
      endRow();
      rowLine = line;
    } else if (character !== '\r') cell += character;
  }
  endRow();
  return rows;
};

/**
 * Reads a table: columns `from,to` and, where codes also travel back, `reverse` (`yes` on the one row of each `to` that answers);
 * further columns are notes. The row `*` says what an unlisted code becomes: `!invalid` (refused, with an issue), `!keep` or a value; with
 * `yes` in its column `reverse` it says so for the way back too, else that is `!invalid`.
 */
export const readTable = (name: string, file: string, text: string): { readonly table: Table; readonly findings: readonly Finding[] } => {
  const findings: Finding[] = [];
  const report = (line: number, code: string, message: string, hint?: string): void => {
    findings.push({ code, severity: 'error', place: { file, line, column: 1 }, message, ...(hint === undefined ? {} : { hint }) });
  };
  const [header, ...rows] = csvRows(text);
  const columns = header?.cells.map((cell) => cell.toLowerCase()) ?? [];
  const [fromAt, toAt, reverseAt] = [columns.indexOf('from'), columns.indexOf('to'), columns.indexOf('reverse')];
  const forward = new Map<string, string>();
  const backward = new Map<string, string>();
  let unlisted: Unlisted | undefined;
  let unlistedBack: Unlisted = { kind: 'invalid' };
  if (fromAt === -1 || toAt === -1) report(1, 'table', 'a table begins with the line from,to', 'further columns: reverse, note');
  for (const { line, cells } of fromAt === -1 || toAt === -1 ? [] : rows) {
    const from = cells[fromAt] ?? '';
    const to = cells[toAt] ?? '';
    const isReverse = reverseAt !== -1 && /^(yes|y|true|1)$/i.test(cells[reverseAt] ?? '');
    const policy = POLICIES[to];
    if (to.startsWith('!') && policy === undefined) {
      report(line, 'table', `"${to}" is no policy`, 'write !invalid, !keep or a value');
      continue;
    }
    if (from === '*') {
      if (unlisted !== undefined) report(line, 'table', 'the row * stands twice');
      unlisted = policy ?? { kind: 'value', value: to };
      if (isReverse) unlistedBack = unlisted.kind === 'value' ? { kind: 'invalid' } : unlisted;
      continue;
    }
    if (from === '' || to === '') report(line, 'table', 'from and to must both be filled');
    else if (policy !== undefined) report(line, 'table', 'a policy stands in the row * only');
    else if (forward.has(from)) report(line, 'table', 'this code stands twice in from');
    else {
      forward.set(from, to);
      if (isReverse && backward.has(to))
        report(line, 'table', 'two rows answer for the same word on the way back', 'mark one of them reverse: yes');
      else if (isReverse) backward.set(to, from);
    }
  }
  if (unlisted === undefined && fromAt !== -1)
    report(1, 'table-default', `table "${name}" has no row *`, 'add *,!invalid or *,!keep or *,a value');
  return { table: { name, file, forward, backward, unlisted: unlisted ?? { kind: 'invalid' }, unlistedBack }, findings };
};
