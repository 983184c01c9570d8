import { createHash } from "node:crypto";
import { readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { type FetchContext, fetchedOnce, fetchFailure, runs } from "../servers/fetched-once.ts";
import { ProviderUnavailableError } from "../servers/first-usable.ts";
import type { Guardian } from "../servers/guardian.ts";
import type { Java } from "./java.ts";

export const CASSANDRA_VERSION = "5.0.9";
/** Of all jars of that version, names and contents: see `digestOf`. */
const JARS_SHA256 = "ab7546b5bffe145cb57a9b55f1028c1c8edb4db08e55f7bb3dacac33865f4cad";

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
 * cache. Rejects with `ProviderUnavailableError` where there is no Maven, or it cannot fetch, or brings anything else than these.
 */
export function cassandraJars(java: Java, context: FetchContext, sha256 = JARS_SHA256): Promise<string> {
  return fetchedOnce(`cassandra-${CASSANDRA_VERSION}`, context, async (workspace, jars) => {
    if (!(await runs("mvn", ["--version"], context))) {
      throw new ProviderUnavailableError("no Maven (`mvn`) to fetch Cassandra with");
    }
    context.onProgress(`Fetching Apache Cassandra ${CASSANDRA_VERSION} (67 MB, once) into ${jars}`);
    const fetched = await fetchJars(workspace, java, context);
    const digest = await digestOf(fetched);
    if (digest === sha256) return fetched;
    throw new ProviderUnavailableError(`Maven has fetched other jars than those of ${sha256}: ${digest}`);
  });
}

async function fetchJars(workspace: Guardian, java: Java, { env, signal }: FetchContext): Promise<string> {
  const pom = path.join(workspace.directory, "pom.xml");
  const output = path.join(workspace.directory, "jars");
  await writeFile(pom, POM);
  const maven = {
    command: "mvn",
    args: ["-B", "-ntp", "-f", pom, PLUGIN, "-DincludeScope=runtime", `-DoutputDirectory=${output}`],
    // Maven looks for Java by itself; where ours is somewhere else, it has to be told.
    env: path.isAbsolute(java.command)
      ? { ...env, JAVA_HOME: path.dirname(path.dirname(java.command)) }
      : env,
  };
  const said = await fetchFailure(workspace, maven, signal);
  if (said === undefined) return output;
  const why = said.find((line) => line.startsWith("[ERROR]")) ?? said.at(-1) ?? "it failed";
  throw new ProviderUnavailableError(`Maven could not fetch Cassandra (${why})`);
}

/** SHA-256 of a line per file, in the order of their names: the name, a space, and the SHA-256 of the content. */
async function digestOf(directory: string): Promise<string> {
  const whole = createHash("sha256");
  for (const name of (await readdir(directory)).sort()) {
    const content = await readFile(path.join(directory, name));
    whole.update(`${name} ${createHash("sha256").update(content).digest("hex")}\n`);
  }
  return whole.digest("hex");
}
