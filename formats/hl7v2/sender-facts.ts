import { encodingNamed, hidesStructure } from '../charset.ts';
import { type Hl7Message, readLeniently } from './reader.ts';

/** What of a message's header its answer depends on. HD fields as lists of components, decoded. */
export interface SenderFacts {
  readonly sendingApplication: readonly string[];
  readonly sendingFacility: readonly string[];
  readonly receivingApplication: readonly string[];
  readonly receivingFacility: readonly string[];
  readonly trigger: string;
  readonly controlId: string;
  readonly processingId: string;
  readonly version: string;
  readonly acceptAck: string;
  readonly applicationAck: string;
  /** MSH-18 where it names a set that an answer can be written in, else empty. */
  readonly charset: string;
}

const components = (message: Hl7Message, field: number): readonly string[] => {
  const [first] = message.first('MSH')?.field(field).repetitions() ?? [];
  if (first === undefined || first.isNull) return [];
  const found: string[] = [];
  for (let n = 1; n <= first.componentCount() && n <= 3; n++) found.push(first.component(n) ?? '');
  return found;
};

export function senderFacts(message: Hl7Message): SenderFacts {
  const declared = encodingNamed(message.declaredCharset);
  return {
    sendingApplication: components(message, 3),
    sendingFacility: components(message, 4),
    receivingApplication: components(message, 5),
    receivingFacility: components(message, 6),
    trigger: message.trigger,
    controlId: message.controlId,
    processingId: message.processingId,
    version: message.version,
    acceptAck: message.acceptAck,
    applicationAck: message.applicationAck,
    charset:
      declared && !hidesStructure(declared) && !declared.startsWith('utf-16') && message.charset.valid
        ? message.declaredCharset.trim()
        : '',
  };
}

/** The same from bytes whose delimiters are unsound, or the head of a message too large: what can be told; undefined without an MSH. */
export function salvageFacts(bytes: Buffer): SenderFacts | undefined {
  try {
    return senderFacts(readLeniently(bytes));
  } catch {
    return undefined;
  }
}
