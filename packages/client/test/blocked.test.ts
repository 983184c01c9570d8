import { reply, waitFor } from "@helix/testkit";
import { expect, test } from "vitest";
import { TwoClusters } from "./two-clusters.ts";

const INSERT = "INSERT INTO ks.t (id) VALUES (?)";
const SELECT = "SELECT v FROM ks.t WHERE id = ?";

/** Each stands still for seconds. */
const LONG_MS = 30_000;

function standStill(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

test(
  "a process that stood still reads the second answer of a write, which is there, before it takes that for missing",
  async () => {
    await using clusters = await TwoClusters.connected({
      client: { wait: "first", secondaryTimeoutMs: 1_500 },
      driver: { socketOptions: { readTimeout: 10_000 } },
    });
    const { client, script } = clusters;
    await client.execute(INSERT, ["before"], { wait: "both" });
    let answer = () => {};
    const gate = new Promise<void>((resolve) => {
      answer = resolve;
    });
    script.B = async () => {
      await gate;
      return reply.void;
    };
    const { writes } = await client.execute(INSERT, ["id"]);
    expect(writes).toEqual({ A: "applied", B: "pending" });
    await waitFor(() => clusters.servers.B.requests.length === 2, {
      timeoutMs: 5_000,
      describe: "B is asked",
    });
    answer();
    // The answer is written by then, and not read.
    await new Promise((resolve) => setImmediate(resolve));
    standStill(2_500);
    await client.close();
    expect(clusters.queued).toEqual([]);
  },
  LONG_MS,
);

test.each([
  [40, "more than the driver bears on a connection"],
  [6, "more than the breaker bears in a row"],
])(
  "a process that stood still for longer than its timeouts blames no cluster for %i of each kind, %s",
  async (count) => {
    await using clusters = await TwoClusters.connected({
      driver: { socketOptions: { readTimeout: 1_500, connectTimeout: 5_000 } },
    });
    const { client, script } = clusters;
    await client.execute(INSERT, ["before"]);
    await client.execute(SELECT, ["before"]);
    const told: string[] = [];
    for (const event of ["cluster:breaker:opened", "cluster:disconnected"] as const) {
      client.on(event, ({ cluster }) => told.push(`${event} ${cluster}`));
    }
    let isFirst = true;
    script.A = () => {
      if (isFirst) standStill(2_500);
      isFirst = false;
      return reply.void;
    };
    const ids = Array.from({ length: count }, (_, id) => `${id}`);
    const writes = ids.map((id) => client.execute(INSERT, [id]));
    const reads = ids.map((id) => client.execute(SELECT, [id]));
    const [answers] = await Promise.all([Promise.allSettled(reads), Promise.allSettled(writes)]);
    const { writes: after } = await client.execute(INSERT, ["after"]);
    expect([told, after]).toEqual([[], { A: "applied", B: "applied" }]);
    expect(answers.filter(({ status }) => status === "rejected")).toEqual([]);
  },
  LONG_MS,
);
