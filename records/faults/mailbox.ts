import type { FaultEntry } from './entry.ts';

/** Mailboxes: MESH by API and by folder. */
export const mailboxFaults = {
  'workflow-held': {
    class: 'permanent',
    means: 'Messages of this MESH workflow are held for a person, by the source’s `workflows` or `others`.',
    next: 'Decide what it is for: give the workflow a disposition and release, or withdraw.',
  },
  'message-too-long': {
    class: 'permanent',
    means: 'The message is larger than its source lets be processed; it is kept whole.',
    next: 'Raise `maxSize` and release, forward its workflow as it is, or withdraw.',
  },
  'mesh-content': {
    class: 'permanent',
    means: 'The content of a message could not be fetched whole at several looks: a part was missing, or not compressed as it said.',
    next: 'Ask its sender to send it again; what there was of it is kept.',
  },
  'no-forward': {
    class: 'permanent',
    means: 'The workflow is no longer forwarded by the configuration.',
    next: 'Give the workflow a disposition and release, or withdraw.',
  },
  'report-unmatched': {
    class: 'permanent',
    means: 'A MESH report names no delivery of ours: it may be about what another program sent from this mailbox.',
    next: 'Find its sender; withdraw it once it is dealt with.',
  },
  'lease-lost': {
    class: 'transient',
    means: 'Another daemon reads this mailbox now; nothing was journalled here.',
    next: 'Nothing: the other one reads it.',
  },
  'mesh-unavailable': {
    class: 'transient',
    means: 'The MESH service did not answer, or answered that it cannot take messages now.',
    next: 'Nothing was taken over; retries go on.',
  },
  'mesh-unauthorised': {
    class: 'transient',
    means: 'The MESH service refused the mailbox, its password, the shared key or the certificate.',
    next: 'Nothing was taken over. Check the mailbox’s settings and the machine’s clock with `throughcare mesh handshake`; retries go on.',
  },
  'mesh-refused': {
    class: 'permanent',
    means: 'The MESH service will not take this message.',
    next: 'See its code and words; correct and release, or withdraw.',
  },
  'mesh-unknown': {
    class: 'ambiguous',
    means: 'The MESH service may have taken the message: its answer to the first part was lost.',
    next: 'It is asked where it can be; nothing is sent again before that is known. Ask the recipient, then release or withdraw.',
  },
  'recipient-unknown': {
    class: 'permanent',
    means: 'The MESH service knows no such mailbox.',
    next: 'Correct the address, then release.',
  },
  'no-mailbox': {
    class: 'permanent',
    means: 'The organisation has no mailbox for this workflow.',
    next: 'Ask the organisation or the service desk, then release, or send it by another way and withdraw.',
  },
  'mailbox-ambiguous': {
    class: 'permanent',
    means: 'Several mailboxes take this workflow for the organisation.',
    next: 'Find out which one is meant and address it, then release.',
  },
  'workflow-not-allowed': {
    class: 'permanent',
    means: 'The workflow may not be sent from or to this mailbox.',
    next: 'Check `workflow` and `allowed`, or ask the service desk, then release.',
  },
  'no-addressee': {
    class: 'permanent',
    means: 'What the message is addressed by is not all known: the organisation; or NHS number, whole birth date and surname.',
    next: 'Complete the patient’s details or the route, then release.',
  },
  'patient-not-routed': {
    class: 'permanent',
    means:
      'The service could not route it by patient: several mailboxes or none, or the details do not agree with those of the NHS (EPL-150 to 154).',
    next: 'See the code; correct the details and release, or send it to the practice by another way and withdraw.',
  },
  'not-collected': {
    class: 'permanent',
    means: 'The recipient did not collect the message in time.',
    next: 'Ask the recipient; release to send it again, or withdraw.',
  },
  'not-acknowledged': {
    class: 'permanent',
    means: 'The recipient’s own answer did not come in time.',
    next: 'Ask the recipient; release to send it again, or withdraw.',
  },
  'business-refused': {
    class: 'permanent',
    means: 'The recipient answered that it cannot use the message.',
    next: 'See its answer; correct and release to send it again, or withdraw.',
  },
  'control-file': {
    class: 'permanent',
    means: 'A MESH control file cannot be read, or lacks what it must say.',
    next: 'See the reason beside it; its sender must correct it and drop the pair again.',
  },
  'data-file-missing': {
    class: 'permanent',
    means: 'A MESH control file came without its data file.',
    next: 'Its sender must drop the pair again.',
  },
} as const satisfies Readonly<Record<string, FaultEntry>>;
