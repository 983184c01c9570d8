import { type ClusterId, createPayload, LANES, type PayloadInput, type WorkerFigures } from "@helix/core";
import { MemoryControlStore, MemoryReplayer } from "@helix/replayer-memory";
import { ManualClock } from "@helix/testkit/manual-clock";
import { type AuditRecord, Heartbeat, type HeartbeatOptions } from "../src/index.ts";

/** A queue and a control store in memory, with a clock that the test turns. */
export function setUp(options: { queueCapacity?: number } = {}) {
  const clock = new ManualClock();
  const queue = new MemoryReplayer({ clock, ...options });
  const control = new MemoryControlStore({ clock });
  const records: AuditRecord[] = [];
  const operated = { queue, control, clock, audit: (record: AuditRecord) => records.push(record) };
  const write = (targetCluster: ClusterId, more: Partial<PayloadInput> = {}) =>
    queue.enqueue(
      createPayload({
        targetCluster,
        operation: { kind: "statement", query: "INSERT INTO shop.users (id) VALUES (?)", params: ["secret"] },
        timestampMicros: 1n,
        writtenAtMs: clock.wallMs(),
        enqueuedAtMs: clock.wallMs(),
        ...more,
      }),
    );
  return { clock, queue, control, records, operated, write };
}

/** A worker that the test speaks for. */
function fakeWorker() {
  const lane = { inHand: 2, applied: 0, failed: 0, dead: 0 };
  const cluster = { breaker: "closed" as const, concurrency: 128 };
  const rates = new Map<ClusterId, number | undefined>();
  const state = {
    clusters: { A: cluster, B: cluster } as WorkerFigures["clusters"],
    lanes: Object.fromEntries(LANES.map((id) => [id, { ...lane }])) as Record<
      (typeof LANES)[number],
      { inHand: number; applied: number; failed: number; dead: number }
    >,
    rates,
    figures: () => ({ clusters: state.clusters, lanes: state.lanes }),
    setRateLimit: (id: ClusterId, perSecond: number | undefined) => void rates.set(id, perSecond),
  };
  return state;
}

let made = 0;

/** Makes pods over what is set up. */
export function pods(world: ReturnType<typeof setUp>) {
  const { control, queue, clock } = world;
  return (options: Partial<HeartbeatOptions> = {}) => {
    const worker = fakeWorker();
    const heartbeat = new Heartbeat({
      control,
      queue,
      worker,
      clock,
      host: "pod.1",
      version: "1.2.3",
      random: () => ++made / 1e6,
      ...options,
    });
    heartbeat.start();
    return { worker, heartbeat, key: `pods.${heartbeat.id}` };
  };
}
