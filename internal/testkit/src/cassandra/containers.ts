import { findDockerEngine } from "../servers/docker-engine.ts";
import { ownedPair, startBoth } from "./both.ts";
import { launchCassandraContainer } from "./cassandra-container.ts";
import type { CassandraPair, ProviderContext } from "./cassandra-node.ts";

const IMAGE = "cassandra:5.0";

/** Two containers of the official image, in the Docker engine of this machine. */
export async function startContainers(context: ProviderContext): Promise<CassandraPair> {
  const engine = await findDockerEngine(IMAGE, context);
  const nodes = await startBoth(
    (name, signal) => launchCassandraContainer({ engine, image: IMAGE, name, signal }),
    context.signal,
  );
  return ownedPair("containers", `Cassandra ${nodes.A.version}, two containers of ${IMAGE}`, nodes);
}
