import { createHash } from 'node:crypto';
import type { ContentName } from '../../records/ids.ts';
import type { ClaimedDelivery } from '../../records/lanes.ts';
import type { OutboundDelivery } from '../../records/ports.ts';
import type { PayloadPart } from '../../records/record.ts';
import type { Vault } from '../vault.ts';
import { type OpenedPayload, unsealPayload } from './payload.ts';

/** Stored content by name, in chunks. */
export interface ContentReader {
  read(name: ContentName): AsyncIterable<Buffer>;
}

/** What the far side calls a delivery that is being sent to it. */
export interface FarSends {
  /** Its id of the send that is under way, or null. */
  present(claimed: ClaimedDelivery): Promise<string | null>;
  /** Rejects with `claim-expired` where the claim is another's. */
  note(claimed: ClaimedDelivery, farId: string): Promise<void>;
}

/** Up to this size a payload is held in memory whole. */
const INLINE = 1024 * 1024;

/** Base64 of a stream: what does not fill a group of three bytes is carried to the next chunk. */
async function* base64(chunks: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
  let carry = Buffer.alloc(0);
  for await (const chunk of chunks) {
    const whole = carry.length === 0 ? chunk : Buffer.concat([carry, chunk]);
    const end = whole.length - (whole.length % 3);
    carry = Buffer.from(whole.subarray(end));
    if (end > 0) yield Buffer.from(whole.toString('base64', 0, end), 'latin1');
  }
  if (carry.length > 0) yield Buffer.from(carry.toString('base64'), 'latin1');
}

async function* spliced(parts: readonly PayloadPart[], content: ContentReader): AsyncIterable<Buffer> {
  for (const part of parts) {
    if (part.kind === 'bytes') yield part.bytes;
    else if (part.encoding === 'raw') yield* content.read(part.name);
    else yield* base64(content.read(part.name));
  }
}

const gather = async (chunks: AsyncIterable<Buffer>): Promise<Buffer> => {
  const all: Buffer[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all);
};

async function* once(bytes: Buffer, from: number): AsyncIterable<Buffer> {
  yield from === 0 ? bytes : bytes.subarray(from);
}

/** The same bytes from a place on: what comes before is read over. */
async function* after(chunks: AsyncIterable<Buffer>, from: number): AsyncIterable<Buffer> {
  let left = from;
  for await (const chunk of chunks) {
    if (left < chunk.length) yield left === 0 ? chunk : chunk.subarray(left);
    left = Math.max(0, left - chunk.length);
  }
}

/** What the adapter gets. Small payloads are whole in memory; larger ones stream, the same bytes at every call. */
export const openDelivery = async (
  vault: Vault,
  content: ContentReader,
  claimed: ClaimedDelivery,
  sends?: FarSends,
): Promise<OutboundDelivery> => {
  const { parts, envelope }: OpenedPayload =
    'bytes' in claimed.payload
      ? { parts: [{ kind: 'bytes', bytes: claimed.payload.bytes }], envelope: {} }
      : unsealPayload(vault, claimed.transportKey, claimed.payload);
  let farId = sends === undefined ? null : await sends.present(claimed);
  const [only] = parts;
  const whole = parts.length === 1 && only?.kind === 'bytes' ? only.bytes : null;
  const bytes = whole ?? (claimed.size <= INLINE ? await gather(spliced(parts, content)) : null);
  const stream = (from = 0): AsyncIterable<Buffer> => (bytes === null ? after(spliced(parts, content), from) : once(bytes, from));
  return {
    id: claimed.delivery,
    lane: claimed.lane,
    token: claimed.token,
    transportKey: claimed.transportKey,
    contentType: claimed.contentType,
    bytes: bytes !== null && bytes.length <= INLINE ? bytes : null,
    size: bytes === null ? claimed.size : bytes.length,
    stream,
    envelope,
    get farId() {
      return farId;
    },
    noteFarId: async (id) => {
      if (sends === undefined) throw new RangeError('this destination gives no id of its own');
      await sends.note(claimed, id);
      farId = id;
    },
    digest: async () => {
      const hash = createHash('sha256');
      for await (const chunk of stream()) hash.update(chunk);
      return hash.digest('hex');
    },
  };
};
