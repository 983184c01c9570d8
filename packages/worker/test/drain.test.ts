import { settle } from "@helix/testkit/manual-clock";
import { expect, it } from "vitest";
import { payload, payloads, startRig } from "./rig.ts";

it("applies what arrives without waiting, on both clusters, and has no timer but the watch over its lanes when it is idle", async () => {
  const { queue, executions, timers } = await startRig();
  expect(timers()).toBe(0);
  queue.put(...payloads(300), ...payloads(300, { targetCluster: "B", priority: "low" }));
  await settle();
  expect([executions.length, queue.count("ack", "A"), queue.count("ack", "B")]).toEqual([600, 300, 300]);
  expect([queue.size, timers()]).toEqual([0, 0]);
  queue.put(payload());
  await settle();
  expect(queue.count("ack", "A")).toBe(301);
});
