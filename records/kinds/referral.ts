import { kind } from './kind.ts';
import { dateTime, Organisation, of, Practitioner, text } from './types.ts';

export const referral = kind(
  { describes: 'A referral.', fhir: 'ServiceRequest', heading: 'referral-details' },
  {
    service: text('Service asked for.', { fhir: 'ServiceRequest.code' }),
    specialty: text('Specialty.', { fhir: 'ServiceRequest.performerType' }),
    priority: text('routine, urgent …', { fhir: 'ServiceRequest.priority', values: ['routine', 'urgent', 'asap', 'stat'] }),
    status: text('draft, active, completed, revoked.', {
      fhir: 'ServiceRequest.status',
      values: ['draft', 'active', 'on-hold', 'completed', 'revoked'],
    }),
    reason: text('Why.', { fhir: 'ServiceRequest.reasonCode' }),
    requestedAt: dateTime('Asked for.', { fhir: 'ServiceRequest.authoredOn' }),
    receivedAt: dateTime('Received by the service.'),
    requester: of(Practitioner, 'Who refers.', { fhir: 'ServiceRequest.requester' }),
    recipient: of(Organisation, 'To whom.', { fhir: 'ServiceRequest.performer' }),
    notes: text('Notes.', { fhir: 'ServiceRequest.note' }),
  },
);
