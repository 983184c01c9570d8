import type { ContainerRuntimeClient } from "testcontainers";
import { ServerContainer } from "../servers/server-container.ts";
import { withFreePorts } from "../servers/with-free-ports.ts";
import { cassandraYaml, FAST_START, TIME_ZONE } from "./cassandra-config.ts";
import type { OwnedNode } from "./cassandra-node.ts";
import { cqlAnswers } from "./cql-answers.ts";
import { type NodeIdentity, readNodeIdentity } from "./node-identity.ts";

const CQL_PORT = 9042;
const START_TIMEOUT_MS = 180_000;

/** Not the image's own file, which its entry point writes anew at every start. */
const YAML = "/tmp/helix-cassandra.yaml";

/** What a node is started with. */
export interface CassandraContainerOptions {
  readonly engine: ContainerRuntimeClient;
  readonly image: string;
  readonly name: "A" | "B";
  readonly signal: AbortSignal;
}

/** A Cassandra in a container. Resolves when it answers CQL. When it does not, or on abort, no container is left. */
export function launchCassandraContainer(
  options: CassandraContainerOptions,
): Promise<OwnedNode & Pick<NodeIdentity, "version">> {
  const { engine, image, name, signal } = options;
  const { host } = engine.info.containerRuntime;
  return withFreePorts(1, "0.0.0.0", async ([port = 0]) => {
    const contactPoint = `${host}:${port}`;
    const server = await ServerContainer.launch({
      engine,
      image,
      name: `Cassandra on ${contactPoint}`,
      answers: () => cqlAnswers(host, port),
      startTimeoutMs: START_TIMEOUT_MS,
      signal,
      configure: (container) =>
        container
          .withExposedPorts({ container: CQL_PORT, host: port })
          .withCopyContentToContainer([{ content: containerYaml(`helix-${name}`), target: YAML }])
          .withEnvironment({
            JVM_EXTRA_OPTS: [...FAST_START, TIME_ZONE[name], `-Dcassandra.config=file://${YAML}`].join(" "),
            MAX_HEAP_SIZE: "512M",
            HEAP_NEWSIZE: "100M",
          }),
    });
    const identity = await identityOf(contactPoint, server);
    return {
      host,
      port,
      contactPoint,
      localDataCenter: identity.dataCenter,
      version: identity.version,
      start: () => server.start(),
      kill: () => server.kill(),
      pause: () => server.pause(),
      resume: () => server.resume(),
      disconnect: () => server.disconnect(),
      close: () => server.close(),
    };
  });
}

async function identityOf(contactPoint: string, server: ServerContainer): Promise<NodeIdentity> {
  try {
    return await readNodeIdentity(contactPoint);
  } catch (error) {
    await server.close();
    throw error;
  }
}

/** Its own addresses are inside the container; only CQL is for the outside. */
function containerYaml(clusterName: string): string {
  return cassandraYaml({
    clusterName,
    listenAddress: "127.0.0.1",
    storagePort: 7000,
    rpcAddress: "0.0.0.0",
    port: CQL_PORT,
    dataDirectory: "/var/lib/cassandra",
  });
}
