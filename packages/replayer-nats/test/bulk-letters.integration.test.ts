import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { type DeadLetter, discardDeadLetters, redriveDeadLetters, systemClock } from "@helix/core";
import { type NatsServer, startNatsServer } from "@helix/testkit/nats";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { NatsReplayer } from "../src/index.ts";
import { buried } from "./buried.ts";
import { failureOf, Receiver, Rig } from "./rig.ts";

const MANY = 500;

let server: NatsServer;
beforeAll(async () => {
  server = await startNatsServer();
});
afterAll(() => server.stop());

/** The ids of all that lies in the lane, which is empty then. */
async function drained(rig: Rig, queue: NatsReplayer): Promise<string[]> {
  const { api } = await rig.api();
  const { state } = await api.streams.info(rig.streamName);
  const receiver = new Receiver(queue);
  receiver.source.demand(state.messages);
  await receiver.until(state.messages);
  await Promise.all(receiver.received.map((message) => message.ack()));
  await receiver.source.stop();
  return receiver.ids.map((id) => id ?? "undecodable");
}

async function left(queue: NatsReplayer): Promise<string[]> {
  const ids: string[] = [];
  for await (const { id } of queue.deadLetters.scan()) ids.push(id.replace(/\.0$/, ""));
  return ids;
}

const names = Array.from({ length: MANY }, (_, n) => `p${n}`).sort();

describe("many dead letters", () => {
  it("that two processes redrive at the same time are each redriven once, and counted by one of them", async () => {
    await using rig = new Rig(server);
    const queues = [await rig.replayer(), await rig.replayer()] as const;
    await buried(rig, MANY);
    const reports = await Promise.all(queues.map((queue) => redriveDeadLetters(queue.deadLetters)));
    expect(reports.map(({ failed, errors, ended }) => ({ failed, errors, ended }))).toEqual(
      Array(2).fill({ failed: 0, errors: {}, ended: "done" }),
    );
    for (const { matched, redriven, vanished } of reports) expect(redriven + vanished).toBe(matched);
    expect(reports[0]?.redriven).toBe(MANY - (reports[1]?.redriven ?? 0));
    expect((await drained(rig, queues[0])).sort()).toEqual(names);
    expect(await left(queues[0])).toEqual([]);
  });

  it("that one process redrives and another discards have one end each", async () => {
    await using rig = new Rig(server);
    const queues = [await rig.replayer(), await rig.replayer()] as const;
    await buried(rig, MANY);
    const [redrive, discard] = await Promise.all([
      redriveDeadLetters(queues[0].deadLetters),
      discardDeadLetters(queues[1].deadLetters),
    ]);
    expect([redrive.failed, discard.failed]).toEqual([0, 0]);
    expect(redrive.redriven + discard.discarded).toBe(MANY);
    expect(await drained(rig, queues[0])).toHaveLength(redrive.redriven);
    expect(await left(queues[0])).toEqual([]);
  });

  it("that die after a cut-off are not touched by runs up to it, in whatever process, and by none of a stream made again", async () => {
    await using rig = new Rig(server);
    const [first, second] = [await rig.replayer(), await rig.replayer()];
    await buried(rig, 20);
    const until = await first.deadLetters.cutOff();
    const { cursor } = await first.deadLetters.page({}, { limit: 5 });
    expect(await redriveDeadLetters(first.deadLetters, { until, limit: 8 })).toMatchObject({ redriven: 8 });
    const receiver = new Receiver(first);
    await (await receiver.next()).deadLetter({ reason: "rejected" });
    await receiver.source.stop();
    expect(await redriveDeadLetters(second.deadLetters, { until })).toMatchObject({
      redriven: 12,
      ended: "done",
    });
    expect(await left(second)).toEqual(["p0.1"]);
    const { api } = await rig.api();
    await api.streams.delete(`${rig.streamName}-dead-letters`);
    const third = await rig.replayer();
    const foreign = { code: "HELIX_CURSOR_INVALID", why: "other-store" };
    expect(await failureOf(discardDeadLetters(third.deadLetters, { until }))).toMatchObject(foreign);
    expect(await failureOf(third.deadLetters.page({}, { cursor }))).toMatchObject(foreign);
  });

  it("for which there is no room stay, all of them, and follow when there is", async () => {
    await using rig = new Rig(server);
    const room = 150;
    const queue = await rig.replayer({ maxMsgs: 2 * room });
    await buried(rig, MANY);
    const report = await redriveDeadLetters(queue.deadLetters);
    expect(report).toMatchObject({ redriven: room, ended: "error", error: { code: "HELIX_QUEUE_FULL" } });
    expect(report.errors).toEqual({ HELIX_QUEUE_FULL: report.failed });
    expect(report.matched + (report.remaining ?? 0)).toBe(MANY);
    const stayed = await left(queue);
    expect(stayed).toHaveLength(MANY - room);
    const executed = await drained(rig, queue);
    expect([...executed, ...stayed].sort()).toEqual(names);
    // Nothing stands in the way of another end of those that were refused.
    expect(await discardDeadLetters(queue.deadLetters, { limit: 100 })).toMatchObject({ discarded: 100 });
    expect(await redriveDeadLetters(queue.deadLetters, { limit: room })).toMatchObject({ redriven: room });
    expect(await drained(rig, queue)).toEqual(expect.arrayContaining(stayed.slice(100, 100 + room)));
  });

  it("that were read long ago are read again, each by its place, before anything is done", async () => {
    await using rig = new Rig(server);
    let laterMs = 0;
    const clock = { ...systemClock, monotonicMs: () => systemClock.monotonicMs() + laterMs };
    const queue = await rig.replayer({ clock });
    await buried(rig, 3);
    const letters: DeadLetter[] = [];
    for await (const letter of queue.deadLetters.scan()) letters.push(letter);
    await queue.deadLetters.discard("p0.0");
    const { connection } = await rig.api();
    const asked: string[] = [];
    connection.subscribe(`$JS.API.STREAM.MSG.GET.${rig.streamName}-dead-letters`, {
      callback: (_, message) => void asked.push(message.string()),
    });
    await connection.flush();
    const { scanned } = queue.deadLetters;
    await scanned?.redrive(letters[1] as DeadLetter);
    laterMs = 61_000;
    await scanned?.redrive(letters[2] as DeadLetter);
    expect(await failureOf(scanned?.redrive(letters[0] as DeadLetter) as Promise<void>)).toMatchObject({
      code: "HELIX_DEAD_LETTER_NOT_FOUND",
    });
    await connection.flush();
    expect(asked).toEqual(['{"seq":3}', '{"seq":1}']);
    expect((await drained(rig, queue)).sort()).toEqual(["p1", "p2"]);
  });

  it("whose redrive is killed in the middle are neither lost nor two when somebody else goes on", async () => {
    await using rig = new Rig(server);
    const queue = await rig.replayer();
    await buried(rig, MANY);
    const child = spawnRedrive(rig, 200);
    await once(child, "exit");
    expect(child.signalCode).toBe("SIGKILL");
    const stayed = await left(queue);
    expect(stayed.length).toBeGreaterThan(0);
    expect(stayed.length).toBeLessThanOrEqual(MANY - 200);
    expect(await redriveDeadLetters(queue.deadLetters)).toMatchObject({ redriven: stayed.length, failed: 0 });
    expect((await drained(rig, queue)).sort()).toEqual(names);
  });
});

function spawnRedrive({ streamName, subjectPrefix, server: { url } }: Rig, count: number) {
  const program = fileURLToPath(new URL("dying-redrive.ts", import.meta.url));
  const args = ["--conditions=@helix/source", program, url, streamName, subjectPrefix, String(count)];
  return spawn(process.execPath, args, { stdio: ["ignore", "inherit", "inherit"] });
}
