import { randomBytes } from "node:crypto";
import { fileURLToPath } from "node:url";
import type { DeadLetter } from "@helix/core";
import { cancelJob, getJob, type JobOrder, JobRunner, type JobState, startJob } from "@helix/operations";
import { Program, waitFor } from "@helix/testkit";
import { type NatsServer, startNatsServer } from "@helix/testkit/nats";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { aesGcmEnvelope, type NatsReplayer } from "../src/index.ts";
import { buried } from "./buried.ts";
import { failureOf, idOf, payloadOf, Receiver, Rig } from "./rig.ts";

const POD = fileURLToPath(new URL("job-pod.ts", import.meta.url));
/** More by hand. */
const MANY = Number(process.env.HELIX_JOB_LETTERS ?? 2000);
const KILLS = Number(process.env.HELIX_JOB_KILLS ?? 3);
const LEASE_MS = 1000;
const PERSON = { by: "anna", why: "the column is there again" };

function order(queue: NatsReplayer, more: Partial<JobOrder> & { expect: number }) {
  const operated = { queue, control: queue.control };
  const key = crypto.randomUUID();
  return startJob(operated, { verb: "redrive", all: true, idempotencyKey: key, ...PERSON, ...more });
}

async function until(queue: NatsReplayer, id: string, state: JobState, timeoutMs = 30_000) {
  let last: unknown;
  return waitFor(
    async () => {
      const job = await getJob(queue, id);
      last = job;
      return job.state === state && job;
    },
    { timeoutMs, describe: () => `the job is ${state}: ${JSON.stringify(last)}` },
  );
}

/** Every message of the lane, as it is taken from there. */
async function drained(rig: Rig, queue: NatsReplayer): Promise<string[]> {
  const { api } = await rig.api();
  const { state } = await api.streams.info(rig.streamName);
  const receiver = new Receiver(queue);
  const ids: string[] = [];
  while (ids.length < state.messages) {
    const from = receiver.received.length;
    const some = Math.min(500, state.messages - ids.length);
    receiver.source.demand(some);
    await receiver.until(from + some, 60_000);
    const taken = receiver.received.slice(from);
    await Promise.all(taken.map((message) => message.ack()));
    ids.push(...receiver.ids.slice(from).map(String));
  }
  await receiver.source.stop();
  return ids;
}

describe.each(["2.12", "2.15"] as const)("a job over NATS %s", (version) => {
  let server: NatsServer;
  beforeAll(async () => {
    server = await startNatsServer({ version });
  });
  afterAll(() => server.stop());

  it("redrives exactly what lay there when it was ordered, while some of it dies again and others die", async () => {
    await using rig = new Rig(server);
    const queue = await rig.replayer();
    await buried(rig, 300);
    const { id } = await order(queue, { expect: 300 });
    await using _ = started(new JobRunner({ queue, control: queue.control }));
    const receiver = new Receiver(queue);
    let seen = 0;
    receiver.source.demand(310);
    for (let n = 0; n < 10; n++) await queue.enqueue(payloadOf(`new${n}`));
    await receiver.until(310);
    await Promise.all(
      receiver.received.map((message) => {
        const isPoison = idOf(message)?.startsWith("new") || ++seen % 100 === 0;
        return isPoison ? message.deadLetter({ reason: "rejected" }) : message.ack();
      }),
    );
    const { counts } = await until(queue, id, "done");
    expect(counts).toEqual({ done: 300, failed: 0, skipped: 0, needsForce: 0, vanished: 0 });
    await receiver.source.stop();
    const left = (await queue.deadLetters.list()).map((letter) => letter.id);
    expect(left.filter((one) => one.endsWith(".1"))).toHaveLength(3);
    expect(left.filter((one) => one.startsWith("new"))).toHaveLength(10);
    expect(left).toHaveLength(13);
  });

  it(
    "is gone on with by another pod when one is killed, with no letter lost, twice in the lane, or counted twice",
    async () => {
      await using rig = new Rig(server);
      const queue = await rig.replayer();
      await buried(rig, MANY);
      const { id } = await order(queue, { expect: MANY, perSecond: Math.ceil(MANY / 2) });
      const { url } = rig.server;
      const run = (program: Program, holder: string) =>
        program.run({
          args: [
            "--conditions=@helix/source",
            POD,
            url,
            rig.streamName,
            rig.subjectPrefix,
            holder,
            String(LEASE_MS),
          ],
        });
      await using first = await Program.open();
      await using second = await Program.open();
      const pods = new Map([
        ["first", first],
        ["second", second],
      ]);
      for (const [holder, program] of pods) run(program, holder);
      const holders = new Set<string>();
      for (let kill = 1; kill <= KILLS; kill++) {
        const atLeast = (MANY * (kill - Math.random())) / (KILLS + 1);
        const { holder = "" } = await waitFor(
          async () => {
            const job = await getJob(queue, id);
            return job.state === "running" && job.holder !== undefined && job.counts.done >= atLeast && job;
          },
          { timeoutMs: 60_000, describe: () => `${atLeast} letters are done` },
        );
        const pod = pods.get(holder) as Program;
        holders.add(holder);
        await pod.kill();
        run(pod, holder);
      }
      const { counts } = await until(queue, id, "done", 120_000);
      expect(counts).toEqual({ done: MANY, failed: 0, skipped: 0, needsForce: 0, vanished: 0 });
      expect(await queue.deadLetters.count()).toEqual({ count: 0, isExact: true });
      const ids = await drained(rig, queue);
      expect([ids.length, new Set(ids).size]).toEqual([MANY, MANY]);
      expect(holders.size).toBe(2);
    },
    60_000 + MANY * 10,
  );

  it.each(["redrive", "discard"] as const)(
    "that has begun to %s a letter is the only one that can, and the queue tells that it was it",
    async (verb) => {
      await using rig = new Rig(server);
      const { deadLetters } = await rig.replayer();
      await buried(rig, 1);
      const { letters } = await deadLetters.page();
      const [letter] = letters as [DeadLetter];
      expect(await deadLetters.orderOf?.(letter.id)).toBeUndefined();
      await deadLetters.scanned?.[verb](letter, { order: "one" });
      for (const options of [{ order: "two" }, {}]) {
        const second = deadLetters.scanned?.[verb](letter, options) as Promise<void>;
        expect(await failureOf(second)).toMatchObject({ code: "HELIX_DEAD_LETTER_NOT_FOUND" });
        expect(await deadLetters.orderOf?.(letter.id)).toBe("one");
      }
      if (verb === "redrive") return;
      const { trash } = deadLetters;
      await trash.restore(letter.id, { order: "three" });
      expect([await trash.orderOf?.(letter.id), await deadLetters.orderOf?.(letter.id)]).toEqual([
        "three",
        "one",
      ]);
    },
  );

  it("restores what another has discarded, and empties the trash", async () => {
    await using rig = new Rig(server);
    const queue = await rig.replayer();
    await buried(rig, 20);
    await using _ = started(new JobRunner({ queue, control: queue.control }));
    for (const verb of ["discard", "restore", "discard", "empty"] as const) {
      const { id } = await order(queue, { verb, expect: 20 });
      expect((await until(queue, id, "done")).counts.done).toBe(20);
    }
    const { deadLetters } = queue;
    const counts = await Promise.all([deadLetters, deadLetters.trash].map((store) => store.count()));
    expect(counts.map(({ count }) => count)).toEqual([0, 0]);
  });

  it("counts as failed, by that, what its pod has no key for, and the same by one that has it redrives the rest", async () => {
    await using rig = new Rig(server);
    const keys = { old: randomBytes(32), new: randomBytes(32) };
    const ahead = await rig.replayer({ envelope: aesGcmEnvelope({ current: "new", keys }) });
    const behind = await rig.replayer({
      envelope: aesGcmEnvelope({ current: "old", keys: { old: keys.old } }),
    });
    const receiver = new Receiver(ahead);
    receiver.source.demand(3);
    for (const [queue, id] of [
      [ahead, "a"],
      [behind, "b"],
      [ahead, "c"],
    ] as const)
      await queue.enqueue(payloadOf(id));
    await receiver.until(3);
    await Promise.all(receiver.received.map((message) => message.deadLetter({ reason: "rejected" })));
    const NONE = { done: 0, failed: 0, skipped: 0, needsForce: 0, vanished: 0 };
    for (const [queue, expected, counts] of [
      [behind, 3, { ...NONE, done: 1, failed: 2 }],
      [ahead, 2, { ...NONE, done: 2 }],
    ] as const) {
      const { id } = await order(queue, { expect: expected });
      await using _ = started(new JobRunner({ queue, control: queue.control }));
      const job = await until(queue, id, "done");
      expect(job).toMatchObject({
        counts,
        errors: counts.failed > 0 ? { HELIX_ENVELOPE_KEY_UNKNOWN: counts.failed } : {},
      });
    }
  });

  it("ends within a second when somebody cancels it, and what it has not done lies where it lay", async () => {
    await using rig = new Rig(server);
    const queue = await rig.replayer();
    await buried(rig, 300);
    const { id } = await order(queue, { expect: 300, perSecond: 50 });
    await using _ = started(new JobRunner({ queue, control: queue.control }));
    await waitFor(async () => (await getJob(queue, id)).counts.done > 10, {
      timeoutMs: 10_000,
      describe: "it has begun",
    });
    await cancelJob(queue, id, { by: "ben", why: "not that column" });
    const { counts, cancelled } = await until(queue, id, "cancelled", 5000);
    expect(cancelled).toMatchObject({ by: "ben" });
    expect(await queue.deadLetters.count()).toEqual({ count: 300 - counts.done, isExact: true });
    expect(await drained(rig, queue)).toHaveLength(counts.done);
  });
});

function started(runner: JobRunner): JobRunner {
  runner.start();
  return runner;
}
