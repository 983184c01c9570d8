import { encodePayload } from "@helix/codec";
import type { ReplayPayload } from "@helix/core";
import { type Bench, sized } from "../bench.ts";
import { interleaved } from "../measure/interleaved.ts";
import { rate } from "../measure/timing.ts";
import { sixParameters, twoParameters } from "../payloads.ts";
import { pairs, type Row } from "../report/row.ts";
import { BenchStream, connected, IN_FLIGHT } from "./stream.ts";

/** Into JetStream: the queue, encoding included, against the client library's publish of bytes that are encoded already. */
export const enqueue: Bench = {
  name: "enqueue",
  short: true,
  async run(run) {
    await using connection = await connected((await run.nats()).url);
    const messages = sized(run, 5_000, 20_000);
    const rounds = sized(run, 3, 5);
    const compare = async (
      id: string,
      size: string,
      payload: (i: number) => ReplayPayload,
      goal?: number,
    ): Promise<Row> => {
      const rates = await interleaved(rounds, {
        enqueue: async () => {
          await using stream = await BenchStream.open(connection);
          const payloads = Array.from({ length: messages }, (_, i) => payload(i));
          return await rate(messages, () => stream.enqueueAll(payloads));
        },
        publish: async () => {
          await using stream = await BenchStream.open(connection);
          const payloads = Array.from({ length: messages }, (_, i) => payload(i));
          const [bodies, ids] = [payloads.map((one) => encodePayload(one)), payloads.map((one) => one.id)];
          return await rate(messages, () => stream.publishAll("high.B", bodies, ids));
        },
      });
      return {
        id,
        what: `enqueue into NATS, encoding included, ${size}, ${IN_FLIGHT} in flight, ${messages} messages`,
        against: "js.publish of the same bytes with message ids",
        unit: "messages/s",
        goal: goal === undefined ? undefined : { atLeast: goal },
        samples: pairs(rates.enqueue, rates.publish),
      };
    };
    const rows = [await compare("enqueue.1kb", "1 KB", kilobyte, 1.2)];
    if (!run.isShort) rows.push(await compare("enqueue.insert", "six-parameter inserts", highForB));
    return { rows };
  },
};

export function highForB(i: number): ReplayPayload {
  return { ...sixParameters(i), targetCluster: "B", priority: "high" };
}

const TEXT = "x".repeat(800);

/** 1 KB as it is encoded. */
function kilobyte(i: number): ReplayPayload {
  return twoParameters(i, TEXT);
}
