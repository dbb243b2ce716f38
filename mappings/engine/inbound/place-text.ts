import type { Segment } from '../../../formats/hl7v2/reader.ts';

/** A segment as people name it: `PID`, or `OBX[4]` where the message has several. */
export const segmentPlace = (segment: Segment): string => (segment.peers.length > 1 ? `${segment.name}[${segment.ordinal}]` : segment.name);

/** A value as people name it: `PID-3[2].1`. The number of a repetition is told where there are several. */
export const valuePlace = (segment: Segment, field: number, repetition: number, component?: number, subcomponent?: number): string => {
  const several = repetition > 1 || segment.field(field).repetitions().length > 1;
  const part = component === undefined ? '' : `.${component}${subcomponent === undefined ? '' : `.${subcomponent}`}`;
  return `${segmentPlace(segment)}-${field}${several ? `[${repetition}]` : ''}${part}`;
};
