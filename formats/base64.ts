/**
 * Base64 in bytes, as it stands in OBX-5.5, decoded piece by piece: a document of many megabytes is never one string. Blanks and line ends
 * are passed over, and so are the line-end escapes (`\.br\`, `\X0D\`, `\X0A\`, `\X0D0A\`) that senders leave in it.
 */
const BLANKS = /\s+/g;
const LINE_END_ESCAPES = /\\(?:\.br|X(?:0D|0A|0D0A))\\/gi;
const ALPHABET = /^[A-Za-z0-9+/]*$/;
/** The end of a text: padding, and perhaps the beginning of an escape that the next piece completes. */
const ENDING = /^(?:={1,2})?(?:\\[^\\]{0,6})?$/;

/** A multiple of four, so that each piece but the last decodes to whole bytes. */
const PIECE = 192 * 1024;

/** The decoded bytes; undefined where it is not base64 (another letter, a length that cannot be, padding inside, nothing at all). */
export const decodeBase64 = (encoded: Buffer, piece = PIECE): Buffer | undefined => {
  const decoded = Buffer.allocUnsafeSlow(Math.ceil((encoded.length / 4) * 3) + 3);
  let size = 0;
  let letters = 0;
  let rest = '';
  for (let from = 0; from < encoded.length; from += piece) {
    const text = (rest + encoded.toString('latin1', from, from + piece)).replace(LINE_END_ESCAPES, '').replace(BLANKS, '');
    const ending = text.search(/[=\\]/);
    const end = ending < 0 ? text.length : ending;
    // What may follow padding or a cut escape is little: a text that goes on after it is none.
    if (ending >= 0 && !ENDING.test(text.slice(end))) return undefined;
    const whole = text.slice(0, end - (end % 4));
    if (!ALPHABET.test(whole)) return undefined;
    rest = text.slice(whole.length);
    letters += whole.length;
    size += decoded.write(whole, size, 'base64');
  }
  const last = /^([A-Za-z0-9+/]{0,3})(={0,2})$/.exec(rest);
  const tail = last?.[1] ?? '';
  const padding = last?.[2]?.length ?? 0;
  if (last === null || tail.length === 1 || (padding > 0 && tail.length + padding !== 4) || letters + tail.length === 0) return undefined;
  size += decoded.write(tail, size, 'base64');
  return decoded.subarray(0, size);
};
