import type { Arrival } from '../../records/intake.ts';
import type { ContentStore } from '../content.ts';
import type { Vault } from '../vault.ts';
import { IGNORED, type IntakeRow, REJECTED, STORED } from './rows.ts';

/** Bodies up to this size lie in the journal's own row, larger ones in the content store. */
export const INLINE = 64 * 1024;
/** Longest control id or sender that is kept as it is: a b-tree key has a limit, and a sender may put anything into MSH-10. */
const LONGEST_KEY = 200;
const LONGEST_TYPE = 64;

/** PostgreSQL's text holds neither NUL nor half a surrogate pair; one such message must not fail the flush it travels in. */
const storable = (text: string): string => text.replace(/[\0\p{Surrogate}]/gu, '\ufffd');

const keyText = (text: string, vault: Vault): string =>
  Buffer.byteLength(text) <= LONGEST_KEY ? storable(text) : `#${vault.digest(Buffer.from(text)).toString('hex')}`;

/** What the sealed `meta` of a message is bound to. */
export const metaAad = (digest: Uint8Array): string => `message.meta:${Buffer.from(digest).toString('hex')}`;

const sealMeta = (arrival: Arrival, vault: Vault): Buffer | null =>
  arrival.meta === undefined ? null : vault.seal(Buffer.from(JSON.stringify(arrival.meta)), metaAad(arrival.digest)).bytes;

const row = (arrival: Arrival, vault: Vault, body: Buffer | null, contentId: number | null): IntakeRow => {
  const outcome = arrival.rejected !== undefined ? REJECTED : arrival.ignored !== undefined ? IGNORED : STORED;
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
    reason: arrival.rejected ?? (arrival.ignored === undefined ? null : storable(arrival.ignored)),
  };
};

/** Seals an arrival. At once where it fits into the row; else its body is stored first, and the promise is for later. */
export const prepare = (arrival: Arrival, vault: Vault, content: ContentStore): IntakeRow | Promise<IntakeRow> => {
  if (arrival.controlId === null && arrival.rejected === undefined && arrival.ignored === undefined)
    throw new RangeError('only what is rejected or ignored may come without a control id');
  if (arrival.body.length <= INLINE) return row(arrival, vault, vault.seal(arrival.body, arrival.digest).bytes, null);
  return content.write(arrival.body, false).then((stored) => row(arrival, vault, null, stored.id));
};
