import type { Database } from '../../store/pool.ts';

/** Every column of every table of ours and of BullMQ's that could hold text, as text and as bytes: what must not be there is searched for in it. */
export const everythingStored = async (database: Database): Promise<string> => {
  const tables = await database.query<{ schema: string; name: string }>(
    `select table_schema as schema, table_name as name from information_schema.tables where table_schema like 'throughcare%' and table_type = 'BASE TABLE'`,
  );
  if (tables.length <= 20) throw new Error('the tables were not found');
  const texts: string[] = [];
  for (const { schema, name } of tables) {
    const rows = await database.query<{ row: string }>(`select row_to_json(t)::text as row from "${schema}"."${name}" t`);
    // bytea is shown as hex.
    for (const { row } of rows)
      texts.push(
        row,
        row.replaceAll(/\\\\x([0-9a-f]+)/g, (_, hex: string) => Buffer.from(hex, 'hex').toString('latin1')),
      );
  }
  return texts.join('\n');
};
