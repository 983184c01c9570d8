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
      construct: `the table ${table.name} without its keyspace`,
      at,
      why: "Neither the statement nor the sessions name it",
      cure: "Name it in the statement, or set `keyspace` in the options of the clusters",
    };
  }
  return {
    construct: `the unknown table ${within}.${table.name}`,
    at,
    why: `It was looked for ${whereAndWhen(failures, askedAtMs)}`,
    cure: "Create it on both clusters, or mend its name",
  };
}

/** The same of a table that is there, and lacks what is written. */
export function unknownPart(reason: Reason | undefined, failures: LookFailures, askedAtMs: number): Reason {
  const looked = `It was looked for ${whereAndWhen(failures, askedAtMs)}`;
  if (reason === undefined) return { construct: "what its table does not have", at: 0, why: looked };
  return { ...reason, why: `${reason.why} ${looked}` };
}

/** Where something was looked for in vain. */
function whereAndWhen(failures: LookFailures, askedAtMs: number): string {
  const asked = CLUSTERS.filter((cluster) => failures[cluster] === undefined);
  const looked = `on ${asked.join(" and ")} at ${new Date(askedAtMs).toISOString()}`;
  return [looked, tellFailures(failures)].filter((text) => text !== "").join(". ");
}

function tellFailures(failures: LookFailures): string {
  const told = CLUSTERS.filter((cluster) => failures[cluster] !== undefined);
  return told
    .map((cluster) => `${cluster} could not be asked: ${readError(failures[cluster]).text}`)
    .join("; ");
}
