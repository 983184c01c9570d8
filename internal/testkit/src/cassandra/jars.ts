import { execFile } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { type ProviderContext, ProviderUnavailableError } from "./cassandra-node.ts";
import { Guardian } from "./guardian.ts";
import type { Java } from "./java.ts";

export const CASSANDRA_VERSION = "5.0.9";

const FETCH_TIMEOUT_MS = 600_000;
const PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies";
const POM = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>helix</groupId>
  <artifactId>testkit-cassandra</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency>
      <groupId>org.apache.cassandra</groupId>
      <artifactId>cassandra-all</artifactId>
      <version>${CASSANDRA_VERSION}</version>
    </dependency>
  </dependencies>
</project>
`;

/**
 * The directory with the whole server as jars, fetched with Maven the first time (67 MB) into the user's
 * cache. It appears there complete or not at all, however many processes fetch it at once or are
 * killed while they do. Rejects with `ProviderUnavailableError` where there is no Maven, or it cannot fetch.
 */
export async function cassandraJars(
  java: Java,
  env: NodeJS.ProcessEnv,
  context: Pick<ProviderContext, "onProgress" | "signal">,
): Promise<string> {
  const cache = path.join(env.XDG_CACHE_HOME || path.join(os.homedir(), ".cache"), "helix-testkit");
  const jars = path.join(cache, `cassandra-${CASSANDRA_VERSION}`);
  if (existsSync(jars)) return jars;
  await requireMaven(env, context.signal);
  await mkdir(cache, { recursive: true });
  const guardian = await Guardian.open(path.join(cache, "fetch-XXXXXX"));
  try {
    context.onProgress(`Fetching Apache Cassandra ${CASSANDRA_VERSION} (67 MB, once) into ${jars}`);
    const fetched = await fetchJars(guardian, java, env, context.signal);
    // Another process may have been faster: its jars are as good as these.
    await rename(fetched, jars).catch((error) => {
      if (!existsSync(jars)) throw error;
    });
    return jars;
  } finally {
    await guardian.close();
  }
}

async function requireMaven(env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<void> {
  try {
    await promisify(execFile)("mvn", ["--version"], { timeout: 30_000, env, signal });
  } catch {
    signal.throwIfAborted();
    throw new ProviderUnavailableError("no Maven (`mvn`) to fetch Cassandra with");
  }
}

async function fetchJars(
  guardian: Guardian,
  java: Java,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<string> {
  const pom = path.join(guardian.directory, "pom.xml");
  const log = path.join(guardian.directory, "mvn.log");
  const output = path.join(guardian.directory, "jars");
  await writeFile(pom, POM);
  signal.throwIfAborted();
  const child = guardian.spawn({
    command: "mvn",
    args: ["-B", "-ntp", "-f", pom, PLUGIN, "-DincludeScope=runtime", `-DoutputDirectory=${output}`],
    // Maven looks for Java by itself; where ours is somewhere else, it has to be told.
    env: path.isAbsolute(java.command)
      ? { ...env, JAVA_HOME: path.dirname(path.dirname(java.command)) }
      : env,
    log,
  });
  const timeUp = AbortSignal.timeout(FETCH_TIMEOUT_MS);
  try {
    const [code] = await once(child, "exit", { signal: AbortSignal.any([signal, timeUp]) });
    if (code === 0) return output;
  } catch {
    signal.throwIfAborted();
  }
  const said = (await readFile(log, "utf8")).split("\n").filter((line) => line.startsWith("[ERROR]"));
  const why = timeUp.aborted ? `not done in ${FETCH_TIMEOUT_MS / 60_000} minutes` : (said[0] ?? "it failed");
  throw new ProviderUnavailableError(`Maven could not fetch Cassandra (${why})`);
}
