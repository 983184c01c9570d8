import { ProviderUnavailableError } from "../servers/first-usable.ts";
import type { CassandraNode, CassandraPair, ProviderContext } from "./cassandra-node.ts";
import { cqlAnswers } from "./cql-answers.ts";
import { readNodeIdentity } from "./node-identity.ts";

const ANSWER_TIMEOUT_MS = 10_000;

/**
 * Two clusters that somebody else runs, by `HELIX_CASSANDRA_A`, `_B` and `_DC`. Wrong addresses are an error,
 * not a reason to go on.
 */
export async function useEnvironment({ killable }: ProviderContext): Promise<CassandraPair> {
  const { HELIX_CASSANDRA_A, HELIX_CASSANDRA_B, HELIX_CASSANDRA_DC } = process.env;
  if (!HELIX_CASSANDRA_A || !HELIX_CASSANDRA_B) {
    throw new ProviderUnavailableError("HELIX_CASSANDRA_A and HELIX_CASSANDRA_B are not both set");
  }
  if (killable) throw new ProviderUnavailableError("nodes are going to be killed, and those are not ours");
  if (HELIX_CASSANDRA_A === HELIX_CASSANDRA_B) {
    throw new Error("HELIX_CASSANDRA_A and HELIX_CASSANDRA_B are the same: two clusters are needed");
  }
  const localDataCenter = HELIX_CASSANDRA_DC || "datacenter1";
  const A = givenNode("HELIX_CASSANDRA_A", HELIX_CASSANDRA_A, localDataCenter);
  const B = givenNode("HELIX_CASSANDRA_B", HELIX_CASSANDRA_B, localDataCenter);
  const versions = await Promise.all([A, B].map(versionOf));
  const close = async () => {};
  return {
    source: "environment",
    description: `Cassandra from the environment: A at ${A.contactPoint} (${versions[0]}), B at ${B.contactPoint} (${versions[1]})`,
    A,
    B,
    close,
    [Symbol.asyncDispose]: close,
  };
}

function givenNode(variable: string, contactPoint: string, localDataCenter: string): CassandraNode {
  const [, host, digits] = /^(.+):(\d+)$/.exec(contactPoint) ?? [];
  const port = Number(digits);
  if (host === undefined || port < 1 || port > 65_535) {
    throw new TypeError(`Expected \`${variable}\` to be host:port, got \`${contactPoint}\``);
  }
  const notOurs = async () => {
    throw new Error(
      `Cassandra at ${contactPoint} comes from ${variable}: it cannot be killed or paused. Ask for \`killable\``,
    );
  };
  return {
    host,
    port,
    contactPoint,
    localDataCenter,
    kill: notOurs,
    start: notOurs,
    pause: notOurs,
    resume: notOurs,
  };
}

async function versionOf({ host, port, contactPoint }: CassandraNode): Promise<string> {
  if (!(await cqlAnswers(host, port, ANSWER_TIMEOUT_MS)))
    throw new Error(`No Cassandra answers at ${contactPoint}`);
  return (await readNodeIdentity(contactPoint)).version;
}
