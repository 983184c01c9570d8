import { createPayload, helixError, type Replayer, type ReplayPayload } from "@helix/core";
import { ManualClock, settle } from "@helix/testkit/manual-clock";
import { expect, test } from "vitest";
import { QueueRoom } from "./queue-room.ts";

const MiB = 2 ** 20;
const full = helixError("HELIX_QUEUE_FULL", "full", { lane: "high.B", limit: "messages" });

function rowOf(bytes: number): ReplayPayload {
  return createPayload({
    targetCluster: "B",
    operation: { kind: "statement", query: "INSERT INTO ks.t (a) VALUES (?)", params: [Buffer.alloc(bytes)] },
    timestampMicros: 1n,
  });
}

test("who waits for room is bounded in bytes as well as in number, and those who leave make room", async () => {
  const clock = new ManualClock();
  let isFull = true;
  const enqueue = async () => {
    if (isFull) throw full;
  };
  const room = new QueueRoom({ enqueue } as Partial<Replayer> as Replayer, clock, {
    waitMs: 1000,
    maxWaiting: 100,
  });
  const outcomes: string[] = [];
  const write = (name: string, bytes: number) =>
    room.enqueue(rowOf(bytes), undefined).then(
      () => outcomes.push(`${name} queued`),
      () => outcomes.push(`${name} refused`),
    );
  write("first", 100 * MiB);
  await settle();
  write("second", 1);
  await settle();
  expect(outcomes).toEqual(["second refused"]);
  await clock.advance(1000);
  expect(outcomes).toEqual(["second refused", "first refused"]);
  write("third", 40 * MiB);
  write("fourth", 20 * MiB);
  write("fifth", 20 * MiB);
  await settle();
  expect(outcomes.slice(2)).toEqual(["fifth refused"]);
  isFull = false;
  await clock.advance(100);
  expect(outcomes.slice(3).sort()).toEqual(["fourth queued", "third queued"]);
  room.close();
});
