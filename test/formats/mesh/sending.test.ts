import fc from 'fast-check';
import { planSending, type SendingFacts, type SendingRules } from '../../../formats/mesh/sending.ts';
import { brandAs, type OdsCode } from '../../../records/ids.ts';
import type { Envelope } from '../../../records/ports.ts';

const RULES: SendingRules = { workflow: 'W', allowed: [], to: { by: 'mailbox', mailbox: 'X26OT002' }, localId: 'key', subject: 'none' };
const PATIENT = { nhsNumber: '9990000018', birthDate: '1955-01-09', familyName: "O'Tester-Smythe" };
const byPatient = { by: 'patient', birthDate: 'YYYYMMDD', surname: 'letters' } as const;

const plan = (rules: Partial<SendingRules> = {}, envelope: Envelope = {}, over: Partial<SendingFacts> = {}) =>
  planSending(
    { ...RULES, ...rules },
    { from: 'X26OT001', transportKey: 'TC0001', contentType: 'application/fhir+json', envelope, ...over },
  );

describe('transport headers of a message', () => {
  it('names the addressee, the workflow and our own key, and nothing else of ours', () => {
    expect(plan()).toEqual({
      to: { mailbox: 'X26OT002' },
      workflow: 'W',
      headers: { localid: 'TC0001', filename: 'TC0001.json', 'content-type': 'application/fhir+json' },
    });
  });

  it('MESH rule 4.12 never names the source’s file in mex-filename', () => {
    const sent = plan({ localId: 'message', subject: 'message' }, { headers: { filename: 'TESTER_MORGAN_9990000018.pdf', to: 'X' } });
    expect(JSON.stringify(sent)).not.toContain('TESTER');
    expect(sent).toMatchObject({ headers: { filename: 'TC0001.json' } });
    expect(plan({}, {}, { transportKey: '../a b', contentType: 'unheard/of' })).toMatchObject({ headers: { filename: '___a_b.dat' } });
  });

  it.each([
    [{ localId: 'ods', ods: 'A81001' } as const, 'A81001'],
    [{ localId: 'none' } as const, undefined],
    [{ localId: 'message' } as const, 'theirs'],
    [{ localId: 'key' } as const, 'TC0001'],
  ])('has the local id that %j asks for', (rules, expected) => {
    const sent = plan(rules, { headers: { localid: 'theirs' } });
    expect('headers' in sent && sent.headers.localid).toBe(expected);
  });

  it('says nothing of the patient in the subject unless the workflow demands it', () => {
    for (const subject of ['none', 'fixed'] as const) {
      const sent = plan({ subject, subjectText: 'Release summary' }, { patient: PATIENT });
      expect(JSON.stringify(sent)).not.toMatch(/9990000018|Tester/i);
      expect('headers' in sent && sent.headers.subject).toBe(subject === 'none' ? undefined : 'Release summary');
    }
    expect(plan({ subject: 'patient', subjectText: 'Release summary' }, { patient: { ...PATIENT, familyName: 'Müller' } })).toMatchObject({
      headers: { subject: 'Release summary Muller 9990000018' },
    });
  });

  it('holds a message whose workflow demands a subject that is not known', () => {
    expect(plan({ subject: 'patient' })).toEqual({ fault: 'no-addressee', header: 'subject' });
  });

  it('keeps a subject that is passed on to one line', () => {
    expect(plan({ subject: 'message' }, { headers: { subject: 'one\r\nmex-to: other\ttwo' } })).toMatchObject({
      headers: { subject: 'one mex-to: other two' },
    });
  });

  it('holds what the service would refuse instead of cutting it short', () => {
    expect(plan({ localId: 'message' }, { headers: { localid: 'x'.repeat(301) } })).toEqual({ fault: 'mesh-refused', header: 'localid' });
    expect(plan({ localId: 'message' }, { headers: { localid: 'a\r\nb' } })).toEqual({ fault: 'mesh-refused', header: 'localid' });
    expect(plan({ subject: 'message' }, { headers: { subject: 'x'.repeat(501) } })).toEqual({ fault: 'mesh-refused', header: 'subject' });
    expect(plan({}, { headers: { 'content-checksum': 'md5=1' } })).toEqual({ fault: 'mesh-refused', header: 'content-checksum' });
  });

  it('passes on what is said of content that is passed on', () => {
    expect(
      plan(
        {},
        { headers: { 'content-type': 'application/pdf', partnerid: 'P1', 'content-encrypted': 'Y', 'content-checksum': 'b10a8db1' } },
      ),
    ).toMatchObject({
      headers: { 'content-type': 'application/pdf', partnerid: 'P1', 'content-encrypted': 'Y', 'content-checksum': 'b10a8db1' },
    });
  });

  it('never writes a header with a control character or beyond its limit', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 700 }), fc.string({ unit: 'binary' }), (one, other) => {
        const envelope: Envelope = {
          headers: { subject: one, localid: other, 'content-type': other, partnerid: one },
          patient: { ...PATIENT, familyName: one },
        };
        const sent = plan({ localId: 'message', subject: 'message' }, envelope, { transportKey: other || 'k' });
        if (!('headers' in sent)) return;
        for (const value of Object.values(sent.headers)) expect(value).toMatch(/^[ -~]{1,500}$/);
      }),
    );
  });
});

describe('which workflows may be sent', () => {
  it('sends its own and the allowed ones that are passed on, no others', () => {
    expect(plan({}, { headers: { workflowid: 'V' } })).toEqual({ fault: 'workflow-not-allowed' });
    expect(plan({ allowed: ['V'] }, { headers: { workflowid: 'V' } })).toMatchObject({ workflow: 'V' });
    expect(plan({ allowed: ['V'] }, { headers: { workflowid: 'W' } })).toMatchObject({ workflow: 'W' });
    expect(plan({ allowed: ['V'] })).toMatchObject({ workflow: 'W' });
  });
});

describe('whom a message goes to', () => {
  it('asks for the mailbox of the organisation the route chose', () => {
    expect(plan({ to: { by: 'organisation' } }, { recipientOds: brandAs<OdsCode>('A81001') })).toMatchObject({
      to: { organisation: 'A81001' },
    });
    expect(plan({ to: { by: 'organisation' } })).toEqual({ fault: 'no-mailbox' });
  });

  it.each([
    [byPatient, 'GPPROVIDER_9990000018_19550109_OTESTERSMYTHE'],
    [{ ...byPatient, birthDate: 'DDMMYYYY' } as const, 'GPPROVIDER_9990000018_09011955_OTESTERSMYTHE'],
    [{ ...byPatient, surname: 'as-written' } as const, "GPPROVIDER_9990000018_19550109_O'Tester-Smythe"],
  ])('addresses the patient’s practice by %j', (to, address) => {
    expect(plan({ to, workflow: 'GPCONNECT_SEND_DOCUMENT' }, { patient: PATIENT })).toMatchObject({ to: { mailbox: address } });
  });

  it('holds a message to a patient whose details are not all known, or cannot be written', () => {
    const to = (patient?: Envelope['patient'], rule = byPatient as SendingRules['to']) =>
      plan({ to: rule, workflow: 'GPCONNECT_SEND_DOCUMENT' }, patient === undefined ? {} : { patient });
    const hold = { fault: 'no-addressee' };
    expect(to()).toEqual(hold);
    expect(to({ ...PATIENT, birthDate: '1955-01' })).toEqual(hold);
    expect(to({ ...PATIENT, nhsNumber: '' })).toEqual(hold);
    expect(to({ ...PATIENT, familyName: '-' })).toEqual(hold);
    expect(to({ ...PATIENT, familyName: 'Müller' }, { ...byPatient, surname: 'as-written' })).toEqual(hold);
    expect(to({ ...PATIENT, familyName: 'x'.repeat(90) })).toEqual(hold);
  });

  it('routes by patient only what the service routes so, or the site has listed', () => {
    expect(plan({ to: byPatient }, { patient: PATIENT })).toEqual({ fault: 'workflow-not-allowed' });
    expect(plan({ to: byPatient, allowed: ['W'] }, { patient: PATIENT })).toMatchObject({ workflow: 'W' });
  });

  it('sends on to whom the message says, but never back to ourselves', () => {
    const on = (to: string, workflow = 'W') => plan({ to: { by: 'message' }, workflow }, { headers: { to } });
    expect(on(' x26ot009 ')).toMatchObject({ to: { mailbox: 'X26OT009' } });
    expect(on('GPPROVIDER_9990000018_19550109_Tester', 'GPCONNECT_SEND_DOCUMENT')).toMatchObject({
      to: { mailbox: 'GPPROVIDER_9990000018_19550109_Tester' },
    });
    expect(on('GPPROVIDER_9990000018_19550109_Tester')).toEqual({ fault: 'workflow-not-allowed' });
    for (const bad of ['', 'x26ot001', 'A\r\nB', 'http://elsewhere', 'x'.repeat(101), 'Möbius'])
      expect(on(bad)).toEqual({ fault: 'recipient-unknown', header: 'to' });
  });
});
