import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import type { PayloadInput } from "@helix/core";
import { waitFor } from "@helix/testkit";
import { type NatsServer, startNatsServer } from "@helix/testkit/nats";
import { afterAll, beforeAll, expect, it } from "vitest";
import { payloadOf, Receiver, Rig } from "./rig.ts";

let server: NatsServer;
beforeAll(async () => {
  server = await startNatsServer();
});
afterAll(() => server.stop());

const rowOf = (id: string, value: unknown, input: Partial<PayloadInput> = {}) =>
  payloadOf(id, {
    operation: { kind: "statement", query: "INSERT INTO ks.t (id, a) VALUES (?, ?)", params: [id, value] },
    ...input,
  });

it("a message comes however large it is, whatever is demanded, and so do those around it", async () => {
  await using rig = new Rig(server);
  const queue = await rig.replayer();
  const sizes = [10, 900_000, 10, 30_000, 900_000, 10, 900_000];
  for (const [n, size] of sizes.entries()) await queue.enqueue(rowOf(`m${n}`, Buffer.alloc(size)));
  const receiver = new Receiver(queue);
  const ids = sizes.map((_, n) => `m${n}`);
  while (receiver.ids.length < sizes.length) {
    const before = receiver.ids.length;
    receiver.source.demand(10, 50_000);
    await receiver.until(before + 1);
  }
  expect(receiver.ids).toEqual(ids);
});

it("what is demanded in bytes is exceeded by one message, though there are more", async () => {
  await using rig = new Rig(server);
  const queue = await rig.replayer();
  for (let n = 0; n < 10; n++) await queue.enqueue(rowOf(`m${n}`, Buffer.alloc(100_000)));
  const receiver = new Receiver(queue);
  receiver.source.demand(10, 150_000);
  await receiver.until(2);
  // Of another lane of the same connection: what was sent before it is here.
  await queue.enqueue(rowOf("last", Buffer.alloc(1), { priority: "low" }));
  await new Receiver(queue, "low.B").next();
  expect(receiver.ids).toEqual(["m0", "m1"]);
});

it("lists of 1 MB in a heap of 128 MB are replayed, all of them and in one process", async () => {
  const MESSAGES = 12;
  await using rig = new Rig(server);
  const queue = await rig.replayer({ maxBytes: 2 ** 29 });
  const list = Array.from({ length: 200_000 }, (_, n) => 1_000_000_000 + n);
  const payloads = Array.from({ length: MESSAGES }, (_, n) =>
    rowOf(`m${n}`, list, { targetCluster: n % 2 ? "A" : "B", priority: n % 3 ? "high" : "low" }),
  );
  for (const one of payloads) await queue.enqueue(one);
  const program = fileURLToPath(new URL("small-heap-worker.ts", import.meta.url));
  const child = spawn(
    process.execPath,
    [
      "--max-old-space-size=128",
      "--conditions=@helix/source",
      program,
      server.url,
      rig.streamName,
      rig.subjectPrefix,
    ],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  const printed = text(child.stdout);
  const exited = once(child, "exit");
  const isEmpty = async () =>
    (await queue.depths()).every(({ pending, inFlight }) => pending + inFlight === 0);
  await Promise.race([exited, waitFor(isEmpty, { timeoutMs: 60_000, describe: "the lanes are empty" })]);
  child.kill("SIGTERM");
  await exited;
  const ids = (await printed).split("\n").flatMap((line) => line.split(" ")[0] || []);
  expect([child.exitCode, new Set(ids).size]).toEqual([0, MESSAGES]);
}, 90_000);
