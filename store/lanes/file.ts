import type { FiledHead, Filing } from '../../records/process.ts';
import { byteas, int2s, int4s, int8s, texts } from '../arrays.ts';
import type { HotBytes } from '../hot-bytes.ts';
import type { Transaction } from '../pool.ts';
import type { Vault } from '../vault.ts';
import { onlyBytes, sealName, sealPayload } from './payload.ts';

const FILE = `select lane, delivery, destination, priority, size from lane_file(
  $1::int4[], $2::int8[], $3::int8[], $4::int2[], $5::int8[], $6::int8[], $7::int2[], $8::text[], $9::text[], $10::text[],
  $11::int4[], $12::text[], $13::text[], $14::text[], $15::int4[], $16::int2[], $17::int2[], $18::bytea[])`;

/**
 * Files deliveries on the lanes of their (surviving) persons, in the order given, inside the caller's transaction; the persons are
 * locked already. Resolves with the lanes' new heads that may be hinted once the transaction has committed.
 * Rejects with contention (40001) where a lane was closed meanwhile: the whole transaction is run again.
 */
export const fileDeliveries = async (
  tx: Transaction,
  vault: Vault,
  filings: readonly Filing[],
  hot?: HotBytes<string>,
): Promise<FiledHead[]> => {
  if (filings.length === 0) return [];
  const payloads = filings.map((filing) => {
    const sealed = sealPayload(vault, filing.transportKey, filing.payload);
    // What is kept hot is bytes alone, so what has an envelope is not.
    const bytes = filing.payload.envelope === undefined ? onlyBytes(filing.payload.parts) : null;
    if (bytes !== null) hot?.put(sealName(sealed), bytes);
    return sealed;
  });
  return tx.query<FiledHead>(
    FILE,
    [
      int4s(filings.map((f) => f.destinationId)),
      int8s(filings.map((f) => f.personId)),
      int8s(filings.map((f) => f.messageId)),
      int2s(filings.map((f) => f.part)),
      int8s(filings.map((f) => f.itemId)),
      int8s(filings.map((f) => f.recordId)),
      int2s(filings.map((f) => f.priority)),
      texts(filings.map((f) => f.role)),
      texts(filings.map((f) => f.route)),
      texts(filings.map((f) => f.transportKey)),
      int4s(filings.map((f) => f.decidedVersion)),
      texts(filings.map((f) => f.mappingVersion)),
      texts(filings.map((f) => f.directoryVersion)),
      texts(filings.map((f) => f.payload.contentType)),
      int4s(filings.map((f) => f.size)),
      int2s(payloads.map((p) => p.keyId)),
      int2s(payloads.map((p) => p.form)),
      byteas(payloads.map((p) => p.body)),
    ],
    'lane-file',
  );
};
