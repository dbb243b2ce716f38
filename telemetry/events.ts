/** What an event means to the person who reads the log, and from which level on it is written. It is always counted. */
export interface EventDeclaration {
  /** `debug` for what happens once a message, so that a busy daemon writes nothing for it. */
  readonly level: 'debug' | 'info';
  readonly means: string;
}

const info = (means: string): EventDeclaration => ({ level: 'info', means });
const debug = (means: string): EventDeclaration => ({ level: 'debug', means });

/** A state that is told when it changes: `<name>` when it goes bad, `<name>.cleared` when it is good again. */
const condition = (name: string, means: string, cleared: string): Readonly<Record<string, EventDeclaration>> => ({
  [name]: info(means),
  [`${name}.cleared`]: info(cleared),
});

/** Every event of the product, warnings and errors included. One that is not declared here is written at `info`. */
export const EVENTS: Readonly<Record<string, EventDeclaration>> = {
  // ── the daemon
  'daemon.started': info('The daemon is up: everything configured is listening or looked after.'),
  'daemon.stopping': info('Told to stop; what is in hand is finished first.'),
  'drain-overdue': info('The time to finish what was in hand is over; what was being sent is looked at again by the next daemon.'),
  'daemon.stopped': info('Everything in hand is finished or given back.'),
  'daemon.failed': info('The daemon cannot start or go on.'),
  'config.change': info('One setting that a reload changed.'),
  'config.reloaded': info('A changed configuration is in force.'),
  'directory.changed': info('Another directory is in force; what waits for the persons it may concern is checked again before it is sent.'),
  'config.finding': info('One thing that is wrong with the refused configuration.'),
  'config.refused': info('A changed configuration has errors or needs a restart; the old one stays in force.'),
  'console.listening': info('The console answers at this address.'),
  'console.remote': info('The console can be reached from other machines and asks nobody for a password.'),
  'console.failed': info('The console could not answer a request.'),
  // ── sources
  'source.listening': info('A source is ready to take messages.'),
  'source.closed': info('A source is no longer configured; what was in hand is finished.'),
  'source.listen-failed': info('A source cannot listen; senders are refused.'),
  'source.file': debug('A file was taken to its end.'),
  ...condition('source.unreachable', 'The folder of a source cannot be looked into.', 'It can again.'),
  ...condition('source.files-unreadable', 'A folder holds files that cannot be read.', 'All can be read again.'),
  'source.pair': debug('A pair of a MESH folder was taken to its end.'),
  ...condition(
    'source.pairs-left',
    'A MESH folder holds control files that cannot be read, or of workflows without a disposition; they stay where they are.',
    'None is left.',
  ),
  ...condition('source.store-unavailable', 'A source waits because the store does not take messages.', 'The store takes messages again.'),
  // ── mailboxes
  ...condition('mailbox.tls-files', 'The TLS files of a mailbox cannot be read; the ones read before stay in force.', 'They can again.'),
  ...condition('mailbox.unreachable', 'The MESH service does not answer, or asks for a pause; messages wait there.', 'It answers again.'),
  ...condition(
    'mailbox.unauthorised',
    'The MESH service refuses the mailbox, its password, the shared key or the certificate.',
    'It is let in again.',
  ),
  'mailbox.looked': debug('A look into a mailbox that brought something.'),
  'mailbox.workflow-left': info(
    'Messages of a workflow without a disposition stay in the mailbox; after five days the service sends them back.',
  ),
  'mailbox.content-refused': info(
    'A message could not be had whole after several looks; it is journalled as rejected and taken out of the mailbox.',
  ),
  'mailbox.message-failed': info('A message could not be taken; it stays in the mailbox and is taken at a later look.'),
  'mailbox.acknowledge-failed': info('A message is journalled and could not be taken out of the mailbox; that is done at a later look.'),
  'mailbox.tracking-failed': info('What became of messages that were sent could not be asked; it is asked later.'),
  'mailbox.lease-lost': info('Another daemon may read a mailbox from now on; what was being read of it is not journalled here.'),
  'mailbox.lease-renew-failed': info('The right to read mailboxes could not be renewed; it is tried again until it runs out.'),
  'mailbox.report-unmatched': info('A report named a delivery that was removed while the report was journalled.'),
  // ── destinations
  ...condition('destination.unreachable', 'A destination cannot be reached; its lanes wait.', 'It is reached again.'),
  'destination.late-refusal': info('A receiver refused a message after it had accepted it (enhanced mode).'),
  'destination.mesh-step': debug('An attempt to send to MESH has come to this step.'),
  'destination.sent-twice': info(
    'The MESH service has two messages of one local id from us: one of them may be a repetition; find out which.',
  ),
  'destination.left-behind': info('Deliveries wait for a destination that is no longer configured.'),
  'destination.paused': info('An operator stopped sending to a destination.'),
  'destination.resumed': info('An operator let sending go on.'),
  ...condition(
    'destination.down',
    'A destination failed several times in a row; everything for it waits. Told once, however long it lasts.',
    'It took a delivery again; what waited leaves, by clinical priority, then age.',
  ),
  'delivery.turned-back': info('The far side says that what it had taken went wrong; the delivery is held.'),
  'delivery.overdue': info('Deliveries were not collected, or not answered, in time; they are held.'),
  'breaker-open': debug('A trial failed, or the failure that opened the breaker; its lanes wait for the next trial.'),
  'breaker-trial': debug('One delivery tries whether a destination is back.'),
  'breaker-failed': info('The breaker of a destination could not be read or set.'),
  'resolve-failed': info('What became of an attempt could not be found out; it is asked again.'),
  'payload-unreadable': info('What was to be sent could not be read from the store.'),
  'adapter-overdue': info('An attempt did not end at its deadline.'),
  'adapter-failed': info('A destination adapter failed in a way it should not.'),
  'late-answer-failed': info('An answer that came after the hand-over could not be filed; the delivery stays handed over.'),
  'turn-failed': info('Results of sending could not be filed; the claims run out and the deliveries are looked at again.'),
  'load-failed': info('What was to be sent could not be read; it is tried again.'),
  'recheck-failed': info('The check before sending failed; the delivery is not sent and is looked at again.'),
  // ── processing
  'leader-elected': info('This daemon processes messages from now on.'),
  'leader-interrupted': info('This daemon stopped processing; it or another takes over.'),
  'batch-failed': info('A batch of messages could not be processed and is tried again.'),
  'part-failed': info('One part of a message could not be decided and is held.'),
  'replies-failed': info('Later application answers could not be looked up; it is tried again.'),
  'sweep-failed': info('Content that was begun and never finished could not be removed; it is tried again in an hour.'),
  'message-isolated': info('One message of a batch fails by itself and is held; its neighbours go on.'),
  // ── store and queues
  'postgres-started': info('The embedded PostgreSQL was started.'),
  'postgres-adopted': info('An embedded PostgreSQL that was running already is used.'),
  'postgres-restarted': info('The embedded PostgreSQL had ended and was started again.'),
  'postgres-does-not-start': info('The embedded PostgreSQL does not start.'),
  'partitions-failed': info('Partitions could not be made ahead, or old ones not be removed; it is tried again.'),
  'partition-removed': info('A million old messages, or deliveries, were removed: past their time and nothing open.'),
  'heartbeat-missed': info('This daemon could not show that it lives.'),
  'store-connection-lost': info('A connection to PostgreSQL ended while it was not used.'),
  'journal-gave-up': info('Messages were not taken in time; their senders get no acknowledgement and send again.'),
  'queue-unreachable': info('The queue backend does not answer; deliveries wait in the store.'),
  'queue-connection': info('A connection to the queue backend failed.'),
  'hints-wiped': info('The queue backend was emptied; its hints are made again.'),
  reconciled: debug('Hints that were missing were made again, in the regular round.'),
  'claims-expired': info('Claims ended without a result: a daemon was killed or slow; the deliveries are looked at again.'),
  'lane-fault': info('A lane contradicted its deliveries and was put right; report it.'),
  'look-failed': info('A regular look after the queues failed and is made again.'),
  'worker-error': info('The worker of a queue had an error of its backend.'),
  'worker-close': info('The worker of a queue could not be closed in time.'),
  'worker-restarted': info('The worker of a queue stood still and was made anew.'),
  'hints-lost': info('Hints could not be given to the queue backend; the reconcile makes them again.'),
};
