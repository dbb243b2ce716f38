import type { OutboundDelivery } from '../../records/ports.ts';
import { Problem } from '../../records/problem.ts';
import { keyInName } from '../files/names.ts';

const EXTENSIONS: Readonly<Record<string, string>> = {
  'x-application/hl7-v2+er7': 'hl7',
  'text/plain': 'txt',
  'text/csv': 'csv',
  'application/json': 'json',
  'application/fhir+json': 'json',
};

/** Most bytes of a finished name: `.`, a token and `.part` are put round it while it is written. */
const LONGEST = 200;

/** A template of names: `{key}` (required: the transport key), `{id}` (the delivery's number, twelve digits), `{ext}`. */
export class OutgoingNames {
  readonly #template: string;
  readonly #extension: string | undefined;

  /** Throws an Error whose message names the setting when the template could leave the folder or give two deliveries one name. */
  constructor(template: string, extension: string | undefined) {
    if (!template.includes('{key}')) throw new Problem('setting `name` must hold {key}, or two deliveries could be given one name');
    if (!/^(?:[A-Za-z0-9_.-]|\{key\}|\{id\}|\{ext\})+$/.test(template))
      throw new Problem('setting `name` may hold letters, digits, `.`, `-`, `_`, {key}, {id} and {ext}');
    if (template.startsWith('.')) throw new Problem('setting `name` may not begin with a dot: such files are hidden from receivers');
    this.#template = template;
    this.#extension = extension;
  }

  /** The same at every attempt; of the transport key and numbers alone, so it says nothing of a patient. */
  final(delivery: OutboundDelivery): string {
    const extension = this.#extension ?? EXTENSIONS[delivery.contentType] ?? 'bin';
    const name = this.#template
      .replaceAll('{id}', String(delivery.id).padStart(12, '0'))
      .replaceAll('{ext}', extension)
      .replaceAll('{key}', keyInName(delivery.transportKey));
    if (name.length > LONGEST) throw new RangeError('the name of an outgoing file would be too long');
    return name;
  }

  /** Hidden, and with the claim's token: a sender that lost its claim can neither finish nor disturb the file of the next. */
  temporary(delivery: OutboundDelivery): string {
    return `.${this.final(delivery)}.${delivery.token}.part`;
  }

  /** Whether a name is a temporary one of this delivery, of any attempt. */
  isTemporary(delivery: OutboundDelivery, name: string): boolean {
    const begin = `.${this.final(delivery)}.`;
    return name.startsWith(begin) && /^\d+\.part$/.test(name.slice(begin.length));
  }
}
