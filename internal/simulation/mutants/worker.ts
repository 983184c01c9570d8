import type { Mutant } from "../src/run/run-mutants.ts";

const RUNNER = "packages/worker/src/cluster/cluster-runner.ts";
const SCHEDULER = "packages/worker/src/decide/scheduler.ts";
const SETTLER = "packages/worker/src/hand/settler.ts";
const HEALTH = "packages/worker/src/cluster/cluster-health.ts";
const JUDGE = "packages/worker/src/decide/judge.ts";
const ENDINGS = "packages/worker/src/cluster/endings.ts";
const ADMISSION = "packages/worker/src/decide/admission.ts";
const LEDGER = "packages/worker/src/decide/failure-ledger.ts";

export const workerMutants: readonly Mutant[] = [
  {
    name: "acknowledged before it is executed",
    file: RUNNER,
    find: '    return isClosed ? "normal" : "trial";',
    replace: '    void this.#settler.ack(item);\n    return isClosed ? "normal" : "trial";',
  },
  {
    name: "acknowledged though its outcome is uncertain",
    file: JUDGE,
    find: '    if (ending.outcome === "applied") return { kind: "acknowledge" };',
    replace: '    if (ending.outcome !== "rejected") return { kind: "acknowledge" };',
  },
  {
    name: "acknowledged instead of kept as a dead letter",
    file: SETTLER,
    find: "      await message.deadLetter(cause);",
    replace: "      await message.ack();",
  },
  {
    name: "every uncertain failure is counted",
    file: LEDGER,
    find: "    if (known === undefined || forMs < graceMs) return failure;",
    replace: "    this.prove(failure);\n    if (known === undefined || forMs < graceMs) return failure;",
  },
  {
    name: "an outage is counted",
    file: JUDGE,
    find: "    const owed = failure === undefined ? 0 : ledger.collect(failure);",
    replace: "    const owed = failure === undefined ? 1 : ledger.collect(failure);",
  },
  {
    name: "strict priority is ignored",
    file: SCHEDULER,
    find: "    this.#strict = strictPriority;",
    replace: "    this.#strict = strictPriority && false;",
  },
  {
    name: "ratio by batch: low ones wait for ten times as many",
    file: SCHEDULER,
    find: "    this.#ratio = Math.max(1, highPriorityRatio);",
    replace: "    this.#ratio = 10 * Math.max(1, highPriorityRatio);",
  },
  {
    name: "high ones that pass a low one are not counted",
    file: SCHEDULER,
    find: "      this.#passed = low ? this.#passed + 1 : 0;",
    replace: "      this.#passed = 0;",
  },
  {
    name: "success is told before the queue has confirmed",
    file: SETTLER,
    find: `      message.ackThen((refusal) => {
        if (refusal === undefined) this.#applied(item);`,
    replace: `      this.#applied(item);
      message.ackThen((refusal) => {
        if (refusal === undefined) return;`,
  },
  {
    name: "the last failure of a message is not told",
    file: ENDINGS,
    find: '    if (ending.outcome !== "applied") {',
    replace: '    if (ending.outcome !== "applied" && verdict.kind === "hand-back") {',
  },
  {
    name: "given up one attempt too early",
    file: JUDGE,
    find: "    if (attempts >= maxDeliver) {",
    replace: "    if (attempts >= maxDeliver - 1) {",
  },
  {
    name: "what failed on an unavailable cluster is not handed back",
    file: ENDINGS,
    find: '    if (verdict.kind === "hand-back")',
    replace: '    if (ending.outcome === "unavailable") return;\n    if (verdict.kind === "hand-back")',
  },
  {
    name: "too few replicas of some data open the breaker of the cluster",
    file: HEALTH,
    find: 'scope === "cluster" && (execution.trial || load !== "overload")',
    replace: 'scope !== "session" && (execution.trial || load !== "overload")',
  },
  {
    name: "a trial that is answered for lack of replicas leaves the breaker open",
    file: HEALTH,
    find: "if (answered || (await this.#options.prober.now())) this.#recover();",
    replace: "if (!answered && (await this.#options.prober.now())) this.#recover();",
  },
  {
    name: "the first timeout counts at once",
    file: JUDGE,
    find: "const TIMEOUT_GRACE = 2;",
    replace: "const TIMEOUT_GRACE = 0;",
  },
  {
    name: "a connection that is lost counts",
    file: JUDGE,
    find: 'load === "connection-lost" || load === "overload"',
    replace: 'load === "overload"',
  },
  {
    name: "an open breaker waits for a message, whatever a probe would say",
    file: HEALTH,
    find: "      if (prober.exists) this.#cancelTimer",
    replace: "      if (prober.exists && this.#answeredAtMs < -1) this.#cancelTimer",
  },
  {
    name: "a trial is never due again",
    file: HEALTH,
    find: "      if (!this.isTrialDue) {",
    replace: "      if (this.isTrialDue) return;\n      if (!this.isTrialDue) {",
  },
  {
    name: "an execution that is aborted by a stop ends as applied",
    file: RUNNER,
    find: "      if (trial) this.#health.abandonTrial();\n      this.#handBack(item.message);",
    replace: "      void trial;\n      void this.#settler.ack(item);",
  },
  {
    name: "what the dead letters have no room for is acknowledged",
    file: SETTLER,
    find: "      await this.release(message, { delayMs: LONG_DELAY_MS });",
    replace: "      await message.ack();\n      this.#leave(message);",
  },
  {
    name: "patience counts without a sign that the table is served",
    file: JUDGE,
    find: "failure.proved || !failure.isServed) return false;",
    replace: "failure.proved) return false;",
  },
  {
    name: "what is held is executed",
    file: ADMISSION,
    find: '  if (payload.disposition === "hold") return',
    replace: '  if (payload.disposition === "hold" && expired === true) return',
  },
  {
    name: "what has expired is executed",
    file: ADMISSION,
    find: "  if (expired === true) return",
    replace: "  if (expired === true && attempts > 0) return",
  },
  {
    name: "a suspect is executed like any other",
    file: ADMISSION,
    find: '  if (suspect === true) return "suspect";\n',
    replace: "",
  },
  {
    name: "a suspect is executed without its mark",
    file: "packages/worker/src/hand/marking.ts",
    find: "      await item.message.mark?.();",
    replace: "      await Promise.resolve();",
  },
  {
    name: "suspects are marked and executed together",
    file: "packages/worker/src/hand/suspect-turn.ts",
    find: "    this.#queue.push(entry);\n    if (this.#queue.length === 1) this.#callFirst();",
    replace: "    queueMicrotask(entry);",
  },
  {
    name: "a pause is not heard",
    file: RUNNER,
    find: "    this.#isPaused = isPaused;",
    replace: "    this.#isPaused = isPaused && this.#isPaused;",
  },
  {
    name: "the gate is not asked at the start",
    file: "packages/worker/src/pauses.ts",
    find: "    for (const cluster of CLUSTERS) this.#look(cluster);",
    replace: "    void CLUSTERS;",
  },
  {
    name: "an undecodable message is acknowledged",
    file: RUNNER,
    find: '    if (admission.kind === "dead-letter") void',
    replace:
      '    if (admission.kind === "dead-letter" && admission.cause.reason === "undecodable") void message.ack();\n    else if (admission.kind === "dead-letter") void',
  },
  {
    name: "what is too old is a dead letter as any that was refused",
    file: "packages/worker/src/decide/judge.ts",
    find: '  return reason === "too-old" || reason === "table-gone" ? reason : "rejected";',
    replace: '  return reason === "table-gone" ? reason : "rejected";',
  },
];
