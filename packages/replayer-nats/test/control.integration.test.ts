import { type ControlReader, isHelixError } from "@helix/core";
import { controlStoreContract } from "@helix/replayer-contract";
import { startFaultProxy, waitFor } from "@helix/testkit";
import { type NatsServer, startNatsServer } from "@helix/testkit/nats";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import { connectNatsControl, connectNatsEnqueuer, ensureTopology } from "../src/index.ts";
import { addressOf, failureOf, payloadOf, Rig } from "./rig.ts";

let server: NatsServer;
beforeAll(async () => {
  server = await startNatsServer();
});
afterAll(() => server.stop());

const cases = controlStoreContract({
  async create() {
    const rig = new Rig(server);
    await ensureTopology(rig.options);
    const proxy = await startFaultProxy({ target: addressOf(server) });
    const open = async (servers: string) =>
      rig.closing(await connectNatsControl({ ...rig.names, connect: { servers } }));
    return {
      store: await open(`127.0.0.1:${proxy.port}`),
      async dispose() {
        await proxy.set("pass");
        await rig[Symbol.asyncDispose]();
        await proxy.close();
      },
      otherPod: () => open(server.url),
      cut: () => proxy.set("refuse"),
      heal: () => proxy.set("pass"),
      async inject(key, bytes) {
        const { connection } = await rig.api();
        await connection.request(`$KV.${rig.streamName}-control.${key}`, bytes);
      },
    };
  },
  capabilities: { shared: true, connection: true, injects: true },
  timeoutMs: 10_000,
});

describe.concurrent("the control store of NATS", () => {
  for (const { title, run } of cases) it(title, run);
});

it("a document of which no answer comes is not said not to be stored", async () => {
  await using rig = new Rig(server);
  await ensureTopology(rig.options);
  await using proxy = await startFaultProxy({ target: addressOf(server) });
  const connect = { servers: `127.0.0.1:${proxy.port}` };
  const store = rig.closing(await connectNatsControl({ ...rig.names, connect }));
  await store.put("gates", {});
  await proxy.set("half-open");
  const failure = await failureOf(store.put("gates", {}));
  expect(failure).toMatchObject({ code: "HELIX_QUEUE_TIMEOUT", stored: "maybe" });
  expect(String(failure)).toContain("The document `gates` is perhaps stored, and perhaps not: ");
});

interface Seen {
  readonly states: unknown[];
  readonly failures: { readonly error: unknown; readonly lasts: boolean }[];
}

function seen(store: ControlReader, key: string): Seen {
  const [states, failures]: [unknown[], Seen["failures"]] = [[], []];
  store.watch(key, {
    onDocument: (document) => states.push(document?.value),
    onFailure: (error, lasts) => failures.push({ error, lasts }),
  });
  return { states, failures };
}

function isLast({ states }: Seen, value: object): boolean {
  return JSON.stringify(states.at(-1)) === JSON.stringify(value);
}

async function until(condition: () => boolean | Promise<boolean>, describe: string): Promise<void> {
  await waitFor(condition, { timeoutMs: 10_000, describe });
}

test("a queue warns while the server has no room for a document", async () => {
  await using rig = new Rig(server);
  const pod = await rig.replayer();
  const { api } = await rig.api();
  const bucket = `KV_${rig.streamName}-control`;
  const { config } = await api.streams.info(bucket);
  await api.streams.update(bucket, { ...config, max_bytes: 100 });
  expect(await failureOf(pod.control.put("pods.p", { text: "x".repeat(100) }))).toMatchObject({
    code: "HELIX_QUEUE_UNAVAILABLE",
  });
  expect(pod.health).toEqual({
    isReady: true,
    isConnected: true,
    warning: "NATS stores nothing now: maximum bytes exceeded",
  });
  await api.streams.update(bucket, config);
  await pod.control.put("pods.p", {});
  expect(pod.health).toEqual({ isReady: true, isConnected: true });
});

describe("a watch over NATS", () => {
  it("sees the last state after the server was killed and started again, and is told once that it was away", async () => {
    const own = await startNatsServer({ killable: true });
    try {
      await using rig = new Rig(own);
      await ensureTopology(rig.options);
      const [app, operator] = [await rig.enqueuer(), rig.closing(await connectNatsControl(rig.options))];
      const gates = seen(app.control, "gates");
      const revision = await operator.put("gates", { n: 1 });
      await until(() => isLast(gates, { n: 1 }), "the document is seen");
      await own.kill();
      await until(() => gates.failures.length === 1, "the absence is told");
      // Its own connection may hear of it a moment later.
      const refused = () => failureOf(operator.put("gates", { n: 2 }, { revision }));
      await until(
        async () => isHelixError(await refused(), "HELIX_QUEUE_UNAVAILABLE"),
        "an order is refused",
      );
      await own.start();
      const other = rig.closing(await connectNatsControl(rig.options));
      await other.put("gates", { n: 3 }, { revision });
      await until(() => isLast(gates, { n: 3 }), "the last state is seen");
      expect(gates.failures).toEqual([
        { error: expect.objectContaining({ code: "HELIX_QUEUE_UNAVAILABLE" }), lasts: false },
      ]);
    } finally {
      await own.stop();
    }
  });

  it("outlives the loss of the bucket, which a pod makes again, and sees what is put into the new one", async () => {
    await using rig = new Rig(server);
    const pod = await rig.replayer();
    const app = await rig.enqueuer();
    const [podSees, appSees] = [seen(pod.control, "gates"), seen(app.control, "gates")];
    for (const n of [1, 2]) await pod.control.put("gates", { n });
    await until(() => [podSees, appSees].every((one) => isLast(one, { n: 2 })), "it is seen");
    const { api } = await rig.api();
    await api.streams.delete(`KV_${rig.streamName}-control`);
    await until(
      () => [podSees, appSees].every(({ states }) => states.at(-1) === undefined),
      "its end is seen",
    );
    await pod.control.put("gates", { n: 3 }, { revision: 0 });
    await until(() => [podSees, appSees].every((one) => isLast(one, { n: 3 })), "the new one is seen");
    expect(podSees.failures).toHaveLength(1);
    // Perhaps it was made again between two looks.
    expect(appSees.failures.length).toBeLessThanOrEqual(1);
    expect(pod.health.isReady).toBe(true);
  });

  it("of whoever has no right to it is told that this lasts, once, and troubles the server no more", async () => {
    const users = [
      { user: "all", password: "p" },
      { user: "old", password: "p", permissions: { publish: ["helix.replay.*.*"], subscribe: ["_INBOX.>"] } },
    ];
    await using own = await startNatsServer({ config: { authorization: { users } } });
    await using rig = new Rig(own);
    await ensureTopology({ connect: { servers: own.url, user: "all", pass: "p" } });
    const app = rig.closing(
      await connectNatsEnqueuer({ connect: { servers: own.url, user: "old", pass: "p" } }),
    );
    const gates = seen(app.control, "gates");
    await until(() => gates.failures.length > 0, "it is told");
    await app.enqueue(payloadOf("as-before"));
    expect(gates).toEqual({
      states: [],
      failures: [{ error: expect.objectContaining({ code: "HELIX_QUEUE_UNAUTHORIZED" }), lasts: true }],
    });
  });
});
