import { encodePayload } from "@helix/codec";
import { discardDeadLetters, redriveDeadLetters } from "@helix/core";
import { waitFor } from "@helix/testkit";
import { type NatsServer, startNatsServer } from "@helix/testkit/nats";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { failureOf, idOf, payloadOf, Receiver, Rig } from "./rig.ts";

let server: NatsServer;
beforeAll(async () => {
  server = await startNatsServer();
});
afterAll(() => server.stop());

const LONG = "x".repeat(200_000);
const LAST_LIFE = 2 ** 31 - 1;

describe("a record that is", () => {
  it.each(
    [
      "null",
      "17",
      "[]",
      '"text"',
      "{}",
      "",
      "{",
      '{"attempts":null}',
      '{"attempts":-1}',
      '{"attempts":4294967295}',
      '{"attempts":1,"firstError":null}',
      '{"attempts":1,"firstError":17}',
      '{"attempts":1,"firstError":{"name":{},"message":[],"code":{}}}',
      `{"attempts":1,"firstError":{"name":"${LONG}","message":"${LONG}","code":"${LONG}"}}`,
      '{"attempts":1,"deaths":[null,{},7]}',
      '{"attempts":1,"deaths":{"length":3}}',
    ].map((record) => [record.slice(0, 60), record]),
  )("%s lets its message be executed, counted and buried", async (_, record) => {
    await using rig = new Rig(server);
    const queue = await rig.replayer();
    await queue.enqueue(payloadOf("one"));
    const { connection } = await rig.api();
    await connection.request(`$KV.${rig.streamName}-state.attempts.one.0`, record);
    const first = new Receiver(queue);
    await (await first.next()).release();
    await first.source.stop();
    // Another process, which has handed nothing back itself.
    const other = new Receiver(await rig.replayer());
    const message = await other.next();
    await message.mark?.();
    await message.release({ attempts: message.attempts + 1, error: new Error("again") });
    await (await other.next()).deadLetter({ reason: "attempts" });
    expect((await queue.deadLetters.list()).map(({ id }) => id)).toEqual(["one.0"]);
  });
});

describe("an error", () => {
  it("whose name and code are no words is kept without them", async () => {
    await using rig = new Rig(server);
    const queue = await rig.replayer();
    await queue.enqueue(payloadOf("one"));
    const error = Object.assign(new Error(LONG), { name: `é${LONG}`, code: `é${LONG}` });
    await (await new Receiver(queue).next()).deadLetter({ reason: "rejected", error });
    const [letter] = await queue.deadLetters.list();
    expect(letter?.error).toEqual({ name: "Error", message: LONG.slice(0, 2048) });
  });
});

/** What lies among the dead letters besides ours, by its subject below `dead.` and its name there. */
const ODD: readonly {
  readonly title: string;
  readonly subject: string;
  readonly id: string;
  readonly headers?: string;
  readonly data?: Uint8Array;
}[] = [
  { title: "has neither header nor body", subject: "high.B.bare.0", id: "bare.0" },
  {
    title: "has a header that is null",
    subject: "high.B.null.0",
    id: "null.0",
    headers: "Helix-Dead-Letter: null\r\n",
  },
  {
    title: "has numbers where objects are meant",
    subject: "high.B.numbers.0",
    id: "numbers.0",
    headers:
      'Helix-Dead-Letter: {"reason":"rejected","id":7,"lane":7,"error":7,"attempts":"x","deadAtMs":{},"origin":7}\r\n',
  },
  {
    title: "says that it is another",
    subject: "low.A.liar.0",
    id: "liar.0",
    headers:
      'Helix-Dead-Letter: {"reason":"attempts","id":"good0.0","lane":"high.B","attempts":1,"deadAtMs":1,"origin":{}}\r\n',
  },
  {
    title: "has the status line of an answer",
    subject: "high.B.status.0",
    id: "status.0",
    headers: " 404 Message Not Found",
  },
  {
    title: "has a name of a header that is none",
    subject: "high.B.name.0",
    id: "name.0",
    headers: "a b: c\r\nNats-Sequence: 1\r\n",
  },
  {
    title: "has ten thousand headers",
    subject: "high.B.many.0",
    id: "many.0",
    headers: "a: b\r\n".repeat(10_000),
  },
  { title: "is called what nothing of ours is", subject: "high.B.ä.=", id: "sequence=" },
];

describe("a dead letter that", () => {
  it.each(ODD)(
    "$title disturbs no other, can be seen, and can be discarded",
    async ({ subject, id, headers, data }) => {
      await using rig = new Rig(server);
      const queue = await rig.replayer();
      const { connection } = await rig.api();
      const status = headers?.startsWith(" ") ? `NATS/1.0${headers}\r\n` : `NATS/1.0\r\n${headers ?? ""}`;
      const block =
        headers === undefined
          ? undefined
          : { headers: { encode: () => Buffer.from(`${status}\r\n`) } as never };
      await connection.request(`${rig.subjectPrefix}.dead.${subject}`, data, { timeout: 5000, ...block });
      const receiver = new Receiver(queue);
      for (const name of ["good0", "good1"]) {
        await queue.enqueue(payloadOf(name));
        await (await receiver.next()).deadLetter({ reason: "rejected" });
      }
      const name = id === "sequence=" ? "sequence=1" : id;
      expect((await queue.deadLetters.list()).map((letter) => letter.id)).toEqual([
        name,
        "good0.0",
        "good1.0",
      ]);
      expect(await queue.deadLetters.get(name)).toMatchObject({ id: name, content: { ok: false } });
      expect(await redriveDeadLetters(queue.deadLetters)).toMatchObject({
        redriven: 2,
        skipped: 1,
        failed: 0,
      });
      expect([idOf(await receiver.next()), idOf(await receiver.next())]).toEqual(["good0", "good1"]);
      expect(await discardDeadLetters(queue.deadLetters)).toMatchObject({ discarded: 1, failed: 0 });
      expect(await queue.deadLetters.list()).toEqual([]);
    },
  );

  it("has no header and a sound body can be redriven", async () => {
    await using rig = new Rig(server);
    const queue = await rig.replayer();
    const { connection } = await rig.api();
    await connection.request(`${rig.subjectPrefix}.dead.high.B.one.0`, encodePayload(payloadOf("one")));
    expect(await queue.deadLetters.list({ reason: "undecodable" })).toMatchObject([
      { id: "one.0", lane: "high.B", content: { ok: true } },
    ]);
    await queue.deadLetters.redrive("one.0");
    expect(idOf(await new Receiver(queue).next())).toBe("one");
  });

  it("has lived its last life stays when all are redriven, three of them at the head too, and can be discarded", async () => {
    await using rig = new Rig(server);
    const queue = await rig.replayer();
    const receiver = new Receiver(queue);
    const { connection } = await rig.api();
    for (const name of ["a", "b", "c", "good"]) {
      const payload = payloadOf(name, { life: name === "good" ? 0 : LAST_LIFE });
      await connection.request(`${rig.subjectPrefix}.high.B`, encodePayload(payload));
      await (await receiver.next()).deadLetter({ reason: "rejected" });
    }
    const report = await redriveDeadLetters(queue.deadLetters);
    expect(report).toMatchObject({
      redriven: 1,
      failed: 3,
      errors: { HELIX_PAYLOAD_INVALID: 3 },
      ended: "done",
    });
    expect(idOf(await receiver.next())).toBe("good");
    expect(await failureOf(queue.deadLetters.redrive(`a.${LAST_LIFE}`))).toMatchObject({
      code: "HELIX_PAYLOAD_INVALID",
    });
    expect(await discardDeadLetters(queue.deadLetters)).toMatchObject({ discarded: 3 });
  });

  it("is ours is found though one of no lane has its name", async () => {
    await using rig = new Rig(server);
    const queue = await rig.replayer();
    const { api, connection } = await rig.api();
    const stream = `${rig.streamName}-dead-letters`;
    const { config } = await api.streams.info(stream);
    await api.streams.update(stream, { ...config, subjects: [`${rig.subjectPrefix}.dead.*.*.*.*`] });
    await connection.request(`${rig.subjectPrefix}.dead.no.lane.one.0`, encodePayload(payloadOf("one")));
    await queue.enqueue(payloadOf("one"));
    await (await new Receiver(queue).next()).deadLetter({ reason: "rejected" });
    expect((await queue.deadLetters.list()).map(({ id }) => id)).toEqual(["sequence=1", "one.0"]);
    expect(await queue.deadLetters.get("one.0")).toMatchObject({ reason: "rejected" });
    await queue.deadLetters.discard("sequence=1");
    expect((await queue.deadLetters.list()).map(({ id }) => id)).toEqual(["one.0"]);
  });
});

const ODD_HEADERS = [
  ["a name that is none", "NATS/1.0\r\na b: c\r\n\r\n"],
  ["the status line of an answer", "NATS/1.0 503 No Responders\r\n\r\n"],
  ["ten thousand names", `NATS/1.0\r\n${"a: b\r\n".repeat(10_000)}\r\n`],
  ["a message id that is no line", "NATS/1.0\r\nNats-Msg-Id: a\nb\u00e9\r\n\r\n"],
] as const;

const block = (text: string) => ({ encode: () => Buffer.from(text) }) as never;

describe("a message whose headers have", () => {
  it.each(ODD_HEADERS)("%s is executed, brought back where it is stuck, and buried", async (_, text) => {
    await using rig = new Rig(server);
    const queue = await rig.replayer();
    const { connection, api } = await rig.api();
    await connection.request(`${rig.subjectPrefix}.high.B`, encodePayload(payloadOf("odd")), {
      timeout: 5000,
      headers: block(text),
    });
    // A message whose deliveries are used up is stored and owed to nobody.
    const consumer = "helix-worker-high-B";
    await api.consumers.update(rig.streamName, consumer, { max_deliver: 1 });
    const receiver = new Receiver(queue);
    await (await receiver.next()).release();
    receiver.source.demand(1);
    await waitFor(async () => (await queue.depths())[2]?.stuck === 1, {
      timeoutMs: 20_000,
      describe: "it is stuck",
    });
    await queue.recoverStuck();
    expect(await queue.recoverStuck()).toBe(1);
    await receiver.until(2);
    await receiver.received[1]?.deadLetter({ reason: "rejected" });
    expect((await queue.deadLetters.list()).map(({ id }) => id)).toEqual(["odd.0"]);
  });
});

it("what a stranger sends to where a lane listens settles nothing, and stops nothing", async () => {
  await using rig = new Rig(server);
  const queue = await rig.replayer();
  const { connection } = await rig.api();
  const inboxes: string[] = [];
  connection.subscribe(`$JS.API.CONSUMER.MSG.NEXT.${rig.streamName}.helix-worker-high-B`, {
    callback: (_, { reply = "" }) => void inboxes.push(reply),
  });
  await connection.flush();
  const acknowledged: string[] = [];
  connection.subscribe("$JS.ACK.other.>", { callback: (_, { subject }) => void acknowledged.push(subject) });
  const receiver = new Receiver(queue);
  receiver.source.demand(2);
  await waitFor(() => inboxes.length > 0, { timeoutMs: 5000, describe: "the lane is pulled" });
  const [inbox = ""] = inboxes;
  const sent = [
    [inbox, undefined],
    [inbox, "NATS/1.0\r\na b: c\r\n\r\n"],
    [inbox, "NATS/1.0 999999999999999999999 x\r\na b: c\r\n\r\n"],
    [`${inbox}x`, "NATS/1.0 408 Request Timeout\r\nNats-Pending-Messages: -1000\r\n\r\n"],
  ] as const;
  for (const [subject, text] of sent) {
    const reply = "$JS.ACK.other.consumer.1.1.1.1764000000123456789.0";
    connection.publish(subject, "x", { reply, ...(text !== undefined && { headers: block(text) }) });
  }
  await connection.flush();
  for (const id of ["one", "two"]) await queue.enqueue(payloadOf(id));
  await receiver.until(2);
  expect(receiver.ids).toEqual(["one", "two"]);
  for (const message of receiver.received) await message.ack();
  expect(acknowledged).toEqual([]);
  expect(rig.log.filter(({ level }) => level === "error")).toEqual([]);
});
