import { MemoryReplayer } from "@helix/replayer-memory";
import { type CassandraAddress, createTestKeyspace, onBoth, waitFor } from "@helix/testkit";
import { ReplayWorker } from "@helix/worker";
import { expect } from "vitest";
import { HelixClient, type HelixClientOptions } from "../src/index.ts";

/** How long an outage may take to heal, and a queue to drain. */
const DRAIN_TIMEOUT_MS = 60_000;

export type Addresses = Readonly<
  Record<"A" | "B", Pick<CassandraAddress, "contactPoint" | "localDataCenter">>
>;

export interface PathOptions {
  /** Where the clusters really are. */
  readonly pair: Readonly<Record<"A" | "B", CassandraAddress>>;
  /** Where the client reaches them, if that is somewhere else: a fault proxy. */
  readonly through?: Addresses | undefined;
  readonly keyspace: string;
  readonly client?: Partial<HelixClientOptions> | undefined;
  /** Options of both drivers. */
  readonly driver?: object | undefined;
}

/**
 * Client, memory queue and worker over two real clusters, with the books that a caller would keep:
 * which value of which row was accepted last.
 */
export class Path implements AsyncDisposable {
  readonly client: HelixClient;
  readonly replayer = new MemoryReplayer();
  readonly worker: ReplayWorker;
  readonly keyspace: string;
  readonly dropped: unknown[] = [];
  readonly callMs: number[] = [];
  readonly errors: unknown[] = [];
  queued = 0;
  accepted = 0;
  #nextRow = 0;
  readonly #pair: PathOptions["pair"];
  readonly #written = new Map<number, { value: string; timestampMicros: bigint }>();

  constructor(options: PathOptions) {
    const { pair, through = pair, driver = {} } = options;
    this.#pair = pair;
    this.keyspace = options.keyspace;
    const cluster = (id: "A" | "B") => ({
      contactPoints: [through[id].contactPoint],
      localDataCenter: through[id].localDataCenter,
      ...driver,
    });
    this.client = new HelixClient({
      clusters: { A: cluster("A"), B: cluster("B") },
      replayer: this.replayer,
      ...options.client,
    });
    this.worker = new ReplayWorker({
      queue: this.replayer,
      executor: this.client.replayExecutor(),
      onDrop: (drop) => this.dropped.push(drop),
    });
  }

  /** Empties the file's own table on both clusters, creating it the first time. */
  static async prepare(pair: PathOptions["pair"], keyspace: string): Promise<void> {
    await createTestKeyspace(pair, keyspace);
    await onBoth(pair, async (driver) => {
      await driver.execute(`CREATE TABLE IF NOT EXISTS ${keyspace}.t (id int PRIMARY KEY, v text)`);
      await driver.execute(`TRUNCATE ${keyspace}.t`);
    });
  }

  async start(waitForClusters: "any" | "all" = "all"): Promise<void> {
    await this.client.attachWorker(this.worker);
    await this.client.connect({ waitFor: waitForClusters });
  }

  /** One write of a new row, or of a given one. Rejects as the call does. */
  async write(row = this.#nextRow++): Promise<Awaited<ReturnType<HelixClient["execute"]>>> {
    const value = `${row} ${this.accepted}`;
    const startedAt = performance.now();
    const query = `INSERT INTO ${this.keyspace}.t (id, v) VALUES (?, ?)`;
    const result = await this.client.execute(query, [row, value]);
    this.callMs.push(performance.now() - startedAt);
    this.record(row, value, result.timestampMicros ?? expect.unreachable("a write without a timestamp"));
    this.accepted++;
    if (Object.values(result.writes).includes("queued")) this.queued++;
    return result;
  }

  /** Takes a write into the books that is going to be applied, whatever its call said. */
  record(row: number, value: string, timestampMicros: bigint): void {
    const before = this.#written.get(row);
    if (before === undefined || before.timestampMicros < timestampMicros) {
      this.#written.set(row, { value, timestampMicros });
    }
  }

  /** So many writes, a part of them overwrites, with some in flight at once; what fails is kept in `errors`. */
  async writeMany(count: number, inFlight = 16): Promise<void> {
    let left = count;
    const one = async () => {
      while (left-- > 0) {
        const row = left % 4 === 0 && this.#nextRow > 0 ? left % this.#nextRow : undefined;
        await this.write(row).catch((error: unknown) => this.errors.push(error));
      }
    };
    await Promise.all(Array.from({ length: inFlight }, one));
  }

  async drained(): Promise<void> {
    await waitFor(() => this.replayer.length === 0, {
      timeoutMs: DRAIN_TIMEOUT_MS,
      describe: () => `the queue is empty; it holds ${this.replayer.length}`,
    });
  }

  /** Every cell of both clusters against each other and against the books, values and write times. */
  async expectConverged(): Promise<void> {
    const expected = [...this.#written]
      .map(([id, { value, timestampMicros }]) => `${id}: ${value} at ${timestampMicros}`)
      .sort();
    const { A, B } = await onBoth(this.#pair, async (driver) => {
      const rows: string[] = [];
      const result = await driver.execute(`SELECT id, v, WRITETIME(v) AS at FROM ${this.keyspace}.t`, [], {
        prepare: true,
      });
      for await (const row of result) rows.push(`${row.get("id")}: ${row.get("v")} at ${row.get("at")}`);
      return rows.sort();
    });
    expect(expected.length).toBeGreaterThan(0);
    expect(A).toEqual(expected);
    expect(B).toEqual(expected);
  }

  /** The accounting equation, per cluster, with nothing left over. */
  expectAccounted(): void {
    for (const counts of Object.values(this.replayer.counts())) {
      const { enqueued, redriven, applied, deadLettered, drained, pending } = counts;
      expect(enqueued + redriven).toBe(applied + deadLettered + drained + pending);
      expect({ pending, deadLettered, drained }).toEqual({ pending: 0, deadLettered: 0, drained: 0 });
    }
    expect(this.dropped).toEqual([]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.close();
    await this.replayer.close();
  }
}
