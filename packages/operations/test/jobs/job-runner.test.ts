import { describe, expect, it } from "vitest";
import { cancelJob, getJob, type JobOrder, type JobVerb } from "../../src/index.ts";
import { setUpJobs } from "./jobs-rig.ts";

/** A run for each step. */
const LONG_MS = 60_000;
const NONE = { done: 0, failed: 0, skipped: 0, needsForce: 0, vanished: 0 };
const names = (count: number, life: number) =>
  Array.from({ length: count }, (_, n) => `p${n}.${life}`).sort();

describe("a job", () => {
  it("redrives what there is when it is ordered, and nothing that dies later or again", async () => {
    await using world = setUpJobs();
    const { clock, operated, bury, pod, order, settleAll, left } = world;
    await bury(30);
    const { id } = await order();
    await bury(2, { from: 100 });
    pod();
    await clock.advance(0);
    expect(await getJob(operated, id)).toMatchObject({ state: "done", counts: { ...NONE, done: 30 } });
    const again = await settleAll((message) => message.deadLetter({ reason: "rejected" }));
    expect(again.sort()).toEqual(names(30, 1));
    expect((await left()).sort()).toEqual(["p100.0", "p101.0", ...again].sort());
  });

  it("counts a letter once that a scan gives again, as a replica may that is behind", async () => {
    await using world = setUpJobs({ knowsOrders: true });
    const { clock, operated, queue, bury, pod, order } = world;
    await bury(3);
    const { deadLetters } = queue;
    const scan = deadLetters.scan.bind(deadLetters);
    deadLetters.scan = async function* (...args) {
      const letters = [];
      for await (const letter of scan(...args)) letters.push(letter);
      yield* [...letters, ...letters];
    };
    const { id } = await order({ perSecond: 3 });
    pod();
    await clock.advance(10_000);
    expect((await getJob(operated, id)).counts).toEqual({ ...NONE, done: 3 });
  });

  it.each([
    ["redrive", "does not know", {}],
    ["redrive", "knows", {}],
    ["discard", "knows", {}],
    ["redrive", "knows", { stages: [1, 4], stageWaitMs: 1000 }],
  ] as [JobVerb, string, Partial<JobOrder>][])(
    "(%s) counts each letter once at whatever step its pod is killed, where the queue %s whose order ended one: %j",
    async (verb, knows, more) => {
      const run = async (diesAfter: number) => {
        await using world = setUpJobs({ knowsOrders: knows === "knows" });
        const { clock, operated, bury, pod, order, lane, left, records } = world;
        await bury(2, { from: 100, reason: "too-old" });
        await bury(12);
        const { id } = await order({ verb, perSecond: 4, ...more });
        const { life } = pod({ diesAfter });
        await clock.advance(6000);
        pod();
        await clock.advance(40_000);
        const { state, counts } = await getJob(operated, id);
        const [ended, old] = verb === "redrive" ? [names(12, 1), ["p100.0", "p101.0"]] : [[], []];
        const expected = { ...NONE, done: 14 - old.length, needsForce: old.length };
        expect([diesAfter, state, counts]).toEqual([diesAfter, "done", expected]);
        expect([(await lane()).sort(), await left()]).toEqual([ended, old]);
        expect(records.filter((record) => record.verb === "endJob").length).toBeLessThanOrEqual(1);
        return life.steps;
      };
      const steps = await run(Number.POSITIVE_INFINITY);
      expect(steps).toBeGreaterThan(40);
      for (let at = 1; at <= steps; at++) await run(at);
    },
    LONG_MS,
  );

  it.each([1, 12])(
    "counts each letter once whatever is done or not done, and not answered, for so many calls from any on: %i",
    async (calls) => {
      const run = async (from: number) => {
        await using world = setUpJobs({ knowsOrders: true });
        const { clock, operated, bury, pod, order, lane, left, records } = world;
        await bury(8);
        const { id } = await order({ perSecond: 4 });
        const { life } = pod({ failsAt: { from, until: from + calls } });
        await clock.advance(200_000);
        const { state, counts, stalled } = await getJob(operated, id);
        expect([from, state, counts, stalled]).toEqual([from, "done", { ...NONE, done: 8 }, undefined]);
        expect((await lane()).sort()).toEqual(names(8, 1));
        expect(await left()).toEqual([]);
        expect([from, records.filter((record) => record.verb === "endJob").length]).toEqual([from, 1]);
        return life.steps;
      };
      const steps = await run(Number.MAX_SAFE_INTEGER);
      for (let at = 1; at <= steps; at++) await run(at);
    },
    LONG_MS,
  );

  it(
    "and another over the same letters count each of them once, at whatever step the pod of one is killed",
    async () => {
      const run = async (diesAfter: number) => {
        await using world = setUpJobs({ knowsOrders: true });
        const { clock, operated, bury, pod, order, lane, left } = world;
        await bury(8);
        const jobs = [await order(), await order({ verb: "discard", perSecond: 20 })];
        const { life } = pod({ diesAfter });
        await clock.advance(100);
        pod();
        await clock.advance(40_000);
        const counts = await Promise.all(jobs.map(async ({ id }) => (await getJob(operated, id)).counts));
        const [redrive = NONE, discard = NONE] = counts;
        expect([diesAfter, redrive.done + discard.done, (await lane()).length]).toEqual([
          diesAfter,
          8,
          redrive.done,
        ]);
        expect(await left()).toEqual([]);
        for (const one of counts) expect(one.done + one.vanished).toBeLessThanOrEqual(8);
        return life.steps;
      };
      const steps = await run(Number.POSITIVE_INFINITY);
      for (let at = 1; at <= steps; at++) await run(at);
    },
    LONG_MS,
  );

  it(
    "that is cancelled when its pod has been killed, at whatever step, ends with what was begun counted",
    async () => {
      const run = async (diesAfter: number) => {
        await using world = setUpJobs({ knowsOrders: true });
        const { clock, operated, bury, pod, order, lane, left } = world;
        await bury(8);
        const { id } = await order();
        const { life } = pod({ diesAfter });
        await clock.advance(0);
        const ended = await cancelJob(operated, id, { by: "ben", why: "no" }).catch(() => undefined);
        pod();
        await clock.advance(40_000);
        const { state, counts } = await getJob(operated, id);
        expect([diesAfter, state]).toEqual([diesAfter, ended === undefined ? "done" : "cancelled"]);
        expect([counts, (await lane()).length]).toEqual([
          { ...NONE, done: 8 - (await left()).length },
          counts.done,
        ]);
        return life.steps;
      };
      const steps = await run(Number.POSITIVE_INFINITY);
      for (let at = 1; at <= steps; at++) await run(at);
    },
    LONG_MS,
  );
});
