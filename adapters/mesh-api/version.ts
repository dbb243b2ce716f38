import type { MailboxSettings } from '../../config/types-mesh.ts';
import { MEDIA_TYPE, type MeshVersion } from '../../formats/mesh/headers.ts';
import { MeshError } from './errors.ts';

/** What is asked for in `Accept`. Version 1 is what a service gives that knows of no versions. */
const ACCEPT: Readonly<Record<MeshVersion, string>> = { 1: 'application/json', 2: MEDIA_TYPE[2] };

/** Answers to a media type a service does not know. */
const NOT_KNOWN: ReadonlySet<number> = new Set([400, 406, 415]);

/** Which version of the API a mailbox's service speaks; learned from the first request that may be repeated, and remembered. */
export class ApiVersion {
  readonly #setting: MailboxSettings['api'];
  #known: MeshVersion | null;

  constructor(setting: MailboxSettings['api']) {
    this.#setting = setting;
    this.#known = setting === 'auto' ? null : setting === 'v1' ? 1 : 2;
  }

  /** Null: not asked yet. */
  get known(): MeshVersion | null {
    return this.#known;
  }

  get accept(): string {
    return ACCEPT[this.#known ?? 2];
  }

  /**
   * Asks in version 2 and, where that is not known there, in version 1. Only for what may be asked twice. `afresh`: also where it is known
   * to be 1, for a service is upgraded without telling us.
   */
  async learn<T>(ask: (accept: string) => Promise<T>, afresh = false): Promise<T> {
    if (this.#known !== null && !(afresh && this.#setting === 'auto')) return ask(this.accept);
    try {
      const answer = await ask(ACCEPT[2]);
      this.#known = 2;
      return answer;
    } catch (error) {
      if (!(error instanceof MeshError && error.status !== null && NOT_KNOWN.has(error.status) && error.code === '')) throw error;
      const answer = await ask(ACCEPT[1]);
      this.#known = 1;
      return answer;
    }
  }
}
