/** A line of `show:` with what was found for it; undefined where nothing was stated. */
export interface Shown {
  readonly label: string;
  readonly value: string | undefined;
}

/** Breaks a text at blanks so that no line is wider; a longer word is broken where the line ends. Its own line ends stay. */
export const wrap = (text: string, width: number): string[] => {
  const lines: string[] = [];
  for (const paragraph of text.split(/\r\n|\r|\n/)) {
    let line = '';
    for (const word of paragraph.split(' ')) {
      let rest = word;
      if (line !== '' && line.length + 1 + rest.length > width) {
        lines.push(line);
        line = '';
      }
      while (rest.length > width) {
        lines.push(rest.slice(0, width));
        rest = rest.slice(width);
      }
      line = line === '' ? rest : `${line} ${rest}`;
    }
    lines.push(line);
  }
  return lines;
};

export const heading = (text: string): string[] => [text.toUpperCase(), '-'.repeat(text.length)];

/** `Label:  value`, values under one another; what was not stated is left out. */
export const labelled = (shown: readonly Shown[], width: number): string[] => {
  const stated = shown.filter((one) => one.value !== undefined);
  const column = Math.min(Math.max(0, ...stated.map((one) => one.label.length)) + 2, Math.floor(width / 2));
  return stated.flatMap(({ label, value = '' }) => {
    const [first = '', ...more] = wrap(value, width - column);
    return [`${`${label}:`.padEnd(column)}${first}`.trimEnd(), ...more.map((line) => `${' '.repeat(column)}${line}`.trimEnd())];
  });
};

const GAP = 2;

/** Widths that fit: each as wide as its longest cell, the widest narrowed first. */
const widths = (rows: readonly (readonly string[])[], total: number): number[] => {
  const [first = []] = rows;
  const wanted = first.map((_, column) =>
    Math.max(1, ...rows.map((row) => Math.max(...(row[column] ?? '').split('\n').map((line) => line.length)))),
  );
  const room = total - GAP * (wanted.length - 1);
  const least = Math.max(4, Math.floor(room / Math.max(1, wanted.length) / 2));
  while (wanted.reduce((sum, one) => sum + one, 0) > room) {
    const widest = wanted.indexOf(Math.max(...wanted));
    if ((wanted[widest] ?? 0) <= least) break;
    wanted[widest] = (wanted[widest] ?? 0) - 1;
  }
  return wanted;
};

/** One row for each item under a row of labels; a cell that is too wide runs on below itself, nothing is cut off. */
export const table = (items: readonly (readonly Shown[])[], width: number): string[] => {
  const [first = []] = items;
  const rows = [first.map((one) => one.label), ...items.map((item) => item.map((one) => one.value ?? ''))];
  const columns = widths(rows, width);
  const line = (row: readonly string[]): string[] => {
    const cells = row.map((cell, column) => wrap(cell, columns[column] ?? 1));
    const height = Math.max(1, ...cells.map((cell) => cell.length));
    return Array.from({ length: height }, (_, at) =>
      cells
        .map((cell, column) => (cell[at] ?? '').padEnd(columns[column] ?? 1))
        .join(' '.repeat(GAP))
        .trimEnd(),
    );
  };
  return rows.flatMap(line);
};
