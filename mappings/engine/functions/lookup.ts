import { isKindName } from '../../../records/kinds/index.ts';
import type { Organisation } from '../../../records/kinds/types.ts';
import type { Json } from '../../../records/mapped.ts';
import type { Run } from '../run.ts';
import { isHl7, isPlain } from '../types.ts';
import { Invalid, type Model, plainText } from '../value.ts';
import type { FunctionSpec } from './function.ts';

// An Organisation is plain data; its optional fields keep TypeScript from seeing that it is Json.
const asModel = (organisation: Organisation): Model => organisation as { [key: string]: Json };

/** A directory entry by code at the message's `asOf`. A code the directory does not know is refused; `invalid(keep)` keeps the code. */
const lookUp = (name: 'practice' | 'establishment'): FunctionSpec => ({
  name,
  args: [],
  wants: 'text',
  build: (call) => {
    if (!call.inbound)
      return call.fault('direction', `${name} belongs in inbound mappings`, 'an organisation in a record is resolved already');
    if (!isPlain(call.from) && !isHl7(call.from)) return call.fault('type-break', `${name} works on a code`);
    const toCode = call.targetType === 'ods';
    return {
      gives: toCode ? 'ods' : 'Organisation',
      apply: (item, run: Run) => {
        const code = plainText(item)?.trim().toUpperCase();
        if (code === undefined || code === '') return undefined;
        const found =
          name === 'practice' ? run.services.directory.practice(code, run.asOf) : run.services.directory.establishment(code, run.asOf);
        if (found !== undefined) return toCode ? found.odsCode : asModel(found);
        return new Invalid(`${name}-unknown`, toCode ? code : name === 'practice' ? { odsCode: code } : { agencyCode: code });
      },
    };
  },
});

export const LOOKUP_FUNCTIONS: readonly FunctionSpec[] = [
  lookUp('practice'),
  lookUp('establishment'),
  {
    name: 'link',
    args: ['word'],
    wants: 'text',
    build: (call) => {
      if (!call.inbound) return call.fault('direction', 'link belongs in inbound mappings');
      if (!isPlain(call.from) && !isHl7(call.from)) return call.fault('type-break', 'link works on the value of a key');
      const [kind = '', key = '', more] = (call.texts[0] ?? '').split('.');
      if (!isKindName(kind) || key === '' || more !== undefined)
        return call.fault('arguments', 'link needs a kind and one of its keys', 'write link(document.document)');
      return {
        gives: 'Reference',
        // Not resolved here: whoever stores the record finds the item by this key, now or when it comes.
        apply: (item) => {
          const value = plainText(item);
          return value === undefined ? undefined : { kind, key, values: [value] };
        },
      };
    },
  },
  {
    name: 'quantity',
    args: ['path'],
    optional: true,
    wants: 'text',
    build: (call) => {
      if (!isPlain(call.from) && !isHl7(call.from)) return call.fault('type-break', 'quantity works on a number');
      const [unit] = call.paths;
      return {
        gives: 'Quantity',
        apply: (item, run) => {
          const text = (plainText(item) ?? '').trim();
          if (!/^[+-]?\d+(\.\d+)?$/.test(text)) return new Invalid('number', { value: text });
          const read = typeof unit === 'string' || unit === undefined ? unit : unit.read(run);
          const shown = typeof read === 'string' ? read : undefined;
          return { value: text, ...(shown === undefined ? {} : { unit: shown }) };
        },
      };
    },
  },
];
