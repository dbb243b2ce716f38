import { type Colour, paint, printable, type Style } from './output.ts';

export interface Column<R> {
  readonly title: string;
  readonly of: (row: R) => string | number | null | undefined;
  readonly align?: 'left' | 'right';
  /** Columns that give way first have the smallest number; one without never gives way. */
  readonly yields?: number;
  readonly colour?: (row: R) => Colour | undefined;
}

const GAP = '  ';
/** A column is never cut below this. */
const LEAST = 8;

const oneLine = (value: string | number): string => printable(String(value)).replace(/\s+/g, ' ');

/** In code points: enough for the Latin text that the product shows. */
const lengthOf = (text: string): number => [...text].length;

const cut = (text: string, width: number): string => {
  const letters = [...text];
  if (letters.length <= width) return text;
  return width <= 1 ? letters.slice(0, width).join('') : `${letters.slice(0, width - 1).join('')}…`;
};

/** Widths that fit: first the yielding columns are cut, then left out, in the order in which they yield. A width of 0 = left out. */
export const fitWidths = (natural: readonly number[], yields: readonly (number | undefined)[], width: number | undefined): number[] => {
  const widths = [...natural];
  if (width === undefined) return widths;
  const over = (): number => widths.reduce((sum, one) => sum + (one === 0 ? 0 : one + GAP.length), -GAP.length) - width;
  const order = yields.flatMap((rank, index) => (rank === undefined ? [] : [{ rank, index }])).sort((a, b) => a.rank - b.rank);
  for (const { index } of order) {
    const now = widths[index] ?? 0;
    if (over() > 0) widths[index] = Math.max(Math.min(now, LEAST), now - over());
  }
  for (const { index } of order) if (over() > 0) widths[index] = 0;
  return widths;
};

/** Rows under titles, fitted to the terminal; nothing wraps. Without rows: the one line given. */
export const table = <R>(rows: readonly R[], columns: readonly Column<R>[], style: Style, empty = 'none'): string => {
  if (rows.length === 0) return `${paint(style, 'grey', empty)}\n`;
  const cells = rows.map((row) => columns.map((column) => oneLine(column.of(row) ?? '–')));
  const natural = columns.map(({ title }, index) => Math.max(lengthOf(title), ...cells.map((line) => lengthOf(line[index] ?? ''))));
  const widths = fitWidths(
    natural,
    columns.map((column) => column.yields),
    style.width,
  );
  const line = (texts: readonly string[], colourOf: (index: number) => Colour | undefined): string => {
    const parts = texts.flatMap((text, index) => {
      const width = widths[index] ?? 0;
      if (width === 0) return [];
      const shown = cut(text, width);
      const blanks = ' '.repeat(width - lengthOf(shown));
      const colour = colourOf(index);
      const painted = colour === undefined ? shown : paint(style, colour, shown);
      return [columns[index]?.align === 'right' ? blanks + painted : painted + blanks];
    });
    return `${parts.join(GAP).trimEnd()}\n`;
  };
  const head = line(
    columns.map(({ title }) => title),
    () => 'grey',
  );
  return head + cells.map((texts, at) => line(texts, (index) => colourAt(columns, rows, index, at))).join('');
};

const colourAt = <R>(columns: readonly Column<R>[], rows: readonly R[], index: number, at: number): Colour | undefined => {
  const row = rows[at];
  return row === undefined ? undefined : columns[index]?.colour?.(row);
};

/** `name  value` lines for one thing; values that are not known are left out. */
export const facts = (entries: readonly (readonly [string, string | number | null | undefined])[], style: Style): string => {
  const shown = entries.filter(([, value]) => value !== undefined && value !== null && value !== '');
  const width = Math.max(0, ...shown.map(([name]) => lengthOf(name)));
  return shown.map(([name, value]) => `${paint(style, 'grey', name.padEnd(width))}${GAP}${oneLine(value ?? '')}\n`).join('');
};
