import type { FaultCode } from '../../records/faults.ts';
import type { Envelope } from '../../records/ports.ts';
import { hasControlCharacter, isChecksum, MEX_LIMITS } from './headers.ts';
import { isRouteAddress, type RouteAddressProfile, writeRouteAddress } from './route-address.ts';

/** What a destination says of its messages, by API as by folder. */
export interface SendingRules {
  readonly workflow: string;
  readonly allowed: readonly string[];
  readonly to:
    | { readonly by: 'mailbox'; readonly mailbox: string }
    | { readonly by: 'organisation' }
    | ({ readonly by: 'patient' } & RouteAddressProfile)
    | { readonly by: 'message' };
  readonly localId: 'key' | 'ods' | 'none' | 'message';
  readonly ods?: string;
  readonly subject: 'none' | 'fixed' | 'patient' | 'message';
  readonly subjectText?: string;
}

/** One payload, as far as its transport headers depend on it. */
export interface SendingFacts {
  /** Our own mailbox. */
  readonly from: string;
  readonly transportKey: string;
  readonly contentType: string;
  readonly envelope: Envelope;
}

/** Whom it goes to: known, or to be looked up by organisation. */
export type Addressee = { readonly mailbox: string } | { readonly organisation: string };

/** Transport headers by MESH name without `mex-`, lower case, as `Envelope.headers` has them; `to` apart. */
export interface Sending {
  readonly to: Addressee;
  readonly workflow: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface NotSendable {
  readonly fault: FaultCode;
  /** Which header, where one is to blame. */
  readonly header?: string;
}

/**
 * Workflows that the service routes by patient, as published. A site's `allowed` adds others: new ones are published without notice.
 */
export const ROUTED_BY_PATIENT: ReadonlySet<string> = new Set([
  'TOC_FHIR_IP_DISCH',
  'TOC_FHIR_MH_DISCH',
  'TOC_FHIR_EC_DISCH',
  'TOC_FHIR_OP_ATTEN',
  'TOC_OUTP_ATT_DMS',
  'GPFED_CONSULT_REPORT',
  'GPFED_CONSULT_REPORT_ACK',
  'GPCONNECT_UPDATE_RECORD',
  'GPCONNECT_UPDATE_RECORD_ACK',
  'GPCONNECT_SEND_DOCUMENT',
]);

const EXTENSIONS: Readonly<Record<string, string>> = {
  'x-application/hl7-v2+er7': 'hl7',
  'text/plain': 'txt',
  'text/csv': 'csv',
  'application/json': 'json',
  'application/fhir+json': 'json',
  'application/xml': 'xml',
  'application/fhir+xml': 'xml',
  'application/pdf': 'pdf',
};

/** A header may hold printable ASCII: what the service makes of anything else is written nowhere. */
const isPlain = (text: string): boolean => /^[ -~]*$/.test(text);
/** Accents go, other letters become `?`, line ends and tabs become blanks. */
const plain = (text: string): string =>
  text
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .replace(/[^ -~]/gu, '?')
    .trim();

/** The header name is never the name of a file as its source had it: such names hold patients' names. */
export const outgoingFileName = (transportKey: string, contentType: string): string =>
  `${transportKey.replace(/[^A-Za-z0-9_-]/g, '_')}.${EXTENSIONS[contentType.split(';')[0]?.trim() ?? ''] ?? 'dat'}`;

const addressee = (rules: SendingRules, workflow: string, { envelope, from }: SendingFacts): Addressee | NotSendable => {
  const { to } = rules;
  switch (to.by) {
    case 'mailbox':
      return { mailbox: to.mailbox };
    case 'organisation':
      return envelope.recipientOds === undefined ? { fault: 'no-mailbox' } : { organisation: envelope.recipientOds };
    case 'patient': {
      if (!ROUTED_BY_PATIENT.has(workflow) && !rules.allowed.includes(workflow)) return { fault: 'workflow-not-allowed' };
      const { patient } = envelope;
      const address =
        patient === undefined
          ? undefined
          : writeRouteAddress({ nhsNumber: patient.nhsNumber, birthDate: patient.birthDate, surname: patient.familyName }, to);
      // An address that cannot be written as it is known, or that would be cut off, would name somebody else.
      return address === undefined || !isPlain(address) || address.length > MEX_LIMITS['mex-to']
        ? { fault: 'no-addressee' }
        : { mailbox: address };
    }
    case 'message': {
      const said = (envelope.headers?.to ?? '').trim();
      const mailbox = isRouteAddress(said) ? said : said.toUpperCase();
      // What came for us would come back to us, again and again.
      if (mailbox === '' || mailbox === from || mailbox.length > MEX_LIMITS['mex-to'] || !isPlain(mailbox) || mailbox.includes('://'))
        return { fault: 'recipient-unknown', header: 'to' };
      if (isRouteAddress(mailbox) && !ROUTED_BY_PATIENT.has(workflow) && !rules.allowed.includes(workflow))
        return { fault: 'workflow-not-allowed' };
      return { mailbox };
    }
  }
};

const subject = (rules: SendingRules, { envelope }: SendingFacts): string | NotSendable => {
  switch (rules.subject) {
    case 'none':
      return '';
    case 'fixed':
      return rules.subjectText ?? '';
    case 'message':
      return plain(envelope.headers?.subject ?? '');
    case 'patient': {
      const { patient } = envelope;
      if (patient === undefined || patient.familyName === '' || patient.nhsNumber === '')
        return { fault: 'no-addressee', header: 'subject' };
      return plain([rules.subjectText, patient.familyName, patient.nhsNumber].filter(Boolean).join(' '));
    }
  }
};

const localId = (rules: SendingRules, { envelope, transportKey }: SendingFacts): string => {
  switch (rules.localId) {
    case 'key':
      return transportKey;
    case 'ods':
      return rules.ods ?? '';
    case 'none':
      return '';
    case 'message':
      return (envelope.headers?.localid ?? '').trim();
  }
};

/** Headers about the content itself, which is passed on unchanged. */
const ABOUT_CONTENT = ['content-checksum', 'content-encrypted', 'partnerid'] as const;

const limitOf = (name: string): number => {
  const limits: Readonly<Record<string, number>> = MEX_LIMITS;
  return limits[`mex-${name}`] ?? 300;
};

/**
 * What the transport is told of a payload, or why it cannot be sent. Nothing of a patient but where the rules demand it (`subject: patient`,
 * `to: patient`); nothing is shortened to fit.
 */
export const planSending = (rules: SendingRules, facts: SendingFacts): Sending | NotSendable => {
  const { envelope } = facts;
  const workflow = envelope.headers?.workflowid?.trim() || rules.workflow;
  if (workflow !== rules.workflow && !rules.allowed.includes(workflow)) return { fault: 'workflow-not-allowed' };
  const to = addressee(rules, workflow, facts);
  if ('fault' in to) return to;
  const about = subject(rules, facts);
  if (typeof about !== 'string') return about;
  const passed = Object.fromEntries(ABOUT_CONTENT.map((name) => [name, (envelope.headers?.[name] ?? '').trim()]));
  const headers: Record<string, string> = {
    ...passed,
    subject: about,
    localid: localId(rules, facts),
    filename: outgoingFileName(facts.transportKey, facts.contentType),
    'content-type': (envelope.headers?.['content-type'] ?? facts.contentType).trim(),
  };
  for (const [name, value] of Object.entries(headers)) {
    if (value === '') delete headers[name];
    else if (value.length > limitOf(name) || !isPlain(value) || hasControlCharacter(value)) return { fault: 'mesh-refused', header: name };
  }
  if (!isChecksum(headers['content-checksum'] ?? '')) return { fault: 'mesh-refused', header: 'content-checksum' };
  return { to, workflow, headers };
};
