import { helix } from "@helix/fastify";
import { MemoryReplayer } from "@helix/replayer-memory";
import { replay } from "@helix/worker";
import fastify from "fastify";

const [a = "127.0.0.1:9042", b = "127.0.0.1:9043", port = "3000"] = process.argv.slice(2);
const localDataCenter = "datacenter1";

const queue = new MemoryReplayer();
const server = fastify();
await server.register(helix, {
  clusters: { A: { contactPoints: [a], localDataCenter }, B: { contactPoints: [b], localDataCenter } },
  replayer: queue,
  onCreated: (client) => replay(client, { queue }),
  onClosed: () => queue.close(),
});

server.post<{ Body: { id: string; name: string } }>("/users", async ({ body }) => {
  const insert = "INSERT INTO shop.users (id, name) VALUES (?, ?)";
  return (await server.helix.execute(insert, [body.id, body.name])).writes;
});

server.get<{ Params: { id: string } }>("/users/:id", async ({ params }, answer) => {
  const select = "SELECT id, name FROM shop.users WHERE id = ?";
  return (await server.helix.execute(select, [params.id])).first() ?? answer.callNotFound();
});

server.get("/health", async (_, answer) => {
  const states = server.helix.clusterStates;
  const isThere = Object.values(states).some(({ connected, breaker }) => connected && breaker === "closed");
  return answer.code(isThere ? 200 : 503).send(states);
});

for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => server.close());
console.log("listening on", await server.listen({ port: Number(port) }));
