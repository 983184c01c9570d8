import type { Bench } from "../bench.ts";
import { drained } from "../measure/drained.ts";
import { ExactTimer } from "../measure/exact-timer.ts";
import { judge } from "../report/judge.ts";
import type { Row, Sample } from "../report/row.ts";
import { highForB } from "./enqueue.ts";
import { BenchStream, connected } from "./stream.ts";

const EXECUTION_MS = 2;
const AT_ONCE = [1, 4, 16, 64, 128, 256];
const ROUNDS = 3;
/** As long as it is possible at all. */
const ROUND_MS = 500;

/** A worker's drain of JetStream whose executions take as long as a fast cluster takes, by how many there may be at once. */
export const concurrency: Bench = {
  name: "concurrency",
  async run(run) {
    await using connection = await connected((await run.nats()).url);
    const timer = new ExactTimer(EXECUTION_MS);
    const samples = new Map<number, Sample[]>(AT_ONCE.map((atOnce) => [atOnce, []]));
    for (let round = 0; round <= ROUNDS; round++) {
      for (const [atOnce, of] of samples) {
        await using stream = await BenchStream.open(connection);
        const messages = (atOnce * ROUND_MS) / EXECUTION_MS;
        await stream.fill(messages, highForB);
        const { perSecond } = await drained(stream.queue, messages, {
          concurrency: atOnce,
          executor: () => timer.wait(),
        });
        // The first round warms up.
        if (round > 0) of.push({ ours: perSecond, theirs: (atOnce * 1000) / EXECUTION_MS });
      }
    }
    const rows = [...samples].map(
      ([atOnce, of]): Row => ({
        id: `concurrency.${atOnce}`,
        what: `a worker's drain of JetStream, executions of ${EXECUTION_MS} ms, ${atOnce} at once`,
        against: `what ${atOnce} slots come to`,
        unit: "messages/s",
        samples: of,
      }),
    );
    const line = (of: (row: Row) => number | undefined) =>
      rows.map((row, i): [number, number] => [AT_ONCE[i] ?? 0, of(row) ?? Number.NaN]);
    return {
      rows,
      series: [
        {
          id: "concurrency",
          title: `A worker's drain of JetStream, executions of ${EXECUTION_MS} ms`,
          x: "executions at once",
          y: "messages/s",
          logarithmic: { x: true, y: true },
          lines: [
            { name: "worker", points: line((row) => judge(row).ours.median) },
            { name: "what the slots come to", points: line((row) => judge(row).theirs?.median) },
          ],
        },
      ],
    };
  },
};
