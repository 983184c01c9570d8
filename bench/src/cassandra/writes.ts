import { type Bench, sized } from "../bench.ts";
import { pairs, type RowKind } from "../report/row.ts";
import { clustersWithTable } from "./drivers.ts";
import { inTurn } from "./in-turn.ts";
import type { Measured } from "./work-process.ts";

const AT_ONCE = 64;

/** A write to two healthy clusters, against what one would write without us. */
export const writes: Bench = {
  name: "writes",
  short: true,
  async run(run) {
    await using clusters = await clustersWithTable(run);
    // Many short rounds: of what else the machine does each side of some of them gets the most.
    const count = 4_000;
    const { ours, theirs } = await inTurn(
      sized(run, 7, 15),
      { ours: "our writes", theirs: "two drivers' writes" },
      { clusters, pieces: count, atOnce: AT_ONCE },
    );
    const row = (kind: Omit<RowKind, "what" | "against">, figure: (measured: Measured) => number) => ({
      ...kind,
      what: `a four-column insert to two healthy clusters, ${AT_ONCE} in flight, ${count} writes`,
      against: "Promise.all over two drivers",
      samples: pairs(ours.map(figure), theirs.map(figure)),
    });
    return {
      // What a scripted server and a machine that does other things come to by the clock says nothing.
      rows: [
        ...(run.isShort
          ? []
          : [
              row(
                { id: "writes.rate", unit: "writes/s", goal: { atLeast: 0.97 } },
                ({ perSecond }) => perSecond,
              ),
              row(
                { id: "writes.p99", unit: "ms", goal: { atMost: 1.05 } },
                ({ p99Ms = Number.NaN }) => p99Ms,
              ),
            ]),
        row(
          { id: "writes.processor", unit: "µs/write", goal: { atMost: 1.15 } },
          ({ processorMicros }) => processorMicros,
        ),
      ],
    };
  },
};
