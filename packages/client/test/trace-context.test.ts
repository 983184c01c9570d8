import { AsyncLocalStorage } from "node:async_hooks";
import { MemoryReplayer } from "@helix/replayer-memory";
import { reply, waitFor } from "@helix/testkit";
import { ReplayWorker, tracedExecutor } from "@helix/worker";
import * as opentelemetry from "@opentelemetry/api";
import { afterEach, describe, expect, it, test } from "vitest";
import { activeTraceparent } from "../src/replay/trace-context.ts";
import { TwoClusters } from "./two-clusters.ts";

const INSERT = "INSERT INTO ks.t (id) VALUES (?)";
const spanContext = {
  traceId: "4bf92f3577b34da6a3ce929d0e0e4736",
  spanId: "00f067aa0ba902b7",
  traceFlags: 1,
};
const TRACEPARENT = `00-${spanContext.traceId}-${spanContext.spanId}-01`;

/** The context manager of an SDK, as far as it is used. */
function registerContexts(): void {
  const storage = new AsyncLocalStorage<opentelemetry.Context>();
  opentelemetry.context.setGlobalContextManager({
    active: () => storage.getStore() ?? opentelemetry.ROOT_CONTEXT,
    with: (context, run, self, ...args) => storage.run(context, () => run.apply(self, args)),
    bind: (_, target) => target,
    enable() {
      return this;
    },
    disable() {
      return this;
    },
  });
}

function inSpan<T>(run: () => T, span = spanContext): T {
  const context = opentelemetry.trace.setSpanContext(opentelemetry.ROOT_CONTEXT, span);
  return opentelemetry.context.with(context, run);
}

afterEach(() => opentelemetry.context.disable());

test("the replay of a write is linked to the span that was active when it was called", async () => {
  registerContexts();
  const replayer = new MemoryReplayer();
  await using clusters = await TwoClusters.connected({ client: { openTelemetry: opentelemetry, replayer } });
  const { client, script } = clusters;
  script.B = () => reply.error({ code: "overloaded" });
  const result = await inSpan(() => client.execute(INSERT, ["one"]));
  expect(result.writes).toEqual({ A: "applied", B: "queued" });
  await client.execute(INSERT, ["two"]);

  script.B = () => reply.void;
  const links: unknown[] = [];
  const tracer = { startSpan: (_: string, start: { links: unknown[] }) => spanOf(links.push(start.links)) };
  const executor = tracedExecutor(client.replayExecutor(), {
    trace: { getTracer: () => tracer, setSpan: (context) => context },
    context: { active: () => undefined, with: (_, run) => run() },
  });
  await using worker = new ReplayWorker({ queue: replayer, executor });
  await worker.start();
  await waitFor(() => replayer.length === 0, { timeoutMs: 5000, describe: "both are replayed" });
  expect(links).toEqual([[{ context: { ...spanContext, isRemote: true } }], []]);
});

function spanOf(_: number) {
  return { setAttribute: () => {}, setStatus: () => {}, end: () => {} };
}

test("what is no such module is refused", async () => {
  for (const wrong of [{}, { trace: {}, context: {} }, "api"]) {
    await expect(TwoClusters.start({ client: { openTelemetry: wrong as never } })).rejects.toThrow(
      "Expected `openTelemetry` to be the module `@opentelemetry/api`",
    );
  }
});

describe("activeTraceparent", () => {
  it("is what the specification says", () => {
    registerContexts();
    expect(inSpan(() => activeTraceparent(opentelemetry))).toBe(TRACEPARENT);
    expect(inSpan(() => activeTraceparent(opentelemetry), { ...spanContext, traceFlags: 0 })).toMatch(/-00$/);
  });

  it.each([
    ["a trace of zeros", { ...spanContext, traceId: "0".repeat(32) }],
    ["a span of zeros", { ...spanContext, spanId: "0".repeat(16) }],
    ["an id in capitals", { ...spanContext, traceId: spanContext.traceId.toUpperCase() }],
  ])("is nothing for %s", (_, span) => {
    registerContexts();
    expect(inSpan(() => activeTraceparent(opentelemetry), span)).toBeUndefined();
  });

  it("is nothing without an API, without a span, and where the API throws", () => {
    registerContexts();
    expect(activeTraceparent(undefined)).toBeUndefined();
    expect(activeTraceparent(opentelemetry)).toBeUndefined();
    const failing = {
      trace: { getSpanContext: () => undefined },
      context: {
        active: () => {
          throw new Error("No context");
        },
      },
    };
    expect(activeTraceparent(failing)).toBeUndefined();
  });
});
