import { type NatsServer, startNatsServer } from "@helix/testkit/nats";
import { afterAll, beforeAll, expect, it } from "vitest";
import { untilEmpty } from "./deaths.ts";
import { payloadOf, Rig } from "./rig.ts";

const NEIGHBOURS = 99;

let server: NatsServer;
beforeAll(async () => {
  server = await startNatsServer();
});
afterAll(() => server.stop());

it("a message that kills its process again and again becomes a dead letter, and none of its neighbours does", async () => {
  await using rig = new Rig(server);
  const queue = await rig.replayer({ ackWaitMs: 1000 });
  await queue.enqueue(payloadOf("poison"));
  for (let n = 0; n < NEIGHBOURS; n++) await queue.enqueue(payloadOf(`good${n}`));
  const { deaths, executed } = await untilEmpty(queue, rig, new URL("dying-worker.ts", import.meta.url));
  const letters = await queue.deadLetters.list();
  expect(
    letters.map(({ id, reason, attempts, firstError }) => ({ id, reason, attempts, firstError })),
  ).toEqual([
    {
      id: "poison.0",
      reason: "attempts",
      attempts: 2,
      firstError: expect.objectContaining({ name: "ProcessDied" }),
    },
  ]);
  expect(new Set(executed).size).toBe(NEIGHBOURS);
  // One at its first execution, one that makes suspects of all that were redelivered, and two in its turn.
  expect(deaths).toBe(4);
}, 180_000);
