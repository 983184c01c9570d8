import { type ClusterIdentities, type ClusterIdentity, helixError, type Logger } from "@helix/core";
import { ManualClock, settle } from "@helix/testkit/manual-clock";
import type { Client } from "cassandra-driver";
import { beforeEach, expect, test } from "vitest";
import { IdentityCheck } from "./identity-check.ts";

const HOUR_MS = 3_600_000;

let clock: ManualClock;
let claims: string[][];
let answer: () => "same" | "unknown";
let warnings: string[];
let mistaken: Error[];
let check: IdentityCheck;
const logger: Logger = { debug() {}, info() {}, warn: (_, text) => void warnings.push(text), error() {} };
const identities = {
  async claim(_: string, { hosts }: ClusterIdentity) {
    claims.push([...hosts]);
    return answer();
  },
};

/** Of cluster B, by a record. */
function checkBy(record: ClusterIdentities): IdentityCheck {
  return new IdentityCheck(
    {
      cluster: "B",
      name: "B",
      reached: new Map(),
      clock,
      random: () => 0.5,
      logger,
      onMistaken: (error) => void mistaken.push(error),
    },
    record,
  );
}

beforeEach(() => {
  clock = new ManualClock();
  [claims, warnings, mistaken] = [[], [], []];
  answer = () => "same";
  check = checkBy(identities);
});

/** As much of the driver's client as is used, with nodes that may change. */
function clientWith(...hosts: (string | null)[]): Client & { nodes: (string | null)[] } {
  const client = {
    nodes: hosts,
    hosts: { values: () => client.nodes.map((hostId) => ({ hostId, datacenter: "dc1" })) },
    execute: async () => ({ rows: [{ cluster_name: "shop" }] }),
  };
  return client as unknown as Client & { nodes: (string | null)[] };
}

const failWith = (error: Error) => () => {
  throw error;
};
const away = failWith(new Error("away"));
const another = failWith(
  helixError("HELIX_CLUSTER_MISTAKEN", "another", {
    cluster: "B",
    found: { dataCenters: [], hosts: ["x"] },
  }),
);

test("nodes that are replaced one after another are told once an hour, and when the driver finds some", async () => {
  const client = clientWith("b1", "b2");
  await check.connected(client);
  client.nodes = ["b2", "b3"];
  await clock.advance(HOUR_MS);
  client.nodes = ["b3", "b4"];
  check.again();
  await settle();
  expect(claims).toEqual([
    ["b1", "b2"],
    ["b2", "b3"],
    ["b3", "b4"],
  ]);
  check.disconnected();
  expect(clock.timers).toBe(0);
});

test("what cannot be asked is asked again, ever more rarely, said once, and no reason not to queue", async () => {
  answer = away;
  await check.connected(clientWith("b1"));
  expect(check.doubt).toMatchObject({ cause: { message: "away" } });
  await clock.advance(HOUR_MS);
  expect(claims.length).toBeGreaterThan(55);
  expect(claims.length).toBeLessThan(90);
  expect(warnings).toHaveLength(1);
  await check.settled();
  answer = () => "same";
  await clock.advance(60_000);
  expect([check.doubt, check.settled()]).toEqual([undefined, undefined]);
});

test("what is known of a session stays known while nobody can be asked", async () => {
  await check.connected(clientWith("b1"));
  answer = away;
  check.again();
  await settle();
  expect([check.doubt, check.settled()]).toEqual([undefined, undefined]);
});

test("another cluster is given up, and nothing is queued for its letter until a session leads to the right one", async () => {
  answer = away;
  await check.connected(clientWith("x"));
  answer = another;
  await expect(check.settled()).rejects.toMatchObject({ code: "HELIX_CLUSTER_MISTAKEN" });
  expect(mistaken).toHaveLength(1);
  check.disconnected();
  await expect(check.settled()).rejects.toMatchObject({ code: "HELIX_CLUSTER_MISTAKEN" });
  await expect(check.connected(clientWith("x"))).rejects.toMatchObject({ code: "HELIX_CLUSTER_MISTAKEN" });
  answer = away;
  await expect(check.connected(clientWith("x"))).rejects.toMatchObject({ code: "HELIX_CLUSTER_MISTAKEN" });
  expect(check.doubt).toBeDefined();
  answer = () => "same";
  await check.connected(clientWith("b1"));
  expect([check.doubt, check.settled()]).toEqual([undefined, undefined]);
});

test("a session is not held up for longer than a second by a record that does not answer, and given up when it does", async () => {
  let say: (error: Error) => void = () => {};
  const silent = new Promise<"same">((_, reject) => {
    say = reject;
  });
  answer = () => silent as never;
  const connected = check.connected(clientWith("x"));
  await clock.advance(1_000);
  await connected;
  expect(check.doubt).toBeDefined();
  const queueing = check.settled();
  try {
    another();
  } catch (error) {
    say(error as Error);
  }
  await expect(queueing).rejects.toMatchObject({ code: "HELIX_CLUSTER_MISTAKEN" });
  expect(mistaken).toHaveLength(1);
});

test("a session that is replaced while the record is asked is not judged by the answer about the one before", async () => {
  let release = () => {};
  const first = new Promise<void>((resolve) => {
    release = resolve;
  });
  const [old, young] = [clientWith("x"), clientWith("b1")];
  const slow = checkBy({
    async claim(_, { hosts }) {
      if (!hosts.includes("x")) return "same";
      await first;
      return another();
    },
  });
  const ends = [slow.connected(old), slow.connected(young)];
  release();
  await Promise.all(ends);
  expect([slow.doubt, mistaken]).toEqual([undefined, []]);
  slow.disconnected();
});

test("a cluster that tells no ids of its nodes is taken as it is, with a warning", async () => {
  await check.connected(clientWith(null));
  check.again();
  await settle();
  expect([check.doubt, claims, warnings.length]).toEqual([undefined, [], 1]);
});
