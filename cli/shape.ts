import { readMessage } from '../formats/hl7v2/reader.ts';
import type { SegmentShape } from './operations.ts';

/** What a message is made of, without what it says: segment names, sizes and the numbers of the fields that hold something. */
export const shapeOf = (bytes: Buffer): readonly SegmentShape[] | null => {
  try {
    return readMessage(bytes).segments.map((segment) => ({
      name: segment.name,
      bytes: segment.end - segment.start,
      fields: Array.from({ length: segment.fieldCount() }, (_, index) => index + 1).filter((field) => segment.field(field).exists),
    }));
  } catch {
    return null;
  }
};
