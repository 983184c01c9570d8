import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { helixError, orderGate } from "@helix/core";
import { setRate, startJob } from "@helix/operations";
import { freePorts, reply, type ScriptedCqlServerOptions, waitFor } from "@helix/testkit";
import { afterEach, describe, expect, test } from "vitest";
import { ServiceRefusedError } from "../src/service.ts";
import { type Answer, inMemory, insert, Pod, type PodOptions, startServers } from "./pod.ts";

const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

async function servers(options: Parameters<typeof startServers>[0] = {}) {
  const both = await startServers(options);
  open.push(() => Promise.all([both.A.close(), both.B.close()]));
  return both;
}

function start(options: PodOptions): Pod {
  const pod = new Pod(options);
  open.push(() => pod.stop().catch(() => {}));
  return pod;
}

const isUp = ({ body }: Answer) => body.allUp;

describe("a pod with all that it needs", () => {
  test("is ready, replays what is in the queue on the cluster that missed it, and stops in order", async () => {
    const clusters = await servers();
    const pod = start({ servers: clusters });
    await pod.queue.enqueue(insert("B", ["1", "Alice"]));
    const { body } = await pod.readyzWhen(isUp);
    expect(body).toEqual({
      ready: true,
      allUp: true,
      missing: [],
      parts: {
        queue: { up: true },
        worker: { up: true },
        "cluster A": { up: true },
        "cluster B": { up: true },
      },
    });
    await waitFor(() => clusters.B.requests.length === 1, { timeoutMs: 5_000, describe: "B has the write" });
    expect(clusters.A.requests).toEqual([]);
    expect(await pod.stop()).toEqual({ inOrder: true });
    expect(clusters.A.connections + clusters.B.connections).toBe(0);
  });

  test("does the jobs that somebody has ordered, and writes into its log who and how they ended", async () => {
    const clusters = await servers();
    const pod = start({ servers: clusters });
    const { queue, control } = pod;
    await queue.enqueue({ ...insert("B", ["1", "Alice"]), disposition: "hold" });
    const soon = { timeoutMs: 5_000 };
    await waitFor(async () => (await queue.deadLetters.count()).count === 1, {
      ...soon,
      describe: "it is held",
    });
    const person = { by: "anna", why: "it may be repeated" };
    const order = { verb: "redrive", all: true, expect: 1, idempotencyKey: "1", ...person } as const;
    const { id } = await startJob({ queue, control }, order);
    await waitFor(() => clusters.B.requests.length === 1, { ...soon, describe: "B has the write" });
    const ended = await waitFor(
      () => pod.log.find(({ audit }) => (audit as { verb?: string } | undefined)?.verb === "endJob"),
      { ...soon, describe: "the job has ended" },
    );
    const subject = expect.objectContaining({ job: id, verb: "redrive", state: "done", done: 1 });
    expect(ended.audit).toMatchObject({ subject, ...person });
    const figures = (await (await pod.get("/metrics")).text()).split("\n");
    expect(figures).toContain('helix_redriven_total{cluster="B",priority="high"} 1');
    expect(await pod.stop()).toEqual({ inOrder: true });
  });

  test("answers what it has, and says no to the rest", async () => {
    const pod = start({ servers: await servers() });
    const livez = await pod.get("/livez");
    expect([livez.status, livez.headers.get("content-type"), await livez.json()]).toEqual([
      200,
      "application/json",
      { alive: true },
    ]);
    expect((await pod.get("/livez?verbose", "HEAD")).status).toBe(200);
    expect((await pod.get("/metrics/")).status).toBe(404);
    expect((await pod.get("/toString")).status).toBe(404);
    const post = await pod.get("/readyz", "POST");
    expect([post.status, post.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
  });
});

describe("the figures of a pod, at /metrics", () => {
  test("are its own, its queue's, its process's and what runs there, in the format of Prometheus", async () => {
    const pod = start({ servers: await servers() });
    await pod.queue.enqueue(insert("B", ["1", "Alice"]));
    const applied = 'helix_applied_total{cluster="B",priority="high"} 1';
    const text = await waitFor(
      async () => {
        const answer = await pod.get("/metrics");
        expect(answer.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
        const body = await answer.text();
        return body.includes(applied) && body;
      },
      { timeoutMs: 5_000, describe: "what was applied is counted" },
    );
    const lines = text.split("\n");
    expect(lines).toContain('helix_queue_messages{cluster="B",priority="high",result="pending"} 0');
    expect(lines).toContain('helix_build_info{version="1.2.3",node="v24.0.0"} 1');
    for (const name of [
      "process_cpu_seconds_total",
      "nodejs_eventloop_lag_seconds",
      "nodejs_eventloop_utilization_ratio",
      "nodejs_heap_size_used_bytes",
    ]) {
      expect(lines.filter((line) => line.startsWith(`${name} `))).toHaveLength(1);
    }
  });

  test("are there without those of the queue while that is being opened, or cannot be asked", async () => {
    let finish = () => {};
    const opening = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const pod = start({
      servers: await servers(),
      openQueue: async (config, context) => {
        await opening;
        const depths = () =>
          Promise.reject(helixError("HELIX_QUEUE_UNAVAILABLE", "NATS is away", { stored: "no" }));
        const { queue, ...opened } = await inMemory(pod.queue)(config, context);
        const away = new Proxy(queue, {
          get: (whole, name) => {
            if (name === "depths") return depths;
            const member = Reflect.get(whole, name, whole);
            return typeof member === "function" ? member.bind(whole) : member;
          },
        });
        return { ...opened, queue: away };
      },
    });
    const isOfQueue = (line: string) => line.startsWith("helix_queue_messages{");
    const scrape = async () => (await (await pod.get("/metrics")).text()).split("\n");
    const before = await scrape();
    expect([before.filter(isOfQueue), before.includes("helix_queue_up 0")]).toEqual([[], true]);
    finish();
    await pod.readyzWhen(isUp);
    const lines = await scrape();
    expect(lines.filter(isOfQueue)).toEqual([]);
    expect(lines).toContain("helix_queue_up 1");
    expect(lines).toContain('helix_applied_total{cluster="B",priority="high"} 0');
    expect(
      pod.log.find(({ message }) => message === "a scrape of /metrics is without the figures of the queue"),
    ).toMatchObject({
      level: "debug",
      error: { code: "HELIX_QUEUE_UNAVAILABLE" },
    });
  });
});

describe("a pod that misses something stays alive, says what, and is ready when it is there", () => {
  test("a cluster that is down at the start, and again later", async () => {
    const clusters = await servers();
    await clusters.B.setDown();
    const pod = start({ servers: clusters, env: { HELIX_CLUSTER_B_NAME: "us_west" } });
    const refused = `cluster B (us_west): ${clusters.B.contactPoint}: connect ECONNREFUSED ${clusters.B.contactPoint}`;
    const { body } = await pod.readyzWhen(
      ({ body }) => body.missing.length === 1 && /ECONN/.test(body.missing.join()),
    );
    expect(body.missing).toEqual([refused]);
    expect((await pod.get("/livez")).status).toBe(200);
    // No reason to stop a rollout.
    expect(await pod.readyz()).toMatchObject({ status: 200, body: { ready: true, allUp: false } });
    await clusters.B.setUp();
    await pod.readyzWhen(isUp);
    await clusters.B.setDown();
    const isDown = ({ body }: Answer) => body.parts["cluster B (us_west)"]?.up === false;
    expect(await pod.readyzWhen(isDown)).toMatchObject({ status: 200, body: { ready: true, allUp: false } });
    await clusters.B.setUp();
    await pod.readyzWhen(isUp);
  });

  test("a cluster, and is not ready meanwhile where that is wanted", async () => {
    const clusters = await servers();
    await clusters.B.setDown();
    const pod = start({ servers: clusters, env: { HELIX_HTTP_READY_NEEDS_CLUSTERS: "true" } });
    const isAway = ({ body }: Answer) => body.parts["cluster B"]?.isAway === true;
    expect(await pod.readyzWhen(isAway)).toMatchObject({ status: 503, body: { ready: false, allUp: false } });
    await clusters.B.setUp();
    expect(await pod.readyzWhen(isUp)).toMatchObject({ status: 200, body: { ready: true } });
  });

  test("the queue", async () => {
    const queue = { up: false, detail: "There is no connection to NATS" };
    const pod = start({
      servers: await servers(),
      openQueue: async (config, context) => ({
        ...(await inMemory(pod.queue, pod.control)(config, context)),
        health: () => queue,
      }),
    });
    const { body } = await pod.readyzWhen(({ body }) => body.missing.length === 1);
    expect(body.missing).toEqual(["queue: There is no connection to NATS"]);
    queue.up = true;
    await pod.readyzWhen(isUp);
  });
});

describe("what an operator has got wrong is told, and sought again", () => {
  const cases: [string, ScriptedCqlServerOptions, Record<string, string>, RegExp][] = [
    [
      "a data centre that the cluster does not have",
      { dataCenter: "eu-west" },
      {},
      /^cluster B: .*localDataCenter was configured as 'datacenter1', but only found hosts in data centers: \[eu-west\]/,
    ],
    [
      "a wrong password",
      { credentials: { user: "helix", password: "right" } },
      { HELIX_CLUSTER_B_USER: "helix", HELIX_CLUSTER_B_PASSWORD: "wr0ng-canary" },
      /^cluster B: .*Provided username helix and\/or password are incorrect/,
    ],
    [
      "no user where the cluster asks for one",
      { credentials: { user: "helix", password: "right" } },
      {},
      /^cluster B: .*requires authentication, but no authenticator found/,
    ],
  ];
  test.each(cases)("%s", async (_, options, env, detail) => {
    const clusters = await servers({ B: options });
    const pod = start({ servers: clusters, env });
    const { body } = await pod.readyzWhen(
      ({ body }) => body.missing.length === 1 && !/yet/.test(body.missing[0] ?? ""),
    );
    expect(body.missing[0]).toMatch(detail);
    expect(body.ready).toBe(false);
    const told = pod.log.filter(({ message }) => message === "the configuration of the cluster is refused");
    expect(told[0]).toMatchObject({ level: "error", cluster: "B" });
    expect(told[0]?.retryInMs).toBeLessThanOrEqual(2_000);
    expect(pod.lines.join()).not.toContain("wr0ng-canary");
  });

  test("a user without the right to write, and the write is kept", async () => {
    const text = "User helix has no MODIFY permission on <table shop.users> or any of its parents";
    const refusal = reply.error({ code: "unauthorized", message: text });
    const clusters = await servers({ B: { onRequest: () => refusal } });
    const pod = start({ servers: clusters });
    await pod.queue.enqueue(insert("B", ["1", "Alice"]));
    const told = await waitFor(
      () => pod.log.find(({ message }) => /an execution failed/.test(String(message))),
      {
        timeoutMs: 5_000,
        describe: "the refusal is logged",
      },
    );
    expect(told).toMatchObject({
      level: "warn",
      cluster: "B",
      tables: ["shop.users"],
      error: { name: "ResponseError", code: 0x2100, text },
    });
    await pod.stop();
    expect(pod.queue.drainAll()).toHaveLength(1);
  });

  test("a host that takes connections and never answers", async () => {
    const clusters = await servers();
    clusters.B.pause();
    const pod = start({ servers: clusters, env: { HELIX_CLUSTER_B_READ_TIMEOUT_MS: "200" } });
    const { body } = await pod.readyzWhen(
      ({ body }) => body.missing.length === 1 && !/yet/.test(body.missing.join()),
    );
    expect(body.missing[0]).toMatch(/^cluster B: .*did not reply before timeout 200 ms/);
    clusters.B.resume();
    await pod.readyzWhen(isUp);
  });
});

describe("what refuses the service for good ends it", () => {
  test("a queue that is not as configured", async () => {
    const clusters = await servers();
    const drift = helixError("HELIX_PAYLOAD_INVALID", "stream helix-replay: max_msgs is 5, not 10", {});
    const pod = start({ servers: clusters, openQueue: () => Promise.reject(drift) });
    await expect(pod.ended).rejects.toThrow(ServiceRefusedError);
    expect(pod.log).toContainEqual(
      expect.objectContaining({
        level: "error",
        message: "the queue refuses the service; it stops",
        error: { name: "HelixError", code: drift.code, text: drift.message },
      }),
    );
    expect(clusters.A.connections + clusters.B.connections).toBe(0);
  });

  test("a port that somebody else has", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    open.push(async () => other.close());
    await waitFor(() => other.listening, { timeoutMs: 5_000, describe: "the other listens" });
    const { port } = other.address() as AddressInfo;
    const pod = start({ servers: await servers(), env: { HELIX_HTTP_PORT: String(port) } });
    await expect(pod.ended).rejects.toThrow(ServiceRefusedError);
    expect(pod.log).toMatchObject([{ level: "error", port, error: { code: "EADDRINUSE" } }]);
  });
});

test("what people order in the control store holds the pod's replay back, and is told with who and why", async () => {
  const clusters = await servers();
  const pod = start({ servers: clusters });
  await pod.readyzWhen(isUp);
  const order = { cluster: "B", reason: "repair", by: "anna" } as const;
  await orderGate(pod.control, { ...order, state: "paused" });
  const told = () => pod.log.find(({ reason }) => reason === "paused by anna: repair");
  await waitFor(told, { timeoutMs: 5_000, describe: "the pause is told" });
  await pod.queue.enqueue(insert("B", ["1", "Alice"]));
  await pod.queue.enqueue(insert("A", ["2", "Bob"]));
  await waitFor(() => clusters.A.requests.length === 1, { timeoutMs: 5_000, describe: "A has its write" });
  expect(clusters.B.requests).toEqual([]);
  await orderGate(pod.control, { ...order, state: "open" });
  await waitFor(() => clusters.B.requests.length === 1, { timeoutMs: 5_000, describe: "B has its write" });
});

test("a pod says that it is there, with what it does, obeys a rate, and is not there any more when it stops", async () => {
  const clusters = await servers();
  const pod = start({ servers: clusters });
  await pod.readyzWhen(isUp);
  await pod.queue.enqueue(insert("B", ["1", "Alice"]));
  await waitFor(() => clusters.B.requests.length === 1, { timeoutMs: 5_000, describe: "B has its write" });
  const [report] = (await pod.control.list("pods")).documents;
  expect(report?.value).toMatchObject({
    host: "pod-1",
    version: "1.2.3",
    clusters: { B: { breaker: "closed" } },
  });
  await setRate({ control: pod.control }, "B", { perSecond: 40, by: "anna", why: "it is slow" });
  const rate = async () =>
    (await (await pod.get("/metrics")).text()).includes('helix_rate_limit{cluster="B"} 40');
  await waitFor(rate, { timeoutMs: 5_000, describe: "the rate is obeyed" });
  await pod.stop();
  expect((await pod.control.list("pods")).documents).toEqual([]);
});

describe("a stop", () => {
  test("hands back what cannot be finished within the grace period, at no cost", async () => {
    const clusters = await servers({ B: { onRequest: () => reply.silence } });
    const pod = start({ servers: clusters, env: { HELIX_STOP_GRACE_MS: "1000" } });
    await pod.queue.enqueue(insert("B", ["1", "Alice"]));
    await waitFor(() => clusters.B.requests.length === 1, { timeoutMs: 5_000, describe: "B has the write" });
    const startedAt = performance.now();
    expect(await pod.stop()).toEqual({ inOrder: true });
    expect(performance.now() - startedAt).toBeLessThan(2_500);
    expect(pod.queue.drainAll()).toHaveLength(1);
    expect(pod.log).toContainEqual(
      expect.objectContaining({ message: "Replay worker stopped", handedBack: 1 }),
    );
  });

  test("does not wait for a queue that is still being opened, and closes it when it is", async () => {
    const [port] = await freePorts(1);
    const nowhere = { contactPoint: `127.0.0.1:${port}` };
    let finish = () => {};
    const opening = new Promise<void>((resolve) => {
      finish = resolve;
    });
    let closed = false;
    const pod = start({
      servers: { A: nowhere, B: { contactPoint: `127.0.0.2:${port}` } },
      openQueue: async () => {
        await opening;
        const close = async () => {
          closed = true;
        };
        return { queue: pod.queue, control: pod.control, health: () => ({ up: true }), close };
      },
    });
    const { body } = await pod.readyz();
    expect(body.missing).toContain("queue: is being opened");
    expect(body.missing).toContain("worker: waits for the queue");
    expect(await pod.stop()).toEqual({ inOrder: true });
    expect(closed).toBe(false);
    finish();
    await waitFor(() => closed, { timeoutMs: 5_000, describe: "the queue is closed" });
  });

  test("is not in order if the queue cannot be closed, or takes longer than the grace period", async () => {
    const clusters = await servers();
    const close = [() => Promise.reject(new Error("broken pipe")), () => new Promise<void>(() => {})];
    for (const closeQueue of close) {
      const pod = start({
        servers: clusters,
        env: { HELIX_STOP_GRACE_MS: "1000" },
        openQueue: async () => ({
          queue: pod.queue,
          control: pod.control,
          health: () => ({ up: true }),
          close: closeQueue,
        }),
      });
      await pod.readyzWhen(isUp);
      expect(await pod.stop()).toEqual({ inOrder: false });
    }
  });
});
