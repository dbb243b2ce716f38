import type { MeshVersion } from '../../formats/mesh/headers.ts';

/** The version an Accept header asks for; undefined where it speaks of vnd.mesh in a form the service does not know. */
export const readAccept = (accept: string | undefined): MeshVersion | undefined => {
  if (accept === undefined) return 1;
  for (const part of accept.split(';')) {
    const type = part.trim();
    if (!type.includes('vnd.mesh')) continue;
    const asked = /^application\/vnd\.mesh\.v(\d+)\+json$/.exec(type);
    if (asked === null) return undefined;
    return Number(asked[1]) >= 2 ? 2 : 1;
  }
  return 1;
};
