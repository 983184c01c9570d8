import { HelixClient } from "@helix/client";
import { summarize } from "@helix/core";
import { MemoryReplayer } from "@helix/replayer-memory";
import { replay } from "@helix/worker";

const [a = "127.0.0.1:9042", b = "127.0.0.1:9043"] = process.argv.slice(2);
const localDataCenter = "datacenter1";

const replayer = new MemoryReplayer({ queueCapacity: 10_000 });
const client = new HelixClient({
  clusters: { A: { contactPoints: [a], localDataCenter }, B: { contactPoints: [b], localDataCenter } },
  replayer,
});
await replay(client, {
  queue: replayer,
  onDrop: ({ payload, cause }) => console.error("dead letter", cause, summarize(payload)),
});
await client.connect({ waitFor: "all" }); // starts the worker as well

for (const cluster of ["A", "B"] as const) {
  const keyspace = "WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}";
  await client.execute(`CREATE KEYSPACE IF NOT EXISTS shop ${keyspace}`, [], { cluster });
  await client.execute("CREATE TABLE IF NOT EXISTS shop.users (id text PRIMARY KEY, name text)", [], {
    cluster,
  });
}

const insert = "INSERT INTO shop.users (id, name) VALUES (?, ?)";
const { writes } = await client.execute(insert, ["user-1", "Alice"], { priority: "low" });
console.log(writes); // { A: "applied", B: "applied" }; "queued" for one that is away

const select = "SELECT name FROM shop.users WHERE id = ?";
const { rows } = await client.execute<{ name: string }>(select, ["user-1"]);
console.log(rows[0]?.name); // Alice

await client.close(); // stops the worker, then the sessions
