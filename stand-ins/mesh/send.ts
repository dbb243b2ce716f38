import { MEX, readChunkRange } from '../../formats/mesh/headers.ts';
import { meshAnswer } from './answer.ts';
import type { StoredMessage } from './message.ts';
import { type Refusal, refuse, refuseBare, refuseInWords } from './refusal.ts';
import { readSend } from './send-checks.ts';
import { type Handler, headerOf, type OwnExchange, type Service } from './service.ts';
import type { Body } from './spool.ts';

/** What the service says to a body above its limit is not published: 413 is what HTTP has for it. */
const tooLarge = (): Refusal => refuseInWords(413, 'Request body too large');

const takeBody = async ({ request }: OwnExchange, name: string, { spool, maxBodyBytes }: Service): Promise<Body> => {
  // Given up, the rest is read and dropped: the client shall see the answer, not a broken connection.
  if (Number(headerOf(request, 'content-length')) > maxBodyBytes) throw tooLarge();
  const written = await spool.write(name, request.iterator({ destroyOnReturn: false }), maxBodyBytes);
  if ('tooLarge' in written) throw tooLarge();
  return written.body;
};

/** A message, or the first chunk of one. */
export const send: Handler = async (service, exchange) => {
  const { request, mailbox, version } = exchange;
  const { envelope, recipient, routeTo, totalChunks } = readSend(request, mailbox, service);
  const id = service.office.newId();
  const body = await takeBody(exchange, `${id}.1`, service);
  if (body.size === 0) throw refuse(417, '02');
  const message: StoredMessage = {
    ...envelope,
    id,
    type: 'DATA',
    sender: mailbox.id,
    recipient,
    routeTo,
    totalChunks,
    chunks: [body],
    size: 0,
    state: totalChunks === 1 ? 'accepted' : 'uploading',
    uploadedAt: service.now(),
    acceptedAt: undefined,
    acknowledgedAt: undefined,
    failure: undefined,
    linkedId: undefined,
    intended: undefined,
    downloads: [],
    acknowledgements: 0,
  };
  await service.office.open(message);
  return { ...meshAnswer(202, version, version === 1 ? { messageID: id } : { message_id: id }), messageId: id };
};

/** A further chunk. The same one again takes the first's place; the last one sends the message on. */
export const sendChunk: Handler = async (service, exchange) => {
  const { request, route, mailbox, version } = exchange;
  const { chunk, messageId } = route;
  const range = readChunkRange(headerOf(request, MEX.chunkRange));
  if (range?.chunk !== chunk) throw refuse(417, 'InvalidHeaderChunks', messageId);
  const message = service.office.get(messageId);
  if (message === undefined) throw refuseInWords(404, 'Not Found');
  if (message.sender !== mailbox.id) throw refuseInWords(403, 'Forbidden');
  if (message.state !== 'uploading') throw refuseBare(423);
  if (chunk > message.totalChunks) throw refuseBare(406);
  if (range.of !== message.totalChunks) throw refuse(417, 'InvalidHeaderChunks', messageId);
  if (headerOf(request, 'content-encoding').toLowerCase() !== message.encoding)
    throw refuseInWords(417, 'cannot change content encoding', messageId);
  if (service.strict.chunksInOrder && chunk > message.chunks.length + 1) throw refuse(417, 'InvalidHeaderChunks', messageId);
  const body = await takeBody(exchange, `${messageId}.${chunk}`, service);
  if (body.size === 0) throw refuse(417, '02', messageId);
  // Another request may have finished the message while this body came in.
  if (message.state !== 'uploading') {
    await body.remove();
    throw refuseBare(423);
  }
  const before = message.chunks[chunk - 1];
  message.chunks[chunk - 1] = body;
  await before?.remove();
  await (chunk === message.totalChunks ? service.office.accept(message) : service.office.changed(message));
  return meshAnswer(202, version, version === 1 ? { messageID: messageId, blockID: chunk } : null);
};
