import { encodePayload } from "@helix/codec";
import { type DeadLetterReason, redriveDeadLetters } from "@helix/core";
import { waitFor } from "@helix/testkit";
import { type NatsServer, startNatsServer } from "@helix/testkit/nats";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeEpitaph } from "../src/dead-letters/dead-letter-format.ts";
import { failureOf, payloadOf, Receiver, Rig } from "./rig.ts";

let server: NatsServer;
beforeAll(async () => {
  server = await startNatsServer({ killable: true });
});
afterAll(() => server.stop());

describe("dead letters", () => {
  it("are one after a crash between the dead letter and the acknowledgement", async () => {
    await using rig = new Rig(server);
    const options = { ackWaitMs: 1000 };
    const queue = await rig.replayer(options);
    const payload = payloadOf("one");
    await queue.enqueue(payload);
    const crashing = new Receiver(await rig.replayer(options));
    const message = await crashing.next();
    // What the process wrote before it died: the dead letter, and no acknowledgement.
    const { connection, api } = await rig.api();
    await connection.request(`${rig.subjectPrefix}.dead.high.B.one.0`, encodePayload(payload), {
      timeout: 2000,
      headers: epitaphOf(rig, "one.0"),
    });
    expect(message.attempts).toBe(0);
    const again = await new Receiver(queue).next();
    await again.deadLetter({ reason: "rejected", error: new Error("again") });
    const letters = await queue.deadLetters.list();
    expect(letters.map(({ id }) => id)).toEqual(["one.0"]);
    await waitFor(async () => (await api.streams.info(rig.streamName)).state.messages === 0, {
      timeoutMs: 5000,
      describe: "the original is gone",
    });
  });

  it("of which there has never been any are counted, grouped and listed as none, in the trash as well", async () => {
    await using rig = new Rig(server);
    const { deadLetters } = await rig.replayer();
    for (const letters of [deadLetters, deadLetters.trash]) {
      expect(await letters.count()).toEqual({ count: 0, isExact: true });
      expect(await letters.groups()).toEqual([]);
      expect(await letters.list()).toEqual([]);
    }
  });

  it("that are redriven and die again before the redrive ends are neither lost nor two", async () => {
    await using rig = new Rig(server);
    const queue = await rig.replayer();
    const receiver = new Receiver(queue);
    await queue.enqueue(payloadOf("one"));
    await (await receiver.next()).deadLetter({ reason: "rejected" });
    for (let life = 1; life <= 20; life++) {
      const arrives = receiver.next();
      const redriven = queue.deadLetters.redrive(`one.${life - 1}`);
      await (await arrives).deadLetter({ reason: "rejected" });
      await redriven;
      const letters = await queue.deadLetters.list();
      expect(letters.map(({ id }) => id)).toEqual([`one.${life}`]);
    }
    expect((await queue.deadLetters.get("one.20"))?.content).toMatchObject({
      payload: { life: 20, timestampMicros: 1_764_000_000_123_456n },
    });
  });

  it("that are full leave the message in hand, to be released", async () => {
    await using rig = new Rig(server);
    const queue = await rig.replayer({ maxDeadLetters: 1 });
    const receiver = new Receiver(queue);
    for (const id of ["1", "2"]) await queue.enqueue(payloadOf(id));
    await (await receiver.next()).deadLetter({ reason: "rejected" });
    const second = await receiver.next();
    expect(await failureOf(second.deadLetter({ reason: "rejected" }))).toMatchObject({
      code: "HELIX_DEAD_LETTERS_FULL",
      lane: "high.B",
    });
    await second.release();
    await queue.deadLetters.discard("1.0", { by: "an operator", why: "by hand" });
    await (await receiver.next()).deadLetter({ reason: "rejected" });
    expect((await queue.deadLetters.list()).map(({ id }) => id)).toEqual(["2.0"]);
  });

  it("may be discarded at once after a redrive for which there was no room", async () => {
    await using rig = new Rig(server);
    const queue = await rig.replayer({ maxMsgs: 2 });
    await queue.enqueue(payloadOf("one"));
    await (await new Receiver(queue).next()).deadLetter({ reason: "rejected" });
    await queue.enqueue(payloadOf("two"));
    expect(await failureOf(queue.deadLetters.redrive("one.0"))).toMatchObject({ code: "HELIX_QUEUE_FULL" });
    await waitFor(
      () =>
        queue.deadLetters.discard("one.0").then(
          () => true,
          () => false,
        ),
      { timeoutMs: 5000, describe: "it is discarded" },
    );
    expect(await queue.deadLetters.list()).toEqual([]);
  });

  it("that somebody began to redrive, and died, can be redriven by anybody and discarded by nobody", async () => {
    await using rig = new Rig(server);
    const queue = await rig.replayer();
    await queue.enqueue(payloadOf("one"));
    await (await new Receiver(queue).next()).deadLetter({ reason: "rejected" });
    const { connection } = await rig.api();
    const begun = JSON.stringify({ end: "redriven", atMs: Date.now() });
    await connection.request(`$KV.${rig.streamName}-state.ended.one.0`, begun);
    expect(await failureOf(queue.deadLetters.discard("one.0"))).toMatchObject({
      code: "HELIX_DEAD_LETTER_NOT_FOUND",
    });
    await queue.deadLetters.redrive("one.0");
    expect((await queue.depths())[2]?.pending).toBe(1);
  });

  it("that somebody began to discard long ago, and died, can be redriven", async () => {
    await using rig = new Rig(server);
    const queue = await rig.replayer();
    await queue.enqueue(payloadOf("one"));
    await (await new Receiver(queue).next()).deadLetter({ reason: "rejected" });
    const { connection } = await rig.api();
    const begun = JSON.stringify({ end: "discarded", atMs: Date.now() - 120_000 });
    await connection.request(`$KV.${rig.streamName}-state.ended.one.0`, begun);
    await queue.deadLetters.redrive("one.0");
    expect((await queue.depths())[2]?.pending).toBe(1);
  });

  it("leave who discarded them and why, what they died of, and a digest of their bytes in the bucket of records", async () => {
    await using rig = new Rig(server);
    const queue = await rig.replayer();
    await queue.enqueue(payloadOf("one"));
    const error = Object.assign(new Error(), { code: 8704 });
    await (await new Receiver(queue).next()).deadLetter({ reason: "rejected", error });
    await queue.deadLetters.discard("one.0", { by: "an operator", why: "customer has left" });
    const { api } = await rig.api();
    const note = await api.streams.getMessage(`KV_${rig.streamName}-state`, {
      last_by_subj: `$KV.${rig.streamName}-state.ended.one.0`,
    });
    expect(note?.json()).toEqual({
      end: "discarded",
      letter: 1,
      by: "an operator",
      why: "customer has left",
      cause: "rejected",
      errorCode: "8704",
      digest: expect.stringMatching(/^[0-9a-f]{32}$/),
      atMs: expect.any(Number),
    });
  });

  it("fit beside the longest errors of two failures, in one line of header", async () => {
    await using rig = new Rig(server);
    const queue = await rig.replayer();
    const receiver = new Receiver(queue);
    const { max_payload: most = 0 } = (await rig.api()).connection.info ?? {};
    const fill = "x".repeat(most - 16 * 1024 - 300);
    await queue.enqueue(
      payloadOf("big", {
        operation: { kind: "statement", query: "INSERT INTO t (a) VALUES (?)", params: [fill] },
      }),
    );
    const nasty = Object.assign(new Error("\u0000\r\n\u2028é🙂".repeat(1000)), { name: "N\n".repeat(500) });
    await (await receiver.next()).release({ attempts: 1, error: nasty });
    await (await receiver.next()).deadLetter({ reason: "attempts", error: nasty });
    const [letter] = await queue.deadLetters.list();
    expect(letter?.content.ok).toBe(true);
    expect(letter?.error?.message.startsWith("\u0000\r\n\u2028é🙂")).toBe(true);
    expect(letter?.firstError).toEqual({ name: "Error", message: "Error" });
  });

  it("are redriven many at once: by a filter, first dry, and those that fail are told", async () => {
    await using rig = new Rig(server);
    const queue = await rig.replayer();
    const receiver = new Receiver(queue);
    for (let n = 0; n < 20; n++) {
      await queue.enqueue(payloadOf(`p${n}`));
      await (await receiver.next()).deadLetter({ reason: n < 15 ? "attempts" : "rejected" });
    }
    const filter = { reason: "attempts" } as const;
    expect(await redriveDeadLetters(queue.deadLetters, { filter, dryRun: true })).toMatchObject({
      matched: 15,
    });
    expect(await queue.deadLetters.list()).toHaveLength(20);
    const progress: number[] = [];
    const report = await redriveDeadLetters(queue.deadLetters, {
      filter,
      perSecond: 1000,
      onProgress: ({ redriven }) => progress.push(redriven),
    });
    expect(report).toMatchObject({ matched: 15, redriven: 15, failed: 0 });
    expect(progress.at(-1)).toBe(15);
    expect(await queue.deadLetters.list()).toHaveLength(5);
    receiver.source.demand(15);
    await receiver.until(35);
    expect(receiver.received.slice(20).map((message) => message.content)).toEqual(
      Array.from({ length: 15 }, (_, n) => ({
        ok: true,
        payload: expect.objectContaining({ id: `p${n}`, life: 1 }),
      })),
    );
  });

  it("of a reason that only a newer version knows are listed, stay where a redrive is not forced, and come back by force", async () => {
    await using rig = new Rig(server);
    const lines: [string, object][] = [];
    const line = (fields: object, text: string) => lines.push([text, fields]);
    const queue = await rig.replayer({ logger: { debug() {}, info() {}, warn: line, error: line } });
    const { connection } = await rig.api();
    const body = encodePayload(payloadOf("one"));
    const headers = epitaphOf(rig, "one.0", "eclipsed" as DeadLetterReason);
    await connection.request(`${rig.subjectPrefix}.dead.high.B.one.0`, body, { timeout: 2000, headers });
    expect(await queue.deadLetters.list()).toMatchObject([{ id: "one.0", reason: "eclipsed" }]);
    expect(await failureOf(queue.deadLetters.redrive("one.0"))).toMatchObject({
      code: "HELIX_REDRIVE_NEEDS_FORCE",
      id: "one.0",
      reason: "eclipsed",
    });
    expect(await redriveDeadLetters(queue.deadLetters)).toMatchObject({
      matched: 1,
      redriven: 0,
      needsForce: 1,
    });
    expect(await redriveDeadLetters(queue.deadLetters, { force: true })).toMatchObject({ redriven: 1 });
    expect(await queue.deadLetters.list()).toEqual([]);
    const { content } = await new Receiver(queue).next();
    expect(content).toMatchObject({ payload: { life: 1, disposition: "force" } });
    expect(lines).toContainEqual([
      "a dead letter was redriven by force",
      expect.objectContaining({ letter: "one.0", reason: "eclipsed" }),
    ]);
  });

  it("are read as they were at the beginning of a scan, page after page", async () => {
    await using rig = new Rig(server);
    const queue = await rig.replayer();
    const receiver = new Receiver(queue);
    for (let n = 0; n < 30; n++) {
      await queue.enqueue(payloadOf(`p${n}`));
      await (await receiver.next()).deadLetter({ reason: n % 2 === 0 ? "rejected" : "attempts" });
    }
    const seen: string[] = [];
    for await (const { id } of queue.deadLetters.scan({ reason: "rejected" })) {
      if (seen.length === 0) {
        await queue.enqueue(payloadOf("late"));
        await (await receiver.next()).deadLetter({ reason: "rejected" });
      }
      seen.push(id);
    }
    expect(seen).toEqual(Array.from({ length: 15 }, (_, n) => `p${n * 2}.0`));
    expect((await queue.deadLetters.list({ limit: 4 })).map(({ id }) => id)).toEqual([
      "p0.0",
      "p1.0",
      "p2.0",
      "p3.0",
    ]);
  });
});

function epitaphOf(rig: Rig, id: string, reason: DeadLetterReason = "rejected") {
  const text = encodeEpitaph({
    id,
    lane: "high.B",
    reason,
    attempts: 0,
    deadAtMs: Date.now(),
    origin: { stream: rig.streamName },
  });
  const header = `NATS/1.0\r\nHelix-Dead-Letter: ${text}\r\n\r\n`;
  return { encode: () => new TextEncoder().encode(header) } as never;
}
