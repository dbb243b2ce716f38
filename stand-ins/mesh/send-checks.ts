import type { IncomingMessage } from 'node:http';
import { type ChunkRange, hasControlCharacter, isChecksum, MEX, MEX_LIMITS, readChunkRange, readFlag } from '../../formats/mesh/headers.ts';
import { isRouteAddress } from '../../formats/mesh/route-address.ts';
import type { Mailbox } from './mailboxes.ts';
import type { Envelope } from './message.ts';
import { missing, refuse, refuseFields } from './refusal.ts';
import { headerOf, type Service } from './service.ts';

/** Most chunks of one message. */
const MOST_CHUNKS = 10_000;
const NO_URL = [MEX.to, MEX.workflowId, MEX.contentChecksum];

/** What a first chunk's headers say, checked in the order the service checks: form, encoding, chunks, recipient, permission. Throws a `Refusal`. */
export const readSend = (
  request: IncomingMessage,
  sender: Mailbox,
  service: Service,
): { readonly envelope: Envelope; readonly recipient: string; readonly routeTo: string | undefined; readonly totalChunks: number } => {
  checkForm(request, sender);
  const encoding = readEncoding(request);
  const range = readRange(request);
  if (range.chunk !== 1 || range.of > MOST_CHUNKS) throw refuse(417, 'InvalidHeaderChunks');
  const to = headerOf(request, MEX.to);
  const workflow = headerOf(request, MEX.workflowId);
  const { recipient, routeTo } = resolve(to, workflow, service);
  if (!sender.maySend(workflow)) throw refuse(417, '16');
  if (recipient !== undefined && !recipient.takes(workflow)) throw refuse(417, '17');
  return {
    envelope: {
      workflow,
      subject: headerOf(request, MEX.subject),
      localId: headerOf(request, MEX.localId),
      partnerId: headerOf(request, MEX.partnerId),
      fileName: headerOf(request, MEX.fileName),
      checksum: headerOf(request, MEX.contentChecksum),
      contentType: headerOf(request, MEX.contentType) || headerOf(request, 'content-type'),
      encoding,
      encrypted: readFlag(headerOf(request, MEX.contentEncrypted)) === true,
      compressed: readFlag(headerOf(request, MEX.contentCompressed)) === true,
    },
    recipient: recipient?.id ?? '',
    routeTo,
    totalChunks: range.of,
  };
};

const checkForm = (request: IncomingMessage, sender: Mailbox): void => {
  const { headers } = request;
  const absent = [MEX.to, MEX.workflowId].filter((name) => headers[name] === undefined);
  if (absent.length > 0) throw refuseFields(...absent.map((name) => missing('header', name)));
  const long = Object.entries(MEX_LIMITS).filter(([name, most]) => headerOf(request, name).length > most);
  if (long.length > 0)
    throw refuseFields(
      ...long.map(([name, most]) => ({
        type: 'string_too_long',
        loc: ['header', name],
        msg: `String should have at most ${most} characters`,
      })),
    );
  if (Object.entries(headers).some(([name, value]) => name.startsWith('mex-') && hasControlCharacter(String(value))))
    throw refuse(400, '06');
  if (NO_URL.some((name) => headerOf(request, name).includes('://'))) throw refuse(400, '06');
  if (!isChecksum(headerOf(request, MEX.contentChecksum))) throw refuse(400, 'Invalid checksum');
  if (headerOf(request, MEX.to) === '') throw refuse(400, '08');
  if (headerOf(request, MEX.workflowId) === '')
    throw refuseFields({ type: 'string_too_short', loc: ['header', MEX.workflowId], msg: 'String should have at least 1 character' });
  const from = headerOf(request, MEX.from);
  if (from !== '' && from.toUpperCase() !== sender.id) throw refuse(400, '07');
  const version = headerOf(request, MEX.version);
  if (version !== '' && version !== '1.0') throw refuse(400, '09');
  const type = headerOf(request, MEX.messageType);
  if (type !== '' && type.toUpperCase() !== 'DATA') throw refuse(400, '11');
};

const readEncoding = (request: IncomingMessage): '' | 'gzip' => {
  const encoding = headerOf(request, 'content-encoding').toLowerCase();
  if (encoding !== '' && encoding !== 'gzip') throw refuse(422, 'UnsupportedContentEncoding');
  return encoding;
};

const readRange = (request: IncomingMessage): ChunkRange => {
  const text = headerOf(request, MEX.chunkRange);
  const range = text === '' ? { chunk: 1, of: 1 } : readChunkRange(text);
  if (range === undefined || range.of === 0) throw refuse(417, 'InvalidHeaderChunks');
  return range;
};

/** The mailbox, or the patient's address: whether anybody is found for that is told by a report, never here. */
const resolve = (to: string, workflow: string, { mailboxes, routedWorkflows }: Service) => {
  if (isRouteAddress(to)) {
    if (!routedWorkflows.includes(workflow)) throw refuse(417, '12');
    return { recipient: undefined, routeTo: to };
  }
  const recipient = mailboxes.get(to.toUpperCase());
  if (recipient === undefined) throw refuse(417, '12');
  return { recipient, routeTo: undefined };
};
