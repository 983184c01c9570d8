import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { type ConnectionOptions, connect, type NatsConnection } from "@nats-io/transport-node";
import { afterEach } from "vitest";
import { waitFor } from "../src/wait-for.ts";

const connections: NatsConnection[] = [];

afterEach(async () => {
  await Promise.all(connections.splice(0).map((connection) => connection.close()));
});

/** A connection that is closed after the test. */
export async function connectTo(
  urls: string | readonly string[],
  options: ConnectionOptions = {},
): Promise<NatsConnection> {
  const connection = await connect({ servers: [urls].flat(), reconnect: false, timeout: 2_000, ...options });
  connections.push(connection);
  return connection;
}

/** Stores `count` messages in a new stream of that name. */
export async function store(
  connection: NatsConnection,
  name: string,
  count: number,
  replicas = 1,
): Promise<void> {
  const manager = await jetstreamManager(connection);
  await manager.streams.add({ name, subjects: [`${name}.>`], num_replicas: replicas });
  const client = jetstream(connection);
  const publish = (n: number) => client.publish(`${name}.${n}`, `message ${n}`, { msgID: `${n}` });
  // In a cluster the other nodes learn a moment later where the stream listens.
  await waitFor(() => publish(0), { timeoutMs: 10_000, describe: `stream ${name} takes messages` });
  await Promise.all(Array.from({ length: count - 1 }, (_, n) => publish(n + 1)));
}

/** How many messages a stream has. */
export async function stored(connection: NatsConnection, name: string): Promise<number> {
  return (await (await jetstreamManager(connection)).streams.info(name)).state.messages;
}
