import { type TObject, type TPartial, type TSchema, Type } from '@sinclair/typebox';

/** How far a record key reaches: one patient, the parent record, or the whole system that owns it. */
export type KeyScope = 'patient' | 'parent' | 'system';

/** What the product knows of a kind beside its fields. */
export interface KindFacts {
  readonly describes: string;
  /** Scope of the keys of a record that stands alone; a child's keys always count within its parent. */
  readonly scope: KeyScope;
  /** May a record of this kind be routed? Derived kinds may only be read. */
  readonly routable: boolean;
  /** FHIR R4 resource it becomes. */
  readonly fhir: string;
  /** Document heading it stands under. */
  readonly heading: string;
  /** Name by which a parent reads its children → their kind. */
  readonly children: Readonly<Record<string, string>>;
  /** Written through record rules (`records:`); the others have a place of their own in a mapping or are derived. */
  readonly byRule: boolean;
}

export type KindSchema<F extends Record<string, TSchema> = Record<string, TSchema>> = TPartial<TObject<F>>;
export interface Kind<F extends Record<string, TSchema> = Record<string, TSchema>> {
  readonly facts: KindFacts;
  readonly schema: KindSchema<F>;
}

/** Declares a kind. Every field may be unstated, so all are optional; nothing else may stand beside them. */
export const kind = <F extends Record<string, TSchema>>(
  facts: Pick<KindFacts, 'describes' | 'fhir' | 'heading'> & Partial<KindFacts>,
  fields: F,
): Kind<F> => ({
  facts: { scope: 'system', routable: true, children: {}, byRule: true, ...facts },
  schema: Type.Partial(Type.Object(fields), {
    additionalProperties: false,
    description: facts.describes,
    'x-fhir': facts.fhir,
    'x-heading': facts.heading,
  }),
});
