import { HelixClient } from "@helix/client";
import { nextTimestampMicros } from "@helix/core";
import { MemoryReplayer } from "@helix/replayer-memory";
import { createTestKeyspace, startCassandraPair } from "@helix/testkit";
import { Client, types } from "cassandra-driver";
import { heading, line, median, perSecond, quantile, whole } from "./figures.ts";

const WRITES = 10_000;
const WARM_UP = 5_000;
const ROUNDS = 7;
const IN_FLIGHT = 64;

type Write = (id: number) => Promise<unknown>;

/** Both ways in turn, round by round, so that a machine whose speed drifts treats them alike. */
export async function benchClientWrites(): Promise<void> {
  await using pair = await startCassandraPair({ onProgress: console.log });
  console.log(`\n${pair.description}`);
  heading(
    `Writes to two healthy clusters: ${whole(WRITES)} four-column inserts, ${IN_FLIGHT} in flight, median of ${ROUNDS} rounds in turn`,
  );
  const keyspace = "bench";
  await createTestKeyspace(pair, keyspace);
  const options = (cluster: "A" | "B") => ({
    contactPoints: [pair[cluster].contactPoint],
    localDataCenter: pair[cluster].localDataCenter,
    protocolOptions: { maxVersion: 4 },
  });
  const clusters = { A: options("A"), B: options("B") };
  const raw = { A: new Client(clusters.A), B: new Client(clusters.B) };
  await Promise.all([raw.A.connect(), raw.B.connect()]);
  const replayer = new MemoryReplayer();
  const client = new HelixClient({ clusters, replayer });
  await client.connect({ waitFor: "all" });
  await Promise.all(
    [raw.A, raw.B].map((one) =>
      one.execute(
        `CREATE TABLE IF NOT EXISTS ${keyspace}.t (id int PRIMARY KEY, a text, b bigint, c timestamp)`,
      ),
    ),
  );
  const query = `INSERT INTO ${keyspace}.t (id, a, b, c) VALUES (?, ?, ?, ?)`;
  const params = (id: number) => [
    id,
    "about a hundred bytes of text, as rows have them",
    types.Long.fromNumber(id),
    new Date(),
  ];
  const ways: Record<"raw" | "helix", Write> = {
    raw: (id) => {
      const values = params(id);
      const timestamp = types.Long.fromString(String(nextTimestampMicros()));
      return Promise.all([
        raw.A.execute(query, values, { prepare: true, timestamp }),
        raw.B.execute(query, values, { prepare: true, timestamp }),
      ]);
    },
    helix: (id) => client.execute(query, params(id)),
  };
  const rates: Record<keyof typeof ways, number[]> = { raw: [], helix: [] };
  const calls: Record<keyof typeof ways, number[]> = { raw: [], helix: [] };
  for (const write of Object.values(ways)) await inFlight(WARM_UP, write, []);
  for (let round = 0; round < ROUNDS; round++) {
    for (const name of round % 2 === 0 ? (["raw", "helix"] as const) : (["helix", "raw"] as const)) {
      const startedAt = performance.now();
      await inFlight(WRITES, ways[name], calls[name]);
      rates[name].push(perSecond(WRITES, performance.now() - startedAt));
    }
  }
  const ratios = rates.helix.map((rate, round) => rate / (rates.raw[round] ?? Number.NaN));
  line(
    "Promise.all over two drivers",
    `${whole(median(rates.raw))} writes/s, p99 ${quantile(calls.raw, 0.99).toFixed(1)} ms`,
  );
  line(
    "HelixClient",
    `${whole(median(rates.helix))} writes/s, p99 ${quantile(calls.helix, 0.99).toFixed(1)} ms`,
  );
  line(
    "ratio (goal: at least 0.9)",
    `${median(ratios).toFixed(3)} (rounds: ${ratios.map((r) => r.toFixed(2)).join(" ")})`,
  );
  await client.close();
  await replayer.close();
  await Promise.all([raw.A.shutdown(), raw.B.shutdown()]);
}

async function inFlight(count: number, write: Write, durations: number[]): Promise<void> {
  let next = 0;
  const one = async () => {
    while (next < count) {
      const startedAt = performance.now();
      await write(next++);
      durations.push(performance.now() - startedAt);
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, one));
}
