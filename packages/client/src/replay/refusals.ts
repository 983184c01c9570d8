import { type ClusterId, helixError } from "@helix/core";
import type { Inspection, Reason } from "@helix/safety";

// Of replays that are not sent.

export function notReplayable({ construct, at, why }: Reason): Error {
  return helixError(
    "HELIX_NOT_REPLAYABLE",
    `${construct}, at ${at} of the text, is not replayed. ${why} A redrive with \`force\` sends it all the same`,
    { construct, at, why },
  );
}

/** Whatever anybody says: what does not just write rows goes out by no replay, as by no write to both clusters. */
export function neverReplayable({ verb, reason: own }: Inspection, reason = own): Error {
  const { construct, at, why } = reason ?? {
    construct: verb.toUpperCase(),
    at: 0,
    why: "It writes no rows.",
  };
  const text = `${construct}, at ${at} of the text, is sent by no replay, by force either. ${why} It has to be done on the cluster itself`;
  return helixError("HELIX_NOT_REPLAYABLE", text, { construct, at, why });
}

/** @param why A sentence. */
export function schemaUnknown(cluster: ClusterId, table: string, why: string): Error {
  return helixError("HELIX_SCHEMA_UNKNOWN", `The write to ${table} waits for cluster ${cluster}. ${why}`, {
    cluster,
    table,
  });
}

export function tableGone(cluster: ClusterId, table: string, change: "recreated" | "truncated"): Error {
  const what = change === "recreated" ? "dropped and made again" : "emptied by TRUNCATE";
  return helixError(
    "HELIX_TABLE_GONE",
    `${table} was ${what} on cluster ${cluster} after this write: it was not sent. A redrive with \`force\` writes it into the table as it is`,
    { table, change },
  );
}

/** The server hides what is older than the drop, from its next flush on, and says nothing. */
export function columnGone(cluster: ClusterId, table: string, column: string): Error {
  return helixError(
    "HELIX_TABLE_GONE",
    `The column ${column} of ${table} was dropped and added again on cluster ${cluster} at a time after the timestamp of this write, which it would hide: ` +
      "it was not sent. A redrive with `force` writes its other columns",
    { table, change: "column-dropped" },
  );
}

export function tooOld(table: string, ageMs: number, gcGraceSeconds: number): Error {
  return helixError(
    "HELIX_REPLAY_TOO_OLD",
    `The write to ${table} is ${Math.floor(ageMs / 1_000)} s old, and ${gcGraceSeconds} s after a delete (\`gc_grace_seconds\`) ` +
      "that is forgotten: it might bring back what was deleted since, and was not sent. A redrive with `force` sends it all the same",
    { table, ageMs, gcGraceSeconds },
  );
}
