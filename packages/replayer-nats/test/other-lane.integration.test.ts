import { encodePayload } from "@helix/codec";
import { type NatsServer, startNatsServer } from "@helix/testkit/nats";
import { afterAll, beforeAll, expect, it } from "vitest";
import { failureOf, payloadOf, Receiver, Rig } from "./rig.ts";
import { until, work } from "./worker-rig.ts";

let server: NatsServer;
beforeAll(async () => {
  server = await startNatsServer();
});
afterAll(() => server.stop());

it("what is for B and lies in A's lane is executed nowhere and holds nothing up, also while B is away", async () => {
  await using rig = new Rig(server);
  const queue = await rig.replayer({ maxAckPending: 10 });
  const { connection } = await rig.api();
  const strangers = Array.from({ length: 20 }, (_, index) => encodePayload(payloadOf(`stranger${index}`)));
  for (const body of strangers) await connection.request(`${rig.subjectPrefix}.high.A`, body);
  await queue.enqueue(payloadOf("good", { targetCluster: "A" }));
  const executed: string[] = [];
  const { applied } = await work(queue, {
    execute: async ({ id, targetCluster }) => {
      executed.push(id);
      if (targetCluster === "B") await new Promise(() => {});
    },
  });
  await until("A's own message is applied", () => applied.length > 0);
  await until("the strangers are dead letters", async () => (await queue.deadLetters.list()).length === 20);
  expect(executed).toEqual(["good"]);
  const letters = await queue.deadLetters.list({ cluster: "A", reason: "undecodable" });
  expect(letters.map(({ raw }) => Buffer.from(raw))).toEqual(strangers.map((body) => Buffer.from(body)));
  expect(letters[0]?.error?.message).toMatch(/`high\.A`.*`high\.B`/);
  const redrive = failureOf(queue.deadLetters.redrive(letters[0]?.id ?? ""));
  expect(await redrive).toMatchObject({ code: "HELIX_PAYLOAD_INVALID" });
});

it("what is stuck in a lane that is not its own is brought back there, and is no payload there either", async () => {
  await using rig = new Rig(server);
  const queue = await rig.replayer();
  const { connection, api } = await rig.api();
  await api.consumers.update(rig.streamName, "helix-worker-low-B", { max_deliver: 1 });
  await connection.request(`${rig.subjectPrefix}.low.B`, encodePayload(payloadOf("stranger")));
  const receiver = new Receiver(queue, "low.B");
  await (await receiver.next()).release();
  receiver.source.demand(1);
  await until("it is stuck", async () => (await queue.depths())[3]?.stuck === 1);
  await queue.recoverStuck();
  expect(await queue.recoverStuck()).toBe(1);
  await receiver.until(2);
  expect(receiver.received.map(({ content }) => content.ok || content.error.code)).toEqual([
    "HELIX_PAYLOAD_INVALID",
    "HELIX_PAYLOAD_INVALID",
  ]);
});
