import type { MailboxName } from '../records/ids.ts';
import { list, map } from './collections.ts';
import { receipt } from './declaration-receipt.ts';
import { clientTls, send } from './declaration-send.ts';
import { type Fields, group, variants } from './fields.ts';
import { optional, type Setting } from './setting.ts';
import type {
  MailboxSettings,
  MeshAddressee,
  MeshDestinationSettings,
  MeshFolderDestinationSettings,
  MeshFolderSourceSettings,
  MeshSending,
  MeshSourceSettings,
  WorkflowDisposition,
} from './types-mesh.ts';
import { choice, duration, integer, NAME, NAME_SAYS, path, secret, size, text, yesNo } from './values.ts';

const MAILBOX_ID = /^[A-Z0-9]{1,100}$/;
const MAILBOX_SAYS = 'a mailbox id, like X26OT001';
/** MESH allows 300 characters; the service takes no control characters. */
const WORKFLOW = /^[A-Za-z0-9_.:-]{1,300}$/;
const WORKFLOW_SAYS = 'a workflow id, like GPCONNECT_SEND_DOCUMENT';

export const mailboxSettings: Setting<MailboxSettings, false> = group<MailboxSettings>(
  {
    id: text({ doc: 'Mailbox id.', pattern: MAILBOX_ID, says: MAILBOX_SAYS }),
    url: text({
      doc: 'The MESH service of the environment, without a path.',
      pattern: /^https?:\/\/[A-Za-z0-9.:[\]-]+$/,
      says: 'an address without a path, like https://msg.intspineservices.nhs.uk',
    }),
    password: secret({ doc: 'Password of the mailbox.' }),
    sharedKey: secret({ doc: 'Shared key of the environment.' }),
    tls: optional(clientTls),
    proxy: optional(secret({ doc: 'CONNECT proxy, `http://user:password@proxy:3128`. Absent: none.' })),
    api: choice(['auto', 'v2', 'v1'], {
      doc: 'Version of the API asked for. `auto`: v2, and v1 where the service knows no v2.',
      default: 'auto',
    }),
    poll: duration({
      doc: 'Least pause between looks into the inbox, except while it is drained. The service asks for five minutes or more.',
      default: '5m',
      min: 50,
    }),
    handshake: duration({ doc: 'How often the mailbox is validated.', default: '24h', min: 1000 }),
    timeout: duration({ doc: 'Longest silence of the service within a request.', default: '60s', min: 100 }),
    lookupAge: duration({ doc: 'How long the answer of an endpoint look-up is used.', default: '24h', min: 0 }),
    tracking: duration({ doc: 'Least pause between two looks at whether a message was collected.', default: '30m', min: 50 }),
  },
  { doc: 'One MESH mailbox, for the sources and destinations that name it.' },
);

const disposition: Setting<WorkflowDisposition, false> = variants<WorkflowDisposition, 'do'>(
  'do',
  {
    process: { doc: 'HL7 v2 is mapped; anything else is held.', fields: {} },
    forward: {
      doc: 'Passed on as it is, however large.',
      fields: { to: text({ doc: 'The destination.', pattern: NAME, says: NAME_SAYS }) },
    },
    hold: { doc: 'Taken out of the mailbox and held for a person.', fields: {} },
    leave: { doc: 'Left in the mailbox for another reader of it, and alarmed.', fields: {} },
    acknowledge: {
      doc: 'The recipient’s own answer to what was sent under another workflow.',
      fields: { of: text({ doc: 'Workflow id of what is answered.', pattern: WORKFLOW, says: WORKFLOW_SAYS }) },
    },
  },
  { doc: 'What is done with messages of this workflow.' },
);

const workflows = {
  workflows: map(disposition, {
    doc: 'What is done with each workflow id.',
    type: 'dispositions by workflow id',
    key: WORKFLOW,
    says: WORKFLOW_SAYS,
    brand: String,
  }),
  others: choice(['leave', 'hold'], {
    doc: 'What is done with every other workflow id: left in the mailbox and alarmed, or taken out and held.',
    default: 'leave',
  }),
};

const mailboxName = text({ doc: 'Name of the mailbox under `mailboxes`.', pattern: NAME, says: NAME_SAYS });
// The name is checked against `mailboxes` by a check across settings; a brand exists at compile time alone.
const mailbox = mailboxName as unknown as Setting<MailboxName, false>;

/** A message may come back within the thirty days that the service keeps it: so long it is recognised. */
const mailReceipt = {
  ...receipt,
  window: duration({ doc: 'How long a message is remembered, by its control id or its MESH id.', default: '31d', min: 1000 }),
};

export const meshSource: Fields<Omit<MeshSourceSettings, 'kind'>> = {
  mailbox,
  ...workflows,
  page: integer({ doc: 'Most messages asked for at once.', default: '500', min: 10, max: 5000 }),
  ...mailReceipt,
};

const addressee: Setting<MeshAddressee, false> = variants<MeshAddressee, 'by'>(
  'by',
  {
    mailbox: { doc: 'Always the same mailbox.', fields: { mailbox: text({ doc: 'Its id.', pattern: MAILBOX_ID, says: MAILBOX_SAYS }) } },
    organisation: { doc: 'The mailbox of the organisation the route chose, by endpoint look-up.', fields: {} },
    patient: {
      doc: 'The registered practice, found by the service: GPPROVIDER, NHS number, birth date, surname.',
      fields: {
        birthDate: choice(['YYYYMMDD', 'DDMMYYYY'], { doc: 'How the birth date is written.', default: 'YYYYMMDD' }),
        surname: choice(['letters', 'as-written'], {
          doc: 'How the surname is written: its letters alone in upper case, or as it is known.',
          default: 'letters',
        }),
      },
    },
    message: { doc: 'As the message that is passed on says.', fields: {} },
  },
  { doc: 'Whom it goes to.' },
);

const sending: Fields<MeshSending> = {
  workflow: text({ doc: 'Workflow id of what is sent.', pattern: WORKFLOW, says: WORKFLOW_SAYS }),
  allowed: list(text({ doc: 'One workflow id.', pattern: WORKFLOW, says: WORKFLOW_SAYS }), {
    doc: 'Workflow ids that may be passed on. None written: `workflow` alone.',
    type: 'list of workflow ids',
  }),
  to: addressee,
  localId: choice(['key', 'ods', 'none', 'message'], {
    doc: 'mex-localid: our own key, which is unique; the sender’s ODS code, where the workflow wants it; none; or that of what is passed on.',
    default: 'key',
  }),
  ods: optional(text({ doc: 'The sender’s ODS code, for `localId: ods`.', pattern: /^[A-Z0-9]{3,12}$/, says: 'an ODS code' })),
  subject: choice(['none', 'fixed', 'patient', 'message'], {
    doc: 'mex-subject: none; `subjectText`; name and NHS number, only where the workflow demands it; or that of what is passed on.',
    default: 'none',
  }),
  subjectText: optional(
    text({ doc: 'The text, for `subject: fixed`.', pattern: /^[ -~]{1,500}$/, says: 'a line of up to 500 characters' }),
  ),
  confirmedBy: choice(['accepted', 'downloaded', 'reported', 'business'], {
    doc: 'What confirms a delivery: the service has it, the recipient fetched it, a report says so, or the recipient’s own answer.',
    default: 'downloaded',
  }),
  late: group<MeshSending['late']>(
    {
      downloaded: duration({ doc: 'Without being fetched.', default: '5d', min: 50 }),
      business: duration({ doc: 'Without the recipient’s own answer, where that confirms.', default: '2d', min: 50 }),
    },
    { doc: 'After these times without the receipt that is waited for, the delivery is held for a person.' },
  ),
};

export const meshDestination: Fields<Omit<MeshDestinationSettings, 'kind'>> = {
  mailbox,
  ...sending,
  compress: choice(['auto', 'yes', 'no'], {
    doc: 'gzip of each chunk. `auto`: where it is large and not compressed already.',
    default: 'auto',
  }),
  chunkSize: size({ doc: 'Largest part sent at once, before compression.', default: '20MB', min: 1024, max: 100 * 1024 ** 2 }),
  ...send,
};

const role = choice(['beside-client', 'as-client'], {
  doc: 'Beside an installed MESH client, or in place of one.',
  default: 'beside-client',
});

const root = {
  role,
  path: path({ doc: 'Interface root: the folder that holds IN, OUT, SENT and FAILED, written in either case.' }),
  make: yesNo({
    doc: 'Make the folders at the start if they are not there. Not for a mount: while that is away, files would go to the local disk.',
    default: 'no',
  }),
  mailbox: text({ doc: 'Id of our mailbox; pairs of others in a shared folder are not touched.', pattern: MAILBOX_ID, says: MAILBOX_SAYS }),
};

export const meshFolderSource: Fields<Omit<MeshFolderSourceSettings, 'kind'>> = {
  ...root,
  ...workflows,
  interval: duration({ doc: 'Pause between looks into the folder.', default: '1s', min: 10 }),
  dataWait: duration({ doc: 'A control file whose data file does not come in this time is refused.', default: '2m', min: 100 }),
  done: choice(['keep', 'delete'], { doc: 'What becomes of pairs that were taken: moved to `done`, or deleted.', default: 'keep' }),
  ...mailReceipt,
};

export const meshFolderDestination: Fields<Omit<MeshFolderDestinationSettings, 'kind'>> = {
  ...root,
  ...sending,
  // A client cannot be asked whether a recipient fetched a message.
  confirmedBy: choice(['accepted', 'reported', 'business'], {
    doc: 'What confirms a delivery: the client’s SENT, a success report of the client, or the recipient’s own answer.',
    default: 'accepted',
  }),
  slots: integer({ doc: 'Pairs written at once.', default: '4', min: 1, max: 64 }),
  ...send,
};
