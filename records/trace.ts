/** One thing that happened to a message or to what was made of it. */
export interface TraceStep {
  readonly at: Date;
  readonly step:
    | 'received'
    | 'answered'
    | 'mapped'
    | 'identified'
    | 'record'
    | 'decided'
    | 'filed'
    | 'attempt'
    | 'receipt'
    | 'held'
    | 'released'
    | 'withdrawn'
    | 'viewed';
  /** Names, ids and codes: `kind=report key=…` is not among them, `route=results-to-gp delivery=17` is. */
  readonly facts: Readonly<Record<string, string | number>>;
}
