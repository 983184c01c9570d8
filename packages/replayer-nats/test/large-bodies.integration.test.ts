import { decodePayload, encodePayload } from "@helix/codec";
import { discardDeadLetters } from "@helix/core";
import { type NatsServer, startNatsServer } from "@helix/testkit/nats";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { NatsReplayer } from "../src/index.ts";
import { idOf, payloadOf, Receiver, Rig } from "./rig.ts";

const MOST = 262_144;
const HUGE = 1_048_576;

let server: NatsServer;
beforeAll(async () => {
  server = await startNatsServer({ config: { max_payload: MOST } });
});
afterAll(() => server.stop());

/** A payload of exactly so many bytes. */
function bodyOf(id: string, bytes: number): Uint8Array {
  const operation = (fill: number) => ({
    kind: "statement" as const,
    query: "INSERT INTO ks.t (id, a) VALUES (?, ?)",
    params: [id, "x".repeat(fill)],
  });
  const payload = payloadOf(id, { operation: operation(bytes - 1000) });
  const missing = bytes - encodePayload(payload).length;
  return encodePayload({ ...payload, operation: operation(bytes - 1000 + missing) });
}

/** As somebody else does it, who keeps nothing free. */
async function publish(rig: Rig, data: Uint8Array): Promise<void> {
  const { connection } = await rig.api();
  expect((await connection.request(`${rig.subjectPrefix}.high.B`, data)).json()).toMatchObject({ seq: 1 });
}

async function deadLettersStored(rig: Rig): Promise<number> {
  const { api } = await rig.api();
  return (await api.streams.info(`${rig.streamName}-dead-letters`)).state.messages;
}

async function bury(queue: NatsReplayer): Promise<void> {
  const message = await new Receiver(queue).next();
  const error = Object.assign(new Error("\u0000".repeat(2048)), { code: "c".repeat(64) });
  await message.deadLetter({ reason: "rejected", error });
}

describe("a body that leaves no room for its header", () => {
  it.each([MOST - 16 * 1024 + 1, MOST - 4096, MOST - 300, MOST - 1, MOST])(
    "dies all the same with %i bytes of 262,144, and nothing of it is lost",
    async (bytes) => {
      await using rig = new Rig(server);
      const queue = await rig.replayer();
      const body = bodyOf("large", bytes);
      expect(body).toHaveLength(bytes);
      await publish(rig, body);
      await bury(queue);
      expect((await queue.depths())[2]).toMatchObject({ pending: 0, inFlight: 0 });
      const letters = await queue.deadLetters.list();
      expect(letters.map(({ id, reason }) => [id, reason])).toEqual([["large.0", "rejected"]]);
      expect(Buffer.compare(letters[0]?.raw ?? body, body)).toBe(0);
      expect(letters[0]).toMatchObject({ content: { ok: true }, error: { code: "c".repeat(64) } });
      await queue.deadLetters.discard("large.0");
      expect([await queue.deadLetters.list(), await deadLettersStored(rig)]).toEqual([[], 0]);
    },
  );

  it("is put back into its lane where its next life fits, and stays where it does not", async () => {
    await using rig = new Rig(server);
    const queue = await rig.replayer();
    await publish(rig, bodyOf("large", MOST - 1000));
    await bury(queue);
    await queue.deadLetters.redrive("large.0");
    expect(await deadLettersStored(rig)).toBe(0);
    expect(idOf(await new Receiver(await rig.replayer()).next())).toBe("large");
    await using other = new Rig(server);
    const full = await other.replayer();
    await publish(other, bodyOf("full", MOST));
    await bury(full);
    await expect(full.deadLetters.redrive("full.0")).rejects.toMatchObject({
      code: "HELIX_PAYLOAD_TOO_LARGE",
    });
    expect((await full.deadLetters.get("full.0"))?.content.ok).toBe(true);
  });

  it("dies once, though a process died after a part of it was stored", async () => {
    await using rig = new Rig(server);
    const queue = await rig.replayer();
    const body = bodyOf("large", MOST);
    await publish(rig, body);
    await bury(queue);
    const { api } = await rig.api();
    const stream = `${rig.streamName}-dead-letters`;
    // The dead letter itself lies behind its part.
    await api.streams.deleteMessage(stream, 2);
    expect(await queue.deadLetters.list()).toEqual([]);
    const { connection } = await rig.api();
    await connection.request(`${rig.subjectPrefix}.high.B`, body);
    await bury(await rig.replayer());
    expect((await queue.deadLetters.list()).map(({ id }) => id)).toEqual(["large.0"]);
    expect(await deadLettersStored(rig)).toBe(2);
  });

  it("whose part somebody has deleted is shown as what is left of it, and can be discarded", async () => {
    await using rig = new Rig(server);
    const queue = await rig.replayer();
    await publish(rig, bodyOf("large", MOST));
    await bury(queue);
    const { api } = await rig.api();
    await api.streams.deleteMessage(`${rig.streamName}-dead-letters`, 1);
    expect(await queue.deadLetters.list()).toMatchObject([{ id: "large.0", content: { ok: false } }]);
    expect(await discardDeadLetters(queue.deadLetters)).toMatchObject({ discarded: 1, failed: 0 });
  });
});

it("a body of many times what the server takes by now is kept whole, in as many parts", async () => {
  await using generous = await startNatsServer({ killable: true, config: { max_payload: HUGE } });
  await using rig = new Rig(generous);
  const body = bodyOf("huge", HUGE);
  const queue = await rig.replayer();
  await publish(rig, body);
  // As if it had been lowered since.
  const { connection } = await rig.api();
  const lowered = new Proxy(connection, {
    get: (target, name) => {
      if (name === "info") return { ...target.info, max_payload: MOST };
      const value = Reflect.get(target, name, target) as unknown;
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  const poor = await rig.replayer({ connect: undefined, connection: lowered });
  await bury(poor);
  const [letter] = await queue.deadLetters.list();
  expect(decodePayload(letter?.raw ?? new Uint8Array())).toMatchObject({ id: "huge" });
  expect(await deadLettersStored(rig)).toBe(5);
  await poor.deadLetters.discard("huge.0");
  expect(await deadLettersStored(rig)).toBe(0);
});
