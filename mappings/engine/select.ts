import type { InboundMapping } from './inbound/inbound-mapping.ts';

/**
 * The one mapping for a message: written for this source by name, else written for any source. `type` is `ADT^A08`; a structure behind it
 * (`ADT^A08^ADT_A01`) is not looked at. Nothing where none is there; two cannot be, that is an error at load.
 */
export const selectMapping = (mappings: readonly InboundMapping[], source: string, type: string): InboundMapping | undefined => {
  const [code = '', trigger = ''] = type.split('^');
  const wanted = `${code}^${trigger}`;
  const fitting = mappings.filter((mapping) => mapping.messages.includes(wanted));
  return fitting.find((mapping) => mapping.sources.includes(source)) ?? fitting.find((mapping) => mapping.sources.length === 0);
};
