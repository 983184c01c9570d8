import { type ClusterId, createPayload, type PayloadInput } from "@helix/core";
import { MemoryControlStore, MemoryReplayer } from "@helix/replayer-memory";
import { ManualClock } from "@helix/testkit/manual-clock";
import type { AuditRecord } from "../src/index.ts";

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
