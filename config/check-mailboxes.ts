import { didYouMean } from '../language/did-you-mean.ts';
import type { DestinationName } from '../records/ids.ts';
import { brandAs } from '../records/ids.ts';
import type { CrossCheck, Report } from './check.ts';
import { isLoopback } from './check-addresses.ts';
import type { Config } from './types.ts';
import type { MailboxSettings, MeshFolderSourceSettings, MeshSourceSettings } from './types-mesh.ts';
import { showDuration } from './units.ts';

const LIVE_HOST = 'mesh-sync.spineservices.nhs.uk';
/** Integration and deployment environments of the service. */
const TEST_HOSTS: ReadonlySet<string> = new Set(['msg.intspineservices.nhs.uk', 'msg.depspineservices.nhs.uk']);
const EXAMPLE = /\.(example|invalid|test)$/;
const FIVE_MINUTES = 5 * 60_000;
const DAY = 24 * 3_600_000;

const hostOf = ({ url }: MailboxSettings): string => new URL(url).hostname.replace(/^\[|\]$/g, '');

/** Mailboxes that can be reached safely, and as the service asks; sources that name them and pass on to what there is. */
export const mailboxChecks: CrossCheck = (config, report) => {
  const seen = new Map<string, string>();
  for (const [name, mailbox] of config.mailboxes) {
    const other = seen.get(mailbox.id);
    if (other !== undefined) report(`mailboxes.${name}.id`, 'mailbox-twice', `this is also the id of mailboxes.${other}`);
    seen.set(mailbox.id, name);
    checkAccess(config, `mailboxes.${name}`, mailbox, report);
    const used = [...config.sources.values(), ...config.destinations.values()].some(
      (one) => one.kind === 'mesh-api' && one.mailbox === name,
    );
    if (!used) report(`mailboxes.${name}`, 'mailbox-unused', `nothing reads or sends by mailbox ${name}`, { severity: 'warning' });
  }
  const readers = new Map<string, string>();
  for (const [name, source] of config.sources) {
    if (source.kind !== 'mesh-api' && source.kind !== 'mesh-folder') continue;
    if (source.kind === 'mesh-api' && !config.mailboxes.has(source.mailbox))
      report(
        `sources.${name}.mailbox`,
        'unknown-mailbox',
        `“${source.mailbox}” is no mailbox`,
        didYouMean(source.mailbox, config.mailboxes.keys()),
      );
    const reads = source.kind === 'mesh-api' ? source.mailbox : `${source.path} ${source.role} ${source.mailbox}`;
    const reader = readers.get(reads);
    if (reader !== undefined)
      report(`sources.${name}.mailbox`, 'mailbox-shared', `sources.${reader} reads this mailbox: each message would go to either`);
    readers.set(reads, name);
    checkWorkflows(config, `sources.${name}`, source, report);
  }
};

const checkAccess = (config: Config, path: string, mailbox: MailboxSettings, report: Report): void => {
  if (!URL.canParse(mailbox.url)) {
    report(`${path}.url`, 'bad-value', 'this is no address');
    return;
  }
  const host = hostOf(mailbox);
  const { tls } = mailbox;
  if (!mailbox.url.startsWith('https:')) {
    if (!isLoopback(host))
      report(`${path}.url`, 'plain-text', 'patient data and passwords would go over the network in clear', { hint: 'write https://' });
  } else if (!isLoopback(host) && (tls?.cert === undefined || tls.key === undefined))
    report(tls === undefined ? path : `${path}.tls`, 'tls-incomplete', 'the service takes no call without a client certificate', {
      hint: 'set tls.cert and tls.key',
    });
  if (isLoopback(host) && (tls?.cert === undefined) !== (tls?.key === undefined))
    report(`${path}.tls`, 'tls-incomplete', 'a certificate and its key go together');

  const live = config.environment === 'live';
  if (live && TEST_HOSTS.has(host)) report(`${path}.url`, 'wrong-environment', `a live site does not use the test environment ${host}`);
  if (!live && host === LIVE_HOST)
    report(`${path}.url`, 'wrong-environment', `a ${config.environment} site does not use the live service ${host}`);
  if (live && EXAMPLE.test(host)) report(`${path}.url`, 'example-host', `“${host}” is a name for examples`);
  if (live && isLoopback(host))
    report(`${path}.url`, 'wrong-environment', 'a live site talks to a service on its own machine: a stand-in?', { severity: 'warning' });
  if (host !== LIVE_HOST && !TEST_HOSTS.has(host)) return;
  if (mailbox.poll < FIVE_MINUTES)
    report(`${path}.poll`, 'polls-too-often', `the service asks for five minutes between looks, not ${showDuration(mailbox.poll)}`, {
      severity: 'warning',
    });
  if (mailbox.handshake > DAY)
    report(`${path}.handshake`, 'handshake-too-seldom', 'the service expects a handshake a day', { severity: 'warning' });
};

const checkWorkflows = (config: Config, path: string, source: MeshSourceSettings | MeshFolderSourceSettings, report: Report): void => {
  if (source.workflows.size === 0 && source.others === 'leave')
    report(path, 'no-workflows', 'no workflow is named and all others are left: nothing but reports would be taken', {
      severity: 'warning',
    });
  for (const [workflow, disposition] of source.workflows) {
    if (disposition.do !== 'forward') continue;
    const at = `${path}.workflows.${workflow}.to`;
    const to = config.destinations.get(brandAs<DestinationName>(disposition.to));
    if (to === undefined)
      report(at, 'unknown-destination', `“${disposition.to}” is no destination`, didYouMean(disposition.to, config.destinations.keys()));
    else if (to.kind === 'mllp')
      report(at, 'cannot-pass-on', 'MLLP takes HL7 alone, under a control id of ours: nothing can be passed on as it is');
    else if ((to.kind === 'mesh-api' || to.kind === 'mesh-folder') && to.workflow !== workflow && !to.allowed.includes(workflow))
      report(at, 'workflow-not-allowed', `destination ${disposition.to} does not send workflow ${workflow}`, {
        hint: `add it to destinations.${disposition.to}.allowed`,
      });
    else if ((to.kind === 'mesh-api' || to.kind === 'mesh-folder') && (to.to.by === 'organisation' || to.to.by === 'patient'))
      report(at, 'no-addressee', `destination ${disposition.to} is addressed by ${to.to.by}, which is not known of what is passed on`, {
        hint: 'name a mailbox, or address by message',
      });
  }
};
