import {
  type ClusterId,
  createPayload,
  type ErrorReading,
  type ExecuteFunc,
  helixError,
  LocalClusterGate,
  type Outcome,
  type PayloadInput,
  type QueueTraits,
  type ReplayExecutor,
  type ReplayPayload,
  readingOf,
  type WorkerEvents,
} from "@helix/core";
import { ManualClock, settle } from "@helix/testkit/manual-clock";
import { onTestFinished } from "vitest";
import { ReplayWorker, type ReplayWorkerOptions } from "../src/index.ts";
import { FakeQueue } from "./fake-queue.ts";

let made = 0;

/** A payload with an id that ends in its cluster; for table `t` unless told otherwise. */
export function payload(
  input: Partial<PayloadInput> & { table?: string; name?: string } = {},
): ReplayPayload {
  const { table = "t", name = `p${made++}`, targetCluster = "A", ...rest } = input;
  return createPayload({
    id: `${name}-${targetCluster}`,
    targetCluster,
    operation: { kind: "statement", query: `INSERT INTO ks.${table} (id) VALUES (?)`, params: [1] },
    tables: [`ks.${table}`],
    timestampMicros: 1n,
    ...rest,
  });
}

export function payloads(count: number, input: Parameters<typeof payload>[0] = {}): ReplayPayload[] {
  return Array.from({ length: count }, () => payload(input));
}

/** An error that says what it is. */
export function failure(outcome: Exclude<Outcome, "applied">): Error {
  return Object.assign(new Error(outcome), { outcome });
}

/** An executor that knows more of each failure than its outcome. */
export function reading(more: Partial<ErrorReading>): Pick<ReplayExecutor, "read"> {
  return { read: (error) => ({ ...readingOf(error), ...more }) };
}

/** What a queue says of a message that somebody has ended. */
export function settledAlready(): Error {
  return helixError("HELIX_MESSAGE_SETTLED", "Settled already", { lane: "high.A" });
}

/** Knows how many listen to it. */
export class CountedGate extends LocalClusterGate {
  listeners = 0;

  override onChange(listener: (cluster: ClusterId) => void): Disposable {
    this.listeners++;
    const listening = super.onChange(listener);
    return {
      [Symbol.dispose]: () => {
        this.listeners--;
        listening[Symbol.dispose]();
      },
    };
  }
}

/** Never settles, whatever its signal says. */
export function hang(): Promise<never> {
  return new Promise(() => {});
}

export interface Execution {
  readonly payload: ReplayPayload;
  readonly signal: AbortSignal;
  readonly atMs: number;
}

export interface RigOptions extends Partial<Omit<ReplayWorkerOptions, "queue" | "clock" | "executor">> {
  readonly execute?: ExecuteFunc;
  readonly executor?: Omit<ReplayExecutor, "execute">;
  readonly traits?: Partial<QueueTraits>;
}

/** A worker over a fake queue in manual time. Unless told otherwise everything is applied at once. */
export async function startRig({ execute, executor, traits, ...options }: RigOptions = {}) {
  const clock = new ManualClock();
  const queue = new FakeQueue(clock, traits);
  const executions: Execution[] = [];
  const running = { now: 0, most: 0 };
  const run: ExecuteFunc = async (payload, { signal }) => {
    executions.push({ payload, signal, atMs: clock.monotonicMs() });
    running.now++;
    running.most = Math.max(running.most, running.now);
    try {
      await execute?.(payload, { signal });
    } finally {
      running.now--;
    }
  };
  const worker = new ReplayWorker({
    queue,
    executor: executor === undefined ? run : { ...executor, execute: run },
    clock,
    random: () => 0.999,
    ...options,
  });
  onTestFinished(() => worker.stop({ graceMs: 0 }));
  await worker.start();
  await settle();
  return {
    clock,
    queue,
    worker,
    executions,
    running,
    /** Timers that the worker has set, but for the watch over the lanes of each cluster. */
    timers: () => clock.timers - queue.timers - (worker.isRunning ? 2 : 0),
    countOf: (one: ReplayPayload) => executions.filter(({ payload: { id } }) => id === one.id).length,
    /** Everything that an event brings from now on. */
    record: <N extends keyof WorkerEvents>(name: N): WorkerEvents[N][] => {
      const events: WorkerEvents[N][] = [];
      worker.on(name, (event) => events.push(event));
      return events;
    },
  };
}

export function executedIds(executions: readonly Execution[], cluster: ClusterId = "A"): string[] {
  return executions.filter(({ payload: p }) => p.targetCluster === cluster).map(({ payload: p }) => p.id);
}
