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

describe("what ends the waiting of several writes at once", () => {
  const OTHER = { ...spanContext, spanId: "00f067aa0ba902b8" };
  /** Of each payload that was queued, the one value that is bound, and the span. */
  const spansOf = ({ queued }: TwoClusters) =>
    Object.fromEntries(
      queued.map(({ operation, traceparent }) => [
        operation.kind === "statement" && Object.values(operation.params)[0],
        traceparent?.split("-")[2],
      ]),
    );

  /** Writes in the spans, and in none at last, to a B that keeps silent until `end`. */
  async function writtenBeside(client: object, end: (clusters: TwoClusters) => unknown) {
    registerContexts();
    await using clusters = await TwoClusters.connected({
      client: { openTelemetry: opentelemetry, ...client },
      driver: { socketOptions: { readTimeout: 10_000 } },
    });
    await clusters.client.execute(INSERT, ["none"]);
    clusters.script.B = () => reply.silence;
    const write = (value: string) => clusters.client.execute(INSERT, [value]);
    const writes = [inSpan(() => write("one")), inSpan(() => write("two"), OTHER), write("three")];
    await waitFor(() => clusters.servers.B.requests.length === 4, {
      timeoutMs: 5000,
      describe: "B is asked",
    });
    await end(clusters);
    await Promise.all(writes);
    return spansOf(clusters);
  }

  const OWN = { one: spanContext.spanId, two: OTHER.spanId, three: undefined };

  test("is a timer of them all: each has its own span", async () => {
    expect(await writtenBeside({ secondaryTimeoutMs: 100 }, () => {})).toEqual(OWN);
  });

  test("is the end of the session: each has its own span", async () => {
    expect(await writtenBeside({ secondaryTimeoutMs: 10_000 }, ({ servers }) => servers.B.setDown())).toEqual(
      OWN,
    );
  });
});

test("hooks run in the context of their own call, whatever ends its waiting", async () => {
  const requests = new AsyncLocalStorage<string>();
  const heard: unknown[] = [];
  await using clusters = await TwoClusters.connected({
    client: {
      secondaryTimeoutMs: 100,
      onEnqueueFailed: ({ operation }) => {
        heard.push([
          operation.kind === "statement" && Object.values(operation.params)[0],
          requests.getStore(),
        ]);
      },
    },
    driver: { socketOptions: { readTimeout: 10_000 } },
  });
  clusters.replayer.refuse = () => new Error("No room");
  await clusters.client.execute(INSERT, ["none"]);
  clusters.script.B = () => reply.silence;
  await Promise.all(
    ["one", "two"].map((name) => requests.run(name, () => clusters.client.execute(INSERT, [name]))),
  );
  expect(heard).toEqual([
    ["one", "one"],
    ["two", "two"],
  ]);
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
