import { AsyncLocalStorage } from "node:async_hooks";
import { createPayload, type ReplayExecutor } from "@helix/core";
import * as opentelemetry from "@opentelemetry/api";
import { describe, expect, it } from "vitest";
import { type TracingApi, tracedExecutor } from "./traced-executor.ts";

const TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN_ID = "00f067aa0ba902b7";

const payloadWith = (traceparent?: string) =>
  createPayload({
    id: "w-A",
    targetCluster: "A",
    operation: { kind: "statement", query: "INSERT INTO ks.t (id) VALUES (?)", params: ["secret"] },
    tables: ["ks.t"],
    timestampMicros: 1n,
    ...(traceparent !== undefined && { traceparent }),
  });
const options = { signal: new AbortController().signal };

/** Remembers what happens to its spans, in place of an SDK. */
function recordingApi() {
  const spans: { start: unknown; calls: unknown[] }[] = [];
  const storage = new AsyncLocalStorage<unknown>();
  const api: TracingApi = {
    trace: {
      getTracer: () => ({
        startSpan: (name, start) => {
          const calls: unknown[] = [];
          const span = { start: { name, ...start }, calls };
          spans.push(span);
          return {
            setAttribute: (key, value) => calls.push([key, value]),
            setStatus: ({ code }) => calls.push(["status", code]),
            end: () => void calls.push("end"),
          };
        },
      }),
      setSpan: (_, span) => ({ span }),
    },
    context: { active: () => storage.getStore(), with: (context, run) => storage.run(context, run) },
  };
  return { api, spans, active: () => storage.getStore() };
}

describe("tracedExecutor", () => {
  it("makes a span of each execution, linked to the write's, in whose context it runs", async () => {
    const { api, spans, active } = recordingApi();
    let seen: unknown;
    const executor = tracedExecutor(async () => {
      await null;
      seen = active();
    }, api);
    await executor.execute(payloadWith(`00-${TRACE_ID}-${SPAN_ID}-01`), options);
    expect(spans).toEqual([
      {
        start: {
          name: "helix replay",
          root: true,
          kind: opentelemetry.SpanKind.CONSUMER,
          attributes: {
            "db.system.name": "cassandra",
            "db.collection.name": "ks.t",
            "helix.id": "w-A",
            "helix.life": 0,
            "helix.cluster": "A",
            "helix.priority": "high",
          },
          links: [{ context: { traceId: TRACE_ID, spanId: SPAN_ID, traceFlags: 1, isRemote: true } }],
        },
        calls: [["helix.outcome", "applied"], "end"],
      },
    ]);
    expect(seen).toMatchObject({ span: {} });
  });

  it("names the first tables of a batch, in an attribute of bounded length", async () => {
    const { api, spans } = recordingApi();
    const payload = payloadWith(undefined);
    const tables = Array.from({ length: 65_535 }, (_, n) => `ks.${String(n).padStart(1000, "t")}`);
    await tracedExecutor(async () => {}, api).execute({ ...payload, tables }, options);
    await tracedExecutor(async () => {}, api).execute({ ...payload, tables: ["ks.a", "ks.b"] }, options);
    const names = spans.map(({ start }) => (start as { attributes: object }).attributes);
    expect(names).toMatchObject([
      { "db.collection.name": expect.stringMatching(/^.{970}… \(\d+ characters\)$/) },
      { "db.collection.name": "ks.a,ks.b" },
    ]);
  });

  it.each([
    undefined,
    "",
    "garbage",
    `ff-${TRACE_ID}-${SPAN_ID}-01`,
    `00-${"0".repeat(32)}-${SPAN_ID}-01`,
    `00-${TRACE_ID}-${"0".repeat(16)}-01`,
  ])("links nothing where the payload says %o", async (traceparent) => {
    const { api, spans } = recordingApi();
    await tracedExecutor(async () => {}, api).execute(payloadWith(traceparent), options);
    expect(spans).toMatchObject([{ start: { links: [] } }]);
  });

  it("passes a failure on as it is, says what it was classified as, and nothing that the error says", async () => {
    const { api, spans } = recordingApi();
    const error = Object.assign(new Error("bad value 'secret'"), { outcome: "rejected" });
    const executor = tracedExecutor(() => Promise.reject(error), api);
    await expect(executor.execute(payloadWith(), options)).rejects.toBe(error);
    expect(spans[0]?.calls).toEqual([
      ["helix.outcome", "rejected"],
      ["status", opentelemetry.SpanStatusCode.ERROR],
      "end",
    ]);
    expect(JSON.stringify(spans)).not.toContain("secret");
  });

  it("is not misled by a `read` that throws, and is otherwise the executor that it was given", async () => {
    const { api } = recordingApi();
    const error = new Error("x");
    const inner: ReplayExecutor = {
      execute: () => Promise.reject(error),
      read: () => {
        throw new Error("read");
      },
      probe: async () => {},
      shortestGrace: async (cluster) => ({ table: `ks.${cluster}`, gcGraceSeconds: 1 }),
    };
    const executor = tracedExecutor(inner, api);
    await expect(executor.execute(payloadWith(), options)).rejects.toBe(error);
    expect(() => executor.read?.(error)).toThrow("read");
    expect(typeof executor.probe).toBe("function");
    expect(await executor.shortestGrace?.("B", options)).toEqual({ table: "ks.B", gcGraceSeconds: 1 });
    const plain = tracedExecutor(async () => {}, api);
    expect([plain.probe, plain.shortestGrace]).toEqual([undefined, undefined]);
  });

  it.each(["startSpan", "setSpan", "active", "with", "setAttribute", "setStatus", "end"])(
    "executes once and says what came of it where `%s` of the tracer throws",
    async (broken) => {
      const fail = (name: string) => {
        if (name === broken) throw new Error("broken");
      };
      const span = {
        setAttribute: () => fail("setAttribute"),
        setStatus: () => fail("setStatus"),
        end: () => fail("end"),
      };
      const startSpan = () => {
        fail("startSpan");
        return span;
      };
      const api: TracingApi = {
        trace: { getTracer: () => ({ startSpan }), setSpan: () => fail("setSpan") },
        context: {
          active: () => fail("active"),
          async with(_, run) {
            await run();
            fail("with");
          },
        },
      };
      let executed = 0;
      const error = new Error("the execution's");
      await tracedExecutor(async () => void executed++, api).execute(payloadWith(), options);
      await expect(
        tracedExecutor(() => Promise.reject(error), api).execute(payloadWith(), options),
      ).rejects.toBe(error);
      expect(executed).toBe(1);
    },
  );

  it("takes the module of OpenTelemetry, and does nothing but execute where nobody has set it up", async () => {
    let executed = 0;
    const executor = tracedExecutor(async () => void executed++, opentelemetry);
    await executor.execute(payloadWith(`00-${TRACE_ID}-${SPAN_ID}-01`), options);
    expect(executed).toBe(1);
  });
});
