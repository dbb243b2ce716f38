import { list, map } from './collections.ts';
import type { Fields } from './fields.ts';
import { optional } from './setting.ts';
import type { ReceiptSettings } from './types.ts';
import { choice, duration, NAME, NAME_SAYS, size, text, yesNo } from './values.ts';

const TRIGGER = /^[A-Z][A-Z0-9]{2}\^[A-Z0-9]{3}$/;
const TRIGGER_SAYS = 'an event of MSH-9, like ADT^A01';

/** What every source has, whatever the transport. */
export const receipt: Fields<ReceiptSettings> = {
  accept: list(text({ doc: 'One event.', pattern: TRIGGER, says: TRIGGER_SAYS }), {
    doc: 'Events taken. An event on neither list is answered AR. None written: every event is taken, and one without a mapping is held.',
    type: 'list of events',
  }),
  ignore: map(text({ doc: 'Why it is not used.' }), {
    doc: 'Events that are acknowledged, kept and not used, each with the reason.',
    type: 'event: reason',
    key: TRIGGER,
    says: TRIGGER_SAYS,
    brand: String,
  }),
  system: optional(
    text({
      doc: 'Owner of the record keys this source speaks of. Two sources of one system share them. Absent: the name of the source.',
      pattern: NAME,
      says: NAME_SAYS,
    }),
  ),
  ack: choice(['auto', 'original', 'enhanced'], {
    doc: 'Acknowledgement mode. `auto` takes it from MSH-15 and MSH-16 of each message.',
    default: 'auto',
  }),
  controlId: choice(['plain', 'hashed'], {
    doc: 'Whether MSH-10 is kept as it is or as a keyed hash (for senders that put patient numbers into it).',
    default: 'plain',
  }),
  identity: choice(['message', 'transport'], {
    doc: 'What makes a message the same message: MSH-10, or the transport (file digest and position; on MLLP the digest).',
    default: 'message',
  }),
  reused: choice(['hold', 'accept'], { doc: 'What becomes of a control id that comes again with other content.', default: 'hold' }),
  window: duration({ doc: 'How long a control id is remembered.', default: '7d', min: 1000 }),
  sender: yesNo({ doc: 'Whether MSH-3 and MSH-4 belong to the identity (several senders that number on their own).', default: 'no' }),
  maxSize: size({
    doc: 'Largest message taken. A larger one is answered AR, and its head is kept.',
    default: '64MB',
    min: 1024,
    max: 1024 ** 3,
  }),
  versions: list(text({ doc: 'One version.', pattern: /^2\.[1-9](\.[0-9])?$/, says: 'an HL7 version, like 2.4' }), {
    doc: 'MSH-12 values taken. None written: 2.1 to 2.8.',
    type: 'list of versions',
  }),
  processingIds: list(choice(['P', 'T', 'D'], { doc: 'One processing id.' }), {
    doc: 'MSH-11 values taken. None written: the one of the environment (live P, test T, training D).',
    type: 'list of P, T, D',
  }),
  trustsNhsNumbers: yesNo({ doc: 'This source traces its NHS numbers: one without a trace status counts as verified.', default: 'no' }),
  replies: optional(
    text({
      doc: 'Destination for application answers (enhanced mode) whose connection is gone. Absent: they are recorded as not sent.',
      pattern: NAME,
      says: NAME_SAYS,
    }),
  ),
};
