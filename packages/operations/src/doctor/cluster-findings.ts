import type { Finding, TableGrace } from "@helix/core";

/** Further apart, who wins is decided by a clock. Milliseconds. */
const OFFSET_MS = 1000;

/** @param retentionMs How old a message may become in the queue. */
export function graceFindings(where: string, grace: TableGrace | undefined, retentionMs: number): Finding[] {
  if (grace === undefined || grace.gcGraceSeconds * 1000 >= retentionMs) return [];
  const { table, gcGraceSeconds } = grace;
  const limit =
    gcGraceSeconds === 0
      ? "nothing is replayed to it without force"
      : `what waits for longer than ${hours(gcGraceSeconds)} is not replayed without force`;
  return [
    {
      code: "short-grace",
      harm: "loss",
      where: `${where}, table ${table}`,
      what: `Its \`gc_grace_seconds\` is ${gcGraceSeconds}, and the queue keeps messages for ${hours(retentionMs / 1000)}: ${limit}, since it might bring back what was deleted.`,
      cure: "Raise `gc_grace_seconds` of the table, or mend outages sooner than that.",
    },
  ];
}

/** @param offsetMs By how much the cluster's clock is ahead. */
export function offsetFindings(where: string, offsetMs: number | undefined): Finding[] {
  if (offsetMs === undefined || Math.abs(offsetMs) <= OFFSET_MS) return [];
  const seconds = (Math.abs(offsetMs) / 1000).toFixed(1);
  return [
    {
      code: "clock-offset",
      harm: "loss",
      where,
      what: `Its clock is ${seconds} s ${offsetMs > 0 ? "ahead of" : "behind"} that of this process: of two writes to one row the earlier one may win, and the age of a replay is wrong by as much.`,
      cure: "Let all machines follow the same time servers.",
    },
  ];
}

function hours(seconds: number): string {
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}
