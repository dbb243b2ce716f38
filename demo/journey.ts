/**
 * The journey of the example site: what is sent, and what must come of it. Every step is checked; a step whose outcome differs fails the demo.
 */
export interface JourneyStep {
  readonly title: string;
  /** Messages of `site/messages`, sent on a socket, dropped as files or sent by MESH, one after the other. */
  readonly send: { readonly by: 'prison-adt' | 'pathology' | 'gp-records' | 'gp-mail'; readonly files: readonly string[] };
  readonly expect: {
    /** MSA-1 the sender gets; absent for files and mail. */
    readonly answer?: 'AA' | 'AE' | 'AR';
    /** What becomes of each message. */
    readonly state: 'processed' | 'held' | 'rejected' | 'duplicate' | 'ignored';
    /** Reason code of a hold or a rejection. */
    readonly reason?: string;
    /** What arrives where, in any order: `destination type`, or `mailbox id workflow`. */
    readonly arrives: readonly string[];
    /** What becomes of each delivery, once the far side has had its say. Default confirmed. */
    readonly ends?: 'confirmed' | 'held';
  };
}

export const JOURNEY: readonly JourneyStep[] = [
  {
    title: 'Daniel Ashdown is received at HMP Leeds',
    send: { by: 'prison-adt', files: ['01-reception.hl7'] },
    expect: { answer: 'AA', state: 'processed', arrives: ['leeds-clinical ADT^A01'] },
  },
  {
    title: 'His GP’s record arrives as a file drop: a result, and a letter with a PDF',
    send: { by: 'gp-records', files: ['02-gp-record-results.hl7', '02-gp-record-letter.hl7'] },
    expect: { state: 'processed', arrives: ['leeds-clinical ORU^R01', 'leeds-clinical MDM^T02'] },
  },
  {
    title: 'More of it comes by MESH: a letter, fetched from the mailbox and acknowledged there once it is safe',
    send: { by: 'gp-mail', files: ['18-gp-letter-by-mesh.hl7'] },
    expect: { state: 'processed', arrives: ['leeds-clinical MDM^T02'] },
  },
  {
    title: 'A blood result follows him to Leeds',
    send: { by: 'pathology', files: ['03-blood-result.hl7'] },
    expect: { answer: 'AA', state: 'processed', arrives: ['leeds-clinical ORU^R01'] },
  },
  {
    title: 'Out to court in the morning: not a release',
    send: { by: 'prison-adt', files: ['04-court-out.hl7'] },
    expect: { answer: 'AA', state: 'processed', arrives: [] },
  },
  {
    title: 'Back from court in the evening: not a reception',
    send: { by: 'prison-adt', files: ['05-court-return.hl7'] },
    expect: { answer: 'AA', state: 'processed', arrives: [] },
  },
  {
    title: 'A preliminary result: still open',
    send: { by: 'pathology', files: ['06-preliminary-result.hl7'] },
    expect: { answer: 'AA', state: 'processed', arrives: ['leeds-clinical ORU^R01'] },
  },
  {
    title: 'Transferred to HMP Moorland',
    send: { by: 'prison-adt', files: ['07-transfer.hl7'] },
    expect: { answer: 'AA', state: 'processed', arrives: ['moorland-clinical ADT^A02'] },
  },
  {
    title: 'A new result goes to Moorland',
    send: { by: 'pathology', files: ['08-result-after-transfer.hl7'] },
    expect: { answer: 'AA', state: 'processed', arrives: ['moorland-clinical ORU^R01'] },
  },
  {
    title:
      'Released: the summary goes by MESH to whichever practice he is registered with, the results it has not had to Hill Lane Surgery',
    send: { by: 'prison-adt', files: ['09-release.hl7'] },
    expect: {
      answer: 'AA',
      state: 'processed',
      arrives: ['mailbox Y99001EX EXAMPLE_SUMMARY', 'gp-hill-lane ORU^R01', 'gp-hill-lane ORU^R01', 'gp-hill-lane ORU^R01'],
    },
  },
  {
    title: 'A result that comes after release goes to the practice',
    send: { by: 'pathology', files: ['10-late-result.hl7'] },
    expect: { answer: 'AA', state: 'processed', arrives: ['gp-hill-lane ORU^R01'] },
  },
  {
    title: 'The laboratory sends a result twice (same MSH-10): answered again, not sent again',
    send: { by: 'pathology', files: ['03-blood-result.hl7'] },
    expect: { answer: 'AA', state: 'duplicate', arrives: [] },
  },
  {
    title: 'Marcus Birchall is received at Moorland',
    send: { by: 'prison-adt', files: ['11-second-reception.hl7'] },
    expect: { answer: 'AA', state: 'processed', arrives: ['moorland-clinical ADT^A01'] },
  },
  {
    title: 'He is received a second time under another prison number',
    send: { by: 'prison-adt', files: ['12-duplicate-person.hl7'] },
    expect: { answer: 'AA', state: 'processed', arrives: ['moorland-clinical ADT^A01'] },
  },
  {
    title: 'The two are merged (A40)',
    send: { by: 'prison-adt', files: ['13-merge.hl7'] },
    expect: { answer: 'AA', state: 'processed', arrives: [] },
  },
  {
    title: 'He is released: MESH takes the summary, then reports that it could not route it (EPL-154), and a person is asked',
    send: { by: 'prison-adt', files: ['19-second-release.hl7'] },
    expect: { answer: 'AA', state: 'processed', arrives: [], ends: 'held' },
  },
  {
    title: 'Sean Corrie is received at Leeds, registered with a practice nobody knows',
    send: { by: 'prison-adt', files: ['14-third-reception.hl7'] },
    expect: { answer: 'AA', state: 'processed', arrives: ['leeds-clinical ADT^A01'] },
  },
  {
    title: 'He is released: the summary is held, because its practice is not in the directory',
    send: { by: 'prison-adt', files: ['15-release-unknown-practice.hl7'] },
    expect: { answer: 'AA', state: 'held', reason: 'practice-unknown', arrives: [] },
  },
  {
    title: 'A message without a control id is refused with AR and ERR, and kept',
    send: { by: 'pathology', files: ['16-malformed.hl7'] },
    expect: { answer: 'AR', state: 'rejected', reason: 'no-control-id', arrives: [] },
  },
  {
    title: 'A result without a test code is safe (AA) and held for a person',
    send: { by: 'pathology', files: ['17-mapping-fails.hl7'] },
    expect: { answer: 'AA', state: 'held', reason: 'mapping-failed', arrives: [] },
  },
];
