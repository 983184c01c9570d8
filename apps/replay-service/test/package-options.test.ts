import { silentLogger, silentMetrics } from "@helix/core";
import { MemoryReplayer } from "@helix/replayer-memory";
import { REPLAYER_OPTIONS } from "@helix/replayer-nats/internal";
import { WORKER_OPTIONS } from "@helix/worker/internal";
import { describe, expect, test } from "vitest";
import { readSessionOptions } from "../../../packages/client/src/client-options.ts";
import { readReplayerOptions } from "../../../packages/replayer-nats/src/options.ts";
import { readWorkerOptions } from "../../../packages/worker/src/options.ts";
import { loadConfig } from "../src/config/load-config.ts";
import { variableOf } from "../src/config/names.ts";
import { settings } from "../src/config/schema.ts";
import { natsReplayerOptions } from "../src/queue.ts";
import { sessionOptions } from "../src/sessions.ts";
import { filesOf, VALID } from "./valid-environment.ts";

const worker = { queue: new MemoryReplayer(), executor: async () => {} };
const readFile = filesOf({});

/** What the packages make of a configuration. */
function read(env: Readonly<Record<string, string>> = {}) {
  const { config } = loadConfig({ ...VALID, ...env }, readFile);
  const { waitFor: _, ...sessions } = sessionOptions(config, {
    logger: silentLogger,
    metrics: silentMetrics,
    readFile,
  });
  return {
    worker: readWorkerOptions({ ...worker, ...config.worker }),
    queue: readReplayerOptions(natsReplayerOptions(config, silentLogger)),
    sessions: readSessionOptions("sessions", sessions),
  };
}

describe("the packages", () => {
  test("do by themselves what the service does without a configuration", () => {
    const { worker: configured, queue, sessions } = read();
    const byItself = readWorkerOptions(worker);
    const { highPriorityRatio, strictPriority } = configured.scheduling;
    // What the worker's own scheduler takes for nothing given.
    expect({ highPriorityRatio, strictPriority }).toEqual({ highPriorityRatio: 10, strictPriority: false });
    expect({ ...configured, scheduling: undefined }).toEqual({ ...byItself, scheduling: undefined });
    const connect = { ...queue.connect, servers: [...VALID.HELIX_NATS_SERVERS.split(",")] };
    expect(queue).toEqual(readReplayerOptions({ connect } as Parameters<typeof readReplayerOptions>[0]));
    expect(sessions.requestTimeoutMs).toBe(
      readSessionOptions("sessions", { clusters: { A: { contactPoints: ["a"], localDataCenter: "dc1" } } })
        .requestTimeoutMs,
    );
  });

  test.each(["least", "most"] as const)("take the %s of every number that the service takes", (which) => {
    const env = settings().flatMap(({ section, key, setting: { kind, min, max } }) => {
      if (kind !== "integer") return [];
      return [[variableOf(section, key), String(which === "least" ? min : (max ?? Number.MAX_SAFE_INTEGER))]];
    });
    expect(env.length).toBeGreaterThan(25);
    expect(() => read(Object.fromEntries(env))).not.toThrow();
  });

  test("have no option that a text can say and that is no setting, but for those that the service decides", () => {
    const keys = new Set(settings().map(({ key }) => key));
    const options = { ...WORKER_OPTIONS, ...REPLAYER_OPTIONS };
    const missing = Object.entries(options).filter(
      ([name, { kind }]) => kind !== "object" && kind !== "function" && !keys.has(name),
    );
    expect(missing.map(([name]) => name)).toEqual(["rateLimit", "stopGraceMs"]);
  });
});
