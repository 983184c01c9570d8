/** What a piece of work took. */
export interface Cost {
  readonly perSecond: number;
  /** Of this process, all of its threads. Microseconds a piece. */
  readonly processorMicros: number;
}

export async function cost(pieces: number, run: () => Promise<unknown>): Promise<Cost> {
  const before = process.cpuUsage();
  const startedAt = performance.now();
  await run();
  const tookMs = performance.now() - startedAt;
  const { user, system } = process.cpuUsage(before);
  return { perSecond: (pieces * 1000) / tookMs, processorMicros: (user + system) / pieces };
}

/** Pieces per second. */
export async function rate(pieces: number, run: () => Promise<unknown>): Promise<number> {
  return (await cost(pieces, run)).perSecond;
}

/** So many at once, each with its number, until `count` have been done. */
export async function inFlight(
  count: number,
  atOnce: number,
  run: (i: number) => Promise<unknown>,
): Promise<void> {
  let next = 0;
  const one = async () => {
    for (let i = next++; i < count; i = next++) await run(i);
  };
  await Promise.all(Array.from({ length: atOnce }, one));
}

/** Microseconds of processor a call, of calls that return at once: what else the machine does counts less than by the clock. */
export function microsPerCall(calls: number, call: (i: number) => unknown): number {
  const before = process.cpuUsage();
  for (let i = 0; i < calls; i++) call(i);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / calls;
}

/** Heap and buffers after a collection, in MiB. Resident memory would hide behind what an earlier part has freed. */
export function mebibytesInUse(): number {
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return (heapUsed + arrayBuffers) / 2 ** 20;
}
