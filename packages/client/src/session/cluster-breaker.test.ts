import { ManualClock } from "@helix/testkit/manual-clock";
import { errors } from "cassandra-driver";
import { beforeEach, describe, expect, test } from "vitest";
import { ClusterBreaker } from "./cluster-breaker.ts";

const silence = () => new errors.OperationTimedOutError("no reply");
const refusal = () => new errors.ResponseError(0x2000, "");
const noHost = () => new errors.NoHostAvailableError({ a: "Host considered as DOWN" });
const busy = () => new errors.BusyConnectionError("a", 1, 1);

let clock: ManualClock;
let breaker: ClusterBreaker;
let probe: () => Promise<void>;
let probes: number;
let doubts: unknown[];
let states: string[];

beforeEach(() => {
  clock = new ManualClock();
  probe = async () => {};
  probes = 0;
  doubts = [];
  states = [];
  breaker = new ClusterBreaker({
    clock,
    random: () => 0.5,
    probe: () => {
      probes++;
      return probe();
    },
    onSessionInDoubt: (cause) => doubts.push(cause),
    onChange: (state) => states.push(state),
  });
  breaker.connected();
});

function fail(times: number, error: () => unknown): void {
  for (let n = 0; n < times; n++) breaker.failed(error());
}

describe("it opens", () => {
  test("at the fifth silent request in a row, not at the fourth", () => {
    fail(4, silence);
    expect(breaker.state).toBe("closed");
    fail(1, silence);
    expect(breaker.state).toBe("open");
  });

  test("at once where there is no host", () => {
    fail(1, noHost);
    expect(breaker.state).toBe("open");
  });

  test("at once on a stall, and on the loss of the session", () => {
    breaker.stalled(new Error("stall"));
    expect(breaker.state).toBe("open");
    breaker.connected();
    expect(breaker.state).toBe("closed");
    breaker.disconnected(new Error("lost"));
    expect(breaker.state).toBe("open");
  });
});

describe("it stays closed", () => {
  test.each([
    ["an answer", () => breaker.answered()],
    ["a refusal", () => breaker.failed(refusal())],
  ])("where %s comes between", (_, answer) => {
    fail(4, silence);
    answer();
    fail(4, silence);
    expect(breaker.state).toBe("closed");
  });

  test("on any number of failures that say nothing of the cluster", () => {
    fail(100, busy);
    fail(100, () => new TypeError("value"));
    fail(100, () => Object.assign(new Error("Socket was closed"), { isSocketError: true }));
    expect(breaker.state).toBe("closed");
  });
});

describe("once open", () => {
  test("it closes by its own probe, without traffic, and leaves no timer", async () => {
    fail(5, silence);
    await clock.advance(1_000);
    expect(breaker.state).toBe("closed");
    expect(states).toEqual(["open", "half-open", "closed"]);
    expect(probes).toBe(1);
    expect(clock.timers).toBe(0);
  });

  test("a probe that is refused is an answer", async () => {
    probe = () => Promise.reject(refusal());
    fail(5, silence);
    await clock.advance(1_000);
    expect(breaker.state).toBe("closed");
  });

  test("a late answer to a write closes it at once", () => {
    fail(5, silence);
    breaker.answered();
    expect(breaker.state).toBe("closed");
    expect(clock.timers).toBe(0);
  });

  test("silent probes doubt the session, and come ever more rarely, up to every two seconds", async () => {
    probe = () => Promise.reject(silence());
    fail(5, silence);
    await clock.advance(60_000);
    expect(breaker.state).toBe("open");
    expect(doubts).toHaveLength(probes);
    const earlier = probes;
    await clock.advance(60_000);
    expect(probes - earlier).toBeGreaterThanOrEqual(30);
    expect(probes - earlier).toBeLessThanOrEqual(60);
  });

  test("a probe that is not sent, since all connections are busy, doubts no session and comes again", async () => {
    probe = () => Promise.reject(busy());
    fail(5, silence);
    await clock.advance(60_000);
    expect([breaker.state, doubts, probes > 10]).toEqual(["open", [], true]);
    breaker.answered();
    expect(breaker.state).toBe("closed");
  });

  test("without a session it does not probe; the next session closes it", async () => {
    fail(5, silence);
    breaker.disconnected(new Error("lost"));
    await clock.advance(60_000);
    expect(probes).toBe(0);
    breaker.connected();
    expect(breaker.state).toBe("closed");
  });

  test("closing it ends the probing", async () => {
    fail(5, silence);
    breaker.close();
    await clock.advance(60_000);
    expect(probes).toBe(0);
    expect(clock.timers).toBe(0);
  });
});
