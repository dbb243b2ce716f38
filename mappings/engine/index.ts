/**
 * The mapping engine: loads and checks mapping files, turns messages into records and records into payloads. Pure: files, directory and
 * names of stored content are handed in.
 */
export { checkRenderings } from './check/coverage.ts';
export type { InboundMapping, MapContext } from './inbound/inbound-mapping.ts';
export { type LoadEnvironment, type LoadedMappings, loadMappings } from './load.ts';
export type { OutboundMapping, Rendering } from './outbound/outbound-mapping.ts';
export type { RenderContext } from './outbound/outbound-run.ts';
export type { DirectoryPort } from './run.ts';
export { selectMapping } from './select.ts';
