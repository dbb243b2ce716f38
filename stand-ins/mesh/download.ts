import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream';
import { createGunzip, createGzip, gunzipSync, gzipSync } from 'node:zlib';
import { MEX, type MeshVersion, writeChunkRange } from '../../formats/mesh/headers.ts';
import { MESH_STATUS } from '../../formats/mesh/status-codes.ts';
import { secondStamp } from '../../formats/mesh/timestamp.ts';
import { type Answer, emptyAnswer, meshAnswer, mexHeaders } from './answer.ts';
import type { StoredMessage } from './message.ts';
import { refuse, refuseBare, refuseInWords } from './refusal.ts';
import { type Handler, headerOf, type Service } from './service.ts';
import type { Body } from './spool.ts';

const statusHeaders = (message: StoredMessage, { reports }: Service): Record<string, string | undefined> => {
  const at = message.failure?.at ?? message.acceptedAt ?? message.uploadedAt;
  const success = message.type === 'DATA' && message.failure === undefined;
  const timestamp = { [MEX.statusSuccess]: success ? 'SUCCESS' : 'ERROR', [MEX.statusTimestamp]: secondStamp(new Date(at)) };
  if (success)
    return {
      ...timestamp,
      [MEX.statusCode]: '00',
      [MEX.statusEvent]: MESH_STATUS['00'].event,
      [MEX.statusDescription]: MESH_STATUS['00'].description,
    };
  const coded = message.type === 'DATA' || reports.code;
  return {
    ...timestamp,
    [MEX.statusCode]: coded ? message.failure?.code : undefined,
    [MEX.statusEvent]: coded && message.failure !== undefined ? MESH_STATUS[message.failure.code].event : undefined,
    [MEX.statusDescription]: coded ? message.failure?.description : undefined,
    [MEX.linkedMessageId]: reports.link ? message.linkedId : undefined,
  };
};

const headersOf = (
  message: StoredMessage,
  chunk: number,
  version: MeshVersion,
  service: Service,
  compressed: boolean,
): Record<string, string> => {
  const report = message.type === 'REPORT';
  return {
    ...mexHeaders(version, {
      [MEX.from]: message.sender,
      [MEX.to]: report && service.reports.to === 'intended' ? message.intended : message.recipient,
      [MEX.workflowId]: message.workflow,
      [MEX.chunkRange]: writeChunkRange({ chunk, of: message.totalChunks }),
      [MEX.totalChunks]: String(message.totalChunks),
      [MEX.addressType]: 'ALL',
      [MEX.localId]: message.localId,
      [MEX.partnerId]: message.partnerId,
      [MEX.fileName]: report ? undefined : message.fileName || `${message.id}.dat`,
      [MEX.subject]: message.subject,
      [MEX.version]: '1.0',
      [MEX.messageType]: message.type,
      [MEX.messageId]: message.id,
      [MEX.contentCompressed]: message.compressed || compressed ? 'Y' : undefined,
      [MEX.contentEncrypted]: message.encrypted ? 'Y' : undefined,
      [MEX.contentChecksum]: message.checksum,
      [MEX.contentType]: message.contentType,
      ...statusHeaders(message, service),
    }),
    etag: `"${message.id}-${chunk}"`,
    'last-modified': new Date(message.acceptedAt ?? message.uploadedAt).toUTCString(),
  };
};

/** Gone for the recipient: expired, failed, or acknowledged where the server is strict about it. */
const isGone = (message: StoredMessage, { strict }: Service): boolean =>
  message.state === 'error' || (message.state === 'acknowledged' && strict.goneWhenAcknowledged);

/** Headers without the body, so that workflow and size are known before it; the sender may look too. */
export const metadata: Handler = (service, { route, mailbox, version }) => {
  const message = service.office.get(route.messageId);
  const received = message?.recipient === mailbox.id;
  if (message === undefined || (!received && message.sender !== mailbox.id)) throw refuse(404, '20');
  if (received && message.state === 'uploading') throw refuse(404, '20');
  if (received && isGone(message, service)) throw refuse(410, 'Message already accepted', message.id);
  const first = message.chunks[0];
  const headers = headersOf(message, 1, version, service, message.encoding === 'gzip');
  if (message.type === 'REPORT' || first === undefined) return { ...emptyAnswer(200, headers), body: undefined };
  return { status: 200, headers: { ...headers, ...typeOf(message, version), 'content-length': String(first.size) }, body: undefined };
};

const typeOf = (message: StoredMessage, version: MeshVersion): Record<string, string> => ({
  'content-type': (version === 2 && message.totalChunks === 1 && message.contentType) || 'application/octet-stream',
});

/** The whole message or one of its chunks: 206 while more follow, 200 for the last. */
export const download: Handler = (service, { request, route, mailbox, version }) => {
  const message = service.office.get(route.messageId);
  if (message === undefined || message.state === 'uploading') throw refuse(404, '20');
  if (message.recipient !== mailbox.id) throw refuseInWords(403, 'Forbidden');
  if (isGone(message, service)) throw refuse(410, 'Message already accepted', message.id);
  const count = (by: 1 | -1): void => {
    message.downloads[route.chunk - 1] = (message.downloads[route.chunk - 1] ?? 0) + by;
  };
  if (message.type === 'REPORT') return { ...emptyAnswer(200, headersOf(message, 1, version, service, false)), count };
  const chunk = message.chunks[route.chunk - 1];
  if (route.chunk > message.totalChunks || chunk === undefined) throw refuse(404, '20', message.id);

  const takesGzip = /(?:^|[\s,])gzip(?![^,]*q=0(?:\.0*)?\s*(?:,|$))/i.test(headerOf(request, 'accept-encoding'));
  const stored = message.encoding === 'gzip';
  const gzip = takesGzip && (stored || (version === 2 && service.gzipDownloads));
  const { body, length } = encoded(chunk, stored, gzip);
  return {
    status: route.chunk < message.totalChunks ? 206 : 200,
    headers: {
      ...headersOf(message, route.chunk, version, service, gzip),
      ...typeOf(message, version),
      ...(gzip ? { 'content-encoding': 'gzip' } : {}),
      ...(length === undefined ? {} : { 'content-length': String(length) }),
    },
    body,
    count,
  };
};

/** The bytes as stored, compressed or decompressed on the way out; a large body is streamed and its new length not known beforehand. */
const encoded = (chunk: Body, stored: boolean, gzip: boolean): { body: Buffer | Readable; length: number | undefined } => {
  if (chunk.bytes !== undefined) {
    const bytes = stored === gzip ? chunk.bytes : gzip ? gzipSync(chunk.bytes, { level: 1 }) : unzipped(chunk.bytes);
    if (bytes === undefined) throw refuseBare(500);
    return { body: bytes, length: bytes.length };
  }
  if (stored === gzip) return { body: chunk.stream(), length: chunk.size };
  const body = pipeline(chunk.stream(), gzip ? createGzip({ level: 1 }) : createGunzip(), () => undefined);
  return { body, length: undefined };
};

/** A sender may say gzip and send something else. */
const unzipped = (bytes: Buffer): Buffer | undefined => {
  try {
    return gunzipSync(bytes);
  } catch {
    return undefined;
  }
};

/** Idempotent; an expired message is gone and can no longer be acknowledged. */
export const acknowledge: Handler = async (service, { route, mailbox, version }): Promise<Answer> => {
  const message = service.office.get(route.messageId);
  if (message === undefined || message.state === 'uploading') throw refuse(404, '20');
  if (message.recipient !== mailbox.id) throw refuseInWords(403, 'Forbidden');
  if (message.state === 'error') throw refuse(410, 'Message already accepted', message.id);
  await service.office.acknowledge(message, !service.strict.goneWhenAcknowledged);
  return version === 1 ? meshAnswer(200, 1, { messageId: message.id }) : emptyAnswer(200);
};
