import type { Segment } from './segment.ts';

/**
 * Where a value stands, as people write it: `PID-3[2].1`, `OBX[4]-5`, `MSH-9.2`. The segment's number is shown where the message has more
 * than one of that name, the repetition's where it is not the first. Holds no data.
 */
export function showPosition(segment: Segment, field?: number, repetition = 1, component?: number, subcomponent?: number): string {
  const nth = segment.peers.length > 1 ? `[${segment.ordinal}]` : '';
  if (field === undefined) return `${segment.name}${nth}`;
  const inner = component === undefined ? '' : `.${component}${subcomponent === undefined ? '' : `.${subcomponent}`}`;
  return `${segment.name}${nth}-${field}${repetition > 1 ? `[${repetition}]` : ''}${inner}`;
}
