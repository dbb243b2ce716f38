import { ATTACHMENT_FUNCTIONS } from './attachment.ts';
import { CODE_FUNCTIONS } from './codes.ts';
import type { FunctionSpec } from './function.ts';
import { IDENTITY_FUNCTIONS } from './identity.ts';
import { LOOKUP_FUNCTIONS } from './lookup.ts';
import { OBSERVATION_FUNCTIONS } from './observation.ts';
import { PEOPLE_FUNCTIONS } from './people.ts';
import { SHOWN_FUNCTIONS } from './shown.ts';
import { TEXT_FUNCTIONS } from './text.ts';
import { TIME_FUNCTIONS } from './time.ts';

/** Functions of FHIR outputs, which this version does not write yet. */
const LATER = ['ref', 'codeableConcept'] as const;

/** Every function a line may call, by name. This table is the only way into code from a mapping file. */
export const FUNCTIONS: ReadonlyMap<string, FunctionSpec> = new Map(
  [
    ...TEXT_FUNCTIONS,
    ...IDENTITY_FUNCTIONS,
    ...TIME_FUNCTIONS,
    ...CODE_FUNCTIONS,
    ...PEOPLE_FUNCTIONS,
    ...OBSERVATION_FUNCTIONS,
    ...ATTACHMENT_FUNCTIONS,
    ...LOOKUP_FUNCTIONS,
    ...SHOWN_FUNCTIONS,
  ].map((spec) => [spec.name, spec]),
);

export const isLaterFunction = (name: string): boolean => LATER.some((later) => later === name);
