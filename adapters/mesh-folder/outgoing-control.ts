import type { MeshFolderDestinationSettings } from '../../config/types-mesh.ts';
import type { ControlFile } from '../../formats/mesh/control-file.ts';
import { MAX_CHUNK_BYTES, readFlag } from '../../formats/mesh/headers.ts';
import { type NotSendable, planSending } from '../../formats/mesh/sending.ts';
import { MESH_STATUS } from '../../formats/mesh/status-codes.ts';
import { secondStamp } from '../../formats/mesh/timestamp.ts';
import type { OutboundDelivery } from '../../records/ports.ts';

/** What a MESH folder destination needs of its configuration. */
export type MeshFolderDeliverySettings = Pick<
  MeshFolderDestinationSettings,
  'role' | 'path' | 'make' | 'mailbox' | 'slots' | 'workflow' | 'allowed' | 'to' | 'localId' | 'ods' | 'subject' | 'subjectText'
>;

const said = (text: string | undefined): string | undefined => (text === undefined || text.trim() === '' ? undefined : text.trim());
/** Without the properties that say nothing. */
const known = (control: { readonly [K in keyof ControlFile]: ControlFile[K] | undefined }): ControlFile => {
  const entries = Object.entries(control).filter(([, value]) => value !== undefined);
  return { others: [], ...Object.fromEntries(entries) };
};

/** The control file of a delivery, or why it cannot be sent. `now`: for the record of what is put into IN. */
export const controlOf = (
  settings: MeshFolderDeliverySettings,
  { transportKey, contentType, envelope, size }: OutboundDelivery,
  now: Date,
): ControlFile | NotSendable => {
  const { role, mailbox } = settings;
  const toUs = { by: 'mailbox', mailbox } as const;
  const plan = planSending(role === 'as-client' ? { ...settings, to: toUs } : settings, {
    from: mailbox,
    transportKey,
    contentType,
    envelope,
  });
  if ('fault' in plan) return plan;
  // Only the API can look up an organisation's mailbox; the settings say so at the start.
  if ('organisation' in plan.to) return { fault: 'no-mailbox' };
  const { headers } = plan;
  const same = {
    version: '1.0',
    messageType: 'Data',
    to: plan.to.mailbox,
    subject: headers.subject,
    localId: headers.localid,
    partnerId: headers.partnerid,
    workflowId: plan.workflow,
    dataChecksum: headers['content-checksum'],
    compress: true,
    encrypted: readFlag(headers['content-encrypted'] ?? '') ?? false,
    others: [],
  };
  if (role === 'beside-client') {
    // A part of more than this the service does not take: the client may cut it. Some recipients cannot take chunks, so only then.
    const allowChunking = size > MAX_CHUNK_BYTES ? true : undefined;
    return known({ ...same, addressType: 'DTS', from: mailbox, allowChunking });
  }
  const received = envelope.headers ?? {};
  return known({
    ...same,
    addressType: 'ALL',
    from: said(received.from) ?? mailbox,
    dtsId: said(received.messageid) ?? transportKey,
    isCompressed: readFlag(received['content-compressed'] ?? '') ?? false,
    status: {
      dateTime: said(received.statustimestamp) ?? secondStamp(now),
      event: 'TRANSFER',
      status: 'SUCCESS',
      code: '00',
      description: MESH_STATUS['00'].description,
    },
  });
};
