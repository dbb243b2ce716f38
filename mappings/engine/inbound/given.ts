import type { Spot } from '../../../language/condition.ts';
import { didYouMean } from '../../../language/did-you-mean.ts';
import { type LineSite, reportAt, type Term } from '../expression/scope.ts';
import type { InboundRun } from './inbound-run.ts';

const GIVEN: Readonly<Record<string, { readonly type: string; read(run: InboundRun): string | undefined }>> = {
  'message.id': { type: 'text', read: (run) => run.message.controlId || undefined },
  'message.type': { type: 'text', read: (run) => `${run.message.code}^${run.message.trigger}` },
  'message.receivedAt': { type: 'dateTime', read: (run) => run.receivedAt },
};

/** What is known of a message besides its content (mapping language §3). */
export const givenTerm = (spot: Spot, site: LineSite): Term<InboundRun> | undefined => {
  const given = Object.hasOwn(GIVEN, spot.text) ? GIVEN[spot.text] : undefined;
  if (given === undefined) {
    if (spot.text.startsWith('file.'))
      return reportAt(site, spot.offset, 'path', 'an HL7 message has no file.* path', 'write message.receivedAt or MSH-7');
    return reportAt(site, spot.offset, 'path', `there is no ${spot.text}`, didYouMean(spot.text, Object.keys(GIVEN)));
  }
  return { type: given.type, constant: false, read: given.read, locate: () => [spot.text] };
};
