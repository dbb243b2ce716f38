import type { Telemetry } from '../records/telemetry.ts';

type Facts = Readonly<Record<string, string | number | boolean | undefined>>;

/**
 * A state of a source or destination that is told when it changes and not at every turn: a folder that is not there for a
 * night is one warning and one all-clear, however often it is looked at.
 */
export class Condition {
  readonly #telemetry: Telemetry;
  readonly #name: string;
  readonly #facts: Facts;
  #code: string | null = null;

  /** `name` is the event's name: `<name>` when it goes bad or changes its reason, `<name>.cleared` when it is good again. */
  constructor(telemetry: Telemetry, name: string, facts: Facts) {
    this.#telemetry = telemetry;
    this.#name = name;
    this.#facts = facts;
  }

  get bad(): boolean {
    return this.#code !== null;
  }

  raise(code: string, facts: Facts = {}): void {
    if (this.#code === code) return;
    this.#code = code;
    this.#telemetry.warn(this.#name, { ...this.#facts, code, ...facts });
  }

  clear(): void {
    if (this.#code === null) return;
    this.#code = null;
    this.#telemetry.event(`${this.#name}.cleared`, this.#facts);
  }
}

/** The errno of a system error (`ENOSPC`), or the name of any other error; never its text, which may hold a path. */
export const errnoOf = (error: unknown): string => {
  if (typeof error !== 'object' || error === null) return 'unknown';
  if ('code' in error && typeof error.code === 'string') return error.code;
  return 'name' in error && typeof error.name === 'string' ? error.name : 'unknown';
};
