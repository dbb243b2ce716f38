/** What one metric says. Names are without the prefix `throughcare_`; counters end in `_total`, durations in `_seconds`. */
export interface MetricDeclaration {
  readonly help: string;
  /** Label names, each a declared fact (facts.ts); values are configured names, codes and states: few by nature. */
  readonly labels: readonly string[];
}

const of = (help: string, ...labels: readonly string[]): MetricDeclaration => ({ help, labels });

/** Every metric the product keeps, in one place, so that dashboards and alerts can rely on it. */
export const METRICS: Readonly<Record<string, MetricDeclaration>> = {
  events_total: of('Events, by name and severity; most are log lines too.', 'event', 'severity'),
  config_refused: of('1 while a changed configuration was refused and the old one stays in force.'),
  // ── sources
  messages_received_total: of('Messages answered, by what became of them at receipt.', 'source', 'outcome'),
  source_connections: of('Connections open now.', 'source'),
  source_connections_ended_total: of('Connections that ended, by why.', 'source', 'reason'),
  source_junk_bytes_total: of('Bytes outside frames.', 'source'),
  source_files_total: of('Files taken to their end.', 'source', 'outcome'),
  source_files_unreadable: of('Files that cannot be read now.', 'source'),
  source_pairs_left: of('Pairs of a MESH folder that are not touched, by why.', 'source', 'reason'),
  source_files_put_back_total: of('Files given back because the daemon stopped.', 'source'),
  source_files_moved_by_another_total: of('Files that somebody else moved while they were read.', 'source'),
  // ── mailboxes
  mailbox_certificate_days: of(
    'Days until a certificate of a mailbox runs out: `client`, or the first of its `ca` bundle.',
    'mailbox',
    'what',
  ),
  mailbox_sent_bytes_total: of('Bytes of payload the MESH service has taken, before compression.', 'mailbox'),
  mailbox_looks_total: of('Looks into a mailbox, by how they ended.', 'mailbox', 'outcome'),
  mailbox_messages_total: of('Messages listed in a mailbox, by what was done with them.', 'mailbox', 'outcome'),
  mailbox_left: of('Messages left in a mailbox for want of a disposition.', 'mailbox'),
  mailbox_tracked_total: of('Questions what became of a message that was sent, by the answer.', 'mailbox', 'known'),
  // ── work
  messages_processed_total: of('Messages processed, by outcome.', 'outcome'),
  stage_seconds: of('Time one message or batch takes in a stage.', 'stage'),
  // ── store
  journal_flush_seconds: of('One commit of the journal.'),
  // ── destinations
  destination_connections_opened_total: of('Connections opened.', 'destination'),
  destination_connections_dropped_total: of('Connections given up, by why.', 'destination', 'reason'),
  destination_junk_bytes_total: of('Bytes outside frames from receivers.', 'destination'),
  sends_total: of('Attempts to send, by how they ended.', 'destination', 'outcome'),
  send_seconds: of('One attempt to send, from the claim to its end.', 'destination'),
  results_total: of('Results of attempts filed in the store.', 'destination'),
  resolutions_total: of('Attempts of unknown outcome that were asked about, by what is known now.', 'destination', 'known'),
  receipts_total: of('What far sides said of deliveries after they had taken them, by stage.', 'destination', 'stage', 'outcome'),
  deliveries_overdue: of('Deliveries held because they were not collected, or not answered, in time.', 'destination'),
  breaker_open: of('1 while the breaker of a destination is open.', 'destination'),
  queue_errors_total: of('Errors of the queue backend.', 'destination'),
  stalled_jobs_total: of('Jobs whose worker went silent; the claims decide what is sent.', 'destination'),
  hints_lost_total: of('Hints that could not be given to the queue backend; the reconcile makes them again.', 'destination', 'reason'),
  hint_jobs_total: of('Jobs given to the queue backend.', 'destination'),
  destination_late_answers_total: of('Application answers that came after the accept answer.', 'destination', 'code'),
};
