import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { encodePayload } from "@helix/codec";
import { waitFor } from "@helix/testkit";
import { type NatsServer, startNatsServer } from "@helix/testkit/nats";
import { types } from "cassandra-driver";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { NatsReplayer } from "../src/index.ts";
import { payloadOf, Rig } from "./rig.ts";

const NEIGHBOURS = 20;

let server: NatsServer;
beforeAll(async () => {
  server = await startNatsServer();
});
afterAll(() => server.stop());

it("a body that ends each process that decodes it becomes a dead letter with its bytes, and its neighbours are executed", async () => {
  await using rig = new Rig(server);
  const queue = await rig.replayer({ ackWaitMs: 1000 });
  const fatal = types.Uuid.random();
  const rowOf = (id: string, key: types.Uuid) =>
    payloadOf(id, {
      operation: {
        kind: "statement",
        query: "INSERT INTO ks.t (id, a) VALUES (?, ?)",
        params: [key, Buffer.alloc(100_000)],
      },
    });
  const poison = rowOf("poison", fatal);
  await queue.enqueue(poison);
  for (let n = 0; n < NEIGHBOURS; n++) await queue.enqueue(rowOf(`good${n}`, types.Uuid.random()));
  const executed: string[] = [];
  let deaths = 0;
  while (!(await isEmpty(queue))) {
    const program = fileURLToPath(new URL("dying-decoder.ts", import.meta.url));
    const args = [program, server.url, rig.streamName, rig.subjectPrefix, fatal.toString()];
    const child = spawn(process.execPath, ["--conditions=@helix/source", ...args], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const printed = text(child.stdout);
    const exited = once(child, "exit");
    await Promise.race([exited, untilEmpty(queue)]);
    if (child.signalCode === "SIGKILL") deaths++;
    child.kill("SIGTERM");
    await exited;
    executed.push(...(await printed).split("\n").filter((line) => line !== ""));
  }
  expect(new Set(executed)).toEqual(new Set(Array.from({ length: NEIGHBOURS }, (_, n) => `good${n}`)));
  const [letter, ...others] = await queue.deadLetters.list();
  // Whoever looks at it does not decode it either.
  const died = { reason: "undecodable", firstError: { name: "ProcessDied" }, content: { ok: false } };
  expect([letter, others]).toMatchObject([died, []]);
  expect(Buffer.compare(letter?.raw ?? new Uint8Array(), encodePayload(poison))).toBe(0);
  // One that nobody had written down, one that makes it a suspect, and one in its turn, which counts where nothing else came again.
  expect(deaths).toBeLessThanOrEqual(4);
}, 120_000);

async function isEmpty(queue: NatsReplayer): Promise<boolean> {
  return (await queue.depths()).every(({ pending, inFlight, delayed }) => pending + inFlight + delayed === 0);
}

async function untilEmpty(queue: NatsReplayer): Promise<void> {
  await waitFor(() => isEmpty(queue), {
    timeoutMs: 30_000,
    intervalMs: 200,
    describe: "the lanes are empty",
  });
}
