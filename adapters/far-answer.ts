import type { BusinessAnswer } from '../formats/mesh/business-answer.ts';
import type { FarReceipt } from '../records/far-side.ts';

/** Receipt codes are shown in clear, so what is no code is not one. */
export const codeOf = (text: string | undefined): string => (text !== undefined && /^[A-Za-z0-9-]{1,40}$/.test(text) ? text : '');

/**
 * What a recipient's own answer says of the delivery it answers. That its system has the message (20013) is no more than that it was
 * fetched; only a business answer says that it can be used.
 */
export const receiptOfAnswer = (answer: BusinessAnswer): Pick<FarReceipt, 'stage' | 'good' | 'fault' | 'receiptCode' | 'words'> => ({
  stage: answer.good && answer.kind === 'infrastructure' ? 'downloaded' : 'business',
  good: answer.good,
  ...(answer.good ? {} : { fault: 'business-refused' }),
  receiptCode: codeOf(answer.code),
  ...(answer.words === '' ? {} : { words: Buffer.from(answer.words) }),
});
