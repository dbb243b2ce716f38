import { once } from 'node:events';
import { type Batch, Client, Message } from 'node-hl7-client';
import { readAnswer } from '../../../adapters/mllp/answer.ts';
import { MllpSource } from '../../../adapters/mllp/inbound.ts';
import { secondReading } from '../../../adapters/mllp/second-reading.ts';
import { buildAck } from '../../../formats/hl7v2/acknowledgement.ts';
import { readMessage } from '../../../formats/hl7v2/reader.ts';
import { message } from '../support/deliveries.ts';
import { Notebook } from '../support/notebook.ts';
import { ackText, portOf } from '../support/peers.ts';
import { receipt, ScriptedReceiver, sourceName } from '../support/scripted-receiver.ts';
import { Gate } from '../support/waiting.ts';

describe('the customer’s client against our source', () => {
  it('sends a message and reads our acknowledgement of it', async () => {
    const receiver = new ScriptedReceiver();
    receiver.onReceive = ({ bytes }) => receipt(buildAck({ to: readMessage(bytes), code: 'AA', controlId: 'R1', at: new Date(0) }));
    const source = new MllpSource(sourceName('prison-adt'), { host: '127.0.0.1', port: 0 }, receiver, new Notebook());
    await source.start();
    const client = new Client({ host: '127.0.0.1' });
    const answered = new Gate<Message | Batch>();
    const connection = client.createConnection({ port: portOf(source.address) }, async (response) => answered.open(response.getMessage()));
    await once(connection, 'connect');
    await connection.sendMessage(new Message({ text: message('TC1') }));
    const answer = await answered.opened;
    expect([answer.get('MSA.1').toString(), answer.get('MSA.2').toString()]).toEqual(['AA', 'TC1']);
    expect(receiver.texts).toEqual([message('TC1').trimEnd()]);
    await connection.close();
    await source.stop(AbortSignal.timeout(1_000));
  });
});

describe('the second reading of an acknowledgement', () => {
  it('agrees with our own on every acknowledgement that we write', () => {
    for (const code of ['AA', 'AE', 'AR', 'CA', 'CE', 'CR'] as const) {
      const bytes = buildAck({
        to: readMessage(Buffer.from(message('TC-1'))),
        code,
        controlId: 'R1',
        at: new Date(0),
        err: { code: 207, text: 'a|b^c&d~e\\f' },
      });
      expect(secondReading(bytes)).toEqual({ code, controlId: 'TC-1' });
      expect(readAnswer(bytes)).toEqual({ kind: 'ack', code, controlId: 'TC-1' });
    }
  });

  it('reads escaped control ids as our own reader does', () => {
    const bytes = Buffer.from(ackText('AA', 'A\\F\\B'));
    expect(secondReading(bytes)).toEqual({ code: 'AA', controlId: 'A|B' });
    expect(readAnswer(bytes)).toEqual({ kind: 'ack', code: 'AA', controlId: 'A|B' });
  });

  it.each([
    ['nothing', ''],
    ['no MSA', 'MSH|^~\\&|R\rPID|1\r'],
    ['no MSH', 'MSA|AA|1\r'],
    ['only its name', 'MSH'],
  ])('reads none in a text with %s', (_what, text) => {
    expect(secondReading(Buffer.from(text))).toBeNull();
    expect(readAnswer(Buffer.from(text))).toEqual({ kind: 'unreadable' });
  });
});
