import { createHash, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { brandAs, type ContentName, type DestinationId, type TransportKey } from '../../../records/ids.ts';
import type { ClaimedDelivery } from '../../../records/lanes.ts';
import type { Payload, PayloadPart } from '../../../records/record.ts';
import { openDelivery } from '../../../store/lanes/outbound.ts';
import { FORM, type SealedPayload, sealPayload } from '../../../store/lanes/payload.ts';
import { type TestDatabase, testDatabase } from '../../support/database.ts';

let store: TestDatabase;
beforeAll(async () => {
  store = await testDatabase();
});
afterAll(() => store.close());

const key = brandAs<TransportKey>('KAAAAAAAAAAAAAAAAAAA');
const attachment = (bytes: Buffer, encoding: 'raw' | 'base64'): PayloadPart => ({
  kind: 'content',
  name: brandAs<ContentName>(bytes.toString('hex')),
  encoding,
  size: bytes.length,
});
/** Content named by itself, read in pieces of a prime length so that no boundary is convenient. */
const content = {
  async *read(name: ContentName): AsyncIterable<Buffer> {
    const bytes = Buffer.from(name, 'hex');
    for (let at = 0; at < bytes.length; at += 7) yield bytes.subarray(at, at + 7);
  },
};
const payloadOf = (parts: readonly PayloadPart[]): Payload => ({ contentType: 'x-application/hl7-v2+er7', charset: 'utf-8', parts });
const claimed = (payload: SealedPayload, size: number): ClaimedDelivery =>
  ({
    lane: 1,
    delivery: 2,
    token: 3,
    priority: 3,
    attempts: 0,
    destination: brandAs<DestinationId>(1),
    person: 1,
    message: 1,
    part: 1,
    item: null,
    record: null,
    role: 'custodian',
    route: 'results',
    transportKey: key,
    contentType: 'x-application/hl7-v2+er7',
    size,
    decidedVersion: 0,
    stale: false,
    movable: true,
    payload,
  }) as unknown as ClaimedDelivery; // ids of a row that is not looked at here

const read = async (chunks: AsyncIterable<Buffer>): Promise<Buffer> => {
  const all: Buffer[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all);
};

const part = fc.oneof(
  fc.uint8Array({ maxLength: 50 }).map((bytes): PayloadPart => ({ kind: 'bytes', bytes: Buffer.from(bytes) })),
  fc
    .tuple(fc.uint8Array({ maxLength: 100 }), fc.constantFrom('raw' as const, 'base64' as const))
    .map(([bytes, encoding]) => attachment(Buffer.from(bytes), encoding)),
);
const plain = (parts: readonly PayloadPart[]): Buffer =>
  Buffer.concat(
    parts.map((p) =>
      p.kind === 'bytes'
        ? p.bytes
        : p.encoding === 'raw'
          ? Buffer.from(p.name, 'hex')
          : Buffer.from(Buffer.from(p.name, 'hex').toString('base64')),
    ),
  );

describe('a stored payload', () => {
  it('opens as the bytes that were rendered, attachments spliced in, whole or streamed', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(part, { maxLength: 6 }), fc.boolean(), async (parts, large) => {
        const bytes = plain(parts);
        const outbound = await openDelivery(
          store.vault,
          content,
          claimed(sealPayload(store.vault, key, payloadOf(parts)), large ? 2 ** 21 : bytes.length),
        );
        expect(await read(outbound.stream())).toEqual(bytes);
        expect(await outbound.digest()).toBe(createHash('sha256').update(bytes).digest('hex'));
        if (outbound.bytes !== null) expect(outbound.bytes).toEqual(bytes);
      }),
    );
  });

  it('keeps plain bytes as they are, and more than a megabyte out of memory', async () => {
    const bytes = randomBytes(100);
    const sealed = sealPayload(store.vault, key, payloadOf([{ kind: 'bytes', bytes }]));
    expect(sealed.form).toBe(FORM.bytes);
    expect((await openDelivery(store.vault, content, claimed(sealed, 100))).bytes).toEqual(bytes);
    const withAttachment = sealPayload(store.vault, key, payloadOf([{ kind: 'bytes', bytes }, attachment(randomBytes(1_000), 'base64')]));
    expect((await openDelivery(store.vault, content, claimed(withAttachment, 2 ** 21))).bytes).toBeNull();
  });

  it('opens only for the delivery it was sealed for', async () => {
    const sealed = sealPayload(
      store.vault,
      brandAs<TransportKey>('KBBBBBBBBBBBBBBBBBBB'),
      payloadOf([{ kind: 'bytes', bytes: Buffer.from('x') }]),
    );
    await expect(openDelivery(store.vault, content, claimed(sealed, 1))).rejects.toThrow();
  });
});
