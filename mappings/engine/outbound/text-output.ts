import { encode, encodingNamed } from '../../../formats/charset.ts';
import type { Predicate } from '../../../language/condition-compile.ts';
import type { MapNode, YamlNode } from '../../../language/yaml.ts';
import type { PayloadPart } from '../../../records/record.ts';
import type { Compilation } from '../compilation.ts';
import type { Compiled } from '../expression/compiled.ts';
import { compileField } from '../expression/field.ts';
import { isMapNode } from '../expression/object.ts';
import type { Loop } from '../expression/scope.ts';
import { compileWhen } from '../expression/when.ts';
import { contentPart } from '../functions/attachment.ts';
import { shownText } from '../functions/shown.ts';
import { TEXT_TARGET } from '../types.ts';
import { isModel, isStated, type Model, onesOf } from '../value.ts';
import { checkKeys, listOf, textOf, wordOf } from '../words.ts';
import { loopOf, type Render } from './hl7-output.ts';
import type { OutboundRun } from './outbound-run.ts';
import type { RecordScope } from './record-scope.ts';
import { heading, labelled, type Shown, table, wrap } from './text-layout.ts';

interface TextFrame {
  readonly charset: string;
  readonly width: number;
}
interface ShowPlan {
  readonly label: string;
  readonly line: Compiled<OutboundRun>;
}
/** Lines of text, or stored content that is spliced in. */
type Block = readonly string[] | Model;
type Section = (run: OutboundRun) => Block | undefined;

const SECTION_KEYS = ['heading', 'each', 'as', 'when', 'layout', 'show', 'body', 'ifNone', 'note'];

/** Compiles `sections:` into a plain text of a given width; lines end in CR LF, as the practice systems that read them expect. */
export const compileText = (root: MapNode, frame: TextFrame, scope: RecordScope, file: Compilation): Render => {
  const sections = listOf(root, 'sections', file)
    .map((item) => compileSection(item, frame.width, scope, file))
    .filter((section) => section !== undefined);
  if (root.get('sections') === undefined) file.reportAt(root.place, 'form', 'output kind text needs sections:');
  const meta = { rule: `${file.file}:${root.place.line}`, target: 'text' };
  const encoding = encodingNamed(frame.charset) || frame.charset;
  return (run) => {
    const blocks = sections.map((section) => section(run)).filter((block) => block !== undefined);
    const content = blocks.find((block) => isModel(block));
    const type = isModel(content) && typeof content.contentType === 'string' ? content.contentType : 'text/plain';
    const isText = type.startsWith('text/');
    // Words around bytes of another kind would spoil both.
    if (!isText && blocks.length > 1) run.fail('content-is-not-text', meta, undefined);
    const parts: PayloadPart[] = [];
    let text = '';
    const flush = (): void => {
      if (text === '') return;
      const encoded = encode(text, encoding);
      if (encoded.lost > 0) run.note('unencodable', meta, undefined);
      parts.push({ kind: 'bytes', bytes: encoded.bytes });
      text = '';
    };
    for (const [index, block] of blocks.entries()) {
      if (index > 0) text += '\r\n';
      if (!isModel(block)) text += block.map((line) => `${line}\r\n`).join('');
      else {
        flush();
        const part = contentPart(block, 'raw');
        if (part !== undefined) parts.push(part);
      }
    }
    flush();
    return { contentType: isText ? 'text/plain' : 'application/octet-stream', charset: encoding, parts };
  };
};

const compileSection = (item: YamlNode, width: number, scope: RecordScope, file: Compilation): Section | undefined => {
  if (!isMapNode(item)) return file.reportAt(item.place, 'form', 'a section has heading: and show: or body:');
  checkKeys(item, SECTION_KEYS, file);
  const title = textOf(item, 'heading', file)?.text;
  const looped = item.get('each') === undefined ? undefined : loopOf(item, scope, file);
  if (item.get('each') !== undefined && looped === undefined) return undefined;
  const inside = looped?.inside ?? scope;
  const layout = wordOf(item, 'layout', ['lines', 'table'], 'lines', file);
  const condition = item.get('when');
  const when = condition === undefined ? undefined : compileWhen<OutboundRun>(condition, scope, file, 'section');
  const none = item.get('ifNone');
  const ifNone = none && compileField<OutboundRun>(none, 'ifNone', TEXT_TARGET, scope, file);
  const body = item.get('body');
  if (body !== undefined) {
    const line = compileField<OutboundRun>(body, 'body', { type: 'any', list: true }, scope, file);
    return line && sectionOf(title, when, ifNone, width, bodyBlock(line, width));
  }
  const show = compileShow(item, inside, file);
  return sectionOf(title, when, ifNone, width, shownBlock(show, looped?.loop, layout, width));
};

const compileShow = (item: MapNode, scope: RecordScope, file: Compilation): ShowPlan[] => {
  if (item.get('show') === undefined) file.reportAt(item.place, 'form', 'a section needs show: or body:');
  return listOf(item, 'show', file).flatMap((line) => {
    const [entry, more] = isMapNode(line) ? line.entries : [];
    if (entry === undefined || more !== undefined) {
      file.reportAt(line.place, 'form', 'show: is a list of label: line', 'as in - Name: patient.name | text');
      return [];
    }
    const compiled = compileField<OutboundRun>(entry.value, entry.key, TEXT_TARGET, scope, file);
    return compiled === undefined ? [] : [{ label: entry.key, line: compiled }];
  });
};

const textOfLine = (line: Compiled<OutboundRun>, run: OutboundRun): string | undefined => {
  const value = line.read(run);
  const texts = onesOf(value).flatMap((one) => (isStated(one) ? (shownText(one) ?? []) : []));
  return texts.length > 0 ? texts.join(', ') : typeof line.fallback === 'string' ? line.fallback : undefined;
};

const sectionOf =
  (
    title: string | undefined,
    when: Predicate<OutboundRun> | undefined,
    ifNone: Compiled<OutboundRun> | undefined,
    width: number,
    block: Section,
  ): Section =>
  (run) => {
    if (when?.(run) === false) return undefined;
    let found = block(run);
    if (found === undefined && ifNone !== undefined) {
      const text = textOfLine(ifNone, run);
      found = text === undefined ? undefined : wrap(text, width);
    }
    if (found === undefined || isModel(found) || title === undefined) return found;
    return [...heading(title), ...found];
  };

const bodyBlock =
  (line: Compiled<OutboundRun>, width: number): Section =>
  (run) => {
    const ones = onesOf(line.read(run)).filter(isStated);
    if (ones.length === 0) return undefined;
    const stored = ones.find((one): one is Model => isModel(one) && 'contentId' in one);
    return stored ?? ones.flatMap((one) => wrap(shownText(one) ?? '', width));
  };

const shownBlock = (show: readonly ShowPlan[], loop: Loop<OutboundRun> | undefined, layout: 'lines' | 'table', width: number): Section => {
  const row = (run: OutboundRun): Shown[] => show.map(({ label, line }) => ({ label, value: textOfLine(line, run) }));
  if (loop === undefined)
    return (run) => {
      const lines = labelled(row(run), width);
      return lines.length === 0 ? undefined : lines;
    };
  return (run) => {
    const rows: Shown[][] = [];
    loop.run(run, () => {
      const shown = row(run);
      // An item that shows nothing would be a blank line nobody sees: it is told.
      if (shown.some((one) => one.value !== undefined)) rows.push(shown);
      else run.note('empty-item', { rule: show[0]?.line.meta.rule ?? '', target: 'show' }, loop.locate(run));
    });
    if (rows.length === 0) return undefined;
    if (layout === 'table') return table(rows, width);
    return rows.flatMap((shown, index) => [...(index === 0 ? [] : ['']), ...labelled(shown, width)]);
  };
};
