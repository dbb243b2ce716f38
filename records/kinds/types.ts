import { type Static, type TSchema, Type } from '@sinclair/typebox';

/**
 * The data types kinds are made of. Names and value sets are those of FHIR R4 / UK Core where they have one.
 * Every schema carries `x-type`, the name the mapping checker compares; `x-fhir` where the value goes in a UK Core resource;
 * `enum` where the product itself depends on the words, `x-values` where a set is usual but open.
 */
export interface Notes {
  /** FHIR R4 / UK Core path. */
  readonly fhir?: string;
  /** Document heading (UK Core CompositionSectionCode display, hyphenated). */
  readonly heading?: string;
  /** Filled by the product, never by a mapping. */
  readonly readOnly?: boolean;
  /** Words that are usual here; others are kept as they came. */
  readonly values?: readonly string[];
}

const annotate = (type: string, description: string, notes: Notes = {}): Record<string, unknown> => ({
  'x-type': type,
  description,
  ...(notes.fhir === undefined ? {} : { 'x-fhir': notes.fhir }),
  ...(notes.heading === undefined ? {} : { 'x-heading': notes.heading }),
  ...(notes.readOnly === undefined ? {} : { readOnly: notes.readOnly }),
  ...(notes.values === undefined ? {} : { 'x-values': notes.values }),
});

/** `YYYY`, `YYYY-MM` or `YYYY-MM-DD`: the precision that was stated. */
const DATE_PATTERN = '^\\d{4}(-\\d{2}(-\\d{2})?)?$';
/** A date of any precision, or an ISO 8601 instant with offset (UTC `Z` as written by the mapping engine). */
const DATE_TIME_PATTERN = '^\\d{4}(-\\d{2}(-\\d{2}(T\\d{2}:\\d{2}(:\\d{2}(\\.\\d+)?)?(Z|[+-]\\d{2}:\\d{2}))?)?)?$';

export const text = (description: string, notes?: Notes) => Type.String(annotate('text', description, notes));
export const flag = (description: string, notes?: Notes) => Type.Boolean(annotate('flag', description, notes));
export const integer = (description: string, notes?: Notes) => Type.Integer(annotate('integer', description, notes));
/** A number kept as its written decimals, so that 2.50 stays 2.50. */
const decimal = (description: string, notes?: Notes) =>
  Type.String({ ...annotate('decimal', description, notes), pattern: '^[+-]?\\d+(\\.\\d+)?$' });
export const date = (description: string, notes?: Notes) => Type.String({ ...annotate('date', description, notes), pattern: DATE_PATTERN });
export const dateTime = (description: string, notes?: Notes) =>
  Type.String({ ...annotate('dateTime', description, notes), pattern: DATE_TIME_PATTERN });
export const ods = (description: string, notes?: Notes) =>
  Type.String({ ...annotate('ods', description, notes), pattern: '^[A-Z0-9]{3,12}$' });
/** A closed set of words: rules of the product depend on them. */
export const word = <const W extends readonly string[]>(values: W, description: string, notes?: Notes) =>
  Type.Unsafe<W[number]>({ ...annotate('word', description, notes), type: 'string', enum: [...values] });
export const list = <T extends TSchema>(item: T, description: string, notes?: Notes) =>
  Type.Array(item, annotate('list', description, notes));

type Shape = Record<string, TSchema>;
const composite = <S extends Shape>(type: string, description: string, shape: S) =>
  Type.Partial(Type.Object(shape), { ...annotate(type, description), additionalProperties: false });
/** The same type under another description, for one field of a kind. */
export const of = <T extends TSchema>(type: T, description: string, notes?: Notes): T => {
  const name: unknown = type['x-type'];
  return { ...type, ...annotate(typeof name === 'string' ? name : 'text', description, notes) };
};

const codingShape = {
  code: text('Code as sent.'),
  system: text('Naming system of the code, as URI where one is known.'),
  display: text('Words that go with the code in its system.'),
};
export const Coding = composite('Coding', 'A coded concept with what the sender wrote.', {
  ...codingShape,
  originalText: text('The sender’s own words.'),
  translations: list(composite('Translation', 'The same concept in another system.', codingShape), 'Further codings of the same concept.'),
});
export const HumanName = composite('HumanName', 'A person’s name.', {
  use: text('usual, official, alias, maiden …', {
    values: ['usual', 'official', 'temp', 'nickname', 'anonymous', 'old', 'maiden', 'alias'],
  }),
  family: text('Surname.'),
  given: list(text('A given name.'), 'Given names in order.'),
  prefix: list(text('A title.'), 'Titles before the name.'),
  suffix: list(text('A suffix.'), 'Suffixes after the name.'),
  text: text('The whole name as one text.'),
});
export const Address = composite('Address', 'A postal address.', {
  use: text('home, temp, custody, no-fixed-abode …', {
    values: ['home', 'temp', 'custody', 'no-fixed-abode', 'approved-premises', 'work', 'old', 'billing'],
  }),
  type: text('postal, physical, both.', { values: ['postal', 'physical', 'both'] }),
  line: list(text('One line.'), 'Lines above the town.'),
  city: text('Town.'),
  district: text('County or district.'),
  postcode: text('Postcode, upper case with one blank.'),
  country: text('Country.'),
  started: date('Lived here from.'),
  ended: date('Lived here until.'),
  uprn: text('Unique property reference number.'),
});
export const ContactPoint = composite('ContactPoint', 'A telephone number, e-mail or the like.', {
  system: text('phone, email, sms …', { values: ['phone', 'fax', 'email', 'pager', 'url', 'sms', 'other'] }),
  value: text('The number or address itself.'),
  use: text('home, work, mobile …', { values: ['home', 'work', 'temp', 'old', 'mobile'] }),
  rank: integer('Preference, 1 first.'),
});
const quantityShape = {
  value: decimal('The number, decimals as written.'),
  comparator: text('<, <=, >=, >.', { values: ['<', '<=', '>=', '>'] }),
  unit: text('Unit as shown.'),
  system: text('Naming system of the unit’s code.'),
  code: text('Coded unit.'),
};
export const Quantity = composite('Quantity', 'A measured amount.', quantityShape);
const rangeShape = { low: Quantity, high: Quantity };
const ratioShape = { numerator: Quantity, denominator: Quantity };

const form = <const N extends string, S extends Shape>(name: N, shape: S) =>
  Type.Composite([Type.Object({ type: Type.Literal(name) }), Type.Partial(Type.Object(shape))], { additionalProperties: false });
/** A result’s value, told apart by `type`; the parts of a quantity lie beside it, so `result.value.unit` can be written. */
export const Value = Type.Union(
  [
    form('quantity', quantityShape),
    form('range', rangeShape),
    form('ratio', ratioShape),
    form('coding', { codings: list(Coding, 'One or several coded answers.') }),
    form('text', { text: text('Free text; lines end in a line feed.') }),
    form('date', { date: date('A date.') }),
    form('dateTime', { dateTime: dateTime('A date and time.') }),
  ],
  annotate('Value', 'What a result says.'),
);
export const Attachment = composite('Attachment', 'Stored content, or where it lies.', {
  contentId: text('Name of the content in the store.'),
  contentType: text('Media type.'),
  size: integer('Bytes.'),
  hash: text('SHA-256, hexadecimal.'),
  title: text('Title.'),
  url: text('Address, where the content itself was not sent.'),
});
export const Practitioner = composite('Practitioner', 'A member of staff.', {
  id: text('Number of the person.'),
  idSystem: text('What kind of number: GMC, GDC, SDS …'),
  name: HumanName,
  role: text('Role.'),
  organisationOds: ods('Organisation the person acts for.'),
});
export const Organisation = composite('Organisation', 'An organisation as the directory knows it.', {
  odsCode: ods('ODS code.'),
  agencyCode: text('Establishment’s agency code, e.g. LEI.'),
  name: text('Name.'),
  type: text('gp-practice, establishment …'),
});
export const LocalId = composite('LocalId', 'A number another system knows the person by.', {
  value: text('The number.'),
  system: text('Assigning authority.'),
  type: text('What kind of number.'),
});
export const KnownEmpty = composite('KnownEmpty', 'A list that a system says is empty.', {
  kind: text('Kind of the list.'),
  system: text('System that says so.'),
  value: text('none-known.', { values: ['none-known', 'not-asked', 'withheld'] }),
  asOf: dateTime('When it was said.'),
});
export const Ingredient = composite('Ingredient', 'Part of a prepared medicine.', {
  role: text('base or additive.', { values: ['base', 'additive'] }),
  code: Coding,
  amount: Quantity,
});
export const Reaction = composite('Reaction', 'How an allergy shows.', {
  code: Coding,
  text: text('In words.'),
  severity: text('mild, moderate, severe.', { values: ['mild', 'moderate', 'severe'] }),
});
export const Section = composite('Section', 'A headed piece of text.', { heading: text('Heading.'), text: text('Text.') });
export const Reference = composite('Reference', 'Another record.', { kind: text('Its kind.'), id: text('Its record id.') });

export type Coding = Static<typeof Coding>;
export type HumanName = Static<typeof HumanName>;
export type Address = Static<typeof Address>;
export type ContactPoint = Static<typeof ContactPoint>;
export type Quantity = Static<typeof Quantity>;
export type Value = Static<typeof Value>;
export type Attachment = Static<typeof Attachment>;
export type Practitioner = Static<typeof Practitioner>;
export type Organisation = Static<typeof Organisation>;
export type LocalId = Static<typeof LocalId>;
export type Reference = Static<typeof Reference>;
