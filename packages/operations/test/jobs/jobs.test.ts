import { describe, expect, it } from "vitest";
import { cancelJob, countForJob, getJob, type JobOrder, listJobs, startJob } from "../../src/index.ts";
import { setUpJobs } from "./jobs-rig.ts";

const PERSON = { by: "anna", why: "repaired" };
const NONE = { done: 0, failed: 0, skipped: 0, needsForce: 0, vanished: 0 };

describe("an order of a job", () => {
  it("is refused where there are not as many letters as were counted, and told how many there are", async () => {
    await using world = setUpJobs();
    const { operated, bury, order, records } = world;
    await bury(3);
    expect(await countForJob(operated, { verb: "redrive", filter: { cluster: "B" } })).toEqual({
      count: 3,
      isExact: true,
    });
    await expect(order({ filter: { cluster: "B" }, expect: 2 })).rejects.toMatchObject({
      code: "HELIX_JOB_COUNT_DIFFERS",
      expected: 2,
      count: 3,
      isExact: true,
    });
    expect((await listJobs(operated)).jobs).toEqual([]);
    expect(records).toEqual([
      {
        atMs: expect.any(Number),
        verb: "startJob",
        subject: { job: "redrive", filter: { cluster: "B" }, expect: 2 },
        ...{ by: "anna", why: "the column is there again" },
        refusedBy: "HELIX_JOB_COUNT_DIFFERS",
      },
    ]);
  });

  it("that is given again is the same job, also when it is over, and another one under its key is refused", async () => {
    await using world = setUpJobs();
    const { clock, operated, bury, pod, order } = world;
    await bury(3);
    const idempotencyKey = "one";
    const both = await Promise.all([order({ idempotencyKey }), order({ idempotencyKey })]);
    expect(both[0]).toEqual(both[1]);
    pod();
    await clock.advance(1000);
    expect(await order({ idempotencyKey, expect: 3 })).toMatchObject({ id: both[0].id, state: "done" });
    await expect(order({ idempotencyKey, expect: 4 })).rejects.toMatchObject({
      code: "HELIX_JOB_KEY_REUSED",
    });
    expect((await listJobs(operated)).jobs).toHaveLength(1);
  });

  it.each<[RegExp, Partial<JobOrder>]>([
    [/`verb`/, { verb: "repair" as "redrive" }],
    [/`all` to be true without a condition/, {}],
    [/`all` to be true without a condition/, { filter: {} }],
    [/false with one/, { filter: { cluster: "B" }, all: true }],
    [/`cluster`/, { filter: { cluster: "C" as "B" } }],
    [/Unknown condition `colour`/, { filter: { colour: 1 } as never }],
    [/`expect`/, { all: true, expect: undefined }],
    [/`expect`/, { all: true, expect: -1 }],
    [/`expect`/, { filter: { ids: ["a.0", "b.0"] }, expect: undefined }],
    [
      /name fewer `ids`/,
      { filter: { ids: Array.from({ length: 1000 }, (_, n) => `${"x".repeat(30)}${n}.0`) } },
    ],
    [/of a redrive/, { all: true, verb: "discard", force: true }],
    [/of a redrive/, { all: true, verb: "restore", stages: [1] }],
    [/`stages`/, { all: true, stages: [] }],
    [/`stages`/, { all: true, stages: [0] }],
    [/`perSecond`/, { all: true, perSecond: 0 }],
    [/`stageMaxDiedAgain`/, { all: true, stageMaxDiedAgain: 2 }],
    [/`by`/, { all: true, by: "" }],
    [/`reason`/, { all: true, why: "" }],
    [/`idempotencyKey`/, { all: true, idempotencyKey: "ä" }],
    [/Unknown option `query`/, { all: true, query: "DROP" } as never],
  ])("that cannot be is refused before anything is stored: %s", async (message, more) => {
    await using world = setUpJobs();
    const { operated, control } = world;
    const whole = { verb: "redrive", expect: 0, idempotencyKey: "k", ...PERSON, ...more } as JobOrder;
    await expect(startJob(operated, whole)).rejects.toThrow(message);
    expect([(await control.list("jobs")).documents, await control.get("open-jobs")]).toEqual([[], undefined]);
  });

  it("about one letter needs no count, and shows no text that a person has typed in its record", async () => {
    await using world = setUpJobs();
    const { clock, operated, bury, pod, order, left, records } = world;
    await bury(3);
    pod();
    const { id } = await order({ filter: { ids: ["p1.0"] }, expect: undefined });
    await order({ filter: { errorText: "4111-1111" }, expect: 0 });
    await clock.advance(1000);
    expect((await getJob(operated, id)).counts).toEqual({ ...NONE, done: 1 });
    expect(await left()).toEqual(["p0.0", "p2.0"]);
    expect(records.map(({ verb, subject }) => [verb, subject])).toEqual(
      expect.arrayContaining([
        ["startJob", { job: "redrive", filter: { ids: 1 }, expect: undefined }],
        ["startJob", { job: "redrive", filter: {}, expect: 0 }],
        ["endJob", { job: id, verb: "redrive", state: "done", ...NONE, done: 1 }],
      ]),
    );
    expect(JSON.stringify(records)).not.toMatch(/4111|secret/);
  });

  it("is refused while twenty are under way, and the last hundred are kept", async () => {
    await using world = setUpJobs();
    const { clock, operated, control, pod, order } = world;
    const first = await order({ expect: 0 });
    for (let n = 1; n < 20; n++) await order({ expect: 0 });
    await expect(order({ expect: 0 })).rejects.toMatchObject({ code: "HELIX_JOBS_FULL", capacity: 20 });
    pod();
    await clock.advance(60_000);
    for (let n = 0; n < 90; n++) {
      await order({ expect: 0 });
      await clock.advance(10);
    }
    const { jobs } = await listJobs(operated);
    expect([jobs.length, jobs.every(({ state }) => state === "done")]).toEqual([100, true]);
    // Of the first twenty, all of the same moment.
    expect(jobs.filter(({ createdAtMs }) => createdAtMs === first.createdAtMs)).toHaveLength(10);
    expect((await control.get("open-jobs"))?.value).toEqual({ ids: [] });
  });
});

describe("a job that somebody cancels", () => {
  it("is over at once where nobody has taken it up", async () => {
    await using world = setUpJobs();
    const { clock, operated, bury, pod, order, left, records } = world;
    await bury(3);
    const { id } = await order();
    expect(await cancelJob(operated, id, PERSON)).toMatchObject({ state: "cancelled", cancelled: PERSON });
    pod();
    await clock.advance(60_000);
    expect([(await getJob(operated, id)).state, (await left()).length]).toEqual(["cancelled", 3]);
    expect(records.map(({ verb }) => verb)).toEqual(["startJob", "cancelJob"]);
  });

  it("ends within a second, with what is done counted and the rest where it lay", async () => {
    await using world = setUpJobs();
    const { clock, operated, bury, pod, order, lane, left, records } = world;
    await bury(100);
    const { id } = await order({ perSecond: 10 });
    pod();
    await clock.advance(2050);
    expect(await cancelJob(operated, id, { by: "ben", why: "no" })).toMatchObject({ state: "cancelling" });
    expect((await cancelJob(operated, id, PERSON)).cancelled).toMatchObject({ by: "ben" });
    await clock.advance(1000);
    const { state, counts } = await getJob(operated, id);
    expect([state, counts.done, (await lane()).length]).toEqual([
      "cancelled",
      100 - (await left()).length,
      counts.done,
    ]);
    expect(records.at(-1)).toMatchObject({ verb: "endJob", by: "ben", subject: { state: "cancelled" } });
    await expect(cancelJob(operated, "0".repeat(20), PERSON)).rejects.toMatchObject({
      code: "HELIX_JOB_NOT_FOUND",
    });
    await expect(cancelJob(operated, "../gates", PERSON)).rejects.toMatchObject({
      code: "HELIX_JOB_NOT_FOUND",
    });
    const done = await order({ perSecond: 1000 });
    await clock.advance(5000);
    await expect(cancelJob(operated, done.id, PERSON)).rejects.toMatchObject({
      code: "HELIX_JOB_ENDED",
      state: "done",
    });
  });
});
