/** A recipient's own answer to a message (ITK): that its system has it, or that it can be used. */
export interface BusinessAnswer {
  readonly kind: 'infrastructure' | 'business';
  readonly good: boolean;
  /** `20013`, `30001` …, or what stands in its place in the older form (`AA`, `OK`). */
  readonly code: string;
  readonly words: string;
  /** Ids of what is answered, as it names them. */
  readonly about: readonly string[];
}

type Fields = Readonly<Record<string, unknown>>;
const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value);
const textOf = (value: unknown): string => (typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '');

interface Found {
  readonly codes: { readonly code: string; readonly words: string }[];
  readonly about: string[];
}

/** ITK3 response codes: 10001 to 20014 of the infrastructure, of which 20013 alone is good; 30001 good, 30002 and 30003 not, of the business. */
const meaning = (code: string): Pick<BusinessAnswer, 'kind' | 'good'> | undefined => {
  const number = Number(code);
  if (number >= 10_001 && number <= 20_014) return { kind: 'infrastructure', good: number === 20_013 };
  if (number >= 30_001 && number <= 30_003) return { kind: 'business', good: number === 30_001 };
  return undefined;
};

const ITK3 = /^[123]0\d{3}$/;

/** Of several codes the worst counts, and one of the business before one of the infrastructure. */
const decide = ({ codes, about }: Found): BusinessAnswer | undefined => {
  const known = codes.flatMap(({ code, words }) => {
    const means = meaning(code);
    return means === undefined ? [] : [{ ...means, code, words }];
  });
  const first = known.find(({ good }) => !good) ?? known.find(({ kind }) => kind === 'business') ?? known[0];
  return first === undefined ? undefined : { ...first, about: [...new Set(about)] };
};

/** FHIR as JSON: response codes stand in the issues of an OperationOutcome, what is answered in the header's `response`. */
const walk = (value: unknown, found: Found, depth: number): void => {
  if (depth > 24) return;
  if (Array.isArray(value)) {
    for (const one of value) walk(one, found, depth + 1);
    return;
  }
  if (!isFields(value)) return;
  const code = textOf(value.code);
  if (ITK3.test(code)) found.codes.push({ code, words: textOf(value.display) });
  const { response } = value;
  if (value.resourceType === 'MessageHeader' && isFields(response)) {
    const id = isFields(response.identifier) ? textOf(response.identifier.value) : textOf(response.identifier);
    if (id !== '') found.about.push(id);
  }
  for (const one of Object.values(value)) walk(one, found, depth + 1);
};

const attribute = (tag: string, name: string): string => new RegExp(`\\b${name}\\s*=\\s*["']([^"']*)["']`).exec(tag)?.[1] ?? '';
/** Whole start tags of a local name, whatever the prefix. */
const tags = (xml: string, name: string): string[] => xml.match(new RegExp(`<(?:[A-Za-z0-9_.-]+:)?${name}\\b[^>]*>`, 'g')) ?? [];

const fromFhirXml = (xml: string): Found => {
  const found: Found = { codes: [], about: [] };
  for (const coding of xml.match(/<coding>[\s\S]*?<\/coding>/g) ?? []) {
    const code = attribute(tags(coding, 'code')[0] ?? '', 'value');
    if (ITK3.test(code)) found.codes.push({ code, words: attribute(tags(coding, 'display')[0] ?? '', 'value') });
  }
  const response = /<response>[\s\S]*?<\/response>/.exec(xml)?.[0] ?? '';
  const id = attribute(tags(response, 'identifier')[0] ?? '', 'value');
  if (id !== '') found.about.push(id);
  return found;
};

/** The older form: ITK infrastructure response, and the HL7 version 3 acknowledgement of CDA documents. */
const fromOlderXml = (xml: string): BusinessAnswer | undefined => {
  const [infrastructure] = tags(xml, 'InfrastructureResponse');
  if (infrastructure !== undefined) {
    const result = attribute(infrastructure, 'result');
    const about = [attribute(infrastructure, 'trackingIdRef')].filter((id) => id !== '');
    if (result !== '') return { kind: 'infrastructure', good: result.toUpperCase() === 'OK', code: result, words: '', about };
  }
  const [acknowledgement] = [...tags(xml, 'acknowledgement'), ...tags(xml, 'acknowledgedBy\\d?')];
  const type = acknowledgement === undefined ? '' : attribute(acknowledgement, 'typeCode');
  if (!/^[AC][AER]$/.test(type)) return undefined;
  const target =
    /<(?:[\w.-]+:)?(?:targetMessage|acknowledgedMessage|conveyingTransmission|messageRef)\b[\s\S]*?<(?:[\w.-]+:)?id\b[^>]*>/.exec(
      xml,
    )?.[0] ?? '';
  const about = [attribute(tags(target, 'id').at(-1) ?? '', 'root')].filter((id) => id !== '');
  return { kind: type.startsWith('C') ? 'infrastructure' : 'business', good: type.endsWith('A'), code: type, words: '', about };
};

/** Reads an answer in FHIR (JSON or XML) or in the older XML. Undefined where it says nothing that is understood. */
export const readBusinessAnswer = (content: Buffer): BusinessAnswer | undefined => {
  const text = content
    .toString('utf8')
    .replace(/^\uFEFF/, '')
    .trimStart();
  if (text.startsWith('<')) return decide(fromFhirXml(text)) ?? fromOlderXml(text);
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return undefined;
  }
  const found: Found = { codes: [], about: [] };
  walk(body, found, 0);
  return decide(found);
};
