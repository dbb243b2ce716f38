import type { TSchema } from '@sinclair/typebox';
import { ENVELOPE, KIND_FACTS, KINDS, type KindName } from '../../../records/kinds/index.ts';
import { text } from '../../../records/kinds/types.ts';
import type { Json } from '../../../records/mapped.ts';
import type { RouteFacts } from '../../../records/record.ts';
import { fieldsOf, type TypeName, targetOf } from '../types.ts';
import { isModel, type One, RecordItem, type Value } from '../value.ts';
import type { OutboundRun } from './outbound-run.ts';

/** What a name, or a path so far, stands for. */
export interface Shape {
  readonly type: TypeName;
  readonly list: boolean;
  /** Kind of a record. */
  readonly kind?: KindName;
  /** Schema of a model object. */
  readonly schema?: TSchema;
  /** The fields of a map of facts (`route`, `delivery`). */
  readonly facts?: Readonly<Record<string, TypeName>>;
}
/** A name a mapping may use. */
export interface Binding {
  readonly shape: Shape;
  /** Item of a loop: `.position` is its place. */
  readonly depth?: number;
  /** Kind of a name of `reads:`: `.knownEmpty` says why it is empty. */
  readonly reads?: KindName;
  read(run: OutboundRun): Value;
}

export const recordShape = (kind: KindName, list: boolean): Shape => ({ type: `record:${kind}`, list, kind });
const schemaShape = (schema: TSchema): Shape => {
  const { type, list } = targetOf(schema);
  return { type, list, schema };
};

const asItem = (value: Json | undefined): Value => {
  if (value === undefined || value === null) return undefined;
  // Json is a text, number, flag, object or list of those: what an Item is.
  return value as Value;
};

export interface Step {
  readonly shape: Shape;
  get(item: One, run: OutboundRun): Value;
}

const ENVELOPE_FIELDS: Readonly<Record<string, TSchema>> = fieldsOf(ENVELOPE) ?? {};
const own = <T>(fields: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(fields, name) ? fields[name] : undefined;

const envelopeValue = (item: RecordItem, name: string): Value => {
  const { record } = item;
  if (name === 'position') return item.position;
  if (name === 'issues') return record.issues.map((issue) => issue.code);
  const value: unknown = Object.entries(record).find(([key]) => key === name)?.[1];
  return typeof value === 'string' || typeof value === 'number' ? value : undefined;
};

/** What a name leads to from here; undefined where there is nothing of that name. */
export const stepFrom = (shape: Shape, name: string): Step | undefined => {
  const { kind, schema, facts } = shape;
  if (facts !== undefined) {
    const type = own(facts, name);
    return type === undefined
      ? undefined
      : { shape: { type, list: false }, get: (item) => (isModel(item) ? asItem(item[name]) : undefined) };
  }
  if (kind !== undefined) {
    const child = own(KIND_FACTS[kind].children, name);
    if (child !== undefined) return childStep(child as KindName); // children name kinds
    const field = own(fieldsOf(KINDS[kind]) ?? {}, name);
    if (field !== undefined)
      return {
        shape: schemaShape(field),
        get: (item) => (item instanceof RecordItem ? asItem(item.record.fields[name]) : isModel(item) ? asItem(item[name]) : undefined),
      };
    const envelope = own(ENVELOPE_FIELDS, name);
    return (
      envelope && { shape: schemaShape(envelope), get: (item) => (item instanceof RecordItem ? envelopeValue(item, name) : undefined) }
    );
  }
  const field = schema === undefined ? undefined : own(fieldsOf(schema) ?? {}, name);
  return field && { shape: schemaShape(field), get: (item) => (isModel(item) ? asItem(item[name]) : undefined) };
};

const childStep = (kind: KindName): Step => ({
  shape: recordShape(kind, true),
  get: (item, run) => {
    if (!(item instanceof RecordItem)) return undefined;
    const children = run.context.children.filter((record) => record.kind === kind && record.parentId === item.record.id);
    return children.length === 0 ? undefined : children.map((record, index) => new RecordItem(record, index + 1));
  },
});

/** Names that may follow here, for a hint. */
export const namesFrom = (shape: Shape): string[] => {
  if (shape.facts !== undefined) return Object.keys(shape.facts);
  if (shape.kind !== undefined)
    return [
      ...Object.keys(KIND_FACTS[shape.kind].children),
      ...Object.keys(fieldsOf(KINDS[shape.kind]) ?? {}),
      ...Object.keys(ENVELOPE_FIELDS),
    ];
  return shape.schema === undefined ? [] : Object.keys(fieldsOf(shape.schema) ?? {});
};

const ROUTE: Readonly<Record<keyof RouteFacts, TypeName>> = {
  name: 'text',
  to: 'text',
  destination: 'text',
  organisationOds: 'text',
  organisationName: 'text',
  practiceOds: 'text',
  practiceName: 'text',
  senderOds: 'text',
  establishment: 'text',
};
const facts = (types: Readonly<Record<string, TypeName>>): Shape => ({ type: 'object', list: false, facts: types });
/** Names every outbound mapping has: the routed record by its kind, the person, their stay, the route and the delivery. */
export const givenBindings = (kind: KindName): Map<string, Binding> =>
  new Map<string, Binding>([
    ['patient', { shape: recordShape('patient', false), read: (run) => new RecordItem(run.context.patient, 1) }],
    ['episode', { shape: recordShape('episode', false), read: (run) => run.context.episode }],
    // Facts are texts by name.
    ['route', { shape: facts(ROUTE), read: (run) => ({ ...run.context.route }) as { [key: string]: Json } }],
    [
      'delivery',
      {
        shape: facts({ id: 'text', controlId: 'text', createdAt: 'dateTime', processingId: 'text' }),
        read: (run) => {
          const { id, controlId, createdAt, processingId } = run.context.delivery;
          return { id, controlId, createdAt, processingId };
        },
      },
    ],
    ['action', { shape: schemaShape(text('What the message did to the record.')), read: (run) => run.context.action }],
    [kind, { shape: recordShape(kind, false), read: (run) => new RecordItem(run.context.record, 1) }],
  ]);
