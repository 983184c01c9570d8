import { LANES, type Lane, type ReplayPayload } from "@helix/core";
import type { NatsReplayer } from "@helix/replayer-nats";
import type { Consumer } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/nats-core";
import { type Bench, sized } from "../bench.ts";
import { drained } from "../measure/drained.ts";
import { interleaved } from "../measure/interleaved.ts";
import { rate } from "../measure/timing.ts";
import { sixParameters } from "../payloads.ts";
import { pairs, type Row } from "../report/row.ts";
import { BenchStream, connected } from "./stream.ts";

/** What a consumer of the library fetches at once: its own default. More made it no faster. */
const LIBRARY_FETCH = 100;

/** In which lane the message of this number lies. */
const MIXES: Readonly<Record<string, (i: number) => Lane>> = {
  high: () => "high.B",
  low: () => "low.B",
  mixed: (i) => (i % 11 === 0 ? "low.B" : "high.B"),
  "four-lanes": (i) => LANES[i % LANES.length] ?? "high.A",
};

/** Out of JetStream: a worker whose execution does nothing, against the client library's `consume()` of the same lanes with `ack()`. */
export const drain: Bench = {
  name: "drain",
  short: true,
  async run(run) {
    await using connection = await connected((await run.nats()).url);
    // Fewer would measure the compiler: it takes some 50,000 before what a worker does is all compiled.
    const messages = 20_000;
    const rounds = sized(run, 3, 5);
    const rows: Row[] = [];
    for (const [name, mix] of Object.entries(MIXES)) {
      if (run.isShort && name !== "high") continue;
      rows.push(await compare(connection, name, mix, messages, rounds));
    }
    if (!run.isShort) rows.push(await withoutWorker(connection, messages, rounds));
    return { rows };
  },
};

async function compare(
  connection: NatsConnection,
  name: string,
  mix: (i: number) => Lane,
  messages: number,
  rounds: number,
): Promise<Row> {
  const rates = await interleaved(rounds, {
    worker: async () => {
      await using stream = await filled(connection, messages, mix);
      return (await drained(stream.queue, messages)).perSecond;
    },
    consume: async () => {
      await using stream = await filled(connection, messages, mix);
      const counts = Map.groupBy(
        Array.from({ length: messages }, (_, i) => mix(i)),
        (lane) => lane,
      );
      const consumers = await Promise.all(
        [...counts].map(async ([lane, all]) => ({
          consumer: await stream.consumer(lane),
          count: all.length,
        })),
      );
      return await rate(messages, () =>
        Promise.all(consumers.map(({ consumer, count }) => consume(consumer, count))),
      );
    },
  });
  return {
    id: `drain.${name}`,
    what: `a worker's drain of JetStream, decoding included, execution without work, ${messages} messages, ${name}`,
    against: "consume() of the same lanes, with ack()",
    unit: "messages/s",
    goal: { atLeast: 1 },
    samples: pairs(rates.worker, rates.consume),
  };
}

async function withoutWorker(connection: NatsConnection, messages: number, rounds: number): Promise<Row> {
  const lane = () => "high.B" as const;
  const rates = await interleaved(rounds, {
    lane: async () => {
      await using stream = await filled(connection, messages, lane);
      return await rate(messages, () => takeAll(stream.queue, messages));
    },
    consume: async () => {
      await using stream = await filled(connection, messages, lane);
      const consumer = await stream.consumer("high.B");
      return await rate(messages, () => consume(consumer, messages));
    },
  });
  return {
    id: "drain.lane",
    what: `the queue's lane without a worker, decoding included, ${messages} messages`,
    against: "consume() with ack()",
    unit: "messages/s",
    samples: pairs(rates.lane, rates.consume),
  };
}

async function filled(
  connection: NatsConnection,
  messages: number,
  mix: (i: number) => Lane,
): Promise<BenchStream> {
  const stream = await BenchStream.open(connection);
  await stream.fill(messages, (i) => inLane(i, mix(i)));
  return stream;
}

function inLane(i: number, lane: Lane): ReplayPayload {
  const [priority, targetCluster] = lane.split(".") as ["high" | "low", "A" | "B"];
  return { ...sixParameters(i), priority, targetCluster };
}

/** Hand to mouth: as many demanded as the library fetches, each acknowledged as it comes. */
function takeAll(queue: NatsReplayer, messages: number): Promise<void> {
  let left = messages;
  let demanded = 0;
  return new Promise((resolve) => {
    const more = () => {
      if (demanded > LIBRARY_FETCH / 2) return;
      demanded = LIBRARY_FETCH;
      source.demand(demanded);
    };
    const source = queue.open(
      "high.B",
      (message) => {
        demanded--;
        void message.ack();
        if (--left === 0) resolve(source.stop());
        else more();
      },
      { pollIntervalMs: 100 },
    );
    more();
  });
}

async function consume(consumer: Consumer, messages: number): Promise<void> {
  let left = messages;
  const delivered = await consumer.consume({ max_messages: LIBRARY_FETCH });
  for await (const message of delivered) {
    message.ack();
    if (--left === 0) break;
  }
  await delivered.close();
}
