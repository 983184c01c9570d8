import { encodePayload } from "@helix/codec";
import { type NatsServer, startNatsServer } from "@helix/testkit/nats";
import { types } from "cassandra-driver";
import { afterAll, beforeAll, expect, it } from "vitest";
import { untilEmpty } from "./deaths.ts";
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
  const { deaths, executed } = await untilEmpty(
    queue,
    rig,
    new URL("dying-decoder.ts", import.meta.url),
    fatal.toString(),
  );
  expect(new Set(executed)).toEqual(new Set(Array.from({ length: NEIGHBOURS }, (_, n) => `good${n}`)));
  const [letter, ...others] = await queue.deadLetters.list();
  // Whoever looks at it does not decode it either.
  const died = { reason: "undecodable", firstError: { name: "ProcessDied" }, content: { ok: false } };
  expect([letter, others]).toMatchObject([died, []]);
  expect(Buffer.compare(letter?.raw ?? new Uint8Array(), encodePayload(poison))).toBe(0);
  // One that nobody had written down, one that makes it a suspect, and one in its turn, which counts where nothing else came again.
  expect(deaths).toBeLessThanOrEqual(4);
}, 120_000);
