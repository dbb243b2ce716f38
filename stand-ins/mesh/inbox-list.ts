import { meshAnswer } from './answer.ts';
import { type Finding, refuseFields } from './refusal.ts';
import type { Handler } from './service.ts';
import { workflowFilter } from './workflow-filter.ts';

const DEFAULT_RESULTS = 500;

const wrong = (name: string, type: string, msg: string): Finding => ({ type, loc: ['query', name], msg });

const readMost = (text: string | null): number => {
  if (text === null) return DEFAULT_RESULTS;
  if (!/^\d{1,9}$/.test(text)) throw refuseFields(wrong('max_results', 'int_parsing', 'Input should be a valid integer'));
  const most = Number(text);
  if (most < 10) throw refuseFields(wrong('max_results', 'greater_than_equal', 'Input should be greater than or equal to 10'));
  if (most > 5000) throw refuseFields(wrong('max_results', 'less_than_equal', 'Input should be less than or equal to 5000'));
  return most;
};

/** A page goes on behind the arrival number of the last one looked at, so that acknowledging in between loses nothing. */
const writeMark = (mailbox: string, arrival: number): string =>
  Buffer.from(`inbox ${mailbox} after ${String(arrival).padStart(12, '0')}`).toString('base64url');
const readMark = (text: string, mailbox: string): number => {
  if (text.length < 24) throw refuseFields(wrong('continue_from', 'string_too_short', 'String should have at least 24 characters'));
  if (text.length > 1000) throw refuseFields(wrong('continue_from', 'string_too_long', 'String should have at most 1000 characters'));
  const mark = /^inbox (\S+) after (\d{12})$/.exec(Buffer.from(text, 'base64url').toString());
  if (mark?.[1] !== mailbox) throw refuseFields(wrong('continue_from', 'value_error', 'Not a page of this inbox'));
  return Number(mark[2]);
};

/**
 * Lists a page of ids. A filter is applied to the page's messages, as the service does: a page may come out empty while others follow.
 * Version 1 has no pages to go on to: acknowledge and ask again.
 */
export const listInbox: Handler = ({ office }, { route, mailbox, version }) => {
  const { query } = route;
  const most = readMost(query.get('max_results'));
  const from = query.get('continue_from');
  const after = from === null ? 0 : readMark(from, mailbox.id);
  const filter = query.get('workflow_filter');
  const wanted = workflowFilter(filter ?? '');
  const inbox = office.inbox(mailbox.id);

  const messages: string[] = [];
  let looked = 0;
  let last = 0;
  let more = false;
  for (const message of inbox.values()) {
    const arrival = office.arrival(message);
    if (arrival <= after) continue;
    if (looked === most) {
      more = true;
      break;
    }
    looked += 1;
    last = arrival;
    if (wanted(message.workflow)) messages.push(message.id);
  }
  if (version === 1) return meshAnswer(200, 1, { messages });

  const base = `/messageexchange/${encodeURIComponent(mailbox.id)}/inbox`;
  const link = (mark?: string): string => {
    const asked = new URLSearchParams();
    if (most !== DEFAULT_RESULTS) asked.set('max_results', String(most));
    if (filter !== null) asked.set('workflow_filter', filter);
    if (mark !== undefined) asked.set('continue_from', mark);
    const text = asked.toString();
    return text === '' ? base : `${base}?${text}`;
  };
  const links = { self: link(from ?? undefined), ...(more ? { next: link(writeMark(mailbox.id, last)) } : {}) };
  return meshAnswer(200, 2, { messages, links, approx_inbox_count: inbox.size });
};

export const countInbox: Handler = ({ office }, { mailbox, version, internalId }) => {
  const count = office.inbox(mailbox.id).size;
  return version === 1 ? meshAnswer(200, 1, { count, internalID: internalId, allResultsIncluded: true }) : meshAnswer(200, 2, { count });
};
