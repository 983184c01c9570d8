import { execFile } from "node:child_process";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { NatsConnection } from "@nats-io/nats-core";
import type { Bench } from "./bench.ts";
import { drained } from "./measure/drained.ts";
import { ExactTimer } from "./measure/exact-timer.ts";
import { interleaved } from "./measure/interleaved.ts";
import { quantile } from "./measure/spread.ts";
import { highForB } from "./nats/enqueue.ts";
import { BenchStream, connected } from "./nats/stream.ts";
import { lagsOf } from "./nats/waiting.ts";
import { type Goal, pairs, type Row } from "./report/row.ts";

const run = promisify(execFile);

const MODULE = "github.com/arloliu/helix";
/** That is looked at. */
const COMMIT = "4d74df6";
/** A directory with the source of that commit, where Go cannot get it by itself. */
const SOURCE = process.env.HELIX_GO_ORIGINAL;
const ROUNDS = 3;
const OURS = 20_000;
const LAGS = 50;
/** Its messages: as many as take it some seconds. */
const DRAINS: readonly { priority: "high" | "low"; executionMs: number; messages: number; goal?: Goal }[] = [
  { priority: "high", executionMs: 0, messages: 3_000, goal: { atLeast: 40 } },
  { priority: "low", executionMs: 0, messages: 300, goal: { atLeast: 400 } },
  { priority: "high", executionMs: 2, messages: 1_000 },
  { priority: "low", executionMs: 2, messages: 300 },
];

/** The Go original's worker on the same server, of one cluster in one process. Built when it is asked for: it needs Go and the network. */
export const goOriginal: Bench = {
  name: "go",
  onRequest: true,
  async run({ nats }) {
    await using original = await Original.build((await nats()).url);
    await using connection = await connected((await nats()).url);
    const rows: Row[] = [];
    for (const drain of DRAINS) rows.push(await compare(original, connection, drain));
    return { rows: [...rows, ...(await lag(original, connection))] };
  },
};

async function compare(
  original: Original,
  connection: NatsConnection,
  { priority, executionMs, messages, goal }: (typeof DRAINS)[number],
): Promise<Row> {
  const timer = new ExactTimer(executionMs);
  const rates = await interleaved(ROUNDS, {
    ours: async () => {
      await using stream = await BenchStream.open(connection);
      await stream.fill(OURS, (i) => ({ ...highForB(i), priority }));
      const executor = executionMs === 0 ? async () => {} : () => timer.wait();
      return (await drained(stream.queue, OURS, { executor })).perSecond;
    },
    theirs: async () =>
      (await original.run<{ perSecond: number }>([priority, executionMs, messages])).perSecond,
  });
  return {
    id: `go.${priority}.${executionMs}ms`,
    what: `a worker's drain of JetStream, ${priority} lane of one cluster, executions of ${executionMs} ms, ${OURS} messages`,
    against: `the Go original's, ${messages} messages`,
    unit: "messages/s",
    goal,
    samples: pairs(rates.ours, rates.theirs),
  };
}

async function lag(original: Original, connection: NatsConnection): Promise<Row[]> {
  const lags = await interleaved(1, {
    ours: () => lagsOf(connection, 2_000),
    theirs: async () => (await original.run<{ lagsMs: number[] }>(["lag", LAGS])).lagsMs,
  });
  const [ours = [], theirs = []] = [lags.ours[0], lags.theirs[0]];
  return [0.5, 0.99, 1].map((share) => ({
    id: `go.lag.${share === 1 ? "max" : `p${share * 100}`}`,
    what: "from enqueue resolved to the start of the execution, worker waiting",
    against: `the Go original's, ${LAGS} messages`,
    unit: "ms",
    samples: pairs([quantile(ours, share)], [quantile(theirs, share)]),
  }));
}

/** `bench/go`, built in a directory of its own, each run on a stream of its own. */
class Original implements AsyncDisposable {
  readonly #directory: string;
  readonly #url: string;
  #runs = 0;

  private constructor(directory: string, url: string) {
    this.#directory = directory;
    this.#url = url;
  }

  static async build(url: string): Promise<Original> {
    const directory = await mkdtemp(path.join(tmpdir(), "helix-go-"));
    const original = new Original(directory, url);
    try {
      await cp(fileURLToPath(new URL("../go", import.meta.url)), directory, { recursive: true });
      await original.#go(["version"], "Go is missing: `go` is not on the search path");
      const found = `${MODULE}@${SOURCE === undefined ? COMMIT : "v0.0.0"}`;
      if (SOURCE !== undefined) {
        const replaced = `${MODULE}=${path.resolve(SOURCE)}`;
        await original.#go(["mod", "edit", "-replace", replaced], "The source cannot be used");
      }
      await original.#go(["get", found], `Go cannot get ${found}`);
      await original.#go(["build", "-mod=mod", "-o", "original", "."], "The Go program cannot be built");
      return original;
    } catch (error) {
      await original[Symbol.asyncDispose]();
      throw error;
    }
  }

  async run<Result>(args: readonly (string | number)[]): Promise<Result> {
    const stream = `go-${process.pid}-${++this.#runs}`;
    const { stdout } = await run(path.join(this.#directory, "original"), [
      this.#url,
      stream,
      ...args.map(String),
    ]);
    return JSON.parse(stdout);
  }

  async #go(args: readonly string[], failure: string): Promise<void> {
    await run("go", args, { cwd: this.#directory }).catch(({ stderr, message }) => {
      throw new Error(`${failure}: ${stderr || message}`);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#directory, { recursive: true, force: true });
  }
}
