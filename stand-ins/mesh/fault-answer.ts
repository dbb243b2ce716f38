import { type Answer, emptyAnswer, errorValue, jsonAnswer } from './answer.ts';
import type { Fault, FaultBody } from './faults.ts';

type StatusFault = Extract<Fault, { effect: 'status' }>;

const textAnswer = (status: number, type: string, text: string, headers: Readonly<Record<string, string>> = {}): Answer => {
  const body = Buffer.from(text);
  return { status, headers: { ...headers, 'content-type': type, 'content-length': String(body.length) }, body };
};

const SOAP = (text: string): string =>
  `<?xml version="1.0" encoding="UTF-8"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body><soap:Fault>` +
  `<faultcode>soap:Server</faultcode><faultstring>${text}</faultstring></soap:Fault></soap:Body></soap:Envelope>`;

/** The answer a fault gives in place of the handler's; undefined where it leaves the answer alone. */
export const answerOfFault = (fault: Fault, internalId: string): Answer | undefined => {
  switch (fault.effect) {
    case 'rate-limit':
      return jsonAnswer(
        429,
        'application/json',
        { internal_id: internalId, message: 'Too many requests' },
        fault.retryAfter === undefined ? {} : { 'retry-after': String(fault.retryAfter) },
      );
    case 'redirect':
      return emptyAnswer(fault.status ?? 302, { location: fault.to });
    case 'status':
      return statusAnswer(fault, fault.body ?? (fault.status >= 500 ? 'bare' : 'v2'), internalId);
    case 'reset':
    case 'silence':
    case 'black-hole':
    case 'slow-first-byte':
    case 'trickle':
    case 'cut':
      return undefined;
  }
};

const statusAnswer = (fault: StatusFault, body: FaultBody, internalId: string): Answer => {
  const { status, headers = {}, event = '', code = '', text = 'injected fault' } = fault;
  if (typeof body === 'object') return textAnswer(status, body.type, body.text, headers);
  switch (body) {
    case 'none':
      return emptyAnswer(status, headers);
    case 'xml':
      return textAnswer(status, 'text/xml', SOAP(text), headers);
    case 'html':
      return textAnswer(status, 'text/html', `<html><body><h1>${status}</h1>${text}</body></html>`, headers);
    case 'bare':
      return jsonAnswer(status, 'application/json', errorValue({ shape: 'bare' }, 2, internalId), headers);
    case 'validation': {
      const findings = [{ type: 'value_error', loc: ['header', code], msg: text }];
      return jsonAnswer(status, 'application/json', errorValue({ shape: 'validation', findings }, 2, internalId), headers);
    }
    case 'v1':
    case 'v2':
      return jsonAnswer(
        status,
        'application/json',
        errorValue({ shape: 'coded', event, code, text }, body === 'v1' ? 1 : 2, internalId),
        headers,
      );
  }
};
