import { createRequire } from "node:module";
import { createPayload, type Operation } from "@helix/core";
import { reply } from "@helix/testkit";
import { Client, types } from "cassandra-driver";
import { afterEach, describe, expect, test, vi } from "vitest";
import { executeDirectly } from "../src/session/driver-internals/index.ts";
import { errorOf, TwoClusters } from "./two-clusters.ts";

const INSERT = "INSERT INTO ks.t (id, v, w, n, m) VALUES (?, ?, ?, ?, ?)";
const COLUMNS = ["int", "text", "blob", "bigint", { list: "int" }] as const;
const signal = new AbortController().signal;
const driver = process.env.HELIX_DRIVER ?? "cassandra-driver";
const RequestHandler = createRequire(import.meta.url)(`${driver}/lib/request-handler`);

function payload(operation: Operation, timestampMicros = -5n) {
  return createPayload({ targetCluster: "B", operation, timestampMicros, consistency: 6 });
}

const insert = (...params: unknown[]) => payload({ kind: "statement", query: INSERT, params });

/** What those who trace the driver do to its class. */
function instrumented(): { calls: number } {
  const found = { calls: 0 };
  const prototype = Client.prototype as unknown as { _execute: (...args: unknown[]) => unknown };
  const { _execute } = prototype;
  vi.spyOn(prototype, "_execute").mockImplementation(function (this: Client, ...args) {
    found.calls++;
    return _execute.apply(this, args);
  });
  return found;
}

afterEach(() => void vi.restoreAllMocks());

describe.each(["in the driver's own way", "directly"])("what is executed %s", (way) => {
  const connected = async () => {
    if (way !== "directly") instrumented();
    return TwoClusters.connected({ server: { types: () => COLUMNS } });
  };

  test("is the same request each time: values of all lengths, none, and unset", async () => {
    await using clusters = await connected();
    const executor = clusters.client.replayExecutor();
    const { requests } = clusters.servers.B;
    const rows = [
      [1, "é".repeat(300), Buffer.alloc(70_000, 3), types.Long.fromString("-9000000000000000000"), [1, 2]],
      [2, "", Buffer.alloc(0), null, []],
      [3, types.unset, null, 5, undefined],
    ];
    for (const row of rows) {
      await executor.execute(insert(...row), { signal });
      await executor.execute(insert(...row), { signal });
    }
    for (const [index, [id]] of rows.entries()) {
      const [first, second] = requests.slice(2 * index);
      expect(first?.values[0]?.readInt32BE()).toBe(id);
      expect(first).toMatchObject({ kind: "execute", query: INSERT, timestamp: -5n, consistency: 6 });
      expect({ ...second, attempt: first?.attempt }).toEqual(first);
    }
    expect(requests[4]?.values.slice(1)).toEqual([
      undefined,
      null,
      Buffer.from([0, 0, 0, 0, 0, 0, 0, 5]),
      undefined,
    ]);
  });

  test("is prepared once, and once more where a server has forgotten it", async () => {
    await using clusters = await connected();
    const executor = clusters.client.replayExecutor();
    const { B } = clusters.servers;
    const both = () =>
      Promise.all([1, 2].map((id) => executor.execute(insert(id, "a", null, 1, [1]), { signal })));
    await both();
    await both();
    expect(B.prepares).toHaveLength(1);
    B.forgetPrepared();
    await executor.execute(insert(3, "a", null, 1, [1]), { signal });
    expect(B.prepares).toHaveLength(2);
    expect(B.requests).toHaveLength(5);
  });

  test("rejects with what is wrong about a value, and nothing of it is sent", async () => {
    await using clusters = await connected();
    const executor = clusters.client.replayExecutor();
    for (const row of [
      [1, "a"],
      ["x", "a", null, 1, [1]],
      [1, 2, null, 1, [1]],
    ]) {
      await executor.execute(insert(0, "a", null, 1, [1]), { signal });
      const error = await errorOf(executor.execute(insert(...row), { signal }));
      expect(error).toMatchObject({ code: "HELIX_PAYLOAD_INVALID" });
    }
    expect(clusters.servers.B.requests).toHaveLength(3);
  });

  test("is tried on by the driver, by the same bytes, where a server was too busy", async () => {
    await using clusters = await connected();
    const executor = clusters.client.replayExecutor();
    clusters.script.B = ({ attempt }) =>
      attempt === 2 ? reply.error({ code: "writeTimeout", writeType: "BATCH_LOG" } as never) : reply.void;
    await executor.execute(insert(1, "a", null, 1, [1]), { signal });
    await executor.execute(insert(1, "a", null, 1, [1]), { signal });
    const [first, second, third] = clusters.servers.B.requests;
    expect(second).toEqual({ ...first, attempt: 2 });
    expect(third).toEqual({ ...first, attempt: 3 });
  });
});

test("who traces the driver hears of each request", async () => {
  const heard = instrumented();
  await using clusters = await TwoClusters.connected({ server: { types: () => COLUMNS } });
  const executor = clusters.client.replayExecutor();
  const before = heard.calls;
  for (let id = 0; id < 3; id++) await executor.execute(insert(id, "a", null, 1, [1]), { signal });
  expect(heard.calls - before).toBeGreaterThanOrEqual(3);
});

test.each([
  ["is asked for each request, where somebody traces that", true, 3],
  ["is not, else: its handler is given another list", false, driver === "cassandra-driver" ? 0 : 3],
])("the driver's way to send %s", async (_, isTraced, calls) => {
  if (isTraced) vi.spyOn(RequestHandler, "send");
  await using clusters = await TwoClusters.connected({ server: { types: () => COLUMNS } });
  const executor = clusters.client.replayExecutor();
  // The first one is prepared, in the driver's own way.
  await executor.execute(insert(0, "a", null, 1, [1]), { signal });
  const send = vi.spyOn(RequestHandler, "send").mockClear();
  for (let id = 1; id <= 3; id++) await executor.execute(insert(id, "a", null, 1, [1]), { signal });
  expect(send).toHaveBeenCalledTimes(calls);
  expect(clusters.servers.B.requests).toHaveLength(4);
});

test("a driver that is built otherwise is left as it is", () => {
  for (const client of [{}, { _execute: async () => {} }]) {
    const before = { ...client };
    executeDirectly(client as unknown as Client);
    expect(client).toEqual(before);
  }
});
