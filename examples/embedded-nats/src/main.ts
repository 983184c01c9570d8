import { randomUUID } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import { HelixClient } from "@helix/client";
import { summarize } from "@helix/core";
import { connectNatsReplayer } from "@helix/replayer-nats";
import { ReplayWorker } from "@helix/worker";

const [a = "127.0.0.1:9042", b = "127.0.0.1:9043", servers = "127.0.0.1:4222"] = process.argv.slice(2);
const localDataCenter = "datacenter1";

const replayer = await connectNatsReplayer({ connect: { servers }, replicas: 1 }); // 3 in production
const client = new HelixClient({
  clusters: { A: { contactPoints: [a], localDataCenter }, B: { contactPoints: [b], localDataCenter } },
  replayer,
});
const worker = new ReplayWorker({
  queue: replayer,
  executor: client.replayExecutor(),
  onSuccess: ({ payload }) => console.log("replayed to", payload.targetCluster),
  onDrop: ({ payload, cause }) => console.error("dead letter", cause, summarize(payload)),
});
await client.attachWorker(worker);
// Starts the worker as well. Both clusters, if they are there within 3 s; one is enough to begin with.
await client.connect({ waitFor: "all", signal: AbortSignal.timeout(3_000) }).catch(() => client.connect());

let running = true;
const stop = () => {
  running = false;
};
process.once("SIGINT", stop).once("SIGTERM", stop);

while (running) {
  const id = randomUUID();
  const { writes } = await client.execute("INSERT INTO shop.users (id, name) VALUES (?, ?)", [id, "Bob"]);
  console.log(id, writes); // "queued" for one that is away: this process or a later one replays it
  await setTimeout(1000);
}

await client.close(); // stops the worker, then the sessions
await replayer.close(); // whoever makes a queue closes it
