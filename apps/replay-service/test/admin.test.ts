import { ENDPOINTS, type Endpoint } from "@helix/admin-api";
import { helixError, LANES } from "@helix/core";
import { Heartbeat, JOB_VERBS, JobRunner, type JobVerb, status } from "@helix/operations";
import { waitFor } from "@helix/testkit";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { AdminRig, TOKENS } from "./admin.ts";

let rig: AdminRig;
beforeEach(async () => {
  rig = await AdminRig.start();
});
afterEach(() => rig[Symbol.asyncDispose]());

const FIGURES = {
  breaker: "open",
  breakerSinceMs: 1,
  pausedBy: "ops",
  concurrency: 8,
  perSecond: 50,
  lastError: { text: "refused", atMs: 2 },
  refusedWrites: { tables: "shop.users", text: "no column", sinceMs: 3 },
  shortestGrace: { table: "shop.users", gcGraceSeconds: 864_000 },
} as const;
const LANE_FIGURES = { inHand: 1, applied: 2, failed: 3, dead: 4 };
const recordOfLanes = <T>(value: T) =>
  Object.fromEntries(LANES.map((lane) => [lane, value])) as Record<(typeof LANES)[number], T>;

const order = { by: "ops@example.com", why: "schema change", revision: 0 };

describe("an order for a cluster", () => {
  test("is stored with person and reason, and told by the status with the revision that the next one names", async () => {
    const paused = await rig.ask("/v1/gates/B/pause", { body: order, token: TOKENS.operate });
    expect([paused.status, paused.body]).toEqual([200, { revision: 1 }]);
    const { body } = await rig.ask("/v1/status", { token: TOKENS.read });
    expect(body.revisions).toMatchObject({ gates: 1 });
    expect(body.clusters.B).toMatchObject({
      sentence: expect.stringContaining("paused by ops@example.com, schema change"),
      gate: { state: "paused", by: "ops@example.com", why: "schema change" },
    });
    expect(body.clusters.A.gate).toEqual({ state: "open" });
    const resumed = await rig.ask("/v1/gates/B/resume", { body: { ...order, revision: 1 } });
    expect(resumed.body).toEqual({ revision: 2 });
    const drained = await rig.ask("/v1/gates/A/drain", { body: { ...order, revision: 2, untilMs: 2e12 } });
    expect(drained.body).toEqual({ revision: 3 });
    expect((await rig.ask("/v1/gates/A/undrain", { body: { ...order, revision: 3 } })).body).toEqual({
      revision: 4,
    });
    expect(rig.records.map(({ verb, subject, by, why }) => [verb, subject, by, why])).toEqual([
      ["pause", { cluster: "B" }, order.by, order.why],
      ["resume", { cluster: "B" }, order.by, order.why],
      ["drain", { cluster: "A", untilMs: 2e12 }, order.by, order.why],
      ["undrain", { cluster: "A" }, order.by, order.why],
    ]);
  });

  test("of two at once over the same revision is given once: the other one hears what was ordered", async () => {
    const both = await Promise.all([
      rig.ask("/v1/gates/B/pause", { body: { ...order, by: "Ann" } }),
      rig.ask("/v1/gates/A/pause", { body: { ...order, by: "Bob" } }),
    ]);
    const [given, refused] = both.toSorted((one, other) => one.status - other.status);
    expect([given?.status, refused?.status]).toEqual([200, 409]);
    const { code, current } = refused?.body.error ?? {};
    const gates = (await rig.control.get("gates"))?.value;
    expect([code, current]).toEqual(["HELIX_CONTROL_CONFLICT", { revision: 1, value: gates }]);
    expect(Object.keys(gates ?? {})).toHaveLength(1);
    expect(rig.records.map(({ refusedBy }) => refusedBy).toSorted()).toEqual([
      "HELIX_CONTROL_CONFLICT",
      undefined,
    ]);
  });

  test("that is sent twice, since its answer was lost, is given once", async () => {
    const headers = { "idempotency-key": "pause-B-for-the-schema-change" };
    const twice = [
      await rig.ask("/v1/gates/B/pause", { body: order, headers }),
      await rig.ask("/v1/gates/B/pause", { body: order, headers }),
    ];
    expect(twice.map(({ status, body }) => [status, body])).toEqual([
      [200, { revision: 1 }],
      [200, { revision: 1 }],
    ]);
    expect(rig.records).toHaveLength(1);
    const other = await rig.ask("/v1/gates/A/pause", { body: order, headers });
    expect([other.status, other.body.error.code]).toEqual([422, "HELIX_API_KEY_REUSED"]);
  });

  test("that is sent to another pod, since the answer of the first was lost, is given once", async () => {
    await using pod = await AdminRig.start({}, {}, undefined, rig.control);
    const orders: [string, object][] = [
      ["/v1/gates/B/drain", order],
      ["/v1/gates/B/undrain", { ...order, revision: 1 }],
      ["/v1/rates/B", { ...order, perSecond: 5 }],
      ["/v1/rates/B/remove", { ...order, revision: 3 }],
    ];
    for (const [path, body] of orders) {
      const headers = { "idempotency-key": `one-key-for${path.replaceAll("/", "-")}` };
      const first = await rig.ask(path, { body, headers });
      const again = await pod.ask(path, { body, headers });
      expect([first.status, again.status, again.body]).toEqual([200, 200, first.body]);
      await using third = await AdminRig.start({}, {}, undefined, rig.control);
      const other = await third.ask(path, { body: { ...body, why: "another" }, headers });
      expect([other.status, other.body.error.code]).toEqual([422, "HELIX_ORDER_KEY_REUSED"]);
    }
  });
});

test("whoever asks is told what the token is good for, and where what to do is written, if somebody has said", async () => {
  const rightsOf = async (token: string) => (await rig.ask("/v1/me", { token })).body;
  expect(await rightsOf(TOKENS.read)).toEqual({ rights: ["read"] });
  expect(await rightsOf(TOKENS.operate)).toEqual({ rights: ["read", "operate"] });
  expect(await rightsOf(TOKENS.destroy)).toEqual({ rights: ["read", "operate", "destroy"] });
  expect(await rightsOf(TOKENS.values)).toEqual({ rights: ["read", "values"] });
  await using other = await AdminRig.start({
    HELIX_ADMIN_RUNBOOK_URL: "https://wiki.example/helix",
    HELIX_ADMIN_VALUES_TOKENS: TOKENS.operate,
  });
  expect((await other.ask("/v1/me", { token: TOKENS.operate })).body).toEqual({
    rights: ["read", "operate", "values"],
    runbookUrl: "https://wiki.example/helix",
  });
});

test("what went through the lanes is told as it was seen, with gaps", async () => {
  rig.history.start();
  expect((await rig.ask("/v1/traffic")).body).toEqual({
    everyMs: 10_000,
    lanes: LANES.map((lane) => ({ lane, in: [], out: [] })),
  });
  await rig.clock.advance(10_000);
  const { depths } = rig.queue;
  rig.queue.depths = () => Promise.reject(new Error("away"));
  await rig.clock.advance(10_000);
  rig.queue.depths = depths;
  const { body } = await rig.ask("/v1/traffic", { token: TOKENS.read });
  expect(body).toEqual(JSON.parse(JSON.stringify(rig.history.report())));
  expect(body).toMatchObject({
    atMs: rig.clock.wallMs(),
    lanes: [{ in: [0, null], out: [0, null] }, {}, {}, {}],
  });
  rig.history.stop();
});

test("the status is told as it is, with nothing left out", async () => {
  await rig.ask("/v1/gates/B/pause", { body: order });
  await rig.ask("/v1/rates/A", { body: { ...order, perSecond: 100 } });
  await rig.die();
  const { queue, control, clock } = rig;
  const figures = { clusters: { A: FIGURES, B: FIGURES }, lanes: recordOfLanes(LANE_FIGURES) };
  const heartbeat = new Heartbeat({
    control,
    queue,
    clock,
    host: "pod-1",
    version: "1.2.3",
    worker: { figures: () => figures, setRateLimit() {} },
  });
  heartbeat.start();
  await clock.advance(10_000);
  const { body } = await rig.ask("/v1/status");
  expect(body).toEqual(JSON.parse(JSON.stringify(await status({ queue, control, clock }))));
  expect(body).toMatchObject({
    revisions: { gates: 1, rates: 2 },
    pods: [{ host: "pod-1", isAlive: true }],
    clusters: { A: { rate: { perSecond: 100 } }, B: { gate: { state: "paused" } } },
  });
  await heartbeat.stop();
});

describe("a rate", () => {
  test("is ordered over the revision that the status has shown, below its ceiling, and taken away", async () => {
    const set = await rig.ask("/v1/rates/B", { body: { ...order, perSecond: 50 } });
    expect(set.body).toEqual({ revision: 1 });
    const late = await rig.ask("/v1/rates/B", { body: { ...order, perSecond: 60 } });
    expect([late.status, late.body.error.code]).toEqual([409, "HELIX_CONTROL_CONFLICT"]);
    const high = await rig.ask("/v1/rates/B", { body: { ...order, perSecond: 10_001, revision: 1 } });
    expect([high.status, high.body.error.code]).toEqual([400, "HELIX_API_REQUEST_INVALID"]);
    expect(high.body.error.message).toContain("`perSecond` to be 10000 at most, which is the ceiling");
    const removed = await rig.ask("/v1/rates/B/remove", { body: { ...order, revision: 1 } });
    expect(removed.body).toEqual({ revision: 2 });
    expect(rig.records.map(({ verb, refusedBy }) => [verb, refusedBy])).toEqual([
      ["set-rate", undefined],
      ["set-rate", "HELIX_CONTROL_CONFLICT"],
      ["set-rate", "RangeError"],
      ["remove-rate", undefined],
    ]);
  });
});

describe("a job", () => {
  const who = { by: "ops@example.com", why: "the schema is cured" };

  test("is begun with what a dry run has counted, done by a pod, and shown with what has become of its letters", async () => {
    const { queue, control, clock } = rig;
    for (let n = 0; n < 3; n++) await rig.die();
    await rig.die({ targetCluster: "A" });
    const count = await rig.ask("/v1/jobs/count?verb=redrive&cluster=B");
    expect(count.body).toEqual({ count: 3, isExact: true });
    const body = { ...who, filter: { cluster: "B" }, expect: 3 };
    const started = await rig.ask("/v1/jobs/redrive", { body, token: TOKENS.operate });
    expect(started.body.job).toMatchObject({
      ...who,
      verb: "redrive",
      state: "waiting",
      expect: 3,
      force: false,
    });
    const runner = new JobRunner({ queue, control, clock }, { holder: "pod-1" });
    runner.start();
    const { id } = started.body.job;
    const job = await waitFor(
      async () => {
        await clock.advance(1_000);
        const { body } = await rig.ask(`/v1/jobs/${id}`);
        return body.job.state === "done" && body.job;
      },
      { timeoutMs: 5_000, describe: "it is done" },
    );
    expect(job).toMatchObject({ counts: { done: 3, failed: 0 }, failures: [] });
    expect((await queue.deadLetters.count()).count).toBe(1);
    await runner.stop();
  });

  test("is refused where there are not as many letters as somebody has counted, and nothing is begun", async () => {
    await rig.die();
    const body = { ...who, filter: { cluster: "B" }, expect: 2 };
    const { status, body: answer } = await rig.ask("/v1/jobs/discard", { body });
    expect([status, answer.error.code, answer.error.count]).toEqual([409, "HELIX_JOB_COUNT_DIFFERS", 1]);
    expect((await rig.ask("/v1/jobs")).body).toEqual({ jobs: [] });
  });

  test("of all letters says so, with their count", async () => {
    await rig.die();
    const without = await rig.ask("/v1/jobs/discard", { body: { ...who, expect: 1 } });
    expect([without.status, without.body.error.message]).toEqual([400, expect.stringContaining("`all`")]);
    const uncounted = await rig.ask("/v1/jobs/discard", { body: { ...who, all: true } });
    expect([uncounted.status, uncounted.body.error.message]).toEqual([
      400,
      expect.stringContaining("`expect`"),
    ]);
    const { body } = await rig.ask("/v1/jobs/discard", { body: { ...who, all: true, expect: 1 } });
    expect(body.job).toMatchObject({ verb: "discard", filter: {}, expect: 1 });
  });

  test("that may bring back what was deleted, or destroys, needs the right to destroy", async () => {
    await rig.die();
    const body = { ...who, filter: { cluster: "B" }, expect: 1 };
    for (const verb of ["discard", "empty", "forced-redrive"]) {
      const { status, body: answer } = await rig.ask(`/v1/jobs/${verb}`, { body, token: TOKENS.operate });
      expect([status, answer.error.right]).toEqual([403, "destroy"]);
    }
    const forced = await rig.ask("/v1/jobs/forced-redrive", { body });
    expect(forced.body.job).toMatchObject({ verb: "redrive", force: true });
  });

  test("is listed by the page, the newest first, and cancelled with person and reason", async () => {
    const ids: string[] = [];
    for (let n = 0; n < 3; n++) {
      rig.clock.advanceNow(1);
      const letter = await rig.die();
      const { body } = await rig.ask("/v1/jobs/restore", {
        body: { ...who, filter: { table: `t${n}` }, expect: 0 },
      });
      expect(letter).toBeDefined();
      ids.unshift(body.job.id);
    }
    const first = await rig.ask("/v1/jobs?limit=2");
    const second = await rig.ask(`/v1/jobs?limit=2&cursor=${first.body.cursor}`);
    const listed = [first, second].map(({ body }) => body.jobs.map(({ id }: { id: string }) => id));
    expect(listed).toEqual([ids.slice(0, 2), ids.slice(2)]);
    expect(second.body.cursor).toBeUndefined();
    const cancelled = await rig.ask(`/v1/jobs/${ids[0]}/cancel`, { body: { by: "Ann", why: "wrong table" } });
    expect(cancelled.body.job).toMatchObject({
      state: "cancelled",
      cancelled: { by: "Ann", why: "wrong table" },
    });
    const forgotten = await rig.ask("/v1/jobs?cursor=00000000000000000000");
    expect([forgotten.status, forgotten.body.error.code]).toEqual([400, "HELIX_CURSOR_INVALID"]);
  });

  test("of every kind that there is can be counted and started", () => {
    const { verb } = ENDPOINTS.jobCount.query.shape;
    expect(verb.options.toSorted()).toEqual(JOB_VERBS.toSorted());
    const started = Object.values<Endpoint>(ENDPOINTS).filter(({ path }) =>
      JOB_VERBS.includes(path.replace("/v1/jobs/", "") as JobVerb),
    );
    expect(started).toHaveLength(JOB_VERBS.length);
  });
});

describe("dead letters", () => {
  test("are paged, counted and grouped by a filter, and shown one by one, without their values", async () => {
    const failed = { error: Object.assign(new Error("no Alice"), { code: "E_NO" }) };
    const ids = [await rig.die({}, failed), await rig.die({ targetCluster: "A" }), await rig.die()];
    const first = await rig.ask("/v1/dead-letters?cluster=B&limit=1");
    expect(first.body).toMatchObject({
      letters: [
        {
          id: ids[0],
          cluster: "B",
          priority: "high",
          reason: "rejected",
          error: { name: "Error", code: "E_NO" },
          attempts: 0,
          diedAtMs: rig.clock.wallMs(),
          write: { kind: "statement", statements: 1, tables: ["shop.users"], life: 0 },
        },
      ],
    });
    const second = await rig.ask(`/v1/dead-letters?cluster=B&limit=1&cursor=${first.body.cursor}`);
    expect(second.body.letters).toMatchObject([{ id: ids[2] }]);
    const last = await rig.ask(`/v1/dead-letters?limit=200&redrivenBefore=false&ids=${ids.join()}`);
    expect(last.body.letters).toHaveLength(3);
    expect(last.body.cursor).toBeUndefined();
    const count = await rig.ask("/v1/dead-letters/count?cluster=B");
    expect(count.body).toEqual({ count: 2, isExact: true });
    const groups = await rig.ask("/v1/dead-letters/groups?limit=1");
    expect(groups.body).toMatchObject({
      total: 3,
      groups: [{ count: 1, tables: ["shop.users"], redrivenBefore: 0 }],
    });
    const rest = await rig.ask(`/v1/dead-letters/groups?limit=2&cursor=${groups.body.cursor}`);
    expect(rest.body).toMatchObject({ total: 3, groups: [{ count: 1 }, { count: 1 }] });
    expect(rest.body.cursor).toBeUndefined();
    const samples = [...groups.body.groups, ...rest.body.groups].map(({ sampleId }) => sampleId);
    expect(new Set(samples)).toEqual(new Set(ids));
    const one = await rig.ask(`/v1/dead-letters/${ids[0]}`, { token: TOKENS.read });
    expect(one.body).toEqual({ letter: first.body.letters[0] });
    const answers = JSON.stringify([first, second, last, groups, one].map(({ body }) => body));
    expect(answers).not.toContain("Alice");
  });

  test("are shown with their values to whoever has that right, one at a time, and it is written down who saw them", async () => {
    const id = await rig.die({}, { error: new Error("no Alice") });
    const body = { by: "ops@example.com", why: "a ticket" };
    const shown = await rig.ask(`/v1/dead-letters/${id}/values`, { body, token: TOKENS.values });
    expect(shown.body).toMatchObject({
      letter: { id },
      error: { name: "Error", message: "no Alice" },
      statements: [{ query: "INSERT INTO shop.users (id, name) VALUES (?, ?)", params: ["1", "Alice"] }],
    });
    await rig.ask(`/v1/dead-letters/${id.replace(/^./, "_")}/values`, { body, token: TOKENS.values });
    expect(rig.records).toMatchObject([
      { verb: "show values", subject: { id }, ...body },
      { verb: "show values", refusedBy: "HELIX_DEAD_LETTER_NOT_FOUND", ...body },
    ]);
    expect(JSON.stringify(rig.records)).not.toContain("Alice");
  });

  test("are shown so when they were discarded, and nobody else's token sees them", async () => {
    const id = await rig.die({}, { error: new Error("no Alice") });
    await rig.queue.deadLetters.discard(id);
    const body = { by: "ops@example.com", why: "a ticket" };
    const shown = await rig.ask(`/v1/trash/${id}/values`, { body, token: TOKENS.values });
    expect(shown.body).toMatchObject({
      letter: { id },
      error: { message: "no Alice" },
      statements: [{ params: ["1", "Alice"] }],
    });
    expect((await rig.ask(`/v1/trash/${id}/values`, { body, token: TOKENS.destroy })).status).toBe(403);
    expect((await rig.ask(`/v1/dead-letters/${id}/values`, { body, token: TOKENS.values })).status).toBe(404);
    expect(rig.records).toMatchObject([
      { verb: "show values", subject: { id, box: "trash" }, ...body },
      { verb: "show values", subject: { id }, refusedBy: "HELIX_DEAD_LETTER_NOT_FOUND" },
    ]);
  });
});

test("what was discarded is paged and counted by the same filters, with who has discarded it and why", async () => {
  const ids = [await rig.die(), await rig.die({ targetCluster: "A" })];
  for (const id of ids) await rig.queue.deadLetters.discard(id, { by: "ops", why: "a test" });
  const { body } = await rig.ask("/v1/trash?cluster=A");
  const discarded = { atMs: rig.clock.wallMs(), by: "ops", why: "a test" };
  expect(body.letters).toMatchObject([{ id: ids[1], cluster: "A", discarded }]);
  expect((await rig.ask("/v1/trash/count")).body).toEqual({ count: 2, isExact: true });
});

test("the doctor says what can be lost, and what could not be looked at", async () => {
  const findings = [
    { code: "one-copy", harm: "loss", where: "stream s", what: "It has one copy.", cure: "Give it three." },
  ] as const;
  rig.queue.examine = async () => ({ findings, unseen: [{ what: "the server", why: "no right" }] });
  const { body } = await rig.ask("/v1/doctor", { token: TOKENS.read });
  expect(body).toEqual({
    atMs: rig.clock.wallMs(),
    verdict: 2,
    findings,
    unseen: [{ what: "the server", why: "no right" }],
  });
});

test("while the queue is not open, whatever needs it is answered with 503", async () => {
  rig.isOpen = false;
  const { status, body } = await rig.ask("/v1/status");
  expect([status, body.error.code]).toEqual([503, "HELIX_API_NOT_OPEN"]);
});

test.each([
  ["HELIX_QUEUE_TIMEOUT", 504, { timeoutMs: 5000, stored: "maybe" }],
  ["HELIX_QUEUE_REFUSED", 503, { errorCode: 10_077, stored: "no" }],
  ["HELIX_QUEUE_OVERLOADED", 503, { waiting: 9, stored: "no" }],
  ["HELIX_QUEUE_UNAVAILABLE", 503, { stored: "no" }],
] as const)(
  "what NATS has against an order (%s) is told as that, and is no fault of the pod",
  async (...told) => {
    const [code, expected, fields] = told;
    rig.control.put = async () => {
      throw helixError(code, "The document `gates` is perhaps stored", fields as never);
    };
    const { status: found, body } = await rig.ask("/v1/gates/B/pause", { body: order });
    expect([found, body.error]).toEqual([
      expected,
      { code, message: "The document `gates` is perhaps stored" },
    ]);
    expect(rig.lines.filter(({ level }) => level === "error")).toEqual([]);
  },
);

test("a pod that stops answers questions, and refuses changes with 503", async () => {
  rig.stopping.abort();
  expect((await rig.ask("/v1/status")).status).toBe(200);
  const { status, body } = await rig.ask("/v1/gates/B/pause", { body: order });
  expect([status, body.error.code]).toEqual([503, "HELIX_API_STOPPING"]);
  expect(await rig.control.get("gates")).toBeUndefined();
});
