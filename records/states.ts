/** States and the small numbers they are stored as. The number is the store's; every other room uses the word. */

const codes = <const T extends Readonly<Record<string, number>>>(table: T) => {
  const words = new Map<number, keyof T & string>();
  for (const [word, code] of Object.entries(table)) words.set(code, word);
  return {
    table,
    code: (word: keyof T & string): number => {
      const code = table[word];
      if (code === undefined) throw new RangeError(`unknown state ${word}`);
      return code;
    },
    word: (code: number): keyof T & string => {
      const word = words.get(code);
      if (word === undefined) throw new RangeError(`unknown state code ${code}`);
      return word;
    },
  };
};

/** Outcome of a message, or of one part of it. A message without outcome is `unprocessed`. */
export const OUTCOME = codes({ processed: 1, held: 2, rejected: 3, ignored: 4, duplicate: 5 });
export type Outcome = keyof typeof OUTCOME.table;
export type MessageState = Outcome | 'unprocessed';

/**
 * Stored state of a delivery; *held*, *sending* and *awaiting confirmation* are shown from its lane's phase. in-question: it was handed
 * over, and is held since, beside its lane: the far side says that it went wrong, or says nothing.
 */
export const DELIVERY = codes({ waiting: 0, 'handed-over': 1, confirmed: 2, withdrawn: 3, 'in-question': 4 });
export type DeliveryState = keyof typeof DELIVERY.table;
/** What an operator sees of a delivery. */
export type DeliveryView = Exclude<DeliveryState, 'in-question'> | 'sending' | 'held';
export type WithdrawReason = 'skipped' | 'replaced' | 'operator';

/**
 * Phase of a lane.
 * empty → due (first delivery filed) → sending (claimed) → due | empty (head handed over, next one) ;
 * sending → backoff (transient) → sending ; sending → held (permanent) → due (released) ;
 * sending → ambiguous (unknown outcome, to be resolved) ; sending → confirming (handed over, destination advances at confirmation).
 */
export const PHASE = codes({ empty: 0, due: 1, sending: 2, backoff: 3, held: 4, ambiguous: 5, confirming: 6 });
export type LanePhase = keyof typeof PHASE.table;

/** Outcome of one attempt to send. */
export const ATTEMPT = codes({ delivered: 1, transient: 2, permanent: 3, ambiguous: 4, 'late-receipt': 5, expired: 6 });
export type AttemptOutcome = keyof typeof ATTEMPT.table;

/** Stage of a receipt of the far side; see far-side.ts. */
export const RECEIPT_STAGE = codes({ accepted: 1, downloaded: 2, reported: 3, business: 4 });

/** Clinical priority of a delivery, lower is sooner; orders between lanes, never within one. */
export const PRIORITY = { urgent: 1, high: 2, routine: 3 } as const;
export type Priority = (typeof PRIORITY)[keyof typeof PRIORITY];

/** What a failure allows. Transient: retry with back-off. Ambiguous: find out first. Permanent: a person decides. */
export type FailureClass = 'transient' | 'ambiguous' | 'permanent';
