import type { MeshSourceSettings } from '../../config/types-mesh.ts';
import { MEX } from '../../formats/mesh/headers.ts';
import type { IncomingStream } from '../../records/ports.ts';
import type { MeshHeaders } from './exchange.ts';

export type WorkflowRules = Pick<MeshSourceSettings, 'workflows' | 'others'>;

/** What is done with a message, by its headers alone. */
export type Disposition =
  /** The service says how a message of ours ended, under the workflow of that message. */
  | { readonly kind: 'report' }
  | { readonly kind: 'take'; readonly workflow: string; readonly as: IncomingStream['disposition'] }
  | { readonly kind: 'business'; readonly workflow: string; readonly of: string }
  | { readonly kind: 'leave'; readonly workflow: string };

/** Workflow ids are compared as they are, letter by letter. */
export const dispositionOf = (headers: MeshHeaders, { workflows, others }: WorkflowRules): Disposition => {
  if (headers[MEX.messageType]?.toUpperCase() === 'REPORT') return { kind: 'report' };
  const workflow = headers[MEX.workflowId] ?? '';
  const rule = workflows.get(workflow) ?? { do: others };
  if (rule.do === 'leave') return { kind: 'leave', workflow };
  if (rule.do === 'acknowledge') return { kind: 'business', workflow, of: rule.of };
  return { kind: 'take', workflow, as: rule.do };
};

/** Headers that say how this copy came over, not what the message is. */
const OF_THE_WAY: ReadonlySet<string> = new Set([MEX.chunkRange, MEX.totalChunks, MEX.contentCompressed]);

/** What a message carries beside its content, by MESH header name without `mex-`. */
export const travellingHeaders = (headers: MeshHeaders): Readonly<Record<string, string>> => ({
  ...(headers['content-type'] === undefined ? {} : { 'content-type': headers['content-type'] }),
  ...Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => (name.startsWith('mex-') && !OF_THE_WAY.has(name) ? [[name.slice(4), value]] : [])),
  ),
});
