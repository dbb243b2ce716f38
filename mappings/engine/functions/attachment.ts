import { createHash } from 'node:crypto';
import { decodeBase64 } from '../../../formats/base64.ts';
import type { Repetition } from '../../../formats/hl7v2/reader.ts';
import type { ContentPart } from '../../../formats/hl7v2/writer.ts';
import { brandAs, type ContentName } from '../../../records/ids.ts';
import { InboundRun } from '../inbound/inbound-run.ts';
import { hl7TypeOf, isHl7 } from '../types.ts';
import { Cell, Composite, Invalid, isModel, type Model, type Value } from '../value.ts';
import type { FunctionSpec } from './function.ts';

/** Subtype (ED.3) or file ending as senders write it → media type. */
const MEDIA: Readonly<Record<string, string>> = {
  pdf: 'application/pdf',
  rtf: 'application/rtf',
  doc: 'application/msword',
  msword: 'application/msword',
  docx: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  xml: 'text/xml',
  html: 'text/html',
  htm: 'text/html',
  txt: 'text/plain',
  text: 'text/plain',
  plain: 'text/plain',
  jpeg: 'image/jpeg',
  jpg: 'image/jpeg',
  tiff: 'image/tiff',
  tif: 'image/tiff',
  png: 'image/png',
  gif: 'image/gif',
};
const MAIN: Readonly<Record<string, string>> = {
  AP: 'application',
  APPLICATION: 'application',
  IM: 'image',
  IMAGE: 'image',
  AU: 'audio',
  AUDIO: 'audio',
  TX: 'text',
  TEXT: 'text',
  FT: 'text',
};

const mediaType = (main: string | undefined, sub: string | undefined): string => {
  const word = (sub ?? '').toLowerCase().replace(/^\./, '');
  if (/^[a-z]+\/[a-z0-9.+-]+$/.test(word)) return word;
  const known = MEDIA[word];
  if (known !== undefined) return known;
  const family = MAIN[(main ?? '').toUpperCase()];
  if (word === '') return family === 'text' ? 'text/plain' : (MEDIA[(main ?? '').toLowerCase()] ?? 'application/octet-stream');
  return family !== undefined && /^[a-z0-9.+-]+$/.test(word) ? `${family}/${word}` : 'application/octet-stream';
};

const contentOf = (repetition: Repetition): Buffer | undefined => {
  switch ((repetition.component(4) ?? '').toUpperCase()) {
    case 'BASE64':
      return decodeBase64(repetition.componentBytes(5));
    case 'HEX': {
      const text = repetition.rawComponent(5).replace(/\s/g, '');
      return text.length > 0 && text.length % 2 === 0 && /^[0-9A-Fa-f]+$/.test(text) ? Buffer.from(text, 'hex') : undefined;
    }
    case 'A':
    case '': {
      const text = repetition.component(5);
      return text === undefined ? undefined : Buffer.from(text, 'utf8');
    }
    default:
      return undefined;
  }
};

/** ED: source ^ type ^ subtype ^ encoding ^ data. RP: pointer ^ application ^ type ^ subtype. */
const readCell = (cell: Cell, run: InboundRun): Value => {
  const { repetition, segment } = cell;
  const type = cell.field === 5 && segment.name === 'OBX' ? segment.text(2) : undefined;
  if (type === 'RP') {
    const url = repetition.component(1);
    return url === undefined ? undefined : { url, contentType: mediaType(repetition.component(3), repetition.component(4)) };
  }
  if (type !== undefined && type !== 'ED') return new Invalid('attachment', null);
  const bytes = contentOf(repetition);
  if (bytes === undefined) return repetition.componentBytes(5).length === 0 ? undefined : new Invalid('attachment', null);
  const contentType = mediaType(repetition.component(2), repetition.component(3));
  const name = run.services.nameContent(bytes);
  if (!run.attachments.has(name)) run.attachments.set(name, { name, contentType, bytes });
  return { contentId: name, contentType, size: bytes.length, hash: createHash('sha256').update(bytes).digest('hex') };
};

const TYPES: Readonly<Record<string, string>> = { application: 'AP', image: 'IM', audio: 'AU', text: 'TEXT' };
const SUBTYPES = new Map(
  Object.entries(MEDIA)
    .map(([word, media]) => [media, word.toUpperCase()])
    .reverse() as [string, string][],
); // pairs of texts

/** Stored content of an attachment, to be spliced in while sending. */
export const contentPart = (attachment: Model, encoding: 'raw' | 'base64'): Extract<ContentPart, { kind: 'content' }> | undefined => {
  const [name, size] = [attachment.contentId, attachment.size];
  return typeof name === 'string' && typeof size === 'number'
    ? { kind: 'content', name: brandAs<ContentName>(name), encoding, size }
    : undefined;
};

/** ED with its data spliced in; RP where only an address is known. */
const write = (attachment: Model): Value => {
  const media = typeof attachment.contentType === 'string' ? attachment.contentType : 'application/octet-stream';
  const [main = 'application', sub = 'octet-stream'] = media.split('/');
  const content = contentPart(attachment, 'base64');
  const shown = [TYPES[main] ?? 'AP', SUBTYPES.get(media) ?? sub] as const;
  if (content !== undefined) return new Composite([undefined, ...shown, 'Base64', content]);
  const { url } = attachment;
  return typeof url === 'string' ? new Composite([url, undefined, ...shown]) : undefined;
};

export const ATTACHMENT_FUNCTIONS: readonly FunctionSpec[] = [
  {
    name: 'attachment',
    args: [],
    wants: 'whole',
    build: (call) => {
      if (!call.inbound) {
        if (call.from !== 'Attachment' && call.from !== 'any')
          return call.fault('type-break', 'attachment works on an Attachment, such as document.content');
        if (call.output === 'text') return { gives: 'Attachment', apply: (item) => item };
        return { gives: 'hl7:varies', apply: (item) => (isModel(item) ? write(item) : undefined) };
      }
      const source = isHl7(call.from) ? hl7TypeOf(call.from) : '';
      if (!['ED', 'RP', 'varies'].includes(source)) return call.fault('type-break', 'attachment works on ED or RP, as in OBX-5');
      return {
        gives: 'Attachment',
        apply: (item, run) => (item instanceof Cell && run instanceof InboundRun ? readCell(item, run) : undefined),
      };
    },
  },
];
