import { CLUSTERS, type ClusterId, isHelixError } from "@helix/core";
import { MemoryReplayer } from "@helix/replayer-memory";
import { type CqlRequest, nothingMoreOpen, openHandles, type Reply, reply, waitFor } from "@helix/testkit";
import { ReplayWorker } from "@helix/worker";
import { expect, test } from "vitest";
import { TwoClusters } from "./two-clusters.ts";

const INSERT = "INSERT INTO ks.t (id, v) VALUES (?, ?)";
const WRITES = 40;
/** So many of the first writes are answered badly, when a cluster sees them first. */
const BAD = 15;

/** The rows of one cluster, by last write wins. */
class Store {
  readonly rows = new Map<string, { value: string; timestamp: bigint }>();
  readonly #answer: Answer;
  readonly #seen = new Set<string>();

  constructor(answer: Answer) {
    this.#answer = answer;
  }

  request({ values, timestamp = 0n }: CqlRequest): Reply {
    const [id, value] = values.map(String) as [string, string];
    const isBad = Number(value) < BAD && !this.#seen.has(value);
    this.#seen.add(value);
    const isNewer = (this.rows.get(id)?.timestamp ?? -1n) < timestamp;
    if (isNewer && (!isBad || this.#answer.applies)) this.rows.set(id, { value, timestamp });
    return isBad ? this.#answer.reply : reply.void;
  }
}

interface Answer {
  readonly reply: Reply;
  readonly applies: boolean;
}

const timeout = reply.error({ code: "writeTimeout", writeType: "SIMPLE", received: 0, blockFor: 1 });
const ANSWERS = {
  well: { reply: reply.void, applies: true },
  overloaded: { reply: reply.error({ code: "overloaded" }), applies: false },
  "a write timeout, applied": { reply: timeout, applies: true },
  "a write timeout, not applied": { reply: timeout, applies: false },
} satisfies Record<string, Answer>;
type Way = keyof typeof ANSWERS;

const FINE = "A applied B applied";
const ONLY_A = "A applied B queued";
const NEITHER = "HELIX_BOTH_CLUSTERS_FAILED";
const PENDING = "HELIX_OUTCOME_PENDING";

test.each<{ a: Way; b: Way; told: string; queued: readonly ClusterId[] }>([
  { a: "well", b: "overloaded", told: ONLY_A, queued: ["B"] },
  { a: "well", b: "a write timeout, applied", told: ONLY_A, queued: ["B"] },
  { a: "well", b: "a write timeout, not applied", told: ONLY_A, queued: ["B"] },
  { a: "overloaded", b: "overloaded", told: NEITHER, queued: [] },
  { a: "overloaded", b: "a write timeout, applied", told: PENDING, queued: ["A", "B"] },
  { a: "overloaded", b: "a write timeout, not applied", told: PENDING, queued: ["A", "B"] },
  { a: "a write timeout, applied", b: "a write timeout, not applied", told: PENDING, queued: ["A", "B"] },
])(
  "the caller is told what it should be, and both come to be equal: A $a, B $b",
  async ({ a, b, told, queued }) => {
    const before = openHandles();
    {
      const stores = { A: new Store(ANSWERS[a]), B: new Store(ANSWERS[b]) };
      await using replayer = new MemoryReplayer();
      await using clusters = await TwoClusters.connected({ client: { replayer } });
      for (const cluster of CLUSTERS)
        clusters.script[cluster] = (request) => stores[cluster].request(request);
      const { client } = clusters;
      const dropped: unknown[] = [];
      await client.attachWorker(
        new ReplayWorker({
          queue: replayer,
          executor: client.replayExecutor(),
          onDrop: (drop) => dropped.push(drop),
        }),
      );
      const heard = new Set<string>();
      for (let n = 0; n < WRITES; n++) {
        const came = client.execute(INSERT, [`${n % 10}`, `${n}`]).then(
          ({ writes }) => `A ${writes.A} B ${writes.B}`,
          (error: unknown) => (isHelixError(error) ? error.code : String(error)),
        );
        heard.add(await came);
      }
      await waitFor(() => replayer.length === 0, { timeoutMs: 20_000, describe: "the queue is empty" });
      expect([...heard]).toEqual([told, FINE]);
      const counts = replayer.counts();
      for (const cluster of CLUSTERS)
        expect(counts[cluster].enqueued).toBe(queued.includes(cluster) ? BAD : 0);
      expect(stores.A.rows.size).toBe(10);
      expect(stores.B.rows).toEqual(stores.A.rows);
      expect(dropped).toEqual([]);
    }
    await nothingMoreOpen(before);
  },
);
