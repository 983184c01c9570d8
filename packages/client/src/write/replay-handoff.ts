import {
  type ClientEvents,
  type Clock,
  type ClusterId,
  type ClusterReport,
  type EventSink,
  helixError,
  isHelixError,
  type Metrics,
  type Replayer,
  type ReplayPayload,
  summarize,
} from "@helix/core";
import { abortable } from "../abortable.ts";
import { QueueRoom, type RoomLimits } from "./queue-room.ts";

/** Takes a payload that the queue did not: what becomes of it is then the application's business. */
export type OnEnqueueFailed = (payload: ReplayPayload, error: unknown) => unknown;

export interface ReplayHandoffOptions {
  readonly replayer: Replayer | undefined;
  readonly onEnqueueFailed: OnEnqueueFailed | undefined;
  readonly onQueueFull: "refuse" | RoomLimits;
  /** Resolves when a letter may be queued for; undefined where it may be. Rejects with HELIX_CLUSTER_MISTAKEN. */
  readonly identified: (cluster: ClusterId) => Promise<void> | undefined;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly events: EventSink<ClientEvents>;
}

/** What became of a payload. */
export interface Handoff {
  readonly queued: ClusterReport["queued"];
  readonly error?: unknown;
}

/** The codes with which a queue says that it surely has not got it. */
const SURELY_NOT = new Set<string>([
  "HELIX_QUEUE_FULL",
  "HELIX_QUEUE_CLOSED",
  "HELIX_PAYLOAD_INVALID",
  "HELIX_PAYLOAD_TOO_LARGE",
  "HELIX_CLUSTER_MISTAKEN",
]);

/** Gives missed writes to the queue, and tells everybody. */
export class ReplayHandoff {
  readonly #options: ReplayHandoffOptions;
  readonly #room: QueueRoom | undefined;
  readonly #givenUp = new AbortController();

  constructor(options: ReplayHandoffOptions) {
    this.#options = options;
    const { replayer, onQueueFull, clock } = options;
    if (replayer === undefined || onQueueFull === "refuse") return;
    this.#room = new QueueRoom(replayer, clock, onQueueFull);
  }

  /** Whether a payload that is not queued is taken by the application. */
  get isBestEffort(): boolean {
    return this.#options.onEnqueueFailed !== undefined;
  }

  /**
   * Resolves when the queue has it, or does not; never rejects. `cause` is why the cluster missed it. An abort ends the
   * waiting for room, if that is waited for.
   */
  async enqueue(payload: ReplayPayload, cause: unknown, signal?: AbortSignal | undefined): Promise<Handoff> {
    const handoff = await this.#give(payload, signal);
    // Apart from the giving, lest what goes wrong with the telling be taken for an answer of the queue.
    if (handoff.queued === "yes") this.#taken(payload, cause);
    else this.#failed(payload, handoff.error);
    return handoff;
  }

  /** Nobody waits for room any more. */
  close(): void {
    this.#room?.close();
  }

  /** What the queue has not answered by now counts as perhaps queued, and is told. */
  giveUp(): void {
    const text = "The client was closed before the queue had answered";
    this.#givenUp.abort(helixError("HELIX_CLIENT_CLOSED", text, {}));
  }

  async #give(payload: ReplayPayload, signal: AbortSignal | undefined): Promise<Handoff> {
    const { replayer } = this.#options;
    if (replayer === undefined) return { queued: "no" };
    try {
      const identified = this.#options.identified(payload.targetCluster);
      if (identified !== undefined) await abortable(identified, this.#givenUp.signal);
      const taken = this.#room?.enqueue(payload, signal) ?? replayer.enqueue(payload);
      await abortable(taken, this.#givenUp.signal);
      return { queued: "yes" };
    } catch (error) {
      return { queued: surelyNot(error) ? "no" : "maybe", error };
    }
  }

  #taken(payload: ReplayPayload, cause: unknown): void {
    const { metrics, events } = this.#options;
    const { targetCluster: cluster, priority } = payload;
    metrics.increment("helix_enqueued_total", { cluster, priority });
    if (events.has("write:queued")) events.emit("write:queued", { payload: summarize(payload), cause });
  }

  #failed(payload: ReplayPayload, error: unknown): void {
    const { onEnqueueFailed, metrics, events } = this.#options;
    const { targetCluster: cluster, priority } = payload;
    const result = isHelixError(error) ? error.code : error === undefined ? "no-queue" : "error";
    metrics.increment("helix_enqueue_failed_total", { cluster, priority, result });
    if (events.has("write:not-queued")) {
      events.emit("write:not-queued", { payload: summarize(payload), cause: error });
    }
    // Without a callback the caller gets an error of its own, and logging is its business.
    if (onEnqueueFailed === undefined) return;
    onEnqueueFailed(payload, error);
  }
}

function surelyNot(error: unknown): boolean {
  if (!isHelixError(error)) return false;
  // An adapter's own codes say it by a field of this name.
  return SURELY_NOT.has(error.code) || (error as { stored?: unknown }).stored === "no";
}
