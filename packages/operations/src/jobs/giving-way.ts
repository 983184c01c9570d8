import { CLUSTERS, type Clock, laneOf, PRIORITIES, type WorkerFigures } from "@helix/core";
import { wait } from "@helix/core/internal";

/** 500 a second at the most: a worker beside it loses nothing by them that can be measured. */
const REST_MS = 2;

/** To which jobs give way: a `ReplayWorker`. */
export interface BusyWorker {
  figures(): WorkerFigures;
}

/**
 * The same letters, 2 ms before each while the worker is busy. It is asked anew for each, since what is put back into the lanes may be what makes it so:
 * then they go as fast as it executes.
 */
export async function* givingWay<L>(
  letters: AsyncIterable<L>,
  { worker, clock, signal }: { worker: BusyWorker; clock: Clock; signal: AbortSignal },
): AsyncGenerator<L, void, void> {
  for await (const letter of letters) {
    if (isBusy(worker.figures())) await wait(clock, REST_MS, signal);
    yield letter;
  }
}

/** Whether more is in hand for a cluster than it may get at once. Where nothing is executed, by order or since it is away, nobody waits for the processor. */
function isBusy({ clusters, lanes }: WorkerFigures): boolean {
  return CLUSTERS.some((cluster) => {
    const { breaker, pausedBy, concurrency } = clusters[cluster];
    const inHand = PRIORITIES.reduce((sum, priority) => sum + lanes[laneOf(cluster, priority)].inHand, 0);
    return breaker === "closed" && pausedBy === undefined && inHand > concurrency;
  });
}
