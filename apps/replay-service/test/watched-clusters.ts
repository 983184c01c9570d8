import { setTimeout as after } from "node:timers/promises";
import type { ClusterId } from "@helix/core";
import { type CqlRequest, type Reply, reply, type ScriptedCqlServer } from "@helix/testkit";
import { startServers } from "./pod.ts";

/** When an execution of a message began. Milliseconds of the monotonic clock. */
interface Execution {
  readonly pod: WatchedClusters;
  readonly atMs: number;
}

/** What became of every message, over all pods. */
export class Executions {
  readonly #byId = new Map<string, Execution[]>();

  add(id: string, execution: Execution): void {
    const earlier = this.#byId.get(id);
    if (earlier === undefined) this.#byId.set(id, [execution]);
    else earlier.push(execution);
  }

  /** Different messages. */
  get messages(): number {
    return this.#byId.size;
  }

  has(id: string): boolean {
    return this.#byId.has(id);
  }

  /** Executions beyond the first of each. */
  get again(): number {
    return [...this.#byId.values()].reduce((sum, { length }) => sum + length - 1, 0);
  }

  /** Messages that this pod executed first. */
  firstOf(pod: WatchedClusters): number {
    return [...this.#byId.values()].filter(([first]) => first?.pod === pod).length;
  }

  /** When that pod executed the message, or undefined. */
  atMs(id: string, pod: WatchedClusters): number | undefined {
    return this.#byId.get(id)?.find((execution) => execution.pod === pod)?.atMs;
  }
}

/**
 * Both clusters as one pod sees them: addresses of its own, so that it is known who executed what. They store
 * nothing but the first parameter of each statement, the id.
 */
export class WatchedClusters implements AsyncDisposable {
  /** Ids that the pod has sent and not been answered. */
  readonly inHand = new Set<string>();
  readonly servers: Readonly<Record<ClusterId, ScriptedCqlServer>>;

  private constructor(servers: Readonly<Record<ClusterId, ScriptedCqlServer>>) {
    this.servers = servers;
  }

  static async start(executions: Executions, { answerMs = 0 } = {}): Promise<WatchedClusters> {
    const onRequest = async ({ values: [id] }: CqlRequest): Promise<Reply> => {
      const message = String(id);
      executions.add(message, { pod: watched, atMs: performance.now() });
      watched.inHand.add(message);
      if (answerMs > 0) await after(answerMs);
      watched.inHand.delete(message);
      return reply.void;
    };
    const options = { onRequest, record: false };
    const watched = new WatchedClusters(await startServers({ A: options, B: options }));
    return watched;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.servers.A.close(), this.servers.B.close()]);
  }
}
