import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { waitFor } from "@helix/testkit";
import { type NatsServer, startNatsServer } from "@helix/testkit/nats";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { NatsReplayer } from "../src/index.ts";
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
  const executed: string[] = [];
  let deaths = 0;
  while (await somethingIsLeft(queue)) {
    const child = spawnWorker(rig);
    const printed = text(child.stdout);
    const exited = once(child, "exit");
    await Promise.race([exited, untilEmpty(queue)]);
    if (child.signalCode === "SIGKILL") deaths++;
    child.kill("SIGTERM");
    await exited;
    executed.push(...(await printed).split("\n").filter((line) => line !== ""));
  }
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

async function somethingIsLeft(queue: NatsReplayer): Promise<boolean> {
  return (await queue.depths()).some(({ pending, inFlight, delayed }) => pending + inFlight + delayed > 0);
}

async function untilEmpty(queue: NatsReplayer): Promise<void> {
  await waitFor(async () => !(await somethingIsLeft(queue)), {
    timeoutMs: 30_000,
    intervalMs: 200,
    describe: "the lanes are empty",
  });
}

function spawnWorker({ streamName, subjectPrefix, server: { url } }: Rig) {
  const program = fileURLToPath(new URL("dying-worker.ts", import.meta.url));
  const args = ["--conditions=@helix/source", program, url, streamName, subjectPrefix];
  return spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
}
