/** `ENOENT`, `ECONNREFUSED`, … of a system error; undefined for anything else. Goes by shape: such errors may come from another realm. */
export const errnoOf = (error: unknown): string | undefined =>
  typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
