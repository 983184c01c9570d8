import { type Bench, sized } from "../bench.ts";
import type { Cost } from "../measure/timing.ts";
import { pairs, type Row } from "../report/row.ts";
import { clustersWithTable } from "./drivers.ts";
import { inTurn } from "./in-turn.ts";

const CONCURRENCY = 128;

/** What is queued for a real cluster is replayed, against the driver alone with the same statements. */
export const replay: Bench = {
  name: "replay",
  short: true,
  async run(run) {
    await using clusters = await clustersWithTable(run);
    const messages = 4_000;
    const measured = await inTurn(
      sized(run, 7, 15),
      { driver: "a driver's replays", executor: "an executor's replays", worker: "a worker's replays" },
      { clusters, pieces: messages, atOnce: CONCURRENCY },
    );
    const rows = (id: string, what: string, ours: readonly Cost[]): Row[] => {
      const both = {
        what: `${what}, ${messages} four-column inserts, ${CONCURRENCY} in flight`,
        against: "the driver alone",
      };
      const samples = (figure: (one: Cost) => number) => pairs(ours.map(figure), measured.driver.map(figure));
      return [
        {
          ...both,
          id: `${id}.rate`,
          unit: "messages/s",
          goal: { atLeast: 0.95 },
          samples: samples(({ perSecond }) => perSecond),
        },
        {
          ...both,
          id: `${id}.processor`,
          unit: "µs/message",
          goal: { atMost: 1.2 },
          samples: samples(({ processorMicros }) => processorMicros),
        },
      ];
    };
    const all = [
      ...rows(
        "replay",
        "a worker's drain of the memory queue into a real cluster, decoding included",
        measured.worker,
      ),
      // What of the difference is the worker's and the queue's.
      ...rows("replay.executor", "client.replayExecutor() without a worker", measured.executor).map(
        (row) => ({
          ...row,
          goal: undefined,
        }),
      ),
    ];
    // What a scripted server and a machine that does other things come to by the clock says nothing.
    return { rows: all.filter(({ id }) => !run.isShort || id.endsWith(".processor")) };
  },
};
