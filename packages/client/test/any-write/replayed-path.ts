import type { ReplayExecutor, ReplayPayload } from "@helix/core";
import { MemoryReplayer } from "@helix/replayer-memory";
import { type CassandraAddress, type FaultProxy, waitFor } from "@helix/testkit";
import { ReplayWorker } from "@helix/worker";
import { HelixClient } from "../../src/index.ts";
import type { Dice } from "./dice.ts";

const DRAIN_TIMEOUT_MS = 120_000;

export interface ReplayedPathOptions {
  readonly pair: Readonly<Record<"A" | "B", CassandraAddress>>;
  /** In front of B. */
  readonly proxy: FaultProxy;
  readonly keyspace: string;
  readonly dice: Dice;
}

/** Client, memory queue and a worker that executes some replays twice, and keeps them all to be executed again. */
export class ReplayedPath implements AsyncDisposable {
  readonly client: HelixClient;
  readonly replayed: ReplayPayload[] = [];
  readonly dropped: unknown[] = [];
  /** From when a replay is judged until it is answered. */
  slowestReplayMs = 0;
  readonly replayer = new MemoryReplayer();
  readonly #executor: ReplayExecutor;
  readonly #worker: ReplayWorker;
  readonly #dice: Dice;

  constructor({ pair, proxy, keyspace, dice }: ReplayedPathOptions) {
    const cluster = (contactPoint: string, { localDataCenter }: CassandraAddress) => ({
      contactPoints: [contactPoint],
      localDataCenter,
      keyspace,
      encoding: { map: Map },
      socketOptions: { readTimeout: 60_000 },
    });
    this.client = new HelixClient({
      clusters: { A: cluster(pair.A.contactPoint, pair.A), B: cluster(proxy.contactPoint, pair.B) },
      replayer: this.replayer,
    });
    this.#dice = dice;
    this.#executor = this.client.replayExecutor();
    this.#worker = new ReplayWorker({
      queue: this.replayer,
      executor: {
        ...this.#executor,
        execute: async (payload, options) => {
          await this.execute(payload, options.signal);
          this.replayed.push(payload);
          if (dice.chance(0.3)) await this.execute(payload, options.signal);
        },
      },
      onDrop: (drop) => this.dropped.push(drop),
    });
  }

  async start(): Promise<void> {
    await this.client.attachWorker(this.#worker);
    await this.client.connect({ waitFor: "all" });
  }

  async drained(): Promise<void> {
    await waitFor(() => this.replayer.length === 0, {
      timeoutMs: DRAIN_TIMEOUT_MS,
      describe: () => `the queue is empty; it holds ${this.replayer.length}`,
    });
  }

  /** Executes what was replayed again, in no order, on the cluster that missed it and on the one that did not. */
  async replayAgain(): Promise<void> {
    const shuffled = this.replayed.splice(0).sort(() => this.#dice.random() - 0.5);
    for (const payload of shuffled) {
      await this.execute(payload);
      // The tables that are known by their ids are those of B.
      const { schema, ...rest } = payload;
      if (this.#dice.chance(0.5)) await this.execute({ ...rest, targetCluster: "A" });
    }
  }

  async execute(payload: ReplayPayload, signal: AbortSignal = new AbortController().signal): Promise<void> {
    const startedAtMs = performance.now();
    await this.#executor.execute(payload, { signal });
    this.slowestReplayMs = Math.max(this.slowestReplayMs, performance.now() - startedAtMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.close();
    await this.replayer.close();
  }
}
