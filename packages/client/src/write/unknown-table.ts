import { CLUSTERS, type ClusterId, helixError } from "@helix/core";
import type { Reason, TableName } from "@helix/safety";
import { readError } from "../failure/read-error.ts";

/** Why a cluster has not said what its tables are. */
export type LookFailures = Readonly<Partial<Record<ClusterId, unknown>>>;

/** The error of a write that neither cluster knows anything of. */
export function neitherSays(failures: LookFailures, timestampMicros: bigint): Error {
  const report = (cluster: ClusterId) => ({ applied: "no", queued: "no", cause: failures[cluster] }) as const;
  return helixError(
    "HELIX_BOTH_CLUSTERS_FAILED",
    "Nothing was sent or queued: neither cluster has said what its tables are, without which it is not known whether " +
      `the write may be replayed. ${tellFailures(failures)}`,
    { clusters: { A: report("A"), B: report("B") }, timestampMicros },
    { cause: failures.A },
  );
}

/** Why a write is refused whose table no cluster has that could be asked. */
export function unknownTable(
  { at, table, keyspace }: TableName,
  session: string | undefined,
  failures: LookFailures,
  askedAtMs: number,
): Reason {
  const within = keyspace?.name ?? session;
  if (within === undefined) {
    return {
      construct: `the table ${table.name}, whose keyspace is not known`,
      at,
      why: "Neither the statement nor the sessions name one",
      cure: "Name it in the statement, or set `keyspace` in the options of the clusters",
    };
  }
  const asked = CLUSTERS.filter((cluster) => failures[cluster] === undefined);
  const looked = `Looked for on ${asked.join(" and ")} at ${new Date(askedAtMs).toISOString()}`;
  return {
    construct: `the table ${within}.${table.name}, which is not there`,
    at,
    why: [looked, tellFailures(failures)].filter((text) => text !== "").join(". "),
    cure: "Create it on both clusters, or mend its name",
  };
}

function tellFailures(failures: LookFailures): string {
  const told = CLUSTERS.filter((cluster) => failures[cluster] !== undefined);
  return told
    .map((cluster) => `${cluster} could not be asked: ${readError(failures[cluster]).text}`)
    .join("; ");
}
