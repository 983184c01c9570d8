import type { Mutant } from "../src/run/run-mutants.ts";

const DECIDE = "packages/client/src/write/decide-write.ts";
const PATH = "packages/client/src/write/write-path.ts";
const EXECUTOR = "packages/client/src/replay/replay-executor.ts";

export const clientMutants: readonly Mutant[] = [
  {
    name: "the timestamp is drawn again at the replay",
    file: EXECUTOR,
    find: "toLong(timestampMicros)",
    replace: "toLong(timestampMicros + 1n)",
  },
  {
    name: "the payload has a timestamp of its own",
    file: PATH,
    find: "              timestampMicros,\n              writtenAtMs,",
    replace: "              timestampMicros: timestampMicros - 1n,\n              writtenAtMs,",
  },
  {
    name: "an ambiguous double failure is queued for one cluster alone",
    file: DECIDE,
    find: 'return { verdict: "pending", queue: CLUSTERS };',
    replace: 'return { verdict: "pending", queue: ["A"] };',
  },
  {
    name: "an ambiguous double failure is taken for a failure",
    file: DECIDE,
    find: 'if (A.reading.applied === "maybe" || B.reading.applied === "maybe") {',
    replace: 'if (A.reading.applied === "maybe" && B.reading.applied === "maybe") {',
  },
  {
    name: "once a call has returned, the other cluster is taken to have applied the write as well",
    file: "packages/client/src/write/dual-write.ts",
    find: "if (this.#onFirst?.(cluster, outcome.result) === true) this.#unlisten?.();",
    replace: "if (this.#onFirst?.(cluster, outcome.result) === true) this.settle(other, outcome);",
  },
  {
    name: "an earlier try of the driver is forgotten",
    file: "packages/client/src/session/driver-request.ts",
    find: 'return memory.mayBeApplied ? { ...reading, applied: "maybe" } : reading;',
    replace: "return reading;",
    from: 500,
  },
  {
    name: "what the queue refused is called queued",
    file: "packages/client/src/write/replay-handoff.ts",
    find: '      return { queued: surelyNot(error) ? "no" : "maybe", error };',
    replace: '      return { queued: "yes" };',
  },
  {
    name: "a cluster is asked though its breaker is open",
    file: "packages/client/src/session/cluster-link.ts",
    find: 'return this.isConnected && this.#breaker.state === "closed";',
    replace: "return this.isConnected;",
  },
  {
    name: "a batch is replayed without its last statement",
    file: "packages/client/src/session/driver-request.ts",
    find: "  return client.batch(operation.statements as { query: string; params: unknown[] }[], options);",
    replace:
      "  return client.batch(operation.statements.slice(0, 2) as { query: string; params: unknown[] }[], options);",
  },
  {
    name: "a timeout counts as surely not applied",
    file: "packages/client/src/failure/driver-errors.ts",
    find: '{ applied: "maybe", retry: "later", scope: "replicas", answered: false, load: "timeout", told: true },',
    replace:
      '{ applied: "no", retry: "later", scope: "replicas", answered: false, load: "timeout", told: true },',
  },
  {
    name: "the breaker of the client never closes",
    file: "packages/client/src/session/cluster-breaker.ts",
    find: '    this.#silent = 0;\n    if (this.#breaker.state === "closed") return;',
    replace: "    this.#silent = 0;\n    return;",
  },
  {
    name: "a replay is sent at any age",
    file: "packages/client/src/replay/guards.ts",
    find: "  const isYoung = ageMs < ",
    replace: "  const isYoung = graceMs >= 0 || ageMs < ",
  },
  {
    name: "what was forced is judged by its age all the same",
    file: "packages/client/src/replay/replayable.ts",
    find: '  if (disposition !== "force") {',
    replace: '  if (disposition !== "hold") {',
  },
];
