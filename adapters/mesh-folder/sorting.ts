import type { WorkflowDisposition } from '../../config/types-mesh.ts';
import type { ControlFile } from '../../formats/mesh/control-file.ts';
import { meaningOf, type StatusMeaning } from '../../formats/mesh/control-status.ts';
import { isRouteAddress } from '../../formats/mesh/route-address.ts';

export interface Rules {
  readonly mailbox: string;
  readonly workflows: ReadonlyMap<string, WorkflowDisposition>;
  readonly others: 'leave' | 'hold';
}

/** Why a pair is left where it lies. `foreign`: of another mailbox; `workflow`: nobody said what to do with it; `kind`: of no meaning here. */
export type LeftBecause = 'foreign' | 'workflow' | 'kind' | 'unreadable' | 'unmatched' | 'unfinished';

/** A disposition that means taking it. */
export type Taken = Exclude<WorkflowDisposition, { do: 'leave' }>;

export type Sorted =
  | { readonly as: 'message'; readonly workflow: string; readonly disposition: Taken }
  | { readonly as: 'report'; readonly meaning: StatusMeaning }
  | { readonly as: 'left'; readonly because: LeftBecause };

const left = (because: LeftBecause): Sorted => ({ as: 'left', because });

/** Mailbox ids are compared in capitals. */
export const isMailbox = (said: string | undefined, mailbox: string): boolean => said?.toUpperCase() === mailbox.toUpperCase();

const byWorkflow = ({ workflows, others }: Rules, workflow: string): Sorted => {
  const disposition: WorkflowDisposition = workflows.get(workflow) ?? (others === 'hold' ? { do: 'hold' } : { do: 'leave' });
  return disposition.do === 'leave' ? left('workflow') : { as: 'message', workflow, disposition };
};

/**
 * What the client put into IN: Data that was transferred is a message; a Report on what was sent tells how it went, unless it says only
 * that the client picked the pair up. Anything else is left alone.
 */
export const sortIncoming = (control: ControlFile, rules: Rules): Sorted => {
  const meaning = meaningOf(control.status);
  if (control.messageType === 'Report') {
    // Whose it is: the sender of what is reported on, or the mailbox the report came to; both are seen in the field.
    if (!isMailbox(control.from, rules.mailbox) && !isMailbox(control.to, rules.mailbox)) return left('foreign');
    return meaning.is === 'sent' || meaning.is === 'failed' ? { as: 'report', meaning } : left('kind');
  }
  if (!isMailbox(control.to, rules.mailbox)) return left('foreign');
  if (control.messageType !== 'Data' || control.status?.event !== 'TRANSFER' || meaning.is !== 'sent') return left('kind');
  return control.workflowId === undefined ? left('workflow') : byWorkflow(rules, control.workflowId);
};

/** What is wrong with a control file that a legacy system dropped, in words without anything it says. */
export type Complaint = 'from' | 'to' | 'workflow' | 'kind' | 'too-long';

/** What a legacy system dropped to be sent. */
export const sortOutgoing = (control: ControlFile, rules: Rules): Sorted | { readonly as: 'refused'; readonly complaint: Complaint } => {
  if (control.from === undefined) return { as: 'refused', complaint: 'from' };
  if (!isMailbox(control.from, rules.mailbox)) return left('foreign');
  if (control.messageType !== undefined && control.messageType !== 'Data') return { as: 'refused', complaint: 'kind' };
  if (control.to === undefined) return { as: 'refused', complaint: 'to' };
  if (control.workflowId === undefined) return { as: 'refused', complaint: 'workflow' };
  const tooLong =
    control.to.length > 100 ||
    control.workflowId.length > 300 ||
    (control.localId?.length ?? 0) > 300 ||
    (control.subject?.length ?? 0) > 500;
  return tooLong ? { as: 'refused', complaint: 'too-long' } : byWorkflow(rules, control.workflowId);
};

/** Headers of a message by MESH name without `mex-`, lower case, as `Envelope.headers` has them. */
export const headersOf = (control: ControlFile, fileName: string | undefined): Readonly<Record<string, string>> => {
  const flag = (value: boolean | undefined): string | undefined => (value === undefined ? undefined : value ? 'Y' : 'N');
  const said: Readonly<Record<string, string | undefined>> = {
    from: control.from?.toUpperCase(),
    to: control.to === undefined || isRouteAddress(control.to) ? control.to : control.to.toUpperCase(),
    workflowid: control.workflowId,
    subject: control.subject,
    localid: control.localId,
    messageid: control.dtsId,
    partnerid: control.partnerId,
    filename: fileName,
    'content-encrypted': flag(control.encrypted),
    'content-compressed': flag(control.isCompressed),
    'content-checksum': control.dataChecksum,
    statustimestamp: control.status?.dateTime,
  };
  const entries = Object.entries(said).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return Object.fromEntries(entries);
};
