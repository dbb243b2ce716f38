/**
 * How a payload is cut for MESH: chunk `i` of `n`, sent in order. The parts are equally long (the last may be shorter), so size and number
 * alone say where each begins: an attempt that goes on with what another one began cuts at the same places, whatever `chunkSize` says by then.
 */
export interface ChunkPlan {
  readonly size: number;
  readonly count: number;
}

export interface Chunk {
  /** 1 to `of`. */
  readonly chunk: number;
  readonly of: number;
  /** First byte of it in the payload. */
  readonly from: number;
  readonly length: number;
}

/** The service takes 100 MB a body, after compression; gzip makes what cannot be compressed a little longer. */
export const MOST_BODY = 99_000_000;
/** All chunks but the last must be longer than this. */
export const LEAST_BODY = 5 * 1024 * 1024;
export const MOST_CHUNKS = 10_000;

const lengthOf = ({ size, count }: ChunkPlan): number => Math.ceil(size / count);

/**
 * Null: the service takes no payload of that size (none at all, or more than ten thousand chunks of the longest). A `chunkSize` at or
 * below the service's least is kept to; it is for far sides that ask for it.
 */
export const planChunks = (size: number, chunkSize: number): ChunkPlan | null => {
  if (size <= 0 || size > MOST_BODY * MOST_CHUNKS) return null;
  const longest = Math.min(Math.max(chunkSize, Math.ceil(size / MOST_CHUNKS)), MOST_BODY);
  let count = Math.ceil(size / longest);
  // Cutting evenly may make parts of half the size asked for: fewer and longer ones where those would be too short.
  if (longest > LEAST_BODY) while (count > 1 && Math.ceil(size / count) <= LEAST_BODY) count -= 1;
  // With parts rounded up the last number may be left without a byte.
  return { size, count: Math.ceil(size / Math.ceil(size / count)) };
};

/** The plan of an attempt whose number of chunks is known; null where it cannot have been cut so. */
export const planOf = (size: number, count: number): ChunkPlan | null => {
  if (size <= 0 || count < 1 || count > MOST_CHUNKS) return null;
  const plan = { size, count };
  const length = lengthOf(plan);
  return length <= MOST_BODY && Math.ceil(size / length) === count ? plan : null;
};

export const chunkAt = (plan: ChunkPlan, chunk: number): Chunk => {
  const length = lengthOf(plan);
  const from = (chunk - 1) * length;
  return { chunk, of: plan.count, from, length: Math.min(length, plan.size - from) };
};
