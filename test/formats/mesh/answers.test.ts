import fc from 'fast-check';
import { readFoundMailboxes, readInboxPage, readMessageId, readTracking } from '../../../formats/mesh/answers.ts';
import { errorInJson, readErrorBody } from '../../../formats/mesh/error-body.ts';

it('a page of the inbox, in either version', () => {
  expect(readInboxPage({ messages: ['A', 'B'] })).toEqual({ ids: ['A', 'B'], next: null });
  expect(readInboxPage({ messages: [], links: { self: '/x', next: '/x?continue_from=1' }, approx_inbox_count: 3 })).toEqual({
    ids: [],
    next: '/x?continue_from=1',
  });
  for (const no of [null, [], {}, { messages: 'A' }, 'A']) expect(readInboxPage(no)).toBeUndefined();
});

it('the id of what was taken over, by any of its names', () => {
  expect([{ messageID: 'A' }, { message_id: 'A' }, { messageId: 'A' }].map(readMessageId)).toEqual(['A', 'A', 'A']);
  for (const no of [null, {}, { message_id: '' }, { message_id: null }]) expect(readMessageId(no)).toBeUndefined();
});

it('mailboxes that were found, in either version', () => {
  expect(readFoundMailboxes({ query_id: 'q', results: [{ address: 'x26a', description: 'A', endpoint_type: 'MESH' }] })).toEqual([
    { mailbox: 'X26A', name: 'A' },
  ]);
  expect(readFoundMailboxes({ results: [{ mailbox_id: 'X26A', mailbox_name: 'A' }, {}] })).toEqual([{ mailbox: 'X26A', name: 'A' }]);
  expect(readFoundMailboxes({ results: [] })).toEqual([]);
  expect(readFoundMailboxes({})).toBeUndefined();
});

it('tracking, in either version', () => {
  const at = Date.UTC(2026, 2, 2, 14, 5, 0);
  expect(
    readTracking({ messageId: 'A', status: 'Acknowledged', downloadTimestamp: '20260302140500', statusTimestamp: '', recipient: 'x26b' }),
  ).toEqual({
    id: 'A',
    status: 'acknowledged',
    event: '',
    code: '',
    words: '',
    at,
    recipient: 'X26B',
    recipientOds: '',
    chunks: null,
    gzip: null,
  });
  expect(
    readTracking({ message_id: 'A', status: 'error', status_code: '14', status_event: 'SEND', status_timestamp: '2026-03-02T14:05:00Z' }),
  ).toMatchObject({ status: 'error', code: '14', event: 'SEND', at });
  expect(readTracking({ message_id: 'A', status: 'accepted', status_timestamp: 'soon' })).toMatchObject({ at: null });
  expect(readTracking({ message_id: 'A' })).toBeUndefined();
});

describe('errors', () => {
  it('are none where an answer says nothing of the kind', () => {
    for (const fine of [
      undefined,
      null,
      'x',
      [],
      {},
      { message_id: 'A' },
      { messages: [] },
      { message: 'hello' },
      { ping: 'pong', internal_id: '1' },
    ])
      expect(errorInJson(fine)).toBeUndefined();
  });

  it('with several findings: the one with a code, and all words', () => {
    expect(errorInJson({ detail: [{ msg: 'a' }, { event: 'SEND', code: '12', msg: 'b' }] })).toEqual({
      event: 'SEND',
      code: '12',
      words: 'a; b',
    });
    expect(errorInJson({ detail: 'Not Found' })).toEqual({ event: '', code: '', words: 'Not Found' });
  });

  it('in markup: its words, without what a browser would run', () => {
    expect(readErrorBody('<html><style>p{}</style><script>x()</script><h1>502</h1><p>Bad\n gateway</p></html>').words).toBe(
      '502 Bad gateway',
    );
  });

  it('no text makes reading fail, and no words are long', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        expect(readErrorBody(text).words.length).toBeLessThanOrEqual(1_000);
      }),
    );
  });
});
