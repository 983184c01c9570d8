import { randomUUID } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import { HelixClient } from "@helix/client";
import type { ClusterId } from "@helix/core";
import { connectNatsEnqueuer } from "@helix/replayer-nats";

const [a = "127.0.0.1:9042", b = "127.0.0.1:9043", servers = "127.0.0.1:4222"] = process.argv.slice(2);
const localDataCenter = "datacenter1";

const replayer = await connectNatsEnqueuer({ connect: { servers } }); // makes nothing: the first pod does
const client = new HelixClient({
  clusters: { A: { contactPoints: [a], localDataCenter }, B: { contactPoints: [b], localDataCenter } },
  replayer,
});
// Both clusters, if they are there within 3 s; one is enough to begin with.
await client.connect({ waitFor: "all", signal: AbortSignal.timeout(3_000) }).catch(() => client.connect());

let running = true;
const stop = () => {
  running = false;
};
process.once("SIGINT", stop).once("SIGTERM", stop);

const waiting = new Map<string, ClusterId>();
/** Looks whether a pod has replayed what a cluster had missed; an application need not know. */
async function lookForReplayed(): Promise<void> {
  for (const [id, cluster] of waiting) {
    const select = "SELECT name FROM shop.users WHERE id = ?";
    const { rows } = await client.execute(select, [id], { cluster });
    if (rows.length === 0) return; // the oldest comes first, more or less
    waiting.delete(id);
    console.log(id, "replayed to", cluster);
  }
}

while (running) {
  const id = randomUUID();
  const { writes } = await client.execute("INSERT INTO shop.users (id, name) VALUES (?, ?)", [id, "Carol"]);
  console.log(id, writes); // "queued" for one that is away: a pod replays it
  for (const cluster of ["A", "B"] as const) if (writes[cluster] === "queued") waiting.set(id, cluster);
  await lookForReplayed().catch(() => {}); // that cluster is still away
  await setTimeout(1000);
}

await client.close();
await replayer.close(); // whoever makes a queue closes it
