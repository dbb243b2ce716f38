import { didYouMean } from '../language/did-you-mean.ts';
import type { CrossCheck, Report } from './check.ts';
import type { Config } from './types.ts';
import type { MeshDestinationSettings, MeshFolderDestinationSettings } from './types-mesh.ts';
import { showDuration } from './units.ts';

type Sending = MeshDestinationSettings | MeshFolderDestinationSettings;

/** What is sent by MESH has all it needs, and whatever confirms it can come back. */
export const meshSendingChecks: CrossCheck = (config, report) => {
  for (const [name, destination] of config.destinations) {
    if (destination.kind !== 'mesh-api' && destination.kind !== 'mesh-folder') continue;
    const path = `destinations.${name}`;
    if (destination.kind === 'mesh-api') checkMailbox(config, path, destination, report);
    checkTexts(path, destination, report);
    checkReceipts(config, path, destination, report);
  }
};

const checkMailbox = (config: Config, path: string, { mailbox, confirmedBy }: MeshDestinationSettings, report: Report): void => {
  if (!config.mailboxes.has(mailbox))
    report(`${path}.mailbox`, 'unknown-mailbox', `“${mailbox}” is no mailbox`, didYouMean(mailbox, config.mailboxes.keys()));
  else if (![...config.sources.values()].some((source) => source.kind === 'mesh-api' && source.mailbox === mailbox))
    report(`${path}.mailbox`, 'no-inbox', `what could not be delivered is reported to the inbox of ${mailbox}, and no source reads it`, {
      hint: `add a source of kind mesh-api with mailbox: ${mailbox}`,
    });
  if (confirmedBy === 'reported')
    report(`${path}.confirmedBy`, 'never-confirms', 'the API reports what went wrong alone: nothing would ever be confirmed');
};

const checkTexts = (path: string, destination: Sending, report: Report): void => {
  const { subject, subjectText, localId, ods, mappings, workflow, allowed, to } = destination;
  if (subject === 'fixed' && subjectText === undefined) report(`${path}.subject`, 'missing-setting', 'subject: fixed needs subjectText');
  if (localId === 'ods' && ods === undefined) report(`${path}.localId`, 'missing-setting', 'localId: ods needs ods, the sender’s ODS code');
  if (mappings.length === 0) return;
  if (to.by === 'message')
    report(`${path}.to`, 'no-addressee', 'what mappings write comes with no address: only what is passed on does', {
      hint: 'use another destination for what is passed on',
    });
  if (allowed.length > 0 && !allowed.includes(workflow))
    report(`${path}.workflow`, 'workflow-not-allowed', `${workflow} is not among the workflows allowed here`);
};

const checkReceipts = (config: Config, path: string, destination: Sending, report: Report): void => {
  const { confirmedBy, late, workflow, allowed } = destination;
  if (config.retention !== undefined)
    for (const which of ['downloaded', 'business'] as const)
      if (late[which] > config.retention)
        report(`${path}.late.${which}`, 'late-too-long', `a delivery is kept no longer than ${showDuration(config.retention)}`);
  if (confirmedBy !== 'business') return;
  for (const sent of new Set([workflow, ...allowed]))
    if (!isAnswered(config, destination, sent))
      report(`${path}.confirmedBy`, 'no-acknowledgement', `no source of this mailbox takes the recipients’ answers to ${sent}`, {
        hint: `under the source’s workflows: ${sent}_ACK: { do: acknowledge, of: ${sent} }`,
      });
};

/** Answers come to the mailbox it was sent from, whichever way that is read. */
const isAnswered = (config: Config, destination: Sending, workflow: string): boolean => {
  const own = mailboxId(config, destination);
  return [...config.sources.values()].some(
    (source) =>
      (source.kind === 'mesh-api' || source.kind === 'mesh-folder') &&
      mailboxId(config, source) === own &&
      [...source.workflows.values()].some((one) => one.do === 'acknowledge' && one.of === workflow),
  );
};

const mailboxId = (config: Config, one: { readonly kind: string; readonly mailbox: string }): string => {
  if (one.kind === 'mesh-folder') return one.mailbox.toUpperCase();
  for (const [name, { id }] of config.mailboxes) if (name === one.mailbox) return id;
  return '';
};
