import { type KeyspaceSchema, keyspaceFromRows } from "@helix/safety";
import { ManualClock } from "@helix/testkit/manual-clock";
import { beforeEach, expect, test } from "vitest";
import { KnownSchema } from "./known-schema.ts";
import type { Look } from "./look.ts";

/** A cluster of nodes, each with its own idea of the schema: version, and tables by keyspace. */
class FakeCluster {
  readonly nodes: { version: string; tables: Record<string, string[]>; truncated?: Record<string, number> }[];
  readonly looks: (string | undefined)[] = [];
  readonly reads: string[][] = [];
  /** What a request of that node fails with; undefined: of the node whose turn it is. */
  failure: (host?: string) => Error | undefined = () => undefined;
  turn = 0;
  /** Called before each answer. */
  onRequest: () => unknown = () => {};

  constructor(...nodes: FakeCluster["nodes"]) {
    this.nodes = nodes;
  }

  async look(host?: string): Promise<Look> {
    this.looks.push(host);
    await this.#answer(host);
    const at = host === undefined ? this.turn++ % this.nodes.length : Number(host);
    const { version = "", truncated = {} } = this.nodes[at] ?? {};
    return {
      version,
      host: String(at),
      truncatedAtMs: new Map(Object.entries(truncated)),
      serverMs: undefined,
      hostId: undefined,
    };
  }

  async read(keyspaces: readonly string[], host: string | undefined): Promise<KeyspaceSchema[]> {
    this.reads.push([...keyspaces]);
    await this.#answer(host);
    const { tables = {} } = this.nodes[Number(host)] ?? {};
    return keyspaces.map((name) => schema(name, tables[name]));
  }

  async shortestGrace(): Promise<undefined> {}

  async #answer(host: string | undefined): Promise<void> {
    await this.onRequest();
    const failure = this.failure(host);
    if (failure !== undefined) throw failure;
  }
}

function schema(name: string, tables: readonly string[] = []): KeyspaceSchema {
  const rows = tables.map((table_name) => ({ keyspace_name: name, table_name }));
  return keyspaceFromRows(name, {
    tables: rows,
    columns: [],
    views: [],
    types: [],
    functions: [],
    aggregates: [],
  });
}

let clock: ManualClock;
let cluster: FakeCluster;
let known: KnownSchema;
let isConnected: boolean;

beforeEach(() => {
  clock = new ManualClock();
  isConnected = true;
  setUp({ version: "1", tables: { shop: ["users"], log: ["lines"] } });
});

function setUp(...nodes: FakeCluster["nodes"]): void {
  cluster = new FakeCluster(...nodes);
  known = new KnownSchema({
    reader: cluster,
    clock,
    clockOffset: { offsetMs: undefined, sureMs: undefined, mostMs: undefined, heard() {} },
    assertConnected: () => {
      if (!isConnected) throw new Error("no session");
    },
    unsettled: () => new Error("it changes all the time"),
    answeredBy: () => {},
    teller: () => "0",
  });
}

const node = () => cluster.nodes[0] ?? expect.unreachable();
const tablesOf = (keyspace: string) => [...(known.known(keyspace)?.tables.keys() ?? ["(unknown)"])];

test("a keyspace is unknown until it was loaded, and costs no request while it is known", async () => {
  expect(known.known("shop")).toBeUndefined();
  await known.load(["shop"]);
  expect(tablesOf("shop")).toEqual(["users"]);
  await known.load(["shop"]);
  expect(known.known("shop")).toBe(known.known("shop"));
  expect(cluster).toMatchObject({ looks: ["0", "0"], reads: [["shop"]] });
});

test("as it was last a keyspace is known for good, whatever has to be asked again", async () => {
  expect(known.lastKnown("shop")).toBeUndefined();
  await known.load(["shop"]);
  const read = known.known("shop");
  await clock.advance(60_000);
  known.reconnected();
  expect(known.known("shop")).toBeUndefined();
  expect(known.lastKnown("shop")).toBe(read);
});

test("a keyspace that does not exist is known to have no tables", async () => {
  await known.load(["nowhere"]);
  expect(known.known("nowhere")).toMatchObject({ name: "nowhere", tables: new Map() });
});

test("callers share one read, and one who wants another keyspace meanwhile gets it by the next", async () => {
  const first = [known.load(["shop"]), known.load(["shop"])];
  const second = known.load(["log"]);
  await Promise.all([...first, second]);
  expect(tablesOf("log")).toEqual(["lines"]);
  expect(cluster.reads.flat().sort()).toEqual(["log", "shop"]);
});

test("an hour of writes takes a look a minute, and one read", async () => {
  for (let second = 0; second < 3_600; second++) {
    if (known.known("shop") === undefined) await known.load(["shop"]);
    expect(tablesOf("shop")).toEqual(["users"]);
    await clock.advance(1_000);
  }
  // The first load looks before and after its read.
  expect(cluster.looks).toHaveLength(61);
  expect(cluster.reads).toEqual([["shop"]]);
});

test("nothing happens while nobody asks", async () => {
  await known.load(["shop"]);
  const { length } = cluster.looks;
  await clock.advance(3_600_000);
  expect(cluster.looks).toHaveLength(length);
  expect(clock.timers).toBe(0);
});

test("what an event has told is read at once, from the node that has told it", async () => {
  setUp({ version: "1", tables: { shop: ["users"] } }, { version: "1", tables: { shop: ["users"] } });
  await known.load(["shop"]);
  await clock.advance(10_000);
  // The version of the node moves a little later than its tables, and the other node's later still.
  cluster.turn = 1;
  node().tables = { shop: ["users", "orders"] };
  known.changed("shop");
  expect(known.known("shop")).toBeUndefined();
  await known.load(["shop"]);
  expect(tablesOf("shop")).toEqual(["users", "orders"]);
});

test("an event of another keyspace leaves one known", async () => {
  await known.load(["shop"]);
  known.changed("log");
  expect(tablesOf("shop")).toEqual(["users"]);
});

test("a burst of changes is read once a second, and its last one is not missed", async () => {
  await known.load(["shop"]);
  const before = cluster.reads.length;
  for (let change = 1; change <= 50; change++) {
    node().tables = { shop: [`users_${change}`] };
    node().version = String(1 + change);
    known.changed("shop");
    await known.load(["shop"]);
    await clock.advance(100);
  }
  await clock.advance(1_000);
  await known.load(["shop"]);
  expect(tablesOf("shop")).toEqual(["users_50"]);
  expect(cluster.reads.length - before).toBeLessThanOrEqual(7);
});

test("a change whose event was lost is seen by the look after the minute, by all keyspaces in use", async () => {
  await known.load(["shop", "log"]);
  node().tables = { shop: ["users", "orders"], log: [] };
  node().version = "2";
  await clock.advance(59_999);
  expect(tablesOf("shop")).toEqual(["users"]);
  expect(tablesOf("log")).toEqual(["lines"]);
  await clock.advance(1);
  expect(known.known("shop")).toBeUndefined();
  await known.load(["shop"]);
  expect([tablesOf("shop"), tablesOf("log")]).toEqual([["users", "orders"], []]);
  expect(cluster.reads).toHaveLength(2);
});

test("a keyspace that nobody has used for a minute is not read again", async () => {
  await known.load(["shop", "log"]);
  await clock.advance(60_000);
  await known.load(["shop"]);
  await clock.advance(60_000);
  node().version = "2";
  await known.load(["shop"]);
  expect(cluster.reads).toEqual([["shop", "log"], ["shop"]]);
  expect(known.known("log")).toBeUndefined();
  await known.load(["log"]);
  expect(tablesOf("log")).toEqual(["lines"]);
});

test("after a reconnect nothing is known until a look, and nothing is read where that shows no change", async () => {
  await known.load(["shop"]);
  known.reconnected();
  expect(known.known("shop")).toBeUndefined();
  await known.load(["shop"]);
  expect(tablesOf("shop")).toEqual(["users"]);
  expect(cluster).toMatchObject({ looks: ["0", "0", "0"], reads: [["shop"]] });
});

test("after a reconnect the node that tells of changes is asked, though it is another's turn", async () => {
  setUp({ version: "1", tables: { shop: ["users"] } }, { version: "1", tables: { shop: ["users"] } });
  await known.load(["shop"]);
  Object.assign(node(), { version: "2", tables: { shop: ["orders"] } });
  cluster.turn = 1;
  known.reconnected();
  await known.load(["shop"]);
  expect(tablesOf("shop")).toEqual(["orders"]);
});

test("a reconnect during a read makes it count for nothing", async () => {
  cluster.onRequest = () => {
    if (cluster.reads.length === 1) {
      cluster.onRequest = () => {};
      known.reconnected();
    }
  };
  const loaded = known.load(["shop"]);
  await clock.advance(100);
  await loaded;
  expect(cluster.reads).toHaveLength(2);
});

test("what changes while it is read is read again, until its version stands still", async () => {
  cluster.onRequest = () => {
    if (cluster.reads.length < 3) node().version = `${cluster.looks.length}`;
  };
  node().tables = { shop: ["orders"] };
  const loaded = known.load(["shop"]);
  await clock.advance(1_000);
  await loaded;
  expect(cluster.reads).toHaveLength(3);
  expect(tablesOf("shop")).toEqual(["orders"]);
});

test("a schema that never stands still is told as such", async () => {
  cluster.onRequest = () => {
    node().version = `${cluster.looks.length}`;
  };
  const loaded = expect(known.load(["shop"])).rejects.toThrow("it changes all the time");
  await clock.advance(1_000);
  await loaded;
  expect(known.known("shop")).toBeUndefined();
});

test("an event during a read is not lost", async () => {
  await known.load(["log"]);
  cluster.onRequest = () => {
    if (cluster.reads.length === 2) known.changed("shop");
  };
  await known.load(["shop"]);
  cluster.onRequest = () => {};
  expect(tablesOf("shop")).toEqual(["users"]);
  node().tables = { shop: ["orders"] };
  await clock.advance(1_000);
  await known.load(["shop"]);
  expect(tablesOf("shop")).toEqual(["orders"]);
});

test("of two nodes that disagree the one counts that tells of changes, until the other has heard of it", async () => {
  setUp({ version: "1", tables: { shop: ["users"] } }, { version: "0", tables: { shop: [] } });
  const minute = async () => {
    await clock.advance(60_000);
    await known.load(["shop"]);
    return tablesOf("shop").join();
  };
  await known.load(["shop"]);
  const seen = [await minute(), await minute(), await minute()];
  expect(new Set(seen)).toEqual(new Set(["users"]));
  expect(cluster.looks).toContain(undefined);
  expect(cluster.reads).toHaveLength(1);
  Object.assign(node(), { version: "2", tables: { shop: ["orders"] } });
  expect([await minute(), await minute()].at(-1)).toBe("orders");
});

test("a cluster that is away is asked once a second, and again by whoever comes then", async () => {
  cluster.failure = () => new Error("away");
  await expect(known.load(["shop"])).rejects.toThrow("away");
  const errors: Promise<unknown>[] = [];
  for (let caller = 0; caller < 100; caller++) {
    errors.push(known.load(["shop"]).catch((error: unknown) => error));
    await clock.advance(100);
  }
  for (const error of await Promise.all(errors)) expect(error).toMatchObject({ message: "away" });
  expect(cluster.looks.filter((host) => host === undefined)).toHaveLength(11);
  cluster.failure = () => undefined;
  const loaded = known.load(["shop"]);
  await clock.advance(1_000);
  await loaded;
  expect(tablesOf("shop")).toEqual(["users"]);
});

test("another node is asked where the one that tells of changes does not answer", async () => {
  setUp({ version: "1", tables: {} }, { version: "1", tables: { shop: ["users"] } });
  cluster.failure = (host) => (host === "0" ? new Error("silent") : undefined);
  cluster.turn = 1;
  await known.load(["shop"]);
  expect(tablesOf("shop")).toEqual(["users"]);
  expect(cluster.looks).toEqual(["0", undefined, "1"]);
});

test("without a session nothing is asked, and what was known is known for the rest of its minute", async () => {
  await known.load(["shop"]);
  const { length } = cluster.looks;
  isConnected = false;
  await clock.advance(59_999);
  expect(tablesOf("shop")).toEqual(["users"]);
  await clock.advance(1);
  expect(known.known("shop")).toBeUndefined();
  expect(known.known("shop", 3_600_000)).toBeUndefined();
  await expect(known.load(["shop"])).rejects.toThrow("no session");
  expect(cluster.looks).toHaveLength(length);
});

test("the signal ends the waiting of its caller alone", async () => {
  const stop = new AbortController();
  let answer = () => {};
  cluster.onRequest = () =>
    new Promise<void>((resolve) => {
      answer = resolve;
      cluster.onRequest = () => {};
    });
  const stopped = expect(known.load(["shop"], { signal: stop.signal })).rejects.toThrow("enough");
  const other = known.load(["shop"]);
  stop.abort(new Error("enough"));
  await stopped;
  answer();
  await other;
  expect(cluster.reads).toHaveLength(1);
});

test("who wants younger knowledge gets it by a look, and one who wants it now by one that begins now", async () => {
  await known.load(["shop"]);
  await clock.advance(4_999);
  await known.load(["shop"], { maxAgeMs: 5_000 });
  expect(cluster.looks).toHaveLength(2);
  await clock.advance(1);
  expect(known.known("shop", 5_000)).toBeUndefined();
  await known.load(["shop"], { maxAgeMs: 5_000 });
  expect(cluster.looks).toHaveLength(3);
  await known.load(["shop"], { maxAgeMs: 0 });
  expect(cluster.looks).toHaveLength(4);
});

test("the last truncation is that which any node has told", async () => {
  setUp(
    { version: "1", tables: {}, truncated: { t: 1_000 } },
    { version: "1", tables: {}, truncated: { t: 2_000 } },
  );
  await known.load(["shop"]);
  expect(known.truncatedAtMs("t")).toBe(1_000);
  for (let minute = 0; minute < 2; minute++) {
    await clock.advance(60_000);
    await known.load(["shop"]);
  }
  expect(known.truncatedAtMs("t")).toBe(2_000);
  expect(known.truncatedAtMs("u")).toBeUndefined();
});

test("a close ends the pause of who waits, and leaves no timer", async () => {
  cluster.failure = () => new Error("away");
  await expect(known.load(["shop"])).rejects.toThrow("away");
  const waiting = expect(known.load(["shop"])).rejects.toThrow("away");
  known.close();
  await waiting;
  expect(clock.timers).toBe(0);
});
