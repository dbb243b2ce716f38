/** What a script learns from the command: one number for each kind of ending. */
export const EXIT = {
  /** Done. */
  ok: 0,
  /** Findings of severity error, or something failed. */
  failed: 1,
  /** The command line is wrong: unknown verb or option, an id that is none, a missing reason. */
  usage: 2,
  /** The store, or the far side asked, did not answer. */
  unreachable: 3,
  /** There is no such message, hold, delivery, destination or mailbox. */
  unknown: 4,
  /** It is not in a state that allows this, for instance being sent at this moment. */
  refused: 5,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export const EXIT_HELP = `Exit codes: 0 done · 1 errors found, or failed · 2 wrong command line · 3 store or far side does not answer · 4 no such thing · 5 refused in its present state`;

/** Ends the command with a code and a sentence for the person; never thrown for what is the program's own fault. */
export class CommandEnd extends Error {
  readonly exit: ExitCode;
  readonly hint: string | undefined;
  constructor(exit: ExitCode, message: string, hint?: string) {
    super(message);
    this.name = 'CommandEnd';
    this.exit = exit;
    this.hint = hint;
  }
}
