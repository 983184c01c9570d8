import { isHelixError } from "@helix/core";
import { MemoryReplayer } from "@helix/replayer-memory";
import { reply, waitFor } from "@helix/testkit";
import { replay } from "@helix/worker";
import { expect, test } from "vitest";
import { errorOf, TwoClusters } from "./two-clusters.ts";

const INSERT = "INSERT INTO ks.t (id, v) VALUES (?, ?)";

test("replay runs from connect to close, and executes on the client's sessions what was queued", async () => {
  await using queue = new MemoryReplayer();
  await using clusters = await TwoClusters.start({ client: { replayer: queue } });
  const worker = await replay(clusters.client, { queue });
  expect(worker.isRunning).toBe(false);
  await clusters.client.connect({ waitFor: "all" });
  expect(worker.isRunning).toBe(true);
  let isDown = true;
  clusters.script.B = () =>
    isDown ? reply.error({ code: "unavailable", required: 2, alive: 1 }) : reply.void;
  const { writes, timestampMicros } = await clusters.client.execute(INSERT, ["1", "a"]);
  expect(writes).toEqual({ A: "applied", B: "queued" });
  isDown = false;
  await waitFor(() => queue.counts().B.applied === 1, {
    timeoutMs: 5_000,
    describe: () => "the write is replayed",
  });
  expect(clusters.servers.B.requests.at(-1)).toMatchObject({ query: INSERT, timestamp: timestampMicros });
  await clusters.client.close();
  expect(worker.isRunning).toBe(false);
});

test("replay on a client that is connected runs when it resolves, and on a closed one it is refused", async () => {
  await using queue = new MemoryReplayer();
  await using clusters = await TwoClusters.connected({ client: { replayer: queue } });
  expect((await replay(clusters.client, { queue })).isRunning).toBe(true);
  await clusters.client.close();
  const error = await errorOf(replay(clusters.client, { queue }));
  expect(isHelixError(error, "HELIX_CLIENT_CLOSED")).toBe(true);
});

test("an option that replay does not have is refused", async () => {
  await using queue = new MemoryReplayer();
  await using clusters = await TwoClusters.start({ client: { replayer: queue } });
  const wrong = replay(clusters.client, { queue, concurency: 3 } as object as { queue: MemoryReplayer });
  await expect(wrong).rejects.toThrow("Unknown option `concurency`");
});
