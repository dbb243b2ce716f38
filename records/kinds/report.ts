import { kind } from './kind.ts';
import { Attachment, Coding, dateTime, list, Organisation, of, Practitioner, Reference, text, Value, word } from './types.ts';

/** FHIR R4 diagnostic-report-status and observation-status, in the words shared by both. */
const RESULT_STATUSES = [
  'registered',
  'partial',
  'preliminary',
  'final',
  'amended',
  'corrected',
  'cancelled',
  'entered-in-error',
  'unknown',
] as const;

export const report = kind(
  {
    describes: 'A laboratory, imaging or other report with its results.',
    fhir: 'DiagnosticReport',
    heading: 'investigation-results',
    children: { results: 'result', documents: 'document' },
  },
  {
    code: of(Coding, 'What was asked for.', { fhir: 'DiagnosticReport.code' }),
    category: text('Department or discipline.', { fhir: 'DiagnosticReport.category' }),
    status: word(RESULT_STATUSES, 'How far it is.', { fhir: 'DiagnosticReport.status' }),
    effectiveAt: dateTime('When the specimen was taken or the study done.', { fhir: 'DiagnosticReport.effectiveDateTime' }),
    issuedAt: dateTime('When it was reported.', { fhir: 'DiagnosticReport.issued' }),
    performer: of(Practitioner, 'Who reported it.', { fhir: 'DiagnosticReport.performer' }),
    requester: of(Practitioner, 'Who asked for it.', { fhir: 'ServiceRequest.requester' }),
    specimen: of(Coding, 'What was examined.', { fhir: 'DiagnosticReport.specimen' }),
    conclusion: text('The reporter’s conclusion.', { fhir: 'DiagnosticReport.conclusion' }),
    notes: text('Notes; lines end in a line feed.'),
  },
);

export const result = kind(
  { describes: 'One result.', fhir: 'Observation', heading: 'investigation-results' },
  {
    code: of(Coding, 'What was measured.', { fhir: 'Observation.code' }),
    category: text('laboratory, vital-signs …', { fhir: 'Observation.category' }),
    subId: text('Sub-identifier telling apart results of one code.'),
    value: of(Value, 'What was found.', { fhir: 'Observation.value[x]' }),
    absentReason: text('Why there is no value.', { fhir: 'Observation.dataAbsentReason' }),
    referenceRange: text('Normal range, as sent.', { fhir: 'Observation.referenceRange.text' }),
    interpretation: list(text('A flag, e.g. H, L, A.'), 'Flags.', { fhir: 'Observation.interpretation' }),
    status: word(RESULT_STATUSES, 'How far it is.', { fhir: 'Observation.status' }),
    effectiveAt: dateTime('When it was observed.', { fhir: 'Observation.effectiveDateTime' }),
    method: of(Coding, 'How it was measured.', { fhir: 'Observation.method' }),
    performer: of(Practitioner, 'Who measured it.', { fhir: 'Observation.performer' }),
    notes: text('Notes; lines end in a line feed.', { fhir: 'Observation.note' }),
  },
);

export const document = kind(
  { describes: 'A letter, summary or other document.', fhir: 'DocumentReference', heading: 'clinical-narrative' },
  {
    type: of(Coding, 'What kind of document.', { fhir: 'DocumentReference.type' }),
    category: text('Wider class of document.', { fhir: 'DocumentReference.category' }),
    title: text('Title.', { fhir: 'DocumentReference.description' }),
    author: of(Practitioner, 'Who wrote it.', { fhir: 'DocumentReference.author' }),
    custodian: of(Organisation, 'Who keeps it.', { fhir: 'DocumentReference.custodian' }),
    createdAt: dateTime('When it was written.', { fhir: 'DocumentReference.date' }),
    status: text('preliminary, final, amended …', {
      fhir: 'DocumentReference.docStatus',
      values: ['preliminary', 'final', 'amended', 'superseded', 'entered-in-error'],
    }),
    replaces: of(Reference, 'The document this one replaces.', { fhir: 'DocumentReference.relatesTo' }),
    addendumTo: of(Reference, 'The document this one adds to.', { fhir: 'DocumentReference.relatesTo' }),
    content: of(Attachment, 'The document itself.', { fhir: 'DocumentReference.content.attachment' }),
    text: text('The document as text.', { fhir: 'DocumentReference.text' }),
    securityLabel: text('N or R.', { fhir: 'DocumentReference.securityLabel', values: ['N', 'R', 'V'] }),
  },
);
