import { Type } from '@sinclair/typebox';
import { dateTime, integer, list, text, word } from './types.ts';

/** What every record carries beside the fields of its kind; readable in outbound mappings and routes (`document.id`, `report.asOf`). */
export const ENVELOPE = Type.Object({
  id: text('Record id, the same in every message that speaks of the record.'),
  kind: text('Kind.'),
  system: text('Owner of the keys.'),
  parentId: text('Record id of the parent.'),
  position: integer('Place among its siblings, from 1.'),
  state: word(['current', 'ended', 'cancelled', 'error'], 'Where the record stands.'),
  action: word(['put', 'replace', 'cancel', 'error'], 'What the message did to it.'),
  asOf: dateTime('When the sender says this was true.'),
  receivedAt: dateTime('When it came in.'),
  source: text('Source it came by.'),
  assertedBy: text('Who stated it.'),
  sensitivity: text('N, R or V.', { values: ['N', 'R', 'V'] }),
  issues: list(text('An issue code.'), 'What the mapping met.'),
});
