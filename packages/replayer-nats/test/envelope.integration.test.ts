import { randomBytes } from "node:crypto";
import { waitFor } from "@helix/testkit";
import { type NatsServer, startNatsServer } from "@helix/testkit/nats";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { aesGcmEnvelope } from "../src/index.ts";
import { failureOf, idOf, payloadOf, Receiver, Rig } from "./rig.ts";

let server: NatsServer;
beforeAll(async () => {
  server = await startNatsServer();
});
afterAll(() => server.stop());

const keys = { old: randomBytes(32), new: randomBytes(32) };
const OLD = aesGcmEnvelope({ current: "old", keys: { old: keys.old } });
const NEW = aesGcmEnvelope({ current: "new", keys });

/** Headers and bodies of all that ever came into a stream of the queue's. */
async function eavesdropper(rig: Rig): Promise<{ heard: () => string }> {
  const { connection } = await rig.api();
  const texts: string[] = [];
  connection.subscribe(">", {
    callback: (_, { subject, data, headers }) => {
      texts.push(`${subject} ${headers ?? ""} ${Buffer.from(data).toString("latin1")}`);
    },
  });
  await connection.flush();
  return { heard: () => texts.join("\n") };
}

describe("with an envelope", () => {
  it("the servers see no row, whatever becomes of it; without, they do", async () => {
    for (const envelope of [undefined, OLD]) {
      await using rig = new Rig(server);
      const queue = await rig.replayer({ envelope });
      const app = await rig.enqueuer({ envelope });
      const broker = await eavesdropper(rig);
      const receiver = new Receiver(queue);
      await app.enqueue(
        payloadOf("one", { operation: { kind: "statement", query: "Q", params: ["canary"] } }),
      );
      const error = new Error("the canary is refused");
      await (await receiver.next()).release({ attempts: 1, error });
      await (await receiver.next()).deadLetter({ reason: "rejected", error });
      expect((await queue.deadLetters.get("one.0"))?.error?.message).toBe(error.message);
      await queue.deadLetters.redrive("one.0");
      const message = await receiver.next();
      expect(message.content).toMatchObject({ payload: { life: 1, operation: { params: ["canary"] } } });
      await message.ack();
      await waitFor(() => broker.heard().includes(".dead.high.B.one.0"), {
        timeoutMs: 5000,
        describe: "the dead letter is heard",
      });
      expect(broker.heard().includes("canary")).toBe(envelope === undefined);
    }
  });

  it("a pod that has not the new key yet makes no dead letters: the messages wait for one that has", async () => {
    await using rig = new Rig(server);
    const behind = await rig.replayer({ envelope: OLD });
    const app = await rig.enqueuer({ envelope: NEW });
    new Receiver(behind).source.demand(10);
    await app.enqueue(payloadOf("one"));
    await waitFor(() => rig.log.some(({ text }) => /cannot be opened, and wait/.test(text)), {
      timeoutMs: 5000,
      describe: "the pod says that it has no key",
    });
    expect(rig.log.find(({ level }) => level === "error")?.fields).toEqual({ lane: "high.B", keyId: "new" });
    expect(behind.health).toMatchObject({
      isReady: true,
      warning: expect.stringContaining("the key `new`"),
    });
    await behind.close();
    const ahead = await rig.replayer({ envelope: NEW });
    const message = await new Receiver(ahead).next();
    expect([idOf(message), message.attempts]).toEqual(["one", 0]);
    await message.ack();
    expect(await ahead.deadLetters.list()).toEqual([]);
  });

  it("a body that was changed is a dead letter with its bytes, and what is sealed with a key that has gone is redriven when it is back", async () => {
    await using rig = new Rig(server);
    const queue = await rig.replayer({ envelope: OLD });
    const { connection } = await rig.api();
    const receiver = new Receiver(queue);
    await queue.enqueue(payloadOf("one"));
    await (await receiver.next()).deadLetter({ reason: "rejected" });
    const [letter] = await queue.deadLetters.list();
    const changed = Uint8Array.from(letter?.raw as Uint8Array);
    changed[changed.length - 1] = (changed.at(-1) as number) ^ 1;
    await connection.request(`${rig.subjectPrefix}.high.B`, changed);
    const { content } = await receiver.next();
    expect(content).toMatchObject({ ok: false, raw: changed, error: { code: "HELIX_ENVELOPE_UNREADABLE" } });
    await receiver.received.at(-1)?.deadLetter({ reason: "undecodable" });
    await queue.close();

    const without = aesGcmEnvelope({ current: "new", keys: { new: keys.new } });
    const later = await rig.replayer({ envelope: without });
    const letters = await later.deadLetters.list();
    expect(letters.map((one) => !one.content.ok && one.content.error)).toMatchObject([
      { code: "HELIX_ENVELOPE_KEY_UNKNOWN", keyId: "old" },
      { code: "HELIX_ENVELOPE_KEY_UNKNOWN", keyId: "old" },
    ]);
    expect(letters[1]?.raw).toEqual(changed);
    expect(await failureOf(later.deadLetters.redrive("one.0"))).toMatchObject({
      message: expect.stringContaining("the key `old`"),
    });
    await later.close();
    const both = await rig.replayer({ envelope: NEW });
    await both.deadLetters.redrive("one.0");
    expect(idOf(await new Receiver(both).next())).toBe("one");
  });
});
