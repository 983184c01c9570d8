import type { ClusterStatus, LaneStatus, PodStatus, Status } from "@helix/operations";
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

function statusText({ atMs, clusters, pods, warnings, unread }: Status, paint: Paint): string {
  const all = [clusters.A, clusters.B];
  const lanes = all.flatMap((cluster) => cluster.lanes);
  return [
    ...all.map((cluster) => `${sentence(cluster, paint)}\n`),
    ...warnings.map((warning) => `${paint.warning("warning")}  ${clean(warning.sentence)}\n`),
    ...unread.map(({ part, error }) => `${paint.bad("not read")}  ${part}: ${clean(error)}\n`),
    ...(lanes.length > 0 ? ["\n", table(lanes, LANES, paint)] : []),
    ...(pods.length > 0 ? ["\n", table(pods, podColumns(pods, atMs), paint)] : []),
    `\n${paint.dim(moment(atMs))}\n`,
  ].join("");
}

function sentence({ sentence: text, gate, breaker }: ClusterStatus, paint: Paint): string {
  if (gate === undefined || breaker.state === "open") return paint.bad(clean(text));
  return gate.state === "open" && breaker.state !== "partly-open" ? clean(text) : paint.warning(clean(text));
}

const LANES: readonly Column<LaneStatus>[] = [
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
  { title: "OLDEST", of: ({ oldestAgeMs }) => spanText(oldestAgeMs), align: "right" },
  { title: "IN/S", of: (lane) => perSecond(lane.in), align: "right" },
  { title: "OUT/S", of: (lane) => perSecond(lane.out), align: "right" },
  {
    title: "DRAINED IN",
    of: ({ outlook, drainedInMs }) => spanText(drainedInMs) ?? outlook,
    align: "right",
    paint: ({ outlook }) => (outlook === "growing" ? "warning" : undefined),
  },
];

function podColumns(pods: readonly PodStatus[], nowMs: number): readonly Column<PodStatus>[] {
  // Of several in one place each is called as the doctor calls it.
  const isAlone = ({ host }: PodStatus) => pods.filter((other) => other.host === host).length === 1;
  return [
    { title: "POD", of: (pod) => (isAlone(pod) ? pod.host : pod.id) },
    { title: "VERSION", of: ({ version }) => version },
    { title: "UP", of: ({ startedAtMs }) => duration(Math.max(0, nowMs - startedAtMs)), align: "right" },
    {
      title: "STATE",
      of: (pod) =>
        pod.isAlive ? ["alive", ...clockTexts(pod)].join(", ") : `silent for ${duration(pod.silentMs)}`,
      paint: (pod) => (pod.isAlive ? (clockTexts(pod).length > 0 ? "warning" : undefined) : "bad"),
    },
    { title: "BREAKER A", of: ({ clusters }) => clusters.A.breaker },
    { title: "BREAKER B", of: ({ clusters }) => clusters.B.breaker },
    {
      title: "IN HAND",
      of: ({ lanes }) => quantity(Object.values(lanes).reduce((sum, lane) => sum + lane.inHand, 0)),
      align: "right",
    },
  ];
}

/** The way of a report makes it late. */
const OFF_MS = 5_000;

function clockTexts({ clockOffsetMs = 0 }: PodStatus): string[] {
  const offMs = Math.abs(clockOffsetMs);
  return offMs < OFF_MS ? [] : [`clock ${duration(offMs)} ${clockOffsetMs > 0 ? "ahead" : "behind"}`];
}

function spanText(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : duration(ms);
}

/** Of the last minute, where that is known; or of a quarter of an hour. */
function perSecond({ last1Min, last15Min }: LaneStatus["in"]): string | undefined {
  const known = last1Min ?? last15Min;
  return known === undefined ? undefined : quantity(known);
}
