import type { ClusterStatus, Status, Traffic } from "../pod.ts";
import { duration, perSecond, quantity } from "../words.ts";
import { Mark } from "./mark.tsx";
import { Sparkline } from "./sparkline.tsx";
import { type Column, Table } from "./table.tsx";

interface Lane extends Readonly<ClusterStatus["lanes"][number]> {
  readonly breaker: ClusterStatus["breaker"];
  readonly traffic: Traffic["lanes"][number] | undefined;
}

interface LanesProps {
  readonly status: Status;
  /** Undefined: the pod has not told it yet. */
  readonly traffic: Traffic | undefined;
}

export function Lanes({ status, traffic }: LanesProps) {
  const lanes: Lane[] = [status.clusters.A, status.clusters.B].flatMap(({ lanes: own, breaker }) =>
    own.map((lane) => ({
      ...lane,
      breaker,
      traffic: traffic?.lanes.find((one) => one.lane === lane.lane),
    })),
  );
  if (lanes.length === 0) return <p>What waits could not be read.</p>;
  return (
    <Table caption="What waits in each lane" columns={COLUMNS} rows={lanes} keyOf={({ lane }) => lane} />
  );
}

const COLUMNS: readonly Column<Lane>[] = [
  { title: "Lane", of: ({ lane }) => lane },
  { title: "Depth", of: ({ depth }) => quantity(depth), align: "right" },
  { title: "In hand", of: ({ inHand }) => quantity(inHand), align: "right" },
  { title: "In back-off", of: ({ inBackOff }) => quantity(inBackOff), align: "right" },
  {
    title: "Oldest",
    of: ({ oldestAgeMs }) => (oldestAgeMs === undefined ? "–" : duration(oldestAgeMs)),
    align: "right",
  },
  { title: "In/s", of: (lane) => perSecond(lane.in), align: "right" },
  { title: "Out/s", of: (lane) => perSecond(lane.out), align: "right" },
  {
    title: "Last 15 min",
    of: ({ traffic }) => traffic !== undefined && <Sparkline in={traffic.in} out={traffic.out} />,
  },
  { title: "Outlook", of: outlook },
  { title: "Breaker", of: ({ breaker }) => breakerOf(breaker) },
];

function outlook({ outlook: word, drainedInMs }: Lane) {
  if (drainedInMs !== undefined) return `drained in ${duration(drainedInMs)}`;
  return word === "growing" ? <Mark tone="warning">growing</Mark> : word;
}

function breakerOf({ state, openPods, pods, openForMs }: ClusterStatus["breaker"]) {
  switch (state) {
    case "open":
      return <Mark tone="bad">{openForMs === undefined ? "open" : `open for ${duration(openForMs)}`}</Mark>;
    case "partly-open":
      return (
        <Mark tone="warning">
          open for {openPods} of {pods} pods
        </Mark>
      );
    default:
      return state;
  }
}
