/** Mailbox ids of an `endpointlookup` answer of either version, each once, upper case; null where it is no such answer. `value`: the parsed JSON. */
export const readLookup = (value: unknown): readonly string[] | null => {
  if (typeof value !== 'object' || value === null || !('results' in value) || !Array.isArray(value.results)) return null;
  const found = new Set<string>();
  for (const result of value.results as readonly unknown[]) {
    if (typeof result !== 'object' || result === null) return null;
    const fields = new Map<string, unknown>(Object.entries(result));
    // Version 1 may list endpoints of other kinds.
    const kind = fields.get('endpoint_type');
    if (typeof kind === 'string' && kind.toUpperCase() !== 'MESH') continue;
    const id = fields.get('mailbox_id') ?? fields.get('address');
    if (typeof id !== 'string' || !/^[A-Za-z0-9_-]{1,100}$/.test(id)) return null;
    found.add(id.toUpperCase());
  }
  return [...found];
};
