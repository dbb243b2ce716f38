import type { Arrival } from '../../records/intake.ts';
import type { ContentStore } from '../content.ts';
import type { Vault } from '../vault.ts';
import { HELD, IGNORED, type IntakeRow, PROCESSED, REJECTED, STORED } from './rows.ts';

/** Bodies up to this size lie in the journal's own row, larger ones in the content store. */
export const INLINE = 64 * 1024;
/** Longest control id or sender that is kept as it is: a b-tree key has a limit, and a sender may put anything into MSH-10. */
const LONGEST_KEY = 200;
/** As long as the id of a MESH workflow may be. */
const LONGEST_TYPE = 300;

/** PostgreSQL's text holds neither NUL nor half a surrogate pair; one such message must not fail the flush it travels in. */
const storable = (text: string): string => text.replace(/[\0\p{Surrogate}]/gu, '\ufffd');

const keyText = (text: string, vault: Vault): string =>
  Buffer.byteLength(text) <= LONGEST_KEY ? storable(text) : `#${vault.digest(Buffer.from(text)).toString('hex')}`;

/** What the sealed `meta` of a message is bound to. */
export const metaAad = (digest: Uint8Array): string => `message.meta:${Buffer.from(digest).toString('hex')}`;

const sealMeta = (arrival: Arrival, vault: Vault): Buffer | null =>
  arrival.meta === undefined ? null : vault.seal(Buffer.from(JSON.stringify(arrival.meta)), metaAad(arrival.digest)).bytes;

/** What was decided before the journal, and why; of what is processed, the rule. */
const decided = ({ rejected, ignored, settled }: Arrival): readonly [outcome: number, reason: string | null] => {
  if (rejected !== undefined) return [REJECTED, rejected];
  if (ignored !== undefined) return [IGNORED, storable(ignored)];
  if (settled === undefined) return UNDECIDED;
  return settled.outcome === 'held' ? [HELD, settled.reason] : [PROCESSED, settled.rule];
};
const UNDECIDED = [STORED, null] as const;

const row = (arrival: Arrival, vault: Vault, body: Buffer | null, contentId: number | null): IntakeRow => {
  const [outcome, reason] = decided(arrival);
  return {
    arrival,
    sender: keyText(arrival.sender, vault),
    controlId: arrival.controlId === null ? null : keyText(arrival.controlId, vault),
    type: arrival.type === null ? null : storable(arrival.type.slice(0, LONGEST_TYPE)),
    keyId: vault.keyId,
    body,
    contentId,
    meta: sealMeta(arrival, vault),
    outcome,
    reason,
  };
};

/** Seals an arrival. At once where it fits into the row; else its body is stored first, and the promise is for later. */
export const prepare = (arrival: Arrival, vault: Vault, content: ContentStore): IntakeRow | Promise<IntakeRow> => {
  if (arrival.controlId === null && arrival.rejected === undefined && arrival.ignored === undefined)
    throw new RangeError('only what is rejected or ignored may come without a control id');
  if (arrival.stored !== undefined) return row(arrival, vault, null, arrival.stored.id);
  if (arrival.body.length <= INLINE) return row(arrival, vault, vault.seal(arrival.body, arrival.digest).bytes, null);
  return content.write(arrival.body, false).then((stored) => row(arrival, vault, null, stored.id));
};
