/**
 * What a delivery's far id says. While chunks of a message are still to come it says how the message was cut as well: `<id> 5 gzip`. The
 * settings may change before another attempt goes on, and a message of two cuts would be taken and be wrong. The result of the sending
 * gives the id alone.
 */
export interface FarName {
  /** The service's id of the message. */
  readonly id: string;
  /** Null: every chunk was taken. */
  readonly begun: { readonly count: number; readonly gzip: boolean } | null;
}

export const writeBegun = (id: string, count: number, gzip: boolean): string => `${id} ${count} ${gzip ? 'gzip' : 'plain'}`;

export const readFarName = (farId: string): FarName => {
  const [, id, count, encoding] = /^(.+) (\d{1,5}) (gzip|plain)$/.exec(farId) ?? [];
  return id === undefined ? { id: farId, begun: null } : { id, begun: { count: Number(count), gzip: encoding === 'gzip' } };
};
