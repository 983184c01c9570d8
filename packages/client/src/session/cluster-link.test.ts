import { EventHub, isHelixError, type Logger, type SessionEvents, silentMetrics } from "@helix/core";
import type { BreakerState } from "@helix/core/internal";
import { ManualClock } from "@helix/testkit/manual-clock";
import { type Client, errors } from "cassandra-driver";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readClusterConfig } from "./cluster-config.ts";
import { ClusterLink } from "./cluster-link.ts";
import { ClockOffset } from "./schema/clock-offset.ts";

/** As much of the driver's client as a link uses, without a network. */
class FakeClient {
  hosts = 1;
  probe: () => Promise<unknown> = async () => ({ rows: [] });
  #onHostDown: () => void = () => {};

  on(event: string, listener: () => void): void {
    if (event === "hostDown") this.#onHostDown = listener;
  }

  getState() {
    return { getConnectedHosts: () => Array.from({ length: this.hosts }, () => "host") };
  }

  async connect(): Promise<void> {}

  async shutdown(): Promise<void> {}

  execute(): Promise<unknown> {
    return this.probe();
  }

  lose(): void {
    this.hosts = 0;
    this.#onHostDown();
  }
}

let clock: ManualClock;
let made: FakeClient[];
let link: ClusterLink;
let states: BreakerState[];
const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} };

beforeEach(async () => {
  clock = new ManualClock();
  made = [];
  states = [];
  link = new ClusterLink({
    config: {
      ...readClusterConfig("B", { contactPoints: ["b"], localDataCenter: "dc1" }),
      createClient: () => {
        const client = new FakeClient();
        made.push(client);
        return client as unknown as Client;
      },
    },
    name: "B",
    requestTimeoutMs: 15_000,
    clock,
    clockOffset: new ClockOffset({
      cluster: "B",
      name: "B",
      maxOffsetMs: 1_000,
      clock,
      logger: silent,
      metrics: silentMetrics,
    }),
    reached: new Map(),
    random: () => 0.5,
    logger: silent,
    events: new EventHub<SessionEvents>(),
    onBreakerChange: (state) => states.push(state),
  });
  link.start();
  await clock.advance(1);
});
afterEach(async () => {
  await link.close();
  expect(clock.timers).toBe(0);
});

const never = <T>() => new Promise<T>(() => {});

async function errorOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => expect.unreachable(),
    (error: unknown) => error,
  );
}

test("what an earlier session does not answer in time is no news of the present one", async () => {
  const hung = Array.from({ length: 5 }, () => errorOf(link.send(never)));
  made[0]?.lose();
  await clock.advance(1_000);
  expect(made).toHaveLength(2);
  states.length = 0;
  await clock.advance(15_000);
  for (const error of await Promise.all(hung))
    expect(isHelixError(error, "HELIX_EXECUTE_TIMEOUT")).toBe(true);
  expect(states).toEqual([]);
});

test("what its own session does not answer in time is", async () => {
  const hung = Array.from({ length: 5 }, () => errorOf(link.send(never)));
  await clock.advance(15_250);
  await Promise.all(hung);
  expect(states).toContain("open");
});

test("what the driver does not end is ended by the close", async () => {
  const hung = errorOf(link.send(never));
  await link.close();
  expect(isHelixError(await hung, "HELIX_EXECUTE_TIMEOUT")).toBe(true);
});

test("a probe that finds the connections full doubts no session", async () => {
  const [client = expect.unreachable()] = made;
  client.probe = () => Promise.reject(new errors.BusyConnectionError("b", 2_048, 1));
  const slow = Array.from({ length: 8 }, () => errorOf(link.send(never)));
  await clock.advance(5_000);
  expect(link.breakerState).toBe("open");
  expect(made).toHaveLength(1);
  client.probe = async () => ({ rows: [] });
  await clock.advance(2_000);
  expect(link.isAvailable).toBe(true);
  await link.close();
  await Promise.all(slow);
});
