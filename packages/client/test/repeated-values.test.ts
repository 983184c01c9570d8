import { type ClusterId, helixError, isHelixError } from "@helix/core";
import { reply, type ServerError } from "@helix/testkit";
import { expect, test } from "vitest";
import type { ExecuteOptions } from "../src/index.ts";
import { errorOf, TwoClusters } from "./two-clusters.ts";

const INSERT = "INSERT INTO ks.made (id, u, n) VALUES (?, uuid(), now())";
const server = {
  tables: { "ks.made": { columns: { id: "text", u: "uuid", n: "timeuuid" } } },
  types: () => ["text", "uuid", "timeuuid"] as const,
};
const unavailable: ServerError = { code: "unavailable", required: 2, alive: 1 };

/** B misses all, and the queue takes nothing. */
async function missing(): Promise<TwoClusters> {
  const clusters = await TwoClusters.connected({ server });
  clusters.script.B = () => reply.error(unavailable);
  const full = helixError("HELIX_QUEUE_FULL", "full", { lane: "high.B", limit: "messages" });
  clusters.replayer.refuse = () => full;
  return clusters;
}

/** What a cluster was sent, write by write. */
function sent({ servers }: TwoClusters, cluster: ClusterId): string[] {
  return servers[cluster].requests.flatMap(({ statements }) =>
    statements.map(({ values }) => values.map((value) => Buffer.from(value ?? "").toString("hex")).join(" ")),
  );
}

test("a repeat with the error's timestamp has the values that were made for the first call, however often it is made", async () => {
  await using clusters = await missing();
  const { client, replayer, script } = clusters;
  const write = (options?: ExecuteOptions) => client.execute(INSERT, ["1"], options);
  const error = await errorOf(write());
  if (!isHelixError(error, "HELIX_REPLAY_NOT_QUEUED")) throw error;
  const { timestampMicros } = error;
  await errorOf(write({ timestampMicros }));
  replayer.refuse = undefined;
  expect((await write({ timestampMicros: Number(timestampMicros) })).writes.B).toBe("queued");
  script.B = () => reply.void;
  await write({ timestamp: timestampMicros });
  const all = [...sent(clusters, "A"), ...sent(clusters, "B")];
  expect(all.length).toBeGreaterThanOrEqual(8);
  expect(new Set(all).size).toBe(1);
  const { operation } = clusters.queued[0] ?? expect.unreachable("it was queued");
  const { params } = operation as { params: readonly unknown[] };
  expect(params.slice(1).map((made) => String(made).replaceAll("-", ""))).toEqual(
    all[0]?.split(" ").slice(1),
  );
});

test("another write of that timestamp has values of its own, and so has the same one without it", async () => {
  await using clusters = await missing();
  const { client } = clusters;
  const options = { timestampMicros: 1_700_000_000_000_000n };
  for (const id of ["1", "2"]) await errorOf(client.execute(INSERT, [id], options));
  await errorOf(client.execute(INSERT, ["1"]));
  await errorOf(client.batch([{ query: INSERT, params: ["1"] }], options));
  await errorOf(client.execute(INSERT, ["1"], { timestampMicros: options.timestampMicros + 1n }));
  expect(new Set(sent(clusters, "A")).size).toBe(5);
  await errorOf(client.execute(INSERT, ["2"], options));
  expect(new Set(sent(clusters, "A")).size).toBe(5);
});
