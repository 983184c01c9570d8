import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { setTimeout } from "node:timers/promises";
import { HelixClient } from "@helix/client";
import { isHelixError } from "@helix/core";
import { prometheusMetrics } from "@helix/prometheus";
import { connectNatsEnqueuer } from "@helix/replayer-nats";
import { Registry } from "prom-client";

// As docker-compose.yml runs it.
const [a = "127.0.0.1:9042", b = "127.0.0.1:9043", servers = "127.0.0.1:4222", port = "9464"] =
  process.argv.slice(2);
const localDataCenter = "datacenter1";

const registry = new Registry();
const metrics = prometheusMetrics({ registry });
const figures = createServer(async (_, response) => {
  response.setHeader("content-type", registry.contentType).end(await registry.metrics());
}).listen(Number(port));

const replayer = await connectNatsEnqueuer({ connect: { servers }, metrics });
const client = new HelixClient({
  clusters: { A: { contactPoints: [a], localDataCenter }, B: { contactPoints: [b], localDataCenter } },
  replayer,
  metrics,
});
await client.connect({ waitFor: "all" }); // both, since it makes the table

for (const cluster of ["A", "B"] as const) {
  const keyspace = "WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}";
  await client.execute(`CREATE KEYSPACE IF NOT EXISTS shop ${keyspace}`, [], { cluster });
  await client.execute("CREATE TABLE IF NOT EXISTS shop.users (id text PRIMARY KEY, name text)", [], {
    cluster,
  });
}

let running = true;
const stop = () => {
  running = false;
};
process.once("SIGINT", stop).once("SIGTERM", stop);

let said = "";
while (running) {
  const { writes } = await client
    .execute("INSERT INTO shop.users (id, name) VALUES (?, ?)", [randomUUID(), "Dave"])
    .catch((error: unknown) => {
      if (!isHelixError(error)) throw error;
      return { writes: error.code };
    });
  const say = JSON.stringify(writes);
  if (say !== said) console.log(new Date().toISOString(), say); // what has changed, and not twenty lines a second
  said = say;
  await setTimeout(50);
}

figures.close();
await client.close();
await replayer.close(); // whoever makes a queue closes it
