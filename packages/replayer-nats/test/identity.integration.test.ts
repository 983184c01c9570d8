import { decodePayload, encodePayload } from "@helix/codec";
import type { DeadLetter, ReplayPayload } from "@helix/core";
import { type NatsServer, startNatsServer } from "@helix/testkit/nats";
import { headers } from "@nats-io/nats-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readStored, type StoredMessage } from "../src/connection/stored-message.ts";
import { redriveId } from "../src/identity.ts";
import { failureOf, payloadOf, Receiver, Rig } from "./rig.ts";

let server: NatsServer;
beforeAll(async () => {
  server = await startNatsServer();
});
afterAll(() => server.stop());

const other = (id: string, life = 0): ReplayPayload =>
  payloadOf(id, {
    life,
    operation: { kind: "statement", query: "UPDATE ks.t SET a = ? WHERE id = ?", params: ["other", id] },
  });

/** As somebody else does it, who has the right to. */
async function publish(rig: Rig, subject: string, data: Uint8Array, id?: string): Promise<number> {
  const { connection } = await rig.api();
  const more = headers();
  if (id !== undefined) more.set("Nats-Msg-Id", id);
  const answer = await connection.request(`${rig.subjectPrefix}.${subject}`, data, {
    timeout: 5000,
    headers: more,
  });
  const { seq } = answer.json<{ seq: number }>();
  expect(seq).toBeGreaterThan(0);
  return seq;
}

/** The only dead letter, as it lies in its stream. */
async function storedLetter(rig: Rig): Promise<StoredMessage> {
  const { connection } = await rig.api();
  const query = JSON.stringify({ seq: 1, next_by_subj: `${rig.subjectPrefix}.dead.>` });
  const subject = `$JS.API.STREAM.MSG.GET.${rig.streamName}-dead-letters`;
  return readStored((await connection.request(subject, query)).data);
}

function queryOf({ content }: { content: DeadLetter["content"] }): string {
  if (!content.ok || content.payload.operation.kind !== "statement") throw new Error("Expected a statement");
  return content.payload.operation.query;
}

describe("messages of one id and life", () => {
  it("are two dead letters where they are two writes, and neither is acknowledged before it is kept", async () => {
    await using rig = new Rig(server);
    const queue = await rig.replayer();
    const receiver = new Receiver(queue);
    await queue.enqueue(payloadOf("one"));
    await publish(rig, "high.B", encodePayload(other("one")));
    for (let n = 0; n < 2; n++) await (await receiver.next()).deadLetter({ reason: "rejected" });
    const letters = await queue.deadLetters.list();
    expect(letters.map(queryOf)).toEqual([
      "INSERT INTO ks.t (id) VALUES (?)",
      "UPDATE ks.t SET a = ? WHERE id = ?",
    ]);
    const [first, second] = letters.map(({ id }) => id);
    expect([first, second]).toEqual(["one.0", expect.stringMatching(/^one\.0-[0-9a-f]{32}$/)]);
    await queue.deadLetters.discard("one.0");
    await queue.deadLetters.redrive(second ?? "");
    expect(queryOf(await receiver.next())).toBe("UPDATE ks.t SET a = ? WHERE id = ?");
    expect(await queue.deadLetters.list()).toEqual([]);
  });

  it("are one dead letter where they are copies of one write, enqueued at two times", async () => {
    await using rig = new Rig(server);
    const queue = await rig.replayer();
    const receiver = new Receiver(queue);
    const payload = payloadOf("one");
    await queue.enqueue(payload);
    const copy = { ...payload, enqueuedAtMs: payload.enqueuedAtMs + 5000 };
    await publish(rig, "high.B", encodePayload(copy));
    for (let n = 0; n < 2; n++) await (await receiver.next()).deadLetter({ reason: "rejected" });
    expect((await queue.deadLetters.list()).map(({ id }) => id)).toEqual(["one.0"]);
    const { api } = await rig.api();
    expect((await api.streams.info(rig.streamName)).state.messages).toBe(0);
  });

  it("stay in hand where something else has taken both names of a dead letter", async () => {
    await using rig = new Rig(server);
    const queue = await rig.replayer();
    const receiver = new Receiver(queue);
    await queue.enqueue(payloadOf("one"));
    const rival = encodePayload(other("one"));
    await publish(rig, "high.B", rival);
    for (let n = 0; n < 2; n++) await (await receiver.next()).deadLetter({ reason: "rejected" });
    const [, second] = await queue.deadLetters.list();
    const { api } = await rig.api();
    const stream = `${rig.streamName}-dead-letters`;
    await api.streams.deleteMessage(stream, 2);
    await publish(rig, `dead.high.B.${second?.id}`, new Uint8Array([1]));
    await publish(rig, "high.B", rival);
    const third = await receiver.next();
    expect(await failureOf(third.deadLetter({ reason: "rejected" }))).toMatchObject({
      code: "HELIX_QUEUE_REFUSED",
      stored: "no",
    });
    await third.release();
    expect(queryOf(await receiver.next())).toBe("UPDATE ks.t SET a = ? WHERE id = ?");
  });
});

describe("a redrive", () => {
  it.each([
    ["the id and life that it is about to have", async () => "one.1"],
    [
      "the very message id that it uses",
      async (rig: Rig) => redriveId(payloadOf("one", { life: 1 }), await storedLetter(rig)),
    ],
  ])("puts its write into the lane though another was published under %s", async (_, taken) => {
    await using rig = new Rig(server);
    const queue = await rig.replayer();
    const receiver = new Receiver(queue);
    await queue.enqueue(payloadOf("one"));
    await (await receiver.next()).deadLetter({ reason: "rejected" });
    await publish(rig, "high.B", encodePayload(other("one", 1)), await taken(rig));
    await queue.deadLetters.redrive("one.0");
    expect(await queue.deadLetters.list()).toEqual([]);
    const queries = [queryOf(await receiver.next()), queryOf(await receiver.next())];
    expect(queries).toEqual(["UPDATE ks.t SET a = ? WHERE id = ?", "INSERT INTO ks.t (id) VALUES (?)"]);
  });

  it("after one that died before it deleted the dead letter finds its copy, and makes no other", async () => {
    await using rig = new Rig(server);
    const queue = await rig.replayer();
    await queue.enqueue(payloadOf("one"));
    await (await new Receiver(queue).next()).deadLetter({ reason: "rejected" });
    await putBackAsOneThatDies(rig);
    await queue.deadLetters.redrive("one.0");
    expect(await queue.deadLetters.list()).toEqual([]);
    expect((await queue.depths())[2]?.pending).toBe(1);
  });

  it("after one that died, and whose copy was executed meanwhile, is executed once more rather than never", async () => {
    await using rig = new Rig(server);
    const queue = await rig.replayer();
    const receiver = new Receiver(queue);
    await queue.enqueue(payloadOf("one"));
    await (await receiver.next()).deadLetter({ reason: "rejected" });
    await putBackAsOneThatDies(rig);
    await (await receiver.next()).ack();
    await queue.deadLetters.redrive("one.0");
    expect(await queue.deadLetters.list()).toEqual([]);
    expect(queryOf(await receiver.next())).toBe("INSERT INTO ks.t (id) VALUES (?)");
    expect((await queue.depths())[2]?.pending).toBe(0);
  });

  it("by ten people at once is done by one of them, and leaves no more than a copy in the lane", async () => {
    await using rig = new Rig(server);
    const queue = await rig.replayer();
    const others = [await rig.replayer(), await rig.replayer()];
    await queue.enqueue(payloadOf("one"));
    await (await new Receiver(queue).next()).deadLetter({ reason: "rejected" });
    const all = Array.from({ length: 10 }, (_, n) => (others[n % 2] ?? queue).deadLetters.redrive("one.0"));
    const done = (await Promise.allSettled(all)).filter(({ status }) => status === "fulfilled");
    expect(done).toHaveLength(1);
    expect((await queue.depths())[2]?.pending).toBe(1);
  });

  it("of a letter is not held up by the discard of another of the same name", async () => {
    await using rig = new Rig(server);
    const queue = await rig.replayer();
    const receiver = new Receiver(queue);
    for (const payload of [payloadOf("one"), other("one")]) {
      await publish(rig, "high.B", encodePayload(payload));
      await (await receiver.next()).deadLetter({ reason: "rejected" });
      if (payload.operation.kind === "statement" && payload.operation.params.length === 1) {
        await queue.deadLetters.discard("one.0");
      }
    }
    await queue.deadLetters.redrive("one.0");
    expect(queryOf(await receiver.next())).toBe("UPDATE ks.t SET a = ? WHERE id = ?");
  });
});

/** What a redrive has done when its process dies before the delete. */
async function putBackAsOneThatDies(rig: Rig): Promise<void> {
  const letter = await storedLetter(rig);
  const payload = { ...decodePayload(letter.data), life: 1, enqueuedAtMs: Date.now() };
  await publish(rig, "high.B", encodePayload(payload), redriveId(payload, letter));
}
