import type { FaultEntry } from './entry.ts';

/** Processing: holds; the sender has been told that the message is safe. */
export const processingFaults = {
  'control-id-reused': {
    class: 'permanent',
    means: 'A control id seen before came with other content.',
    next: 'Compare the two messages; release this one if both are wanted.',
  },
  'no-mapping': {
    class: 'permanent',
    means: 'No mapping matches this source and event.',
    next: 'Write a mapping, or list the event under `ignore` with a reason, then release.',
  },
  unreadable: {
    class: 'permanent',
    means: 'The message could not be read as its mapping expects.',
    next: 'See the place named; correct the mapping or ask the sender, then release.',
  },
  'mapping-failed': {
    class: 'permanent',
    means: 'A required value is missing or invalid.',
    next: 'See the rule and source position; correct the mapping or ask the sender, then release.',
  },
  'mapping-rejected': {
    class: 'permanent',
    means: 'A check of the mapping rejects this message.',
    next: 'Read the reason; release after correction or withdraw.',
  },
  'mapping-check': {
    class: 'permanent',
    means: 'A check of the mapping holds this message.',
    next: 'Read the reason; release or withdraw.',
  },
  'rows-unaccounted': {
    class: 'permanent',
    means: 'A repeating part of the message was not fully accounted for.',
    next: 'Nothing was thinned: the message is held whole. Report the mapping.',
  },
  'identity-contradiction': {
    class: 'permanent',
    means: 'The identifiers point at more than one person, or the details disagree.',
    next: 'Find out who this is; correct at source, or merge, then release.',
  },
  'test-identity': {
    class: 'permanent',
    means: 'The NHS number is of the test range, and this system is live.',
    next: 'Test traffic reached a live system: tell its sender, then withdraw.',
  },
  'no-identifier': {
    class: 'permanent',
    means: 'The message names no person that could be matched.',
    next: 'Identify the person, then release.',
  },
  restricted: {
    class: 'permanent',
    means: 'The person is restricted: nothing is sent automatically.',
    next: 'Follow the manual procedure for restricted patients.',
  },
  'unknown-record': {
    class: 'permanent',
    means: 'A cancellation or correction names a record not seen.',
    next: 'Wait for the original, or withdraw.',
  },
  'key-conflict': {
    class: 'permanent',
    means: 'The keys of a record find two records, or one of another patient.',
    next: 'Compare the records; nothing was overwritten.',
  },
  'movement-unknown': {
    class: 'permanent',
    means: 'This movement does not fit what is known of the person.',
    next: 'Check the custody timeline; correct at source or release.',
  },
  'stay-to-be-moved': {
    class: 'permanent',
    means: 'A message (A45) asks to move a stay in custody from one person to another; nothing was moved.',
    next: 'See both persons; have the movements of that stay stated for the right one and cancelled for the other, then withdraw this.',
  },
  'taken-apart': {
    class: 'permanent',
    means: 'Two persons were taken apart; what was received while they were one stayed with the one that was kept.',
    next: 'Compare what came meanwhile with its senders; have what is the other one’s stated again, and cancelled here, then release.',
  },
  'moved-in-doubt': {
    class: 'permanent',
    means: 'Its person has moved or was taken apart from another, or their practice changed, after an attempt that may have arrived.',
    next: 'Ask the receiver; withdraw it if it arrived, or release it to send it there again.',
  },
  'location-unknown': {
    class: 'permanent',
    means: 'Nobody is known to hold this person now.',
    next: 'Wait for the movement, or decide where it belongs, then release.',
  },
  'practice-unknown': {
    class: 'permanent',
    means: 'The GP practice code is not in the directory.',
    next: 'Add the practice to the directory or correct the registration, then release.',
  },
  'practice-closed': {
    class: 'permanent',
    means: 'The GP practice is closed and its successor is not certain.',
    next: 'Find the present practice, correct the registration, then release.',
  },
  'no-registered-gp': {
    class: 'permanent',
    means: 'The person has no GP registration to send to.',
    next: 'Find the practice, then release.',
  },
  'establishment-ambiguous': {
    class: 'permanent',
    means: 'The code is shared by several establishments: it does not say which one is meant.',
    next: 'Find out which establishment it is, correct at source, then release.',
  },
  'registered-in-custody': {
    class: 'permanent',
    means:
      'The registered practice is the healthcare unit of an establishment: it would be sending to itself, or to a place the person has left.',
    next: 'Find the practice in the community, correct the registration, then release.',
  },
  'establishment-unknown': {
    class: 'permanent',
    means: 'The establishment is not in the directory.',
    next: 'Add it to the directory, then release.',
  },
  'no-endpoint': {
    class: 'permanent',
    means: 'The organisation has no destination for this kind of record.',
    next: 'Add an endpoint in the directory, then release.',
  },
  deceased: {
    class: 'permanent',
    means: 'The person has died: routine sending stops.',
    next: 'Follow the procedure for deaths in custody.',
  },
  'no-route': {
    class: 'permanent',
    means: 'No route applies to this record.',
    next: 'Add a route, or a `file` rule that says why it stays, then release.',
  },
  'no-rendering': {
    class: 'permanent',
    means: 'None of the destination’s mappings renders this record and action, or several would.',
    next: 'See that exactly one mapping of the destination renders it, then release.',
  },
  'rendering-failed': {
    class: 'permanent',
    means: 'A required value is missing in what would be sent.',
    next: 'See the rule; complete the record, then release.',
  },
  poison: { class: 'permanent', means: 'Processing or sending ended the daemon repeatedly.', next: 'Keep it held; report it with its id.' },
  internal: { class: 'permanent', means: 'Throughcare failed on this message.', next: 'Keep it held; report it with its id.' },
} as const satisfies Readonly<Record<string, FaultEntry>>;
