import { layOut } from '../../../formats/hl7v2/escape.ts';
import { compilePattern } from '../../../language/pattern.ts';
import type { Run } from '../run.ts';
import { isHl7, isPlain } from '../types.ts';
import { Cell, Invalid, type Item, plainText } from '../value.ts';
import type { Built, BuiltCall, FunctionSpec } from './function.ts';

const needsText = <R extends Run>(call: BuiltCall<R>): boolean => isPlain(call.from) || isHl7(call.from);

/** A function from text to text. */
const onText = (name: string, change: (text: string) => string | undefined): FunctionSpec => ({
  name,
  args: [],
  wants: 'text',
  build: (call) => {
    if (!needsText(call)) return call.fault('type-break', `${name} works on text`);
    const apply = (item: Item) => {
      const text = plainText(item);
      return text === undefined ? undefined : change(text);
    };
    return { gives: 'text', apply };
  },
});

/** A piece of a text with its line ends: presentation escapes of HL7 carried out. */
const laidOut = (item: Item): string => (item instanceof Cell ? item.repetition.laidOut() : layOut(plainText(item) ?? ''));

const joinAll = <R extends Run>(call: BuiltCall<R>, name: string, between: string, shown: (item: Item) => string): Built<R> | undefined =>
  needsText(call)
    ? { gives: 'text', applyList: (items) => (items.length === 0 ? undefined : items.map(shown).join(between)) }
    : call.fault('type-break', `${name} works on text`, 'write | text before it');

const pattern = <R extends Run>(call: BuiltCall<R>) => {
  const compiled = compilePattern(call.texts[0] ?? '');
  return 'error' in compiled ? call.fault('pattern', `not a pattern: ${compiled.error}`) : compiled;
};

export const TEXT_FUNCTIONS: readonly FunctionSpec[] = [
  onText('upper', (text) => text.toUpperCase()),
  onText('lower', (text) => text.toLowerCase()),
  onText('trim', (text) => text.trim() || undefined),
  onText('digits', (text) => text.replace(/\D/g, '') || undefined),
  {
    name: 'split',
    args: ['text'],
    wants: 'text',
    build: (call) => {
      const separator = call.texts[0] ?? '';
      if (separator === '') return call.fault('arguments', 'split needs what separates the parts', 'write split(" ")');
      if (!needsText(call)) return call.fault('type-break', 'split works on text');
      return {
        gives: 'text',
        list: true,
        apply: (item) => {
          const parts = (plainText(item) ?? '').split(separator).filter((part) => part !== '');
          return parts.length === 0 ? undefined : parts;
        },
      };
    },
  },
  {
    name: 'join',
    args: ['text'],
    wants: 'text',
    build: (call) => joinAll(call, 'join', call.texts[0] ?? '', (item) => plainText(item) ?? ''),
  },
  { name: 'lines', args: [], wants: 'whole', build: (call) => joinAll(call, 'lines', '\n', laidOut) },
  {
    name: 'capture',
    args: ['text'],
    wants: 'text',
    build: (call) => {
      const compiled = pattern(call);
      if (compiled === undefined) return undefined;
      if (!needsText(call)) return call.fault('type-break', 'capture works on text');
      return { gives: 'text', apply: (item) => compiled.capture(plainText(item) ?? '') };
    },
  },
  {
    name: 'replace',
    args: ['text', 'text'],
    wants: 'text',
    build: (call) => {
      const compiled = pattern(call);
      if (compiled === undefined) return undefined;
      if (!needsText(call)) return call.fault('type-break', 'replace works on text');
      const replacement = call.texts[1] ?? '';
      return { gives: 'text', apply: (item) => compiled.replaceAll(plainText(item) ?? '', replacement) || undefined };
    },
  },
  {
    name: 'number',
    args: [],
    wants: 'text',
    build: (call) => {
      if (!needsText(call)) return call.fault('type-break', 'number works on text');
      return {
        gives: 'decimal',
        apply: (item) => {
          const text = (plainText(item) ?? '').trim();
          return /^[+-]?\d+(\.\d+)?$/.test(text) ? text : new Invalid('number', text);
        },
      };
    },
  },
];
