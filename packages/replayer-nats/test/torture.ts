import { setTimeout as after } from "node:timers/promises";
import type { Replayer, ReplayPayload } from "@helix/core";
import { isHelixError, LANES } from "@helix/core";
import { waitFor } from "@helix/testkit";
import { ReplayWorker } from "@helix/worker";
import type { NatsReplayer } from "../src/index.ts";
import { payloadOf } from "./rig.ts";

const WRITERS = 64;
/** Between two writes of a writer: writing must outlast the faults. */
const PAUSE_MS = 10;

/** What a run came to. */
export interface TortureReport {
  readonly acknowledged: number;
  /** Acknowledged, and never executed. */
  readonly lost: readonly string[];
  /** Executions beyond the first of each. */
  readonly again: number;
  /** Enqueues that were refused, or whose outcome nobody knew, by code. */
  readonly refused: Readonly<Record<string, number>>;
  readonly perWorker: readonly number[];
  /** Left in the stream at the end, owed to nobody. */
  readonly stuck: number;
  /** Stranded by the server on the way, and brought back. */
  readonly broughtBack: number;
}

/** Enqueues payloads, many at a time; one that is refused is forgotten, and another takes its place. */
export class Writers {
  readonly acknowledged = new Set<string>();
  readonly refused: Record<string, number> = {};
  readonly #queue: Replayer;
  #next = 0;

  constructor(queue: Replayer) {
    this.#queue = queue;
  }

  /** Until there are so many, and the faults are over. */
  async write(count: number, faults: Promise<unknown>): Promise<void> {
    let areOver = false;
    const over = faults.finally(() => {
      areOver = true;
    });
    const writer = async () => {
      while (this.acknowledged.size < count || !areOver) {
        await this.#one();
        await after(PAUSE_MS);
      }
    };
    await Promise.all([over, ...Array.from({ length: WRITERS }, writer)]);
  }

  async #one(): Promise<void> {
    const payload = this.#payload();
    try {
      await this.#queue.enqueue(payload);
      this.acknowledged.add(payload.id);
    } catch (error) {
      const code = isHelixError(error) ? error.code : String(error);
      this.refused[code] = (this.refused[code] ?? 0) + 1;
    }
  }

  #payload(): ReplayPayload {
    const number = this.#next++;
    const lane = LANES[number % 4] ?? "high.A";
    const [priority, targetCluster] = lane.split(".") as ["high" | "low", "A" | "B"];
    return payloadOf(`p${number}`, { priority, targetCluster });
  }
}

/** Workers of the product, each on a queue of its own, and a book of what they execute. */
export class Workers {
  readonly executions = new Map<string, number>();
  readonly perWorker: number[] = [];
  readonly #workers: ReplayWorker[];

  constructor(queues: readonly NatsReplayer[]) {
    this.#workers = queues.map((queue, at) => {
      this.perWorker.push(0);
      return new ReplayWorker({
        queue,
        executor: async ({ id }) => {
          this.perWorker[at] = (this.perWorker[at] ?? 0) + 1;
          this.executions.set(id, (this.executions.get(id) ?? 0) + 1);
        },
      });
    });
  }

  async start(): Promise<void> {
    for (const worker of this.#workers) await worker.start();
  }

  async stop(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.stop()));
  }
}

/** Waits until the lanes are empty, and adds up. */
export async function settle(
  queue: NatsReplayer,
  writers: Writers,
  workers: Workers,
  timeoutMs: number,
): Promise<TortureReport> {
  const lost = () => [...writers.acknowledged].filter((id) => !workers.executions.has(id));
  let depths: Awaited<ReturnType<NatsReplayer["depths"]>> = [];
  let broughtBack = 0;
  await waitFor(
    async () => {
      depths = await queue.depths();
      // What looks stuck is often an acknowledgement on its way; what is seen twice is not.
      if (depths.some(({ stuck }) => stuck > 0)) broughtBack += await queue.recoverStuck();
      return (
        depths.every(({ pending, inFlight, stuck }) => pending + inFlight + stuck === 0) &&
        lost().length === 0
      );
    },
    {
      timeoutMs,
      intervalMs: 250,
      describe: () =>
        `nothing is left; ${lost().length} are missing and the lanes have ${JSON.stringify(depths)}`,
    },
  );
  let executed = 0;
  for (const times of workers.executions.values()) executed += times;
  return {
    acknowledged: writers.acknowledged.size,
    lost: lost(),
    again: executed - workers.executions.size,
    refused: writers.refused,
    perWorker: workers.perWorker,
    stuck: depths.reduce((sum, { stuck }) => sum + stuck, 0),
    broughtBack,
  };
}
