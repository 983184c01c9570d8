import { randomUUID } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import { HelixClient } from "@helix/client";
import { connectNatsEnqueuer } from "@helix/replayer-nats";

const [a = "127.0.0.1:9042", b = "127.0.0.1:9043", servers = "127.0.0.1:4222"] = process.argv.slice(2);
const localDataCenter = "datacenter1";

const replayer = await connectNatsEnqueuer({ connect: { servers } }); // makes nothing: the first pod does
const client = new HelixClient({
  clusters: { A: { contactPoints: [a], localDataCenter }, B: { contactPoints: [b], localDataCenter } },
  replayer,
});
await client.connect(); // one cluster is enough to begin with

let running = true;
const stop = () => {
  running = false;
};
process.once("SIGINT", stop).once("SIGTERM", stop);

while (running) {
  const id = randomUUID();
  const { writes } = await client.execute("INSERT INTO shop.users (id, name) VALUES (?, ?)", [id, "Carol"]);
  console.log(id, writes); // "queued" for one that is away: a pod replays it
  await setTimeout(1000);
}

await client.close();
await replayer.close(); // whoever makes a queue closes it
