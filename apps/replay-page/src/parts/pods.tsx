import type { Status } from "../pod.ts";
import { duration, quantity } from "../words.ts";
import { Mark } from "./mark.tsx";
import { type Column, Table } from "./table.tsx";

type Pod = Status["pods"][number];

export function Pods({ status: { pods, atMs, clusters } }: { readonly status: Status }) {
  if (pods.length === 0) return <p>No pod that replays says that it is there.</p>;
  const shareOf = (cluster: "A" | "B"): Column<Pod> => ({
    title: `Share of ${clusters[cluster].name}`,
    of: ({ clusters: own }) => share(own[cluster].perSecond, clusters[cluster].rate?.perSecond),
    align: "right",
  });
  const columns: readonly Column<Pod>[] = [
    { title: "Pod", of: ({ id }) => id },
    {
      title: "State",
      of: ({ isAlive, silentMs, clockOffsetMs }) =>
        isAlive ? (
          <Alive clockOffsetMs={clockOffsetMs} />
        ) : (
          <Mark tone="bad">silent for {duration(silentMs)}</Mark>
        ),
    },
    { title: "Version", of: ({ version }) => version },
    { title: "Up", of: ({ startedAtMs }) => duration(Math.max(0, atMs - startedAtMs)), align: "right" },
    {
      title: "In hand",
      of: ({ lanes }) => quantity(Object.values(lanes).reduce((sum, { inHand }) => sum + inHand, 0)),
      align: "right",
    },
    shareOf("A"),
    shareOf("B"),
  ];
  return <Table caption="Pods that replay" columns={columns} rows={pods} keyOf={({ id }) => id} />;
}

/** The way of a report makes it late. */
const OFF_MS = 5_000;

function Alive({ clockOffsetMs = 0 }: { readonly clockOffsetMs: number | undefined }) {
  const offMs = Math.abs(clockOffsetMs);
  if (offMs < OFF_MS) return <Mark tone="good">alive</Mark>;
  return (
    <Mark tone="warning">
      alive, clock {duration(offMs)} {clockOffsetMs > 0 ? "ahead" : "behind"}
    </Mark>
  );
}

/** Of a bound that holds over all pods. */
function share(own: number | undefined, all: number | undefined): string {
  if (all === undefined) return "no bound";
  return own === undefined ? "–" : `${quantity(own)} of ${quantity(all)}/s`;
}
