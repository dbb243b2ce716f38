import { MESH_STATUS, type MeshStatusCode } from '../../formats/mesh/status-codes.ts';

/** One finding of a validation list. */
export interface Finding {
  readonly type: string;
  readonly loc: readonly string[];
  readonly msg: string;
}

export type RefusalBody =
  /** The service's own error: event, code and words. Errors of authorization have empty event and code. */
  | { readonly shape: 'coded'; readonly event: string; readonly code: string; readonly text: string }
  /** A list of what is wrong with the request's fields. */
  | { readonly shape: 'validation'; readonly findings: readonly Finding[] }
  /** Nothing but an internal id and a sentence. */
  | { readonly shape: 'bare' };

/** A request that is answered with an error. */
export class Refusal extends Error {
  readonly status: number;
  readonly body: RefusalBody;
  readonly messageId: string | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    body: RefusalBody,
    more: { readonly messageId?: string; readonly headers?: Readonly<Record<string, string>> } = {},
  ) {
    super(`refused with ${status}`);
    this.name = 'Refusal';
    this.status = status;
    this.body = body;
    this.messageId = more.messageId;
    this.headers = more.headers ?? {};
  }
}

/** Refused with a code of the catalogue. */
export const refuse = (status: number, code: MeshStatusCode, messageId?: string): Refusal => {
  const { event, description } = MESH_STATUS[code];
  return new Refusal(status, { shape: 'coded', event, code, text: description }, messageId === undefined ? {} : { messageId });
};
/** Refused in words alone: event and code are empty. */
export const refuseInWords = (status: number, text: string, messageId?: string): Refusal =>
  new Refusal(status, { shape: 'coded', event: '', code: '', text }, messageId === undefined ? {} : { messageId });
export const refuseBare = (status: number): Refusal => new Refusal(status, { shape: 'bare' });
export const refuseFields = (...findings: readonly Finding[]): Refusal => new Refusal(400, { shape: 'validation', findings });
export const missing = (where: 'header' | 'query', name: string): Finding => ({
  type: 'missing',
  loc: [where, name],
  msg: 'Field required',
});
