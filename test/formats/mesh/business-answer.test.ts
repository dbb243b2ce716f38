import fc from 'fast-check';
import { readBusinessAnswer } from '../../../formats/mesh/business-answer.ts';

const fhir = (codes: readonly string[], about = 'urn-of-ours'): string =>
  JSON.stringify({
    resourceType: 'Bundle',
    type: 'message',
    entry: [
      { resource: { resourceType: 'MessageHeader', id: 'theirs', response: { identifier: about, code: 'fatal-error' } } },
      {
        resource: {
          resourceType: 'OperationOutcome',
          issue: codes.map((code) => ({
            severity: 'error',
            details: { coding: [{ system: 'https://fhir.example/ITK', code, display: `says ${code}` }] },
          })),
        },
      },
    ],
  });
const read = (text: string) => readBusinessAnswer(Buffer.from(text));

describe('ITK3 answers as FHIR JSON', () => {
  it.each([
    ['20013', 'infrastructure', true],
    ['10001', 'infrastructure', false],
    ['20014', 'infrastructure', false],
    ['30001', 'business', true],
    ['30002', 'business', false],
    ['30003', 'business', false],
  ] as const)('%s: %s, %s', (code, kind, good) => {
    expect(read(fhir([code]))).toEqual({ kind, good, code, words: `says ${code}`, about: ['urn-of-ours'] });
  });

  it('of several codes the worst counts, then one of the business', () => {
    expect(read(fhir(['20013', '30002']))).toMatchObject({ code: '30002', good: false });
    expect(read(fhir(['20013', '30001']))).toMatchObject({ code: '30001', kind: 'business', good: true });
  });

  it('a byte order mark before it does no harm', () => {
    expect(read(`\uFEFF${fhir(['30001'])}`)).toMatchObject({ good: true });
  });
});

describe('as XML', () => {
  it('FHIR', () => {
    const xml = `<?xml version="1.0"?><Bundle xmlns="http://hl7.org/fhir"><entry><resource><MessageHeader><response><identifier value="ours"/><code value="ok"/></response></MessageHeader></resource></entry>
      <entry><resource><OperationOutcome><issue><details><coding><system value="x"/><code value="30003"/><display value="No longer here"/></coding></details></issue></OperationOutcome></resource></entry></Bundle>`;
    expect(read(xml)).toEqual({ kind: 'business', good: false, code: '30003', words: 'No longer here', about: ['ours'] });
  });

  it('the older infrastructure answer', () => {
    const xml =
      '<itk:InfrastructureResponse xmlns:itk="urn:nhs-itk:ns:201005" timestamp="2026" serviceRef="s" trackingIdRef="T-1" result="Failure"/>';
    expect(read(xml)).toEqual({ kind: 'infrastructure', good: false, code: 'Failure', words: '', about: ['T-1'] });
    expect(read(xml.replace('Failure', 'OK'))).toMatchObject({ good: true });
  });

  it('the older business answer', () => {
    const xml = (type: string) =>
      `<BusinessResponseMessage xmlns="urn:hl7-org:v3"><acknowledgedBy3 typeCode="${type}"><conveyingTransmission><id root="DOC-1"/></conveyingTransmission></acknowledgedBy3></BusinessResponseMessage>`;
    expect(read(xml('AA'))).toEqual({ kind: 'business', good: true, code: 'AA', words: '', about: ['DOC-1'] });
    expect(read(xml('AE'))).toMatchObject({ good: false });
  });
});

describe('what is not understood', () => {
  it.each(['', '{}', '[]', 'null', 'MSH|^~\\&|', '{"code":"30001', '<html/>', fhir([]), fhir(['30004']), fhir(['40001'])])('%j', (text) => {
    expect(read(text)).toBeUndefined();
  });

  it('no bytes make it fail', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void readBusinessAnswer(Buffer.from(bytes))));
    fc.assert(fc.property(fc.json(), (text) => void read(text)));
  });
});
