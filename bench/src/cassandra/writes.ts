import { HelixClient } from "@helix/client";
import { nextTimestampMicros } from "@helix/core";
import { MemoryReplayer } from "@helix/replayer-memory";
import { types } from "cassandra-driver";
import { type Bench, sized } from "../bench.ts";
import { interleaved } from "../measure/interleaved.ts";
import { quantile } from "../measure/spread.ts";
import { type Cost, cost, inFlight } from "../measure/timing.ts";
import { pairs, type RowKind } from "../report/row.ts";
import { type Clusters, clustersWithTable, fourColumns, INSERT, rawDrivers } from "./drivers.ts";

const AT_ONCE = 64;

/** A write to two healthy clusters, against what one would write without us. */
export const writes: Bench = {
  name: "writes",
  short: true,
  async run(run) {
    await using clusters = await clustersWithTable(run);
    const count = sized(run, 8_000, 10_000);
    const { ours, theirs } = await compareWrites(clusters, count, sized(run, 5, 7));
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
              row({ id: "writes.p99", unit: "ms", goal: { atMost: 1.05 } }, ({ p99Ms }) => p99Ms),
            ]),
        row(
          { id: "writes.processor", unit: "µs/write", goal: { atMost: 1.15 } },
          ({ processorMicros }) => processorMicros,
        ),
      ],
    };
  },
};

interface Measured extends Cost {
  readonly p99Ms: number;
}

/** Processor time is that of this process: of the servers, where they run in others, nothing is in it. */
async function compareWrites(clusters: Clusters, count: number, rounds: number) {
  await using raw = await rawDrivers(clusters);
  await using replayer = new MemoryReplayer();
  await using client = new HelixClient({ clusters, replayer });
  await client.connect({ waitFor: "all" });
  const measured = (write: (id: number) => Promise<unknown>) => async (): Promise<Measured> => {
    const durations: number[] = [];
    const all = await cost(count, () =>
      inFlight(count, AT_ONCE, async (id) => {
        const startedAt = performance.now();
        await write(id);
        durations.push(performance.now() - startedAt);
      }),
    );
    return { ...all, p99Ms: quantile(durations, 0.99) };
  };
  return await interleaved(rounds, {
    ours: measured((id) => client.execute(INSERT, fourColumns(id))),
    theirs: measured((id) => {
      const values = fourColumns(id);
      const timestamp = types.Long.fromString(String(nextTimestampMicros()));
      const options = { prepare: true, timestamp };
      return Promise.all([raw.A.execute(INSERT, values, options), raw.B.execute(INSERT, values, options)]);
    }),
  });
}
