import { Readable } from "node:stream";
import { createPayload, type DeadLetterCause, type Lane } from "@helix/core";
import { type Job, JobRunner, listJobs } from "@helix/operations";
import { MemoryControlStore, MemoryReplayer } from "@helix/replayer-memory";
import { waitFor } from "@helix/testkit";
import type { Host } from "../src/host.ts";
import { operatorOf } from "../src/operator/nats-operator.ts";
import type { OpenOperator } from "../src/operator/open-operator.ts";
import { run } from "../src/run.ts";

/** What a command has said, and ended with. */
export interface Said {
  readonly exit: number;
  readonly out: string;
  readonly err: string;
}

export interface TypedOptions {
  /** Of standard output and standard error. @default false */
  readonly isTTY?: boolean;
  /** What is typed at a terminal; undefined: there is none. */
  readonly answer?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Takes what would be called at an interrupt. */
  readonly onInterrupt?: (listener: (exit: number) => void) => void;
  /** Called after each output. */
  readonly onOutput?: () => void;
}

/** A queue and a control store in memory, operated by the command line alone. */
export class Rig {
  readonly queue = new MemoryReplayer();
  readonly control = new MemoryControlStore();
  readonly setUps: object[] = [];
  readonly #runner = new JobRunner(this, { holder: "pod-1" });
  readonly open: OpenOperator = async () => ({
    ...operatorOf(
      { queue: this.queue, control: this.control, clusterNames: { B: "north" } },
      { async [Symbol.asyncDispose]() {} },
    ),
    setUp: async (options) => {
      this.setUps.push(options);
      return { created: ["stream helix-replay"], updated: [] };
    },
  });

  /** Types `helix …`. */
  async type(line: string | readonly string[], options: TypedOptions = {}): Promise<Said> {
    return typed(line, options, this.open);
  }

  /** From now on there is a pod that does what is ordered. */
  startPod(): AsyncDisposable {
    this.#runner.start();
    return this.#runner;
  }

  async jobs(): Promise<readonly Job[]> {
    return (await listJobs(this)).jobs;
  }

  async write(id: string, { lane = "high.B", table = "shop.users" }: { lane?: Lane; table?: string } = {}) {
    const [priority, targetCluster] = lane.split(".") as ["high" | "low", "A" | "B"];
    await this.queue.enqueue(
      createPayload({
        id,
        targetCluster,
        priority,
        operation: { kind: "statement", query: `INSERT INTO ${table} (id) VALUES (?)`, params: ["canary"] },
        tables: [table],
        timestampMicros: 1n,
      }),
    );
  }

  /** So many of lane `high.B` die. */
  async bury(
    count: number,
    cause: DeadLetterCause = { reason: "rejected" },
    table = "shop.users",
  ): Promise<void> {
    const ids = Array.from({ length: count }, (_, n) => `${table.replace(".", "-")}-${n}`);
    for (const id of ids) await this.write(id, { table });
    const deaths: Promise<void>[] = [];
    const source = this.queue.open("high.B", (message) => void deaths.push(message.deadLetter(cause)));
    source.demand(count);
    await waitFor(() => deaths.length === count, { timeoutMs: 5000, describe: "all have died" });
    await Promise.all(deaths);
    await source.stop();
  }
}

/** @param open Without it, as the program does. */
export async function typed(
  line: string | readonly string[],
  { isTTY = false, answer, env = {}, onInterrupt = () => {}, onOutput = () => {} }: TypedOptions = {},
  open?: OpenOperator,
): Promise<Said> {
  let [out, err] = ["", ""];
  const stdin = Object.assign(Readable.from(answer === undefined ? [] : [`${answer}\n`]), {
    isTTY: answer !== undefined,
  });
  const output = (take: (text: string) => void) => ({
    isTTY: isTTY || answer !== undefined,
    write(text: string | Uint8Array, done?: unknown) {
      take(String(text));
      if (typeof done === "function") done();
      return true;
    },
    on() {},
    once() {},
    off() {},
    removeListener() {},
    emit: () => true,
  });
  const host: Host = {
    argv: typeof line === "string" ? wordsOf(line) : line,
    env,
    stdin,
    stdout: output((text) => {
      out += text;
      onOutput();
    }),
    stderr: output((text) => {
      err += text;
    }),
    user: () => "anna",
    onInterrupt(listener) {
      onInterrupt(listener);
      return () => {};
    },
  };
  const exit = await run(host, open);
  return { exit, out, err };
}

/** As a shell takes them apart, quotes and all. */
function wordsOf(line: string): string[] {
  return [...line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(
    ([, double, single, bare]) => double ?? single ?? bare ?? "",
  );
}
