import { GATES_KEY } from "@helix/core";
import { type NatsServer, startNatsServer } from "@helix/testkit/nats";
import type { NatsConnection } from "@nats-io/nats-core";
import { connect } from "@nats-io/transport-node";
import { expect, it } from "vitest";
import { connectNatsEnqueuer, connectNatsReplayer, ensureTopology, natsPermissions } from "../src/index.ts";
import { accountsFor } from "./accounts-config.ts";
import { failureOf, idOf, payloadOf, Receiver, Rig } from "./rig.ts";

const LIMITS = { maxBytes: 2 ** 26 };
const STREAMS = ["helix-replay", "helix-replay-dead-letters", "KV_helix-replay-state"];
/** Where the server's answer to a publish does harm. */
const ELSEWHERE = ["helix.replay.dead.high.A.forged.0", "$KV.helix-replay-state.attempts.forged.0"];

const as = (server: NatsServer, user: string) => ({
  servers: server.url,
  user,
  pass: `password-of-${user}`,
  inboxPrefix: `_INBOX_${user}`,
});

/** Enqueues what is no payload, and has each answer sent somewhere else. */
async function forge(connection: NatsConnection): Promise<void> {
  for (const reply of ELSEWHERE) connection.publish("helix.replay.high.A", "{}", { reply });
  // Answered behind them.
  await connection.request("helix.replay.high.A", "{}");
  await connection.flush();
}

/** The subjects of all that is stored. */
async function storedIn(rig: Rig, connection: Parameters<Rig["api"]>[0]): Promise<string[]> {
  const { api } = await rig.api(connection);
  const infos = STREAMS.map((name) => api.streams.info(name, { subjects_filter: ">" }));
  return (await Promise.all(infos)).flatMap(({ state }) => Object.keys(state.subjects ?? {}));
}

it("a user who may publish to the lanes and to nothing else writes dead letters and records, as where publishes are answered", async () => {
  const app = natsPermissions("application", { inboxPrefix: "_INBOX_app" });
  const users = [
    { user: "app", password: "password-of-app", permissions: app },
    { user: "pod", password: "password-of-pod" },
  ];
  await using server = await startNatsServer({ config: { authorization: { users } } });
  await using rig = new Rig(server);
  await ensureTopology({ connect: as(server, "pod"), ...LIMITS });
  const connection = rig.closing(await connect(as(server, "app")));
  await forge(connection);
  expect(await storedIn(rig, as(server, "pod"))).toEqual(["helix.replay.high.A", ...ELSEWHERE]);
});

it("an application with an account of its own enqueues, and can do nothing else to the queue", async () => {
  await using server = await startNatsServer({ config: accountsFor("SHOP", "CRM") });
  await using rig = new Rig(server);
  const pod = rig.closing(await connectNatsReplayer({ connect: as(server, "pod"), ...LIMITS }));
  const shop = rig.closing(await connectNatsEnqueuer({ connect: as(server, "shop") }));
  await shop.enqueue(payloadOf("from-shop"));
  expect(await failureOf(shop.enqueue(payloadOf("from-shop")))).toMatchObject({
    code: "HELIX_PAYLOAD_DUPLICATE",
  });
  await pod.control.put(GATES_KEY, { B: "drained" });
  const gates = new Promise((resolve) => {
    shop.control.watch(GATES_KEY, { onDocument: (document) => document && resolve(document.value) });
  });
  expect(await gates).toEqual({ B: "drained" });
  const receiver = new Receiver(pod);
  const message = await receiver.next();
  expect(idOf(message)).toBe("from-shop");
  await message.ack();

  const connection = rig.closing(await connect(as(server, "shop")));
  const heard: string[] = [];
  for (const subject of [">", "_INBOX_pod.>", "_INBOX_crm.>"]) {
    connection.subscribe(subject, {
      callback: (_, { data }) => void heard.push(Buffer.from(data).toString()),
    });
  }
  await connection.flush();
  const crm = rig.closing(await connectNatsEnqueuer({ connect: as(server, "crm") }));
  await crm.enqueue(payloadOf("from-crm"));
  expect(idOf(await receiver.next())).toBe("from-crm");
  await forge(connection);
  const isOf = (text: string) => /from-crm|"seq":2\b/.test(text);
  expect(heard.some((text) => text.includes('"seq":3'))).toBe(true);
  expect(heard.filter(isOf)).toEqual([]);

  const answerTo = (subject: string, body: string) =>
    connection.request(subject, body, { timeout: 500 }).then(
      (answer) => answer.string(),
      (error: Error) => error.message,
    );
  const noJetStream = /JetStream not enabled for account/;
  const pull = "$JS.API.CONSUMER.MSG.NEXT.helix-replay.helix-worker-high-A";
  expect(await answerTo("$JS.API.STREAM.MSG.GET.helix-replay", '{"seq":1}')).toMatch(noJetStream);
  expect(await answerTo("$JS.API.STREAM.PURGE.helix-replay", "")).toMatch(noJetStream);
  expect(await answerTo(pull, '{"batch":1,"no_wait":true}')).toBe("timeout");
  for (const subject of ELSEWHERE) connection.publish(subject, "{}");
  await connection.flush();
  expect(await storedIn(rig, as(server, "pod"))).toEqual(["helix.replay.high.A", "helix.replay.high.B"]);
  expect((await pod.depths()).map(({ pending, inFlight }) => pending + inFlight)).toEqual([3, 0, 1, 0]);
});
