/** What an error answer says. Empty text: it does not say. */
export interface MeshErrorWords {
  /** `SEND`, `RECEIVE`, `TRANSFER`, `COLLECT`. */
  readonly event: string;
  /** `12`, `EPL-151`, `InvalidHeaderChunks`. Empty for errors of authorization, validation lists and gateways. */
  readonly code: string;
  /** The service's own words. They may quote what was sent: sealed where they are kept, never logged. */
  readonly words: string;
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const textOf = (value: unknown): string => (typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '');

const finding = (entry: unknown): MeshErrorWords => {
  if (!isObject(entry)) return { event: '', code: '', words: textOf(entry) };
  // `loc` says which header or parameter of a validation list is meant.
  const where = Array.isArray(entry.loc) ? entry.loc.map(textOf).join('.') : '';
  const said = textOf(entry.msg);
  return { event: textOf(entry.event), code: textOf(entry.code), words: where === '' ? said : `${where}: ${said}` };
};

/**
 * Reads an error out of a JSON body, in any of the four shapes the service has: version 1 (`errorCode` …), version 2 (`detail` with event
 * and code), a validation list (`detail` with `loc`), and a bare `message`. Each can come for a request of either version, and also under
 * a status of success. Undefined where the body holds no error.
 */
export const errorInJson = (body: unknown): MeshErrorWords | undefined => {
  if (!isObject(body)) return undefined;
  const { errorEvent, errorCode, errorDescription, detail } = body;
  if (errorDescription !== undefined || errorCode !== undefined || errorEvent !== undefined)
    return { event: textOf(errorEvent), code: textOf(errorCode), words: textOf(errorDescription) };
  if (typeof detail === 'string') return { event: '', code: '', words: detail };
  if (Array.isArray(detail) || isObject(detail)) {
    const findings = [detail].flat().map(finding);
    const coded = findings.find((one) => one.code !== '') ?? findings[0];
    const words = findings.map((one) => one.words).filter((one) => one !== '');
    return { event: coded?.event ?? '', code: coded?.code ?? '', words: words.join('; ') };
  }
  if (typeof body.message === 'string' && 'internal_id' in body) return { event: '', code: '', words: body.message };
  return undefined;
};

const MOST_WORDS = 1_000;

/** The error of an answer that is known to be one: JSON in any shape, or whatever a gateway writes (XML, HTML, nothing). */
export const readErrorBody = (text: string): MeshErrorWords => {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    // Markup is for a browser; what is left of it is words.
    const words = text
      .replace(/<(script|style)\b[\s\S]*?<\/\1>|<[^>]*>/gi, ' ')
      .replace(/\s+/g, ' ')
      .trim();
    return { event: '', code: '', words: words.slice(0, MOST_WORDS) };
  }
  const error = errorInJson(body) ?? { event: '', code: '', words: isObject(body) ? textOf(body.message) : textOf(body) };
  return { ...error, words: error.words.slice(0, MOST_WORDS) };
};
