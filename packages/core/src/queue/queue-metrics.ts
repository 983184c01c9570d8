import { CLUSTERS, clusterOf, priorityOf } from "../cluster.ts";
import type { ReplayPayload } from "../payload/payload.ts";
import { harmlessMetrics } from "../report/harmless.ts";
import type { Metrics } from "../report/metrics.ts";
import {
  type DeadLetter,
  type DeadLetterReader,
  type DeadLetterStore,
  scannedLetters,
} from "./dead-letters.ts";
import type { ReplayQueue } from "./queue.ts";
import { scannedTrash, type TrashStore } from "./trash.ts";

/** Reads the depths of a queue once and sets the gauges of its lanes. Rejects with what `depths` rejects with. */
export async function reportDepths(queue: Pick<ReplayQueue, "depths">, metrics: Metrics): Promise<void> {
  const { gauge } = harmlessMetrics(metrics);
  for (const { lane, pending, inFlight, delayed, stuck, oldestAgeMs = 0 } of await queue.depths()) {
    const labels = { cluster: clusterOf(lane), priority: priorityOf(lane) };
    const states = { pending, in_flight: inFlight, delayed, stuck };
    for (const [result, messages] of Object.entries(states)) {
      gauge("helix_queue_messages", { ...labels, result }, messages);
    }
    gauge("helix_oldest_age_seconds", labels, oldestAgeMs / 1000);
  }
}

/** Reads once how full a queue is and for how long it keeps what it has, and sets those gauges. Rejects with what `room` rejects with. */
export async function reportRoom(
  queue: Partial<Pick<ReplayQueue, "traits" | "room">>,
  metrics: Metrics,
): Promise<void> {
  const { gauge } = harmlessMetrics(metrics);
  const retentionMs = queue.traits?.retentionMs;
  if (retentionMs !== undefined) {
    for (const cluster of CLUSTERS) gauge("helix_retention_seconds", { cluster }, retentionMs / 1000);
  }
  const ratios = new Map<string, number>();
  for (const { of, lanes, used, capacity, messages } of (await queue.room?.()) ?? []) {
    const [lane, ...more] = lanes;
    const own = more.length === 0 ? lane : undefined;
    // One of messages and one of bytes: what is full by either of them is full.
    const limit = `${of} ${own}`;
    const ratio = Math.max(used / capacity, ratios.get(limit) ?? 0);
    ratios.set(limit, ratio);
    const labels = own && { cluster: clusterOf(own), priority: priorityOf(own) };
    gauge("helix_capacity_used_ratio", { ...labels, result: of }, ratio);
    if (of === "dead-letters") gauge("helix_dead_letters", { result: "kept" }, messages);
  }
}

/** Counts what `drainAll` has handed out. */
export function countDrained(payloads: readonly ReplayPayload[], metrics: Metrics): void {
  const { increment } = harmlessMetrics(metrics);
  for (const { targetCluster: cluster, priority } of payloads) {
    increment("helix_drained_total", { cluster, priority });
  }
}

/** The same store, whose redrives, discards and restores are counted. By its id a dead letter is read first, for its lane. */
export function countedDeadLetters(store: DeadLetterStore, metrics: Metrics): DeadLetterStore {
  const scanned = scannedLetters(store);
  const { count, counted } = countsOf(store, metrics);
  return {
    ...readerOf(store),
    redrive: (id, options) => counted("helix_redriven_total", id, () => store.redrive(id, options)),
    discard: (id, options) => counted("helix_discarded_total", id, () => store.discard(id, options)),
    get trash() {
      return countedTrash(store.trash, metrics);
    },
    scanned: {
      redrive: async (letter, options) => {
        await scanned.redrive(letter, options);
        count("helix_redriven_total", letter);
      },
      discard: async (letter, options) => {
        await scanned.discard(letter, options);
        count("helix_discarded_total", letter);
      },
    },
  };
}

function countedTrash(trash: TrashStore, metrics: Metrics): TrashStore {
  const scanned = scannedTrash(trash);
  const { count, counted } = countsOf(trash, metrics);
  return {
    ...readerOf(trash),
    restore: (id, options) => counted("helix_restored_total", id, () => trash.restore(id, options)),
    delete: (id, options) => trash.delete(id, options),
    scanned: {
      restore: async (letter, options) => {
        await scanned.restore(letter, options);
        count("helix_restored_total", letter);
      },
      delete: (letter, options) => scanned.delete(letter, options),
    },
  };
}

function readerOf<L extends DeadLetter>(store: DeadLetterReader<L>): DeadLetterReader<L> {
  return {
    list: (filter) => store.list(filter),
    page: (filter, options) => store.page(filter, options),
    scan: (filter, options) => store.scan(filter, options),
    cutOff: () => store.cutOff(),
    get: (id) => store.get(id),
    count: (filter, options) => store.count(filter, options),
    groups: (filter) => store.groups(filter),
    ...(store.orderOf && { orderOf: (id: string) => store.orderOf?.(id) ?? Promise.resolve(undefined) }),
  };
}

type End = "helix_redriven_total" | "helix_discarded_total" | "helix_restored_total";

function countsOf(store: Pick<DeadLetterReader, "get">, metrics: Metrics) {
  const { increment } = harmlessMetrics(metrics);
  const count = (name: End, { lane }: DeadLetter) =>
    increment(name, { cluster: clusterOf(lane), priority: priorityOf(lane) });
  const counted = async (name: End, id: string, act: () => Promise<void>) => {
    // What cannot be counted is done all the same.
    const letter = await store.get(id).catch(() => undefined);
    await act();
    if (letter !== undefined) count(name, letter);
  };
  return { count, counted };
}
