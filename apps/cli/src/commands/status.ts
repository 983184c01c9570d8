import type { ClusterStatus, LaneStatus, Status } from "@helix/operations";
import { EXIT } from "../failures.ts";
import { clean } from "../output/clean.ts";
import type { Paint } from "../output/paint.ts";
import { type Column, table } from "../output/table.ts";
import { duration, moment, quantity } from "../output/words.ts";
import type { Answer } from "../session.ts";

/** What could not be read makes the answer one of which a script should not believe that all is well. */
export function statusAnswer(status: Status): Answer {
  return {
    data: status,
    text: (paint) => statusText(status, paint),
    exit: status.unread.length > 0 ? EXIT.failed : EXIT.ok,
  };
}

function statusText({ atMs, clusters, unread }: Status, paint: Paint): string {
  const all = [clusters.A, clusters.B];
  const lanes = all.flatMap((cluster) => cluster.lanes);
  return [
    ...all.map((cluster) => `${sentence(cluster, paint)}\n`),
    ...(lanes.length > 0 ? ["\n", table(lanes, COLUMNS, paint)] : []),
    ...(unread.length > 0 ? ["\n"] : []),
    ...unread.map(({ part, error }) => paint.bad(`not read: ${part}: ${clean(error)}`).concat("\n")),
    `\n${paint.dim(moment(atMs))}\n`,
  ].join("");
}

function sentence({ sentence: text, gate }: ClusterStatus, paint: Paint): string {
  if (gate === undefined) return paint.bad(clean(text));
  return gate.state === "open" ? clean(text) : paint.warning(clean(text));
}

const COLUMNS: readonly Column<LaneStatus>[] = [
  { title: "LANE", of: ({ lane }) => lane },
  { title: "DEPTH", of: ({ depth }) => quantity(depth), align: "right" },
  { title: "PENDING", of: ({ pending }) => quantity(pending), align: "right" },
  { title: "IN HAND", of: ({ inHand }) => quantity(inHand), align: "right" },
  { title: "IN BACK-OFF", of: ({ inBackOff }) => quantity(inBackOff), align: "right" },
  {
    title: "STUCK",
    of: ({ stuck }) => quantity(stuck),
    align: "right",
    paint: ({ stuck }) => (stuck > 0 ? "bad" : undefined),
  },
  {
    title: "OLDEST",
    of: ({ oldestAgeMs }) => (oldestAgeMs === undefined ? undefined : duration(oldestAgeMs)),
    align: "right",
  },
];
