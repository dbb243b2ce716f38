import { readLookup } from '../../../formats/mesh/lookup-answer.ts';
import { readTracking } from '../../../formats/mesh/tracking.ts';

describe('tracking answers', () => {
  it('reads version 2', () => {
    expect(
      readTracking({ message_id: 'ID', status: 'acknowledged', status_success: true, status_timestamp: '2026-03-02T14:05:00Z' }),
    ).toEqual({
      id: 'ID',
      state: 'acknowledged',
      status: 'acknowledged',
      chunks: null,
      gzip: null,
      at: Date.parse('2026-03-02T14:05:00Z'),
      event: '',
      code: '',
      words: '',
    });
  });

  it('reads version 1, with what it says of the chunks', () => {
    expect(
      readTracking({ messageId: 'ID', dtsId: 'ID', status: 'Uploading', statusSuccess: 'SUCCESS', chunkCount: 5, contentEncoding: 'gzip' }),
    ).toMatchObject({ id: 'ID', state: 'uploading', chunks: 5, gzip: true });
    expect(
      readTracking({ messageId: 'ID', status: 'Acknowledged', downloadTimestamp: '20260302140500', contentEncoding: '' }),
    ).toMatchObject({
      state: 'acknowledged',
      gzip: false,
      at: Date.parse('2026-03-02T14:05:00Z'),
    });
  });

  it('calls a message failed that ended in an error, whatever else is said of it', () => {
    expect(
      readTracking({
        messageId: 'ID',
        status: 'Accepted',
        statusSuccess: 'ERROR',
        failureDate: '20260302140500',
        failureDiagnostic: 'late',
      }),
    ).toMatchObject({ state: 'failed', words: 'late', at: Date.parse('2026-03-02T14:05:00Z') });
    expect(readTracking({ message_id: 'ID', status: 'undeliverable', status_code: 'EPL-153', status_event: 'SEND' })).toMatchObject({
      state: 'failed',
      code: 'EPL-153',
      event: 'SEND',
    });
  });

  it('says so where it does not know the word', () => {
    expect(readTracking({ message_id: 'ID', status: 'sleeping' })).toMatchObject({ state: 'other', status: 'sleeping' });
  });

  it.each([[null], ['text'], [[]], [{}], [{ message_id: 7 }], [{ message_id: '' }]])('is no tracking answer: %j', (value) => {
    expect(readTracking(value)).toBeNull();
  });
});

describe('endpoint look-up answers', () => {
  it('reads version 2', () => {
    expect(readLookup({ results: [{ mailbox_id: 'X26OT001', mailbox_name: 'GP' }] })).toEqual(['X26OT001']);
  });

  it('reads version 1, and leaves endpoints of other kinds', () => {
    const of = (address: string, endpoint_type: string) => ({ address, description: '', endpoint_type });
    expect(readLookup({ query_id: 'q', results: [of('x26ot001', 'MESH'), of('mail@nhs.net', 'EMAIL'), of('X26OT001', 'MESH')] })).toEqual([
      'X26OT001',
    ]);
  });

  it('knows none from no answer', () => {
    expect(readLookup({ results: [] })).toEqual([]);
    expect(readLookup({})).toBeNull();
    expect(readLookup({ results: [{}] })).toBeNull();
    expect(readLookup({ results: [{ mailbox_id: 'X\r\nmex-subject: y' }] })).toBeNull();
  });
});
