import { MESH_STATUS } from '../../formats/mesh/status-codes.ts';
import { secondStamp } from '../../formats/mesh/timestamp.ts';
import { meshAnswer } from './answer.ts';
import type { StoredMessage } from './message.ts';
import { missing, refuseFields, refuseInWords } from './refusal.ts';
import type { Handler, Service } from './service.ts';

const stamp = (at: number | undefined): string => (at === undefined ? '' : secondStamp(new Date(at)));
const moment = (at: number | undefined): string | undefined => (at === undefined ? undefined : new Date(at).toISOString());
const titled = (state: string): string => state.charAt(0).toUpperCase() + state.slice(1);
const flag = (on: boolean): string => (on ? 'Y' : '');

const v1 = (message: StoredMessage, { mailboxes, expiry }: Service) => {
  const recipient = mailboxes.get(message.recipient);
  const sender = mailboxes.get(message.sender ?? '');
  const { failure } = message;
  return {
    addressType: 'ALL',
    checksum: message.checksum,
    chunkCount: message.totalChunks,
    compressFlag: flag(message.compressed),
    contentEncoding: message.encoding,
    downloadTimestamp: stamp(message.acknowledgedAt),
    dtsId: message.id,
    encryptedFlag: flag(message.encrypted),
    expiryTime: stamp(message.acceptedAt === undefined ? undefined : message.acceptedAt + expiry),
    failureDate: failure === undefined ? undefined : stamp(failure.at),
    failureDiagnostic: failure?.description,
    fileName: message.fileName || `${message.id}.dat`,
    fileSize: message.size,
    isCompressed: flag(message.compressed),
    localId: message.localId,
    meshRecipientOdsCode: recipient?.odsCode ?? '',
    messageId: message.id,
    messageType: 'Data',
    partnerId: message.partnerId,
    recipient: message.recipient,
    recipientName: recipient?.name ?? '',
    sender: message.sender,
    senderName: sender?.name ?? '',
    senderOdsCode: sender?.odsCode ?? '',
    status: titled(message.state),
    statusCode: failure?.code,
    statusDescription: failure?.description,
    statusEvent: failure === undefined ? undefined : MESH_STATUS[failure.code].event,
    statusSuccess: failure === undefined ? 'SUCCESS' : 'ERROR',
    statusTimestamp: failure === undefined ? undefined : stamp(failure.at),
    subject: message.subject,
    uploadTimestamp: stamp(message.uploadedAt),
    version: '1.0',
    workflowId: message.workflow,
  };
};

const v2 = (message: StoredMessage, { mailboxes, expiry }: Service) => {
  const recipient = mailboxes.get(message.recipient);
  const { failure } = message;
  return {
    message_id: message.id,
    local_id: message.localId || undefined,
    workflow_id: message.workflow,
    filename: message.fileName || undefined,
    expiry_time: moment(message.acceptedAt === undefined ? undefined : message.acceptedAt + expiry),
    upload_timestamp: moment(message.uploadedAt),
    recipient: message.recipient || undefined,
    recipient_name: recipient?.name,
    recipient_ods_code: recipient?.odsCode,
    status_success: failure === undefined,
    status: message.state,
    status_event: failure === undefined ? undefined : MESH_STATUS[failure.code].event,
    status_timestamp: moment(failure?.at ?? message.acknowledgedAt ?? message.acceptedAt),
    status_description: failure?.description,
    status_code: failure?.code,
  };
};

/** For the sender alone. */
export const track: Handler = (service, { route, mailbox, version }) => {
  const id = route.query.get('messageID');
  if (id === null || id === '') throw refuseFields(missing('query', 'messageID'));
  const message = service.office.get(id.toUpperCase());
  if (message === undefined || message.sender !== mailbox.id) throw refuseInWords(404, 'Not Found');
  return version === 1 ? meshAnswer(200, 1, v1(message, service)) : meshAnswer(200, 2, v2(message, service));
};

/** Version 1 only, and only where one message has that id: a local id need not be unique. */
export const trackLocal: Handler = (service, { route, mailbox, version }) => {
  const [message, ...others] = service.office.byLocalId(mailbox.id, route.localId);
  if (message === undefined || version === 2) throw refuseInWords(404, 'Not Found');
  if (others.length > 0) throw refuseInWords(300, 'Multiple messages found');
  return meshAnswer(200, 1, v1(message, service));
};
