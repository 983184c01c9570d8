import { writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { Guardian } from "../servers/guardian.ts";
import { ServerProcess } from "../servers/server-process.ts";
import { withFreePorts } from "../servers/with-free-ports.ts";
import { cassandraYaml, JVM_FLAGS, LOGBACK, TIME_ZONE } from "./cassandra-config.ts";
import type { OwnedNode } from "./cassandra-node.ts";
import { cqlAnswers } from "./cql-answers.ts";

const HOST = "127.0.0.1";
const START_TIMEOUT_MS = 120_000;

/** What a node is started with. */
export interface CassandraProcessOptions {
  readonly name: "A" | "B";
  readonly java: string;
  /** The directory with the server's jars. */
  readonly jars: string;
  readonly signal: AbortSignal;
}

/**
 * A Cassandra as a child process, on loopback, in a directory of its own. Resolves when it answers CQL. When it
 * does not, or on abort, nothing is left behind.
 */
export function launchCassandraProcess(options: CassandraProcessOptions): Promise<OwnedNode> {
  return withFreePorts(2, HOST, async ([port = 0, storagePort = 0]) => {
    options.signal.throwIfAborted();
    const guardian = await Guardian.open(path.join(os.tmpdir(), "helix-cassandra-XXXXXX"));
    try {
      return await launchIn(guardian, port, storagePort, options);
    } catch (error) {
      await guardian.close();
      throw error;
    }
  });
}

async function launchIn(
  guardian: Guardian,
  port: number,
  storagePort: number,
  { name, java, jars, signal }: CassandraProcessOptions,
): Promise<OwnedNode> {
  const { directory } = guardian;
  const yaml = cassandraYaml({
    clusterName: `helix-${name}`,
    listenAddress: HOST,
    storagePort,
    rpcAddress: HOST,
    port,
    dataDirectory: directory,
  });
  await writeFile(path.join(directory, "cassandra.yaml"), yaml);
  await writeFile(path.join(directory, "logback.xml"), LOGBACK);
  const contactPoint = `${HOST}:${port}`;
  const server = new ServerProcess(guardian, {
    name: `Cassandra on ${contactPoint}`,
    command: java,
    args: [
      ...JVM_FLAGS,
      TIME_ZONE[name],
      "-Dcassandra-foreground=yes",
      `-Dcassandra.config=file://${directory}/cassandra.yaml`,
      `-Dcassandra.storagedir=${directory}`,
      `-Dlogback.configurationFile=file://${directory}/logback.xml`,
      "-cp",
      path.join(jars, "*"),
      "org.apache.cassandra.service.CassandraDaemon",
    ],
    answers: () => cqlAnswers(HOST, port),
    startTimeoutMs: START_TIMEOUT_MS,
  });
  await server.start(signal);
  return {
    host: HOST,
    port,
    contactPoint,
    localDataCenter: "datacenter1",
    start: () => server.start(),
    kill: () => server.kill(),
    pause: () => server.pause(),
    resume: () => server.resume(),
    close: () => server.close(),
  };
}
