import type { IncomingStream } from '../../records/ports.ts';

/** Headers of the transport lie in the message's sealed meta under their names with this before them. */
const HEADER = 'mex-';

/** What is kept sealed beside a mailbox's message: what its reader noted, its workflow, and the headers it may be passed on with. */
export const messageMeta = ({ meta, headers, workflow }: IncomingStream): Readonly<Record<string, string>> => ({
  ...meta,
  workflow,
  ...Object.fromEntries(Object.entries(headers ?? {}).map(([name, value]) => [`${HEADER}${name}`, value])),
});

/** The headers again, by their names without `mex-`. */
export const headersIn = (meta: Readonly<Record<string, string>>): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(meta).flatMap(([name, value]) => (name.startsWith(HEADER) ? [[name.slice(HEADER.length), value]] : [])),
  );
