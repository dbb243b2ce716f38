import { meshAnswer } from './answer.ts';
import type { Mailbox } from './mailboxes.ts';
import type { OpenHandler } from './service.ts';

const named = ({ id, name }: Mailbox) => ({ mailbox_id: id, mailbox_name: name });

/** Mailboxes of an organisation for a workflow: none, one or several, and always 200. Needs a client certificate, no token. */
export const endpointLookup: OpenHandler = ({ mailboxes }, { route, version, internalId }) => {
  const found = mailboxes.at(route.odsCode, route.workflow);
  if (version === 2) return meshAnswer(200, 2, { results: found.map(named) });
  const results = found.map(({ id, name }) => ({ address: id, description: name, endpoint_type: 'MESH' }));
  return meshAnswer(200, 1, { query_id: internalId, results });
};

export const workflowSearch: OpenHandler = ({ mailboxes }, { route, version }) =>
  meshAnswer(200, version, { results: mailboxes.forWorkflow(route.workflow).map(named) });
