import { type FieldValue, type SegmentDraft, writeMessage } from '../../../formats/hl7v2/writer.ts';
import type { Predicate } from '../../../language/condition-compile.ts';
import { didYouMean } from '../../../language/did-you-mean.ts';
import type { MapNode, YamlNode } from '../../../language/yaml.ts';
import type { Payload } from '../../../records/record.ts';
import type { Compilation } from '../compilation.ts';
import { timestampDateTime } from '../dates.ts';
import { isSegment, SEGMENT_NAMES } from '../dictionary.ts';
import { isMapNode } from '../expression/object.ts';
import type { Loop } from '../expression/scope.ts';
import { setLines } from '../expression/set-lines.ts';
import { compileWhen } from '../expression/when.ts';
import { checkKeys, listOf, textOf } from '../words.ts';
import { compileSegment } from './hl7-segment.ts';
import type { OutboundRun } from './outbound-run.ts';
import type { RecordScope } from './record-scope.ts';

/** Writes segments in order into a list. */
type Emit = (run: OutboundRun, into: SegmentDraft[]) => void;
export type Render = (run: OutboundRun) => Payload;

/** `output:` of an HL7 mapping. */
export interface Hl7Frame {
  /** MSH-9, components set apart by `^`. */
  readonly message: (run: OutboundRun) => string | undefined;
  readonly version: string;
  readonly charset: string;
}

/** Compiles `segments:` (mapping language §10): each is a segment, or a loop over segments, so that OBX and its NTE alternate. */
export const compileHl7 = (root: MapNode, frame: Hl7Frame, scope: RecordScope, file: Compilation): Render => {
  const emit = compileItems(listOf(root, 'segments', file), scope, file);
  if (root.get('segments') === undefined) file.reportAt(root.place, 'form', 'output kind hl7 needs segments:');
  const rule = `${file.file}:${root.place.line}`;
  return (run) => {
    const drafts: SegmentDraft[] = [];
    emit(run, drafts);
    const own = drafts.find((draft) => draft.name === 'MSH');
    const segments = [header(frame, own?.fields ?? [], run), ...drafts.filter((draft) => draft !== own)];
    const written = writeMessage({ charset: frame.charset, segments });
    for (const field of written.unencodable) run.note('unencodable', { rule, target: field }, undefined);
    return { contentType: 'x-application/hl7-v2+er7', charset: written.encoding, parts: written.parts };
  };
};

/** MSH: MSH-3…6 as the mapping has them, else the destination's (ruling C.38); the writer's own fields from output and delivery. */
const header = (frame: Hl7Frame, own: readonly FieldValue[], run: OutboundRun): SegmentDraft => {
  const { delivery } = run.context;
  const { sendingApplication, sendingFacility, receivingApplication, receivingFacility } = delivery.msh;
  const fields: FieldValue[] = [...own];
  while (fields.length < 12) fields.push(undefined);
  const fallbacks = [sendingApplication, sendingFacility, receivingApplication, receivingFacility];
  for (const [index, fallback] of fallbacks.entries()) fields[index + 2] ??= fallback?.split('^');
  fields[6] = timestampDateTime(delivery.createdAt, run.zone);
  fields[8] = frame.message(run)?.split('^');
  fields[9] = delivery.controlId;
  fields[10] = delivery.processingId;
  fields[11] = frame.version;
  return { name: 'MSH', fields };
};

const compileItems = (items: readonly YamlNode[], scope: RecordScope, file: Compilation): Emit => {
  const emits = items.map((item) => compileItem(item, scope, file)).filter((emit) => emit !== undefined);
  return (run, into) => {
    for (const emit of emits) emit(run, into);
  };
};

const guarded = (when: Predicate<OutboundRun> | undefined, emit: Emit): Emit =>
  when === undefined
    ? emit
    : (run, into) => {
        if (when(run)) emit(run, into);
      };

const compileItem = (item: YamlNode, scope: RecordScope, file: Compilation): Emit | undefined => {
  if (!isMapNode(item)) return file.reportAt(item.place, 'form', 'an item of segments: begins with segment: or each:');
  const condition = item.get('when');
  if (item.get('each') !== undefined) return compileEach(item, scope, file);
  checkKeys(item, ['segment', 'set', 'use', 'when', 'note'], file);
  const when = condition === undefined ? undefined : compileWhen<OutboundRun>(condition, scope, file, 'segment');
  const segment = textOf(item, 'segment', file);
  if (segment === undefined) return file.reportAt(item.place, 'form', 'an item of segments: begins with segment: or each:');
  if (!isSegment(segment.text))
    return file.reportAt(segment.place, 'unknown-segment', `there is no segment ${segment.text}`, didYouMean(segment.text, SEGMENT_NAMES));
  const build = compileSegment(segment.text, setLines(item, file) ?? [], scope, file);
  return guarded(when, (run, into) => {
    const draft = build(run);
    if (draft !== undefined) into.push(draft);
  });
};

const compileEach = (item: MapNode, scope: RecordScope, file: Compilation): Emit | undefined => {
  checkKeys(item, ['each', 'as', 'when', 'segments', 'note'], file);
  const looped = loopOf(item, scope, file);
  if (looped === undefined) return undefined;
  const condition = item.get('when');
  const when = condition === undefined ? undefined : compileWhen<OutboundRun>(condition, looped.inside, file, 'segment');
  const emit = guarded(when, compileItems(listOf(item, 'segments', file), looped.inside, file));
  return (run, into) => {
    looped.loop.run(run, () => emit(run, into));
  };
};

/** `each:` with `as:`. */
export const loopOf = (
  item: MapNode,
  scope: RecordScope,
  file: Compilation,
): { readonly loop: Loop<OutboundRun>; readonly inside: RecordScope } | undefined => {
  const each = textOf(item, 'each', file);
  const as = textOf(item, 'as', file);
  if (each === undefined) return undefined;
  if (as === undefined) return file.reportAt(item.place, 'each', 'each: needs as: with a name for the item', 'write as: item');
  return scope.loop({ text: each.text, offset: 0 }, file.site(each, 'each'), { text: as.text, offset: 0 });
};
