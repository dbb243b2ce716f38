import fc from 'fast-check';
import type { Style } from '../../cli/output.ts';
import { type Column, facts, table } from '../../cli/table.ts';

interface Row {
  readonly id: number;
  readonly state: string;
  readonly text: string;
}
const columns: readonly Column<Row>[] = [
  { title: 'ID', of: (row) => row.id, align: 'right' },
  { title: 'STATE', of: (row) => row.state, colour: (row) => (row.state === 'held' ? 'red' : undefined) },
  { title: 'TEXT', of: (row) => row.text, yields: 1 },
];
const style = (width: number | undefined, colour = false): Style => ({ json: false, colour, width });
const rows: readonly Row[] = [
  { id: 7, state: 'held', text: 'a long explanation of what has happened' },
  { id: 1234, state: 'processed', text: 'short' },
];

describe('a table', () => {
  it('stands in columns, as long as it takes, where there is no terminal', () => {
    expect(table(rows, columns, style(undefined))).toBe(
      `  ID  STATE      TEXT
   7  held       a long explanation of what has happened
1234  processed  short
`,
    );
  });

  it('cuts what may be cut to the width of the terminal', () => {
    expect(table(rows, columns, style(30))).toBe(
      `  ID  STATE      TEXT
   7  held       a long expla…
1234  processed  short
`,
    );
  });

  it('leaves out what no longer makes sense cut', () => {
    expect(table(rows, columns, style(18))).toBe('  ID  STATE\n   7  held\n1234  processed\n');
  });

  it('never has a line wider than the terminal while a column can yield', () => {
    const row = fc.record({ id: fc.nat(99_999), state: fc.constantFrom('held', 'ok'), text: fc.string({ maxLength: 200 }) });
    fc.assert(
      fc.property(fc.array(row, { maxLength: 5 }), fc.integer({ min: 12, max: 120 }), (some, width) => {
        for (const line of table(some, columns, style(width)).split('\n')) expect([...line].length).toBeLessThanOrEqual(width);
      }),
    );
  });

  it('paints cells without counting the paint, and says when there is nothing', () => {
    expect(table(rows, columns, style(undefined, true))).toContain('\u001b[31mheld\u001b[0m       a long');
    expect(table([], columns, style(undefined), 'nothing is held')).toBe('nothing is held\n');
  });

  it('lets no stored text break a line or steer the terminal', () => {
    const shown = table([{ id: 1, state: 'held', text: 'a\nb\u001b[2Jc\u009b' }], columns, style(undefined));
    expect(shown).toContain('a b·[2Jc·');
    expect(shown.split('\n')).toHaveLength(3);
  });
});

describe('facts', () => {
  it('stand in two columns without what is not known', () => {
    const shown = facts(
      [
        ['source', 'prison-adt'],
        ['rule', null],
        ['size', 12],
      ],
      style(80),
    );
    expect(shown).toBe('source  prison-adt\nsize    12\n');
  });
});
