import { HelixClient } from "@helix/client";
import { type ExecuteFunc, isHelixError, type Params, type Replayer, summarize } from "@helix/core";
import { MemoryReplayer } from "@helix/replayer-memory";
import { type CqlRequest, type Reply, reply, type ScriptedCqlServer, waitFor } from "@helix/testkit";
import { ReplayWorker, type TracingApi, tracedExecutor } from "@helix/worker";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CANARY, FINE, INSERT, PARAMS, QUOTED, startClusters, Told, tracesIn, write } from "./canary.ts";
import { ANSWERS, MISTAKES, THROWN } from "./canary-faults.ts";

/**
 * Values are written by every way that there is, and everything goes wrong that can; then all that was told is searched for
 * them: log lines of each part, labels of metrics, summaries in events, spans, answers of probes, messages of our own errors,
 * and of what goes through the broker all but the bodies of messages and dead letters. A new way belongs into one of
 * the lists below. What may hold values: an error's `cause` and what else it carries of the caller's, the errors in
 * events and callbacks, and a dead letter, for whoever asks for it.
 */

let servers: Record<"A" | "B", ScriptedCqlServer>;
const script = { A: (_: CqlRequest): Reply => reply.void, B: (_: CqlRequest): Reply => reply.void };
beforeAll(async () => {
  servers = await startClusters(script);
});
afterAll(() => Promise.all([servers.A.close(), servers.B.close()]));

const isCanaryIn = (params: Params) => Object.values(params).includes(CANARY.text);
const soon = { timeoutMs: 20_000 };

test("each value is found in each form in which it may be told, as a control", () => {
  expect(tracesIn(QUOTED)).toEqual(Object.keys(CANARY));
  for (const [name, value] of Object.entries(CANARY)) {
    const bytes = Buffer.from(`ab${value}cd`);
    for (const text of [
      `'${value}'`,
      bytes.toString("hex"),
      bytes.toString("base64"),
      `0x${bytes.toString("hex").toUpperCase()}`,
    ])
      expect(tracesIn(text)).toContain(name);
  }
  const told = new Told();
  told.hear("a log line", { fields: { error: new Error("no", { cause: { values: PARAMS } }) } });
  expect(told.leaks).toHaveLength(1);
});

describe("no value is told by a client", () => {
  /** A client with a queue and a worker in its process, all of whose parts are heard. */
  async function embedded(told: Told, replayer: Replayer & Partial<MemoryReplayer> = new MemoryReplayer()) {
    const options = ({ contactPoint, localDataCenter }: ScriptedCqlServer) => ({
      contactPoints: [contactPoint],
      localDataCenter,
      socketOptions: { readTimeout: 500 },
    });
    const client = new HelixClient({
      clusters: { A: options(servers.A), B: options(servers.B) },
      replayer,
      logger: told.logger("the client's log"),
      metrics: told.metrics("the client's metrics"),
    });
    for (const event of ["write:queued", "write:not-queued"] as const) {
      client.on(event, ({ payload }) => told.hear("an event of the client", payload));
      client.on(event, () => {
        throw new TypeError(QUOTED);
      });
    }
    await client.connect({ waitFor: "all" });
    return client;
  }

  test("whatever a server refuses, on one cluster or on both, and whoever hears of it", async () => {
    const told = new Told();
    await using client = await embedded(told);
    for (const [, error] of ANSWERS) {
      script.B = () => reply.error(error);
      await client
        .execute(INSERT, PARAMS)
        .catch((failure: unknown) => told.failure("a call that failed", failure));
      await client
        .batch([{ query: INSERT, params: PARAMS }])
        .catch((failure: unknown) => told.failure("a call that failed", failure));
      script.A = script.B;
      await client
        .execute(INSERT, PARAMS)
        .catch((failure: unknown) => told.failure("a call that failed", failure));
      await client.execute(INSERT, PARAMS, { cluster: "A" }).catch((failure: unknown) => {
        // A driver's error is passed on as it is.
        if (isHelixError(failure)) told.failure("a call that failed", failure);
      });
      script.A = () => reply.void;
    }
    script.B = () => reply.silence;
    await client.execute(INSERT, PARAMS);
    script.B = () => reply.close;
    await client.execute(INSERT, PARAMS);
    script.B = () => reply.void;
    expect(told.leaks).toEqual([]);
    expect([...told.places].sort()).toEqual([
      "a call that failed",
      "an event of the client",
      "the client's log",
      "the client's metrics",
    ]);
  });

  test("whatever a caller or a queue does wrong", async () => {
    const told = new Told();
    let refusal: Error = new TypeError(QUOTED);
    const queue = {
      enqueue: () => Promise.reject(refusal),
      close: async () => {},
      [Symbol.asyncDispose]: async () => {},
    };
    await using client = await embedded(told, queue);
    for (const [title, call] of MISTAKES) {
      const failure = await Promise.resolve()
        .then(() => call(client))
        .then(
          () => new Error(`Expected a refusal of ${title}`),
          (error: unknown) => error,
        );
      told.failure(`a call with ${title}`, failure);
      expect((failure as Error).message).not.toContain("Expected a refusal");
    }
    script.B = () => reply.error({ code: "overloaded" });
    for (refusal of [new TypeError(QUOTED), new Error(QUOTED)]) {
      await client
        .execute(INSERT, PARAMS)
        .catch((failure: unknown) => told.failure("a queue that refuses", failure));
    }
    client.eachRow(`${INSERT} '${CANARY.literal}'`, PARAMS, () => {});
    await waitFor(() => told.places.has("the client's log"), { ...soon, describe: "it is logged" });
    script.B = () => reply.void;
    expect(told.leaks).toEqual([]);
    expect(told.places.size).toBe(MISTAKES.length + 4);
  });

  test("whatever an execute function throws, to a worker with a queue in memory", async () => {
    const told = new Told();
    for (const [title, thrown] of THROWN) {
      const queue = new MemoryReplayer();
      const execute: ExecuteFunc = async ({ operation }) => {
        if (operation.kind === "statement" && isCanaryIn(operation.params)) throw thrown;
      };
      const spans: TracingApi = {
        trace: {
          getTracer: () => ({
            startSpan: (name, start) => {
              told.hear("a span", [name, start]);
              const heard = (...what: unknown[]) => told.hear("a span", what);
              return { setAttribute: heard, setStatus: heard, end: heard };
            },
          }),
          setSpan: (context) => context,
        },
        context: { active: () => undefined, with: (_, run) => run() },
      };
      await using worker = new ReplayWorker({
        queue,
        executor: tracedExecutor(execute, spans),
        maxDeliver: 2,
        retryDelayMs: 1,
        logger: told.logger("the worker's log"),
        metrics: told.metrics("the worker's metrics"),
        onError: () => Promise.reject(new TypeError(QUOTED)),
        onDrop: ({ payload }) => {
          told.hear("a summary", summarize(payload));
          throw new RangeError(QUOTED);
        },
      });
      worker.on("replay:attempt:failed", ({ payload }) => told.hear("an event of the worker", payload));
      worker.on("replay:dropped", ({ payload }) => told.hear("an event of the worker", payload));
      await worker.start();
      await queue.enqueue(write());
      const fine = () =>
        queue.enqueue(write({ operation: { kind: "statement", query: INSERT, params: FINE } }));
      const isOver = () => queue.deadLetters.list().then(({ length }) => length === 1);
      if (title !== "one that is unavailable") {
        await waitFor(() => fine().then(isOver), { ...soon, describe: `it dies of ${title}` });
        const [letter] = await queue.deadLetters.list();
        told.hear("the first failure of a dead letter", letter?.firstError);
        told.hear("the name and code of the last", { ...letter?.error, message: "" });
        expect(tracesIn(Buffer.from(letter?.raw ?? []).toString())).not.toEqual([]);
      }
      await worker.stop();
    }
    expect(told.leaks).toEqual([]);
    expect(told.places.size).toBe(7);
  });
});
