import { readAnswer, resultOf } from '../../../adapters/mllp/answer.ts';
import * as acknowledgement from '../../../formats/hl7v2/acknowledgement.ts';
import { ackText } from '../support/peers.ts';

jest.mock('../../../formats/hl7v2/acknowledgement.ts', () => {
  const real = jest.requireActual<typeof acknowledgement>('../../../formats/hl7v2/acknowledgement.ts');
  return { ...real, readAck: jest.fn(real.readAck) };
});
const readAck = jest.mocked(acknowledgement.readAck);

describe('reading an answer', () => {
  it('believes what both readers say', () => {
    expect(readAnswer(Buffer.from(ackText('AA', 'TC1')))).toEqual({ kind: 'ack', code: 'AA', controlId: 'TC1' });
  });

  it.each(['MSH', 'XMSH', 'MSA', 'AFHS', 'ABHS', 'Y6CSD2ILAIREC2HY5MSH'])('believes one whose ids end in %s', (id) => {
    const text = `MSH|^~\\&|FAR${id}|${id}|${id}||20260302140500||ACK|${id}|T|2.4\rMSA|AA|${id}|${id}|\r`;
    expect(readAnswer(Buffer.from(text))).toEqual({ kind: 'ack', code: 'AA', controlId: id });
  });

  it.each([
    ['the code', ackText('AE', 'TC1')],
    ['the message', ackText('AA', 'TC2')],
    ['whether it is an acknowledgement at all', 'MSH|^~\\&|R\rPID|1\r'],
  ])('believes neither where our own reader, gone wrong, differs from node-hl7-client in %s', (_what, text) => {
    readAck.mockReturnValueOnce({ code: 'AA', controlId: 'TC1', ownId: '1', errors: [] });
    expect(readAnswer(Buffer.from(text))).toEqual({ kind: 'unreadable' });
  });

  it('keeps the reply with every result', () => {
    const reply = Buffer.from(ackText('AA', 'TC1'));
    for (const code of ['AA', 'AE', 'AR', 'CA', 'CE', 'CR'] as const) expect(resultOf(code, reply, 'hold').reply).toBe(reply);
  });
});
