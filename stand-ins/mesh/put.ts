import { pipeline, Readable } from 'node:stream';
import { createGzip } from 'node:zlib';
import type { BodySource, PutMessage } from './handle.ts';
import type { StoredMessage } from './message.ts';
import type { Service } from './service.ts';

/** Breaks text and bytes into an iterable of one, leaves streams as they are. */
const sourceOf = (body: BodySource): AsyncIterable<Buffer | string> =>
  typeof body === 'string' || Buffer.isBuffer(body) ? Readable.from([body]) : body;

const compressed = (source: AsyncIterable<Buffer | string>): AsyncIterable<Buffer> =>
  pipeline(Readable.from(source), createGzip({ level: 1 }), () => undefined);

/** Makes a message as a sender outside would have sent it. */
export const makePut = async (mailbox: string, put: PutMessage, { office, spool, now }: Service): Promise<StoredMessage> => {
  const id = office.newId();
  const chunks: StoredMessage['chunks'] = [];
  for (const [index, body] of (put.chunks ?? [put.body ?? '']).entries()) {
    const source = sourceOf(body);
    const written = await spool.write(`${id}.${index + 1}`, put.compress === true ? compressed(source) : source, Number.POSITIVE_INFINITY);
    if ('body' in written) chunks.push(written.body);
  }
  return {
    id,
    type: 'DATA',
    sender: (put.from ?? 'STANDIN').toUpperCase(),
    recipient: mailbox,
    routeTo: undefined,
    workflow: put.workflowId,
    subject: put.subject ?? '',
    localId: put.localId ?? '',
    partnerId: put.partnerId ?? '',
    fileName: put.fileName ?? '',
    checksum: put.checksum ?? '',
    contentType: put.contentType ?? '',
    encoding: put.compress === true ? 'gzip' : '',
    encrypted: false,
    compressed: false,
    totalChunks: chunks.length,
    chunks,
    size: 0,
    state: 'accepted',
    uploadedAt: now(),
    acceptedAt: undefined,
    acknowledgedAt: undefined,
    failure: undefined,
    linkedId: undefined,
    intended: undefined,
    downloads: [],
    acknowledgements: 0,
  };
};
