import { brandAs, type MappingVersion } from '../../records/ids.ts';
import type { ByWorkflow, Filing, PartWrite } from '../../records/process.ts';
import type { Payload } from '../../records/record.ts';
import { PRIORITY } from '../../records/states.ts';
import type { DestinationPlan } from '../plan/plan.ts';
import { headersIn } from '../receive/mailbox-meta.ts';
import type { DecideParts } from './decide-parts.ts';
import { freshPerson } from './person-state.ts';
import type { MessageWork } from './work.ts';
import { Draft, type WorkingSet } from './working-set.ts';

/** Route, role and rule of what is passed on as it is. No role that routes name: nothing about a patient changes where it goes. */
const FORWARD = 'forward';
/** No mapping wrote it. */
const UNMAPPED = brandAs<MappingVersion>('');

/**
 * One delivery of the message itself. Whom it is about nobody has looked for: it has a person, and so a lane, of its own (ruling A15).
 * A message released after it was filed once is not filed again: its key names message and destination.
 */
export const forwardMessage = async (
  { plan, names, ids, tx }: DecideParts,
  set: WorkingSet,
  { todo }: MessageWork,
  to: DestinationPlan,
): Promise<{ readonly write: PartWrite; readonly filings: readonly Filing[] }> => {
  const transportKey = names.transportKey([String(todo.id), '1', FORWARD, to.name]);
  const filed = todo.again && (await tx.filed([transportKey])).has(transportKey);
  const write = {
    part: 1,
    outcome: 'processed',
    reason: null,
    holds: [],
    issues: [],
    decision: { forward: { workflow: todo.type, to: to.name } },
  } as const;
  if (filed) return { write: { ...write, personId: null, rule: FORWARD, deliveries: 0 }, filings: [] };
  const person = freshPerson(ids.person());
  const draft = new Draft(set);
  draft.put(person);
  draft.commit();
  const filing: Filing = {
    destinationId: to.id,
    personId: person.id,
    messageId: todo.id,
    part: 1,
    itemId: null,
    recordId: null,
    route: FORWARD,
    role: FORWARD,
    transportKey,
    priority: PRIORITY.routine,
    decidedVersion: person.routingVersion,
    mappingVersion: UNMAPPED,
    directoryVersion: plan.directory.version,
    payload: payloadOf(todo),
    size: todo.size,
  };
  return { write: { ...write, personId: person.id, rule: FORWARD, deliveries: 1 }, filings: [filing] };
};

const payloadOf = ({ type, size, bytes, byWorkflow }: MessageWork['todo']): Payload => {
  const { content, meta }: ByWorkflow = byWorkflow ?? { content: null, meta: {} };
  return {
    contentType: 'application/octet-stream',
    charset: '',
    parts: [content === null ? { kind: 'bytes', bytes } : { kind: 'content', name: content, encoding: 'raw', size }],
    envelope: { headers: { ...(type === null ? {} : { workflowid: type }), ...headersIn(meta) } },
  };
};
