/** MLLP and just enough HL7 for test peers, written apart from the product so that both cannot share one mistake. */
export const frame = (text: string | Buffer): Buffer => Buffer.concat([Buffer.of(0x0b), Buffer.from(text), Buffer.of(0x1c, 0x0d)]);

/** Takes whole frames out of `pending`; junk between frames is left out. */
export function takeFrames(pending: Buffer): { readonly frames: readonly Buffer[]; readonly rest: Buffer } {
  const frames: Buffer[] = [];
  let rest = pending;
  for (;;) {
    const start = rest.indexOf(0x0b);
    const end = rest.indexOf(Buffer.of(0x1c, 0x0d), Math.max(start, 0));
    if (start < 0 || end < 0) return { frames, rest };
    frames.push(Buffer.from(rest.subarray(start + 1, end)));
    rest = rest.subarray(end + 2);
  }
}

/** Field `n` of the first segment of that name, as HL7 counts them; '' when absent. ASCII separators `|` alone. */
export function fieldOf(message: Buffer | string, segment: string, n: number): string {
  const line = message
    .toString('latin1')
    .split(/[\r\n]+/)
    .find((candidate) => candidate.startsWith(`${segment}|`));
  return line?.split('|')[segment === 'MSH' ? n - 1 : n] ?? '';
}

/** An acknowledgement as a plain receiver writes it. */
export function plainAck(message: Buffer, code: string, controlId = fieldOf(message, 'MSH', 10)): string {
  return `MSH|^~\\&|TEST|PEER|||20260302140500||ACK|A${controlId}|T|2.4\rMSA|${code}|${controlId}\r`;
}
