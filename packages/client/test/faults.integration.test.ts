import { CLUSTERS, type ClusterId, isHelixError, type Params } from "@helix/core";
import { MemoryReplayer } from "@helix/replayer-memory";
import {
  type CassandraPair,
  createTestKeyspace,
  type FaultMode,
  type FaultProxy,
  nothingMoreOpen,
  onBoth,
  openHandles,
  socketsTo,
  startCassandraPair,
  startFaultProxy,
  waitFor,
  withDriver,
} from "@helix/testkit";
import { ReplayWorker } from "@helix/worker";
import { afterAll, beforeAll, expect, test } from "vitest";
import { HelixClient } from "../src/index.ts";
import { allCells } from "./all-cells.ts";

const KEYSPACE = "client_faults";
const INSERT = `INSERT INTO ${KEYSPACE}.t (id, v) VALUES (?, ?)`;
/** How long an outage may take to heal, and a queue to drain. */
const DRAIN_TIMEOUT_MS = 60_000;
/** Of two sessions: the driver's own connection to each cluster, and one for requests. */
const MOST_SOCKETS = 4;

/** Nodes are killed here, so the pair is this file's own. */
let pair: CassandraPair;
/** Of the present fault. */
let network: Readonly<Record<ClusterId, FaultProxy>>;
const lines: string[] = [];

beforeAll(async () => {
  pair = await startCassandraPair({ killable: true });
  await createTestKeyspace(pair, KEYSPACE);
});
afterAll(async () => {
  const heading = "| fault | callers are told | queued for A, B | rows | sockets |\n|---|---|---|---|---|";
  process.stdout.write(`${[heading, ...lines].join("\n")}\n`);
  await pair?.close();
});

/** Client, memory queue and worker through the proxies, and what callers were told. */
class Stage implements AsyncDisposable {
  readonly replayer = new MemoryReplayer();
  readonly client: HelixClient;
  readonly worker: ReplayWorker;
  readonly dropped: unknown[] = [];
  readonly #told: Record<string, number> = {};
  #serial = 0;

  constructor() {
    const cluster = (id: ClusterId) => ({
      contactPoints: [network[id].contactPoint],
      localDataCenter: pair[id].localDataCenter,
    });
    this.client = new HelixClient({
      clusters: { A: cluster("A"), B: cluster("B") },
      replayer: this.replayer,
      secondaryTimeoutMs: 300,
    });
    this.worker = new ReplayWorker({
      queue: this.replayer,
      executor: this.client.replayExecutor(),
      onDrop: ({ error }) => this.dropped.push(error),
    });
  }

  get told(): string {
    return Object.entries(this.#told)
      .sort()
      .map(([what, times]) => `${what}: ${times}`)
      .join(", ");
  }

  async start(waitFor: "any" | "all" = "all"): Promise<void> {
    await this.client.attachWorker(this.worker);
    await this.client.connect({ waitFor });
  }

  async write(query: string, params: Params): Promise<void> {
    const came = await this.client.execute(query, params).then(
      ({ writes }) => CLUSTERS.map((cluster) => `${cluster} ${writes[cluster]}`).join(" "),
      (error: unknown) => (isHelixError(error) ? error.code : String(error)),
    );
    this.#told[came] = (this.#told[came] ?? 0) + 1;
  }

  /** Rows of the table that all have, some of them again, with several calls at a time. */
  async writeMany(count: number): Promise<void> {
    let left = count;
    const one = async () => {
      for (; left > 0; ) {
        left--;
        const serial = this.#serial++;
        await this.write(INSERT, [serial % 3 === 0 ? serial % 50 : serial, `value ${serial}`]);
      }
    };
    await Promise.all(Array.from({ length: 8 }, one));
  }

  async drained(): Promise<void> {
    await waitFor(() => this.replayer.length === 0 && CLUSTERS.every((cluster) => this.#isThere(cluster)), {
      timeoutMs: DRAIN_TIMEOUT_MS,
      describe: () => `the queue is empty; it holds ${this.replayer.length}`,
    });
  }

  #isThere(cluster: ClusterId): boolean {
    const state = this.client.clusterStates[cluster];
    return state?.connected === true && state.breaker === "closed";
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.close();
    await this.replayer.close();
  }
}

const clientSockets = () => socketsTo(network.A.port, network.B.port);

interface Fault {
  readonly fault: string;
  readonly play: (stage: Stage) => Promise<unknown>;
  /** Where the schema of both begins. @default the table `t` alone, empty */
  readonly schema?: readonly string[];
  /** What callers are told, and nothing else. */
  readonly told: readonly string[];
  /** For whom something is queued, and for nobody else. */
  readonly queued: readonly ClusterId[];
  /** Only containers have it. */
  readonly inContainers?: boolean;
  /** Whose cells are compared. @default t */
  readonly table?: string;
}

const FINE = "A applied B applied";
const ONLY_A = "A applied B queued";
const ONLY_B = "A queued B applied";
const NEITHER = "HELIX_BOTH_CLUSTERS_FAILED";
/** The same, once it is known that the table is gone; which of the two, is a matter of milliseconds. */
const NOT_SENT = "HELIX_NOT_REPLAYABLE";

/** Healthy, away, back. */
function away(begin: () => Promise<unknown>, end: () => Promise<unknown>): Fault["play"] {
  return async (stage) => {
    await stage.start();
    await stage.writeMany(100);
    await begin();
    await stage.writeMany(200);
    await end();
    await stage.drained();
    await stage.writeMany(100);
  };
}

function behind(mode: FaultMode): Fault["play"] {
  return away(
    () => network.B.set(mode),
    () => network.B.set("pass"),
  );
}

const on = (cluster: ClusterId, ...texts: string[]) =>
  withDriver(pair[cluster], async (driver) => {
    for (const text of texts) await driver.execute(text);
  });
const onEach = async (...texts: string[]) => {
  for (const cluster of CLUSTERS) await on(cluster, ...texts);
};

/** A column, table, type or keyspace that A has first: its writes wait for B's. */
function lateOnB(change: string, write: (stage: Stage, n: number) => Promise<void>): Fault["play"] {
  return async (stage) => {
    await stage.start();
    await stage.writeMany(20);
    await on("A", change);
    for (let n = 0; n < 20; n++) await write(stage, n);
    await on("B", change);
    await stage.drained();
    for (let n = 20; n < 30; n++) await write(stage, n);
  };
}

const FAULTS: readonly Fault[] = [
  { fault: "refused", play: behind("refuse"), told: [FINE, ONLY_A], queued: ["B"] },
  { fault: "black hole", play: behind("blackhole"), told: [FINE, ONLY_A], queued: ["B"] },
  { fault: "delay of 2 s", play: behind({ delayMs: 1_000 }), told: [FINE, ONLY_A], queued: ["B"] },
  {
    fault: "cut in the middle of an answer",
    play: behind({ answerBytes: 5 }),
    told: [FINE, ONLY_A],
    queued: ["B"],
  },
  { fault: "half-open", play: behind("half-open"), told: [FINE, ONLY_A], queued: ["B"] },
  {
    fault: "kill -9",
    play: away(
      () => pair.B.kill(),
      () => pair.B.start(),
    ),
    told: [FINE, ONLY_A],
    queued: ["B"],
  },
  {
    fault: "SIGSTOP",
    play: away(
      () => pair.B.pause(),
      () => pair.B.resume(),
    ),
    told: [FINE, ONLY_A],
    queued: ["B"],
  },
  {
    fault: "its network is taken away",
    inContainers: true,
    play: async (stage) => {
      let connect = async () => {};
      const begin = async () => {
        connect = (await pair.B.disconnect?.()) ?? connect;
      };
      await away(begin, () => connect())(stage);
    },
    told: [FINE, ONLY_A],
    queued: ["B"],
  },
  {
    fault: "slow start: it listens long before it answers",
    play: async (stage) => {
      await pair.B.pause();
      await stage.start("any");
      await stage.writeMany(100);
      await pair.B.resume();
      await stage.drained();
      await stage.writeMany(100);
    },
    told: [FINE, ONLY_A],
    queued: ["B"],
  },
  {
    fault: "rolling restart of both",
    play: async (stage) => {
      await stage.start();
      for (const cluster of CLUSTERS) {
        await stage.writeMany(50);
        await pair[cluster].kill();
        await stage.writeMany(100);
        await pair[cluster].start();
        await stage.drained();
      }
      await stage.writeMany(50);
    },
    told: [FINE, ONLY_A, ONLY_B],
    queued: ["A", "B"],
  },
  {
    fault: "a column is added on one cluster, then on the other",
    schema: ["CREATE TABLE grows (id int PRIMARY KEY, v text)"],
    table: "grows",
    play: lateOnB(`ALTER TABLE ${KEYSPACE}.grows ADD more int`, (stage, n) =>
      stage.write(`INSERT INTO ${KEYSPACE}.grows (id, v, more) VALUES (?, ?, ?)`, [n, `${n}`, n]),
    ),
    told: [FINE, ONLY_A],
    queued: ["B"],
  },
  {
    fault: "a column is dropped on both",
    schema: ["CREATE TABLE shrinks (id int PRIMARY KEY, v text, less int)"],
    table: "shrinks",
    play: async (stage) => {
      await stage.start();
      const whole = `INSERT INTO ${KEYSPACE}.shrinks (id, v, less) VALUES (?, ?, ?)`;
      const rest = `INSERT INTO ${KEYSPACE}.shrinks (id, v) VALUES (?, ?)`;
      for (let n = 0; n < 10; n++) await stage.write(whole, [n, "before", n]);
      await onEach(`ALTER TABLE ${KEYSPACE}.shrinks DROP less`);
      for (let n = 5; n < 15; n++) {
        await stage.write(whole, [n, "refused", n]);
        await stage.write(rest, [n, "after"]);
      }
    },
    told: [FINE, NEITHER],
    queued: [],
  },
  {
    fault: "a column is renamed on one cluster, then on the other",
    schema: ["CREATE TABLE renames (id int PRIMARY KEY, v text)"],
    table: "renames",
    play: lateOnB(`ALTER TABLE ${KEYSPACE}.renames RENAME id TO key`, (stage, n) =>
      stage.write(`INSERT INTO ${KEYSPACE}.renames (key, v) VALUES (?, ?)`, [n, `${n}`]),
    ),
    told: [FINE, ONLY_A],
    queued: ["B"],
  },
  {
    fault: "a field is added to a type, on one cluster and then on the other",
    schema: ["CREATE TYPE place (street text)", "CREATE TABLE places (id int PRIMARY KEY, at frozen<place>)"],
    table: "places",
    play: async (stage) => {
      await stage.start();
      const write = (id: number, at: object) =>
        stage.write(`INSERT INTO ${KEYSPACE}.places (id, at) VALUES (?, ?)`, [id, at]);
      for (let n = 0; n < 10; n++) await write(n, { street: `${n}` });
      await on("A", `ALTER TYPE ${KEYSPACE}.place ADD zip int`);
      await on("B", `ALTER TYPE ${KEYSPACE}.place ADD zip int`);
      for (let n = 5; n < 15; n++) await write(n, { street: `${n}`, zip: n });
    },
    told: [FINE],
    queued: [],
  },
  {
    fault: "a field of a type is added while one cluster is away",
    schema: ["CREATE TYPE spot (street text)", "CREATE TABLE spots (id int PRIMARY KEY, at frozen<spot>)"],
    table: "spots",
    play: async (stage) => {
      await stage.start();
      const write = (id: number, at: object) =>
        stage.write(`INSERT INTO ${KEYSPACE}.spots (id, at) VALUES (?, ?)`, [id, at]);
      for (let n = 0; n < 10; n++) await write(n, { street: `${n}` });
      await network.B.set("refuse");
      await onEach(`ALTER TYPE ${KEYSPACE}.spot ADD zip int`);
      for (let n = 5; n < 15; n++) await write(n, { street: `${n}`, zip: n });
      await network.B.set("pass");
      await stage.drained();
      for (let n = 10; n < 20; n++) await write(n, { street: "again", zip: n });
    },
    told: [FINE, ONLY_A],
    queued: ["B"],
  },
  {
    fault: "a field of a type is renamed on both",
    schema: ["CREATE TYPE tag (name text)", "CREATE TABLE tags (id int PRIMARY KEY, tag frozen<tag>)"],
    table: "tags",
    play: async (stage) => {
      await stage.start();
      const write = (id: number, tag: object) =>
        stage.write(`INSERT INTO ${KEYSPACE}.tags (id, tag) VALUES (?, ?)`, [id, tag]);
      for (let n = 0; n < 10; n++) await write(n, { name: `${n}` });
      await onEach(`ALTER TYPE ${KEYSPACE}.tag RENAME name TO label`);
      for (let n = 5; n < 15; n++) await write(n, { label: `${n}` });
    },
    told: [FINE],
    queued: [],
  },
  {
    fault: "a table is dropped and made again on both",
    schema: ["CREATE TABLE again (id int PRIMARY KEY, v text)"],
    table: "again",
    play: async (stage) => {
      await stage.start();
      const write = (n: number) =>
        stage.write(`INSERT INTO ${KEYSPACE}.again (id, v) VALUES (?, ?)`, [n, `${n}`]);
      for (let n = 0; n < 10; n++) await write(n);
      await onEach(`DROP TABLE ${KEYSPACE}.again`);
      for (let n = 0; n < 10; n++) await write(n);
      await onEach(`CREATE TABLE ${KEYSPACE}.again (id int PRIMARY KEY, v text)`);
      for (let n = 0; n < 10; n++) await write(n);
    },
    told: [FINE, NEITHER],
    queued: [],
  },
  {
    fault: "a table is dropped and made again on one cluster",
    schema: ["CREATE TABLE anew (id int PRIMARY KEY, v text)"],
    table: "anew",
    play: async (stage) => {
      await stage.start();
      const write = (n: number) =>
        stage.write(`INSERT INTO ${KEYSPACE}.anew (id, v) VALUES (?, ?)`, [n, `${n}`]);
      for (let n = 0; n < 10; n++) await write(n);
      await on("B", `DROP TABLE ${KEYSPACE}.anew`);
      for (let n = 0; n < 10; n++) await write(n);
      await on("B", `CREATE TABLE ${KEYSPACE}.anew (id int PRIMARY KEY, v text)`);
      await stage.drained();
      for (let n = 5; n < 15; n++) await write(n);
    },
    told: [FINE, ONLY_A],
    queued: ["B"],
  },
  {
    fault: "a keyspace is missing on one cluster",
    play: async (stage) => {
      const create = [
        `CREATE KEYSPACE client_late WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}`,
        "CREATE TABLE client_late.t (id int PRIMARY KEY, v text)",
      ];
      await onEach("DROP KEYSPACE IF EXISTS client_late");
      await on("A", ...create);
      await stage.start();
      for (let n = 0; n < 20; n++) {
        await stage.write("INSERT INTO client_late.t (id, v) VALUES (?, ?)", [n, `${n}`]);
        await stage.writeMany(5);
      }
      await on("B", ...create);
      await stage.drained();
      const { A, B } = await allCells(pair, "client_late", "t");
      expect(A).toHaveLength(20);
      expect(B).toEqual(A);
    },
    told: [FINE, ONLY_A],
    queued: ["B"],
  },
];

async function prepare(schema: readonly string[] = []): Promise<void> {
  await onBoth(pair, async (driver) => {
    await driver.execute(`CREATE TABLE IF NOT EXISTS ${KEYSPACE}.t (id int PRIMARY KEY, v text)`);
    await driver.execute(`TRUNCATE ${KEYSPACE}.t`);
    await driver.execute(`USE ${KEYSPACE}`);
    for (const text of schema) await driver.execute(text);
  });
}

test.for(FAULTS)(
  "callers are told what they should be, and every cell is equal afterwards: $fault",
  async (row, { skip }) => {
    skip(row.inContainers === true && pair.source !== "containers", "a process has no network of its own");
    await prepare(row.schema);
    const before = openHandles();
    await using A = await startFaultProxy({ target: pair.A });
    await using B = await startFaultProxy({ target: pair.B });
    network = { A, B };
    {
      await using stage = new Stage();
      await row.play(stage);
      await stage.drained();
      expect(stage.dropped).toEqual([]);
      const counts = stage.replayer.counts();
      const cells = await allCells(pair, KEYSPACE, row.table ?? "t");
      const queued = `${counts.A.enqueued}, ${counts.B.enqueued}`;
      await waitFor(() => clientSockets() <= MOST_SOCKETS, {
        timeoutMs: 10_000,
        describe: () => `there are as many sockets as of two sessions; there are ${clientSockets()}`,
      });
      lines.push(`| ${row.fault} | ${stage.told} | ${queued} | ${cells.A.length} | ${clientSockets()} |`);
      const told = stage.told.replaceAll(/: \d+/g, "").replaceAll(NOT_SENT, NEITHER).split(", ");
      expect([...new Set(told)].sort()).toEqual([...row.told].sort());
      expect(CLUSTERS.filter((cluster) => counts[cluster].enqueued > 0)).toEqual(row.queued);
      expect(cells.A.length).toBeGreaterThan(0);
      expect(cells.B).toEqual(cells.A);
    }
    await waitFor(() => clientSockets() === 0, {
      timeoutMs: 5_000,
      describe: "the client has no socket left",
    });
    await Promise.all([A.close(), B.close()]);
    await nothingMoreOpen(before);
  },
);
