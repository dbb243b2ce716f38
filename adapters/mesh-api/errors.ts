import type { MeshErrorWords } from '../../formats/mesh/error-body.ts';

/** Why there was no answer, or none that can be used; codes of ours, beside the status where there was one. */
export type MeshTrouble =
  /** The service answered with an error. */
  | 'refused'
  /** A status of success with an error in its body, or without what it must say. */
  | 'accepted-but-error'
  | 'bad-answer'
  /** It answered that the request should go elsewhere; tokens and patient data go nowhere else. */
  | 'redirect'
  | 'silence'
  | 'connection'
  | 'proxy'
  | 'tls-files'
  | 'header'
  /** The service asked for a pause that is not over; nothing was sent. */
  | 'pause'
  | 'stopped';

export interface MeshErrorFacts extends Partial<MeshErrorWords> {
  readonly trouble: MeshTrouble;
  /** HTTP status; null where there was no answer. */
  readonly status?: number | null;
  /** Whether a byte of the request may have reached the service. */
  readonly reached: boolean;
  /** Milliseconds the service asks to wait; null where it does not. */
  readonly retryAfterMs?: number | null;
  /** errno, OpenSSL or HTTP parser code. */
  readonly errno?: string;
}

/** A request that the MESH service did not carry out, or of which that is not known. Its message holds codes alone. */
export class MeshError extends Error {
  readonly trouble: MeshTrouble;
  readonly status: number | null;
  readonly event: string;
  readonly code: string;
  /** The service's own words: sealed where they are kept, never logged. Not enumerable, so that nothing shows them by accident. */
  declare readonly words: string;
  readonly reached: boolean;
  readonly retryAfterMs: number | null;
  readonly errno: string;

  constructor(facts: MeshErrorFacts, options?: ErrorOptions) {
    const { trouble, status = null, event = '', code = '', words = '', reached, retryAfterMs = null, errno = '' } = facts;
    super(`mesh ${[trouble, status ?? '', errno].filter((part) => part !== '').join(' ')}`, options);
    this.name = 'MeshError';
    this.trouble = trouble;
    this.status = status;
    this.event = event;
    this.code = code;
    Object.defineProperty(this, 'words', { value: words, enumerable: false });
    this.reached = reached;
    this.retryAfterMs = retryAfterMs;
    this.errno = errno;
  }

  /** The request may have been carried out, and its answer does not say so. 503, 429 and 425 are given before anything is taken over. */
  get unknown(): boolean {
    if (!this.reached || this.trouble === 'accepted-but-error' || this.trouble === 'redirect') return false;
    return this.status === null || this.trouble === 'bad-answer' || (this.status >= 500 && this.status !== 503);
  }

  /** Another try may do better: no answer, or one of the statuses that pass. */
  get passing(): boolean {
    if (this.trouble === 'silence' || this.trouble === 'connection') return true;
    return this.trouble === 'refused' && this.status !== null && PASSING.has(this.status);
  }

  /** The mailbox itself is refused: token, password, certificate, disabled mailbox. */
  get unauthorised(): boolean {
    return this.trouble === 'refused' && (this.status === 401 || this.status === 403);
  }
}

const PASSING: ReadonlySet<number> = new Set([425, 429, 502, 503, 504]);

/** What is wrong with a message as it is downloaded, whoever asks and how often. */
export type ContentTrouble =
  /** Listed, and no longer there. */
  | 'gone'
  | 'chunk-missing'
  /** `mex-chunk-range` contradicts what was asked for, or changes its total. */
  | 'chunk-range'
  | 'encoding'
  | 'gzip';

/** A message whose content cannot be had whole. Asking again gives the same. */
export class MeshContentError extends Error {
  readonly trouble: ContentTrouble;
  readonly chunk: number;

  constructor({ trouble, chunk }: { readonly trouble: ContentTrouble; readonly chunk: number }, options?: ErrorOptions) {
    super(`mesh content: ${trouble} in chunk ${chunk}`, options);
    this.name = 'MeshContentError';
    this.trouble = trouble;
    this.chunk = chunk;
  }
}

/** A failure of what was asked before the request itself: of that, nothing was sent. */
export const beforehand = (error: unknown): unknown => {
  if (!(error instanceof MeshError)) return error;
  const { trouble, status, event, code, words, retryAfterMs, errno } = error;
  return new MeshError({ trouble, status, event, code, words, retryAfterMs, errno, reached: false }, { cause: error });
};
