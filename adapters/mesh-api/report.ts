import { readBusinessAnswer } from '../../formats/mesh/business-answer.ts';
import { MEX } from '../../formats/mesh/headers.ts';
import { sendFault } from '../../formats/mesh/status.ts';
import { readStamp } from '../../formats/mesh/timestamp.ts';
import type { FarName, IncomingReport } from '../../records/far-side.ts';
import { brandAs, type Instant } from '../../records/ids.ts';
import { codeOf, receiptOfAnswer } from '../far-answer.ts';
import type { MeshHeaders } from './exchange.ts';

/** What a report says, before it is known which source and right it came by. */
export type ReportContent = Pick<IncomingReport, 'bytes' | 'type' | 'receipt'> & {
  /** How it may name its delivery, the surest first. */
  readonly names: readonly Omit<FarName, 'mailbox'>[];
  /** Milliseconds since 1970; null where it does not say. */
  readonly at: number | null;
};

const momentOf = (headers: MeshHeaders): number | null => readStamp(headers[MEX.statusTimestamp] ?? '') ?? null;
const instant = (at: number | null): { readonly at?: Instant } => (at === null ? {} : { at: brandAs<Instant>(new Date(at).toISOString()) });

/** As its headers are kept: a report has no content. */
const asBytes = (headers: MeshHeaders): Buffer => Buffer.from(JSON.stringify(headers, null, 1));

/**
 * A REPORT of the service. It may come without code and without naming the message it is about; then the local id is what is left. Whom
 * its `mex-to` names differs between services and says nothing.
 */
export const readReport = (id: string, headers: MeshHeaders): ReportContent => {
  const code = codeOf(headers[MEX.statusCode]);
  const success = headers[MEX.statusSuccess]?.toUpperCase();
  const good = success === 'SUCCESS' || (success === undefined && code === '00');
  const linked = headers[MEX.linkedMessageId];
  const local = headers[MEX.localId];
  const words = headers[MEX.statusDescription];
  const at = momentOf(headers);
  return {
    bytes: asBytes(headers),
    type: 'REPORT',
    names:
      linked === undefined && local === undefined
        ? []
        : [{ ...(linked === undefined ? {} : { farId: linked }), ...(local === undefined ? {} : { transportKey: local }) }],
    receipt: {
      stage: 'reported',
      good,
      ...(good ? {} : { fault: sendFault({ event: headers[MEX.statusEvent] ?? '', code }) }),
      receiptCode: code || (good ? 'SUCCESS' : 'ERROR'),
      ...(words === undefined ? {} : { words: Buffer.from(words) }),
      ...instant(at),
      reference: id,
    },
    at,
  };
};

/**
 * The recipient's own answer. That its system has the message (20013) is no more than that it was fetched; only a business answer says
 * that it can be used. Undefined where it is not understood.
 */
export const readBusinessReport = (id: string, workflow: string, headers: MeshHeaders, content: Buffer): ReportContent | undefined => {
  const answer = readBusinessAnswer(content);
  if (answer === undefined) return undefined;
  const linked = headers[MEX.linkedMessageId];
  const local = headers[MEX.localId];
  const at = momentOf(headers);
  return {
    bytes: content,
    type: workflow,
    names: [
      ...(linked === undefined ? [] : [{ farId: linked }]),
      ...answer.about.map((transportKey) => ({ transportKey })),
      ...(local === undefined ? [] : [{ transportKey: local }]),
    ],
    receipt: {
      ...receiptOfAnswer(answer),
      ...instant(at),
      reference: id,
    },
    at,
  };
};
