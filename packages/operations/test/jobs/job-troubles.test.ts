import { wait } from "@helix/core/queue-kit";
import { describe, expect, it } from "vitest";
import { cancelJob, getJob, listJobs } from "../../src/index.ts";
import { setUpJobs } from "./jobs-rig.ts";

const NONE = { done: 0, failed: 0, skipped: 0, needsForce: 0, vanished: 0 };

describe("a job in stages", () => {
  it("goes on with the next when few enough of the last have died again, and then with the rest", async () => {
    await using world = setUpJobs();
    const { clock, operated, bury, pod, order, lane, settleAll } = world;
    await bury(200);
    const { id } = await order({ stages: [1, 100] });
    pod();
    await clock.advance(1000);
    expect(await getJob(operated, id)).toMatchObject({ state: "paused", counts: { done: 1 } });
    expect(await lane()).toHaveLength(1);
    await clock.advance(60_000);
    expect(await getJob(operated, id)).toMatchObject({ state: "paused", counts: { done: 101 } });
    let n = 0;
    await settleAll((message) => (n++ < 4 ? message.deadLetter({ reason: "rejected" }) : message.ack()));
    await clock.advance(60_000);
    expect(await getJob(operated, id)).toMatchObject({
      state: "done",
      counts: { ...NONE, done: 200 },
      stage: { index: 2, diedAgain: 4, lookedFor: 100 },
    });
  });

  it("fails when too many of the last have died again, and leaves the others where they lie", async () => {
    await using world = setUpJobs();
    const { clock, operated, bury, pod, order, settleAll, left, records } = world;
    await bury(200);
    const { id } = await order({ stages: [100], stageWaitMs: 5000 });
    pod();
    await clock.advance(1000);
    let n = 0;
    await settleAll((message) => (n++ < 5 ? message.deadLetter({ reason: "rejected" }) : message.ack()));
    await clock.advance(5000);
    expect(await getJob(operated, id)).toMatchObject({
      state: "failed",
      failedFor: "died-again",
      stage: { diedAgain: 5, lookedFor: 100 },
    });
    expect([(await left()).length, records.at(-1)?.subject]).toEqual([
      105,
      { job: id, verb: "redrive", state: "failed", failedFor: "died-again", ...NONE, done: 100 },
    ]);
  });
});

describe("a job between two stages", () => {
  it("is not decided before its time where its pod stops, and goes on elsewhere when that has come", async () => {
    await using world = setUpJobs();
    const { clock, operated, bury, pod, order } = world;
    await bury(10);
    const { id } = await order({ stages: [1] });
    const { runner } = pod({ holder: "first" });
    await clock.advance(1000);
    await runner.stop();
    expect(await getJob(operated, id)).toMatchObject({ state: "paused", stage: { index: 0, done: 1 } });
    pod({ holder: "second" });
    await clock.advance(58_000);
    expect(await getJob(operated, id)).toMatchObject({
      state: "paused",
      holder: "second",
      counts: { done: 1 },
    });
    await clock.advance(2000);
    expect(await getJob(operated, id)).toMatchObject({ state: "done", counts: { ...NONE, done: 10 } });
  });

  it.each([-3_600_000, 3_600_000])(
    "is decided neither sooner nor later where the clock of its pod is set by %i ms",
    async (jumpMs) => {
      await using world = setUpJobs();
      const { clock, operated, bury, pod, order } = world;
      await bury(10);
      const { id } = await order({ stages: [1] });
      pod();
      await clock.advance(1000);
      const wallMs = clock.wallMs.bind(clock);
      clock.wallMs = () => wallMs() + jumpMs;
      await clock.advance(50_000);
      expect(await getJob(operated, id)).toMatchObject({ state: "paused", counts: { done: 1 } });
      await clock.advance(10_000);
      expect(await getJob(operated, id)).toMatchObject({ state: "done", counts: { done: 10 } });
    },
  );

  it("that somebody cancels is over at once, and the next is not begun", async () => {
    await using world = setUpJobs();
    const { clock, operated, bury, pod, order, left } = world;
    await bury(10);
    const { id } = await order({ stages: [1] });
    pod();
    await clock.advance(1000);
    await cancelJob(operated, id, { by: "ben", why: "no" });
    await clock.advance(1000);
    expect(await getJob(operated, id)).toMatchObject({ state: "cancelled", counts: { ...NONE, done: 1 } });
    expect(await left()).toHaveLength(9);
  });
});

describe("a job", () => {
  it("waits while there is no room in the lane, says so, and goes on when there is", async () => {
    await using world = setUpJobs({ queueCapacity: 10 });
    const { clock, operated, bury, pod, order, lane, left } = world;
    await bury(10);
    await bury(5, { from: 10 });
    const { id } = await order();
    pod();
    await clock.advance(60_000);
    expect(await getJob(operated, id)).toMatchObject({
      state: "running",
      counts: { ...NONE, done: 10 },
      stalled: { code: "HELIX_QUEUE_FULL" },
    });
    expect(await lane()).toHaveLength(10);
    await clock.advance(30_000);
    const job = await getJob(operated, id);
    expect([job.state, job.counts, job.stalled]).toEqual(["done", { ...NONE, done: 15 }, undefined]);
    expect([await left(), (await lane()).length]).toEqual([[], 5]);
  });

  it("goes on elsewhere when its pod stops, at once and without a lease that lapses", async () => {
    await using world = setUpJobs();
    const { clock, operated, bury, pod, order, lane } = world;
    await bury(40);
    const { id } = await order({ perSecond: 10 });
    const { runner } = pod({ holder: "first" });
    await clock.advance(1050);
    expect((await getJob(operated, id)).holder).toBe("first");
    await runner.stop();
    const { holder, counts } = await getJob(operated, id);
    expect([holder, counts.done > 5]).toEqual([undefined, true]);
    pod({ holder: "second" });
    await clock.advance(0);
    expect((await getJob(operated, id)).holder).toBe("second");
    await clock.advance(10_000);
    expect((await getJob(operated, id)).counts).toEqual({ ...NONE, done: 40 });
    expect(await lane()).toHaveLength(40);
  });

  it("that was begun by a pod that is dead looks for more letters only when what that had begun is ended", async () => {
    await using world = setUpJobs();
    const { clock, operated, control, queue, bury, pod, order } = world;
    await bury(8);
    const { id } = await order();
    const { value } = (await control.get(`jobs.${id}`)) ?? {};
    const pending = ["p0.0", "p1.0", "p2.0"];
    await control.put(`jobs.${id}`, { ...(value as object), state: "running", pending });
    const { redrive, scan } = queue.deadLetters;
    const seen: string[] = [];
    queue.deadLetters.redrive = async (letter, options) => {
      await redrive.call(queue.deadLetters, letter, options);
      // As it is where an answer takes its time.
      await wait(clock, 10);
      seen.push(letter);
    };
    queue.deadLetters.scan = (...asked) => {
      seen.push("a scan");
      return scan.apply(queue.deadLetters, asked);
    };
    pod();
    await clock.advance(10_000);
    expect((await getJob(operated, id)).counts).toEqual({ ...NONE, done: 8 });
    expect(seen.slice(0, 4)).toEqual([...pending, "a scan"]);
  });

  it("begins nothing more where its pod cannot say that it has it, before another one may take it up", async () => {
    await using world = setUpJobs();
    const { clock, control, bury, pod, order, lane } = world;
    await bury(40);
    await order({ perSecond: 10 });
    pod({ leaseMs: 1000 });
    await clock.advance(1050);
    control.put = () => new Promise(() => {});
    await clock.advance(5000);
    // Of the twenty that are written down, those of three quarters of the lease.
    expect((await lane()).length).toBeLessThan(20);
  });

  it("is left by a pod that was away for longer than its lease, when another has it", async () => {
    await using world = setUpJobs({ knowsOrders: true });
    const { clock, operated, bury, pod, order, lane, records } = world;
    await bury(40);
    const { id } = await order({ perSecond: 10 });
    const { life } = pod({ holder: "first" });
    await clock.advance(1050);
    life.freeze();
    pod({ holder: "second" });
    await clock.advance(11_000);
    expect((await getJob(operated, id)).holder).toBe("second");
    life.thaw();
    await clock.advance(20_000);
    const job = await getJob(operated, id);
    expect([job.state, job.counts]).toEqual(["done", { ...NONE, done: 40 }]);
    expect([(await lane()).length, records.filter(({ verb }) => verb === "endJob").length]).toEqual([40, 1]);
  });

  it("counts what it cannot do, each once, with its code and the first ids", async () => {
    await using world = setUpJobs();
    const { clock, operated, queue, bury, pod, order, left } = world;
    await bury(3);
    await bury(2, { from: 10, reason: "too-old" });
    const { redrive } = queue.deadLetters;
    queue.deadLetters.redrive = async (id, options) => {
      if (id === "p1.0") throw Object.assign(new Error("4111"), { code: "4111-1111" });
      await redrive.call(queue.deadLetters, id, options);
    };
    const { id } = await order();
    pod();
    await clock.advance(60_000);
    const { state, counts, errors, failures } = await getJob(operated, id);
    expect([state, counts]).toEqual(["done", { ...NONE, done: 2, failed: 1, needsForce: 2 }]);
    expect([errors, failures]).toEqual([{ Error: 1 }, [{ id: "p1.0", code: "Error" }]]);
    expect(await left()).toEqual(["p1.0", "p10.0", "p11.0"]);
    const forced = await order({ force: true, filter: { reason: "too-old" }, expect: 2 });
    await clock.advance(60_000);
    expect((await getJob(operated, forced.id)).counts).toEqual({ ...NONE, done: 2 });
  });

  it("counts failures by their codes, whatever those are, twenty of them, and the rest together", async () => {
    await using world = setUpJobs();
    const { clock, operated, queue, bury, pod, order } = world;
    const codes = ["constructor", "__proto__", "toString", ...Array.from({ length: 17 }, (_, n) => `E${n}`)];
    const all = [...codes, "hasOwnProperty", "E99", "constructor"];
    await bury(all.length);
    queue.deadLetters.redrive = async (id) => {
      throw Object.assign(new Error(), { code: all[Number.parseInt(id.slice(1), 10)] });
    };
    const { id } = await order();
    pod();
    await clock.advance(60_000);
    const { state, counts, errors } = await getJob(operated, id);
    expect([state, counts]).toEqual(["done", { ...NONE, failed: all.length }]);
    const expected = new Map([...codes.map((code) => [code, 1] as const), ["constructor", 2], ["others", 2]]);
    expect(new Map(Object.entries(errors))).toEqual(expected);
  });

  it("whose document is none any more is left alone and told, and the others go on", async () => {
    await using world = setUpJobs();
    const { clock, operated, control, bury, pod, order, log } = world;
    await bury(10);
    const [broken, gone, well] = [
      await order({ perSecond: 1 }),
      await order({ perSecond: 1 }),
      await order({ perSecond: 5 }),
    ];
    pod();
    await clock.advance(500);
    await control.put(`jobs.${broken.id}`, { id: broken.id, state: "resting" });
    await control.put("jobs.else", { all: "mine" });
    await control.put("open-jobs", { ids: [1, "../x", broken.id, well.id] });
    await control.delete(`jobs.${gone.id}`);
    await clock.advance(20_000);
    expect((await getJob(operated, well.id)).state).toBe("done");
    const { jobs, unreadable } = await listJobs(operated);
    expect([jobs.length, unreadable]).toEqual([1, [`jobs.${broken.id}`, "jobs.else"].sort()]);
    expect(log).toContainEqual({
      text: "what lies in the store as a job is none, or of another version: it is left alone",
      fields: { key: `jobs.${broken.id}`, revision: expect.any(Number) },
    });
    expect((await control.get("open-jobs"))?.value).toEqual({ ids: [broken.id] });
  });

  it.each([
    ["a version", { version: 2 }],
    ["a verb", { verb: "repair" }],
    ["a condition of its filter", { filter: { colour: "red" } }],
    ["a state", { state: "resting" }],
  ])("of which %s is known to a newer pod alone is left to that", async (_, more) => {
    await using world = setUpJobs();
    const { clock, control, bury, pod, order, left } = world;
    await bury(3);
    const { id } = await order({ filter: { cluster: "B" } });
    const document = await control.get(`jobs.${id}`);
    const newer = { ...(document?.value as object), ...more };
    await control.put(`jobs.${id}`, newer);
    pod();
    await clock.advance(60_000);
    expect([(await control.get(`jobs.${id}`))?.value, (await left()).length]).toEqual([newer, 3]);
    expect((await control.get("open-jobs"))?.value).toEqual({ ids: [id] });
  });

  it("is not taken for gone where a watch asks a replica that is behind", async () => {
    await using world = setUpJobs();
    const { clock, operated, control, bury, pod, order } = world;
    await bury(3);
    const watch = control.watch.bind(control);
    let looks = 0;
    control.watch = (key, listener) => {
      if (key.startsWith("jobs.") && looks++ < 3) queueMicrotask(() => listener.onDocument(undefined));
      return watch(key, listener);
    };
    const { id } = await order();
    pod();
    await clock.advance(1000);
    expect([(await getJob(operated, id)).state, looks > 0]).toEqual(["done", true]);
  });

  it("is done by no pod that may not see it, which that pod says", async () => {
    await using world = setUpJobs();
    const { clock, control, pod, log } = world;
    const err = new Error("no right");
    control.watch = (_, { onFailure }) => {
      for (const lasts of [false, true]) onFailure?.(err, lasts);
      return { [Symbol.dispose]() {} };
    };
    pod();
    await clock.advance(1000);
    expect(log.map(({ text }) => text)).toEqual([
      "this process does no jobs: it may not see which there are",
    ]);
  });

  it("that nobody has listed is found by a pod that starts", async () => {
    await using world = setUpJobs();
    const { clock, operated, control, bury, pod, order } = world;
    await bury(3);
    const { id } = await order();
    await control.put("open-jobs", { ids: "all" });
    pod();
    await clock.advance(1000);
    expect((await getJob(operated, id)).state).toBe("done");
  });

  it("waits for its turn where a pod has enough to do, and five end", async () => {
    await using world = setUpJobs();
    const { clock, operated, bury, pod, order } = world;
    await bury(10);
    for (let n = 0; n < 6; n++) await order({ perSecond: 1 });
    pod();
    await clock.advance(1000);
    const states = (await listJobs(operated)).jobs.map(({ state }) => state);
    expect(states.sort()).toEqual(["running", "running", "running", "running", "waiting", "waiting"]);
    await clock.advance(60_000);
    const { jobs } = await listJobs(operated);
    expect(jobs.every(({ state }) => state === "done")).toBe(true);
    expect(jobs.reduce((sum, { counts }) => sum + counts.done, 0)).toBe(10);
  });

  it("has room in one document for all that it may have to remember", async () => {
    await using world = setUpJobs();
    const { clock, operated, control, queue, bury, pod, order } = world;
    const long = "\u0001".repeat(200);
    const person = { by: long, why: "\u0001".repeat(500) };
    await bury(120, { idOf: (n) => `${n}${"x".repeat(120)}` });
    const put = control.put.bind(control);
    const sizes: number[] = [];
    control.put = (key, value, options) => {
      sizes.push(JSON.stringify(value).length);
      return put(key, value, options);
    };
    const { redrive } = queue.deadLetters;
    queue.deadLetters.redrive = async (letter, options) => {
      const n = Number.parseInt(letter, 10);
      if (n < 60) throw Object.assign(new Error(), { name: `E${n}${"x".repeat(60)}` });
      await redrive.call(queue.deadLetters, letter, options);
    };
    const ids = (await queue.deadLetters.list()).map((one) => one.id);
    const { id } = await order({
      filter: { ids },
      expect: 120,
      stages: [59],
      stageWaitMs: 600_000,
      ...person,
    });
    pod();
    await clock.advance(60_000);
    await cancelJob(operated, id, person);
    await clock.advance(60_000);
    const { state, failures } = await getJob(operated, id);
    expect([state, failures.length > 30, Math.max(...sizes) > 35_000]).toEqual(["cancelled", true, true]);
    expect(Math.max(...sizes)).toBeLessThan(65_536);
  });
});
