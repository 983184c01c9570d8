import { encodePayload } from "@helix/codec";
import { type NatsServer, startNatsServer } from "@helix/testkit/nats";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readStored, type StoredMessage } from "../src/connection/stored-message.ts";
import { idOf, payloadOf, Receiver, Rig } from "./rig.ts";

const MOST = 262_144;

let server: NatsServer;
beforeAll(async () => {
  server = await startNatsServer({ config: { max_payload: MOST } });
});
afterAll(() => server.stop());

const refusal = (text = "'Alice' is no number") => Object.assign(new TypeError(text), { code: 0x2200 });

/** All that lies in a stream, with its bytes. */
async function storedIn(rig: Rig, stream: string): Promise<StoredMessage[]> {
  const { connection, api } = await rig.api();
  const { state } = await api.streams.info(stream);
  const found: StoredMessage[] = [];
  for (let seq = state.first_seq; seq <= state.last_seq; seq++) {
    const answer = await connection.request(`$JS.API.STREAM.MSG.GET.${stream}`, JSON.stringify({ seq }));
    found.push(readStored(answer.data));
  }
  return found;
}

const lettersOf = (rig: Rig) => storedIn(rig, `${rig.streamName}-dead-letters`);

/** As somebody else does it, under no message id. */
async function publish(rig: Rig, data: Uint8Array): Promise<void> {
  const { connection } = await rig.api();
  const answer = await connection.request(`${rig.subjectPrefix}.high.B`, data);
  expect(answer.json<{ seq?: number }>().seq).toBeGreaterThan(0);
}

describe("the text of a failure, which may quote what was bound,", () => {
  it("lies behind the bytes of the dead letter, in no header and in no record", async () => {
    await using rig = new Rig(server);
    const queue = await rig.replayer();
    const receiver = new Receiver(queue);
    const payload = payloadOf("one");
    await queue.enqueue(payload);
    await (await receiver.next()).release({ attempts: 1, error: refusal() });
    const records = await storedIn(rig, `KV_${rig.streamName}-state`);
    expect(records.map(({ data }) => data.toString()).join()).toContain("TypeError 0x2200");
    expect(records.map(({ data, headers }) => `${data}${headers}`).join()).not.toContain("Alice");
    await (await receiver.next()).deadLetter({
      reason: "rejected",
      error: refusal(),
      errorText: "no number",
    });
    const [stored] = await lettersOf(rig);
    const raw = encodePayload(payload);
    expect(stored?.headers.toString()).not.toContain("Alice");
    expect(stored?.data).toEqual(Buffer.concat([raw, Buffer.from("'Alice' is no number")]));
    expect(await queue.deadLetters.get("one.0")).toMatchObject({
      raw: new Uint8Array(raw),
      content: { ok: true, payload },
      error: { name: "TypeError", code: "8704", message: "'Alice' is no number" },
      firstError: { name: "TypeError", code: "8704", message: "TypeError 0x2200" },
    });
    await queue.deadLetters.redrive("one.0");
    expect((await receiver.next()).content).toMatchObject({ ok: true, payload: { id: "one", life: 1 } });
  });

  it("that may be told lies in the header alone, and the body is the bytes of the message", async () => {
    await using rig = new Rig(server);
    const queue = await rig.replayer();
    const payload = payloadOf("one");
    await queue.enqueue(payload);
    const error = refusal("no such table");
    await (await new Receiver(queue).next()).deadLetter({
      reason: "rejected",
      error,
      errorText: error.message,
    });
    const [stored] = await lettersOf(rig);
    expect(stored?.data).toEqual(Buffer.from(encodePayload(payload)));
    expect(await queue.deadLetters.get("one.0")).toMatchObject({ error: { message: "no such table" } });
  });

  it("makes no second dead letter of the same message, whatever another process has heard", async () => {
    await using rig = new Rig(server);
    const queue = await rig.replayer();
    const receiver = new Receiver(queue);
    const body = encodePayload(payloadOf("one"));
    for (const text of ["'Alice' is no number", "'Alice' is refused", ""]) {
      await publish(rig, body);
      await (await receiver.next()).deadLetter({ reason: "rejected", error: refusal(text) });
    }
    expect(await queue.deadLetters.list()).toMatchObject([{ error: { message: "'Alice' is no number" } }]);
  });

  it("stays with the first part of a body that needs several", async () => {
    await using rig = new Rig(server);
    const queue = await rig.replayer();
    const receiver = new Receiver(queue);
    const params = ["x".repeat(MOST - 1000)];
    const query = "INSERT INTO ks.t (a) VALUES (?)";
    const body = encodePayload(payloadOf("large", { operation: { kind: "statement", query, params } }));
    for (const text of [`${"é".repeat(1000)} of Alice`, "'Alice' is refused"]) {
      await publish(rig, body);
      await (await receiver.next()).deadLetter({ reason: "rejected", error: refusal(text) });
    }
    const letters = await queue.deadLetters.list();
    expect(letters).toMatchObject([
      { error: { message: `${"é".repeat(1000)} of Alice` }, content: { ok: true } },
    ]);
    expect(Buffer.compare(letters[0]?.raw ?? new Uint8Array(), body)).toBe(0);
    const stored = await lettersOf(rig);
    expect([stored.length, stored.some(({ headers }) => headers.includes("Alice"))]).toEqual([2, false]);
    await queue.deadLetters.discard("large.0");
    expect(await lettersOf(rig)).toEqual([]);
  });

  it("which an older version has put into a record is left out of what is made of it", async () => {
    await using rig = new Rig(server);
    const queue = await rig.replayer();
    const first = new Receiver(queue);
    await queue.enqueue(payloadOf("one"));
    const { connection } = await rig.api();
    const old = { attempts: 3, firstError: { name: "TypeError", message: "'Alice'", code: "8704" } };
    await connection.request(`$KV.${rig.streamName}-state.attempts.one.0`, JSON.stringify(old));
    await (await first.next()).release();
    await first.source.stop();
    // Another process, which has handed nothing back itself.
    const again = await new Receiver(await rig.replayer()).next();
    expect([idOf(again), again.attempts]).toEqual(["one", 3]);
    await again.deadLetter({ reason: "attempts" });
    expect((await queue.deadLetters.get("one.0"))?.firstError).toEqual({
      name: "TypeError",
      message: "TypeError 8704",
      code: "8704",
    });
  });
});
