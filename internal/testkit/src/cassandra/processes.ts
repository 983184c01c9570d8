import { ProviderUnavailableError } from "../servers/first-usable.ts";
import { ownedPair, startBoth } from "./both.ts";
import type { CassandraPair, ProviderContext } from "./cassandra-node.ts";
import { launchCassandraProcess } from "./cassandra-process.ts";
import { CASSANDRA_VERSION, cassandraJars } from "./jars.ts";
import { findJava } from "./java.ts";

/** Two Cassandras as child processes of this one, from Maven's jars, on the machine's own Java. */
export async function startProcesses(context: ProviderContext): Promise<CassandraPair> {
  if (process.platform === "win32") throw new ProviderUnavailableError("they need a POSIX shell");
  const java = await findJava(process.env, context.signal);
  const jars = await cassandraJars(java, { ...context, env: process.env });
  const nodes = await startBoth(
    (name, signal) => launchCassandraProcess({ name, java: java.command, jars, signal }),
    context.signal,
  );
  const what = `Cassandra ${CASSANDRA_VERSION}, two local processes on Java ${java.version}`;
  return ownedPair("processes", what, nodes);
}
