import { createPayload, type ReplayMessage, silentLogger } from "@helix/core";
import { ManualClock, settle } from "@helix/testkit/manual-clock";
import type { Msg } from "@nats-io/nats-core";
import { beforeEach, describe, expect, test } from "vitest";
import { Bodies } from "../bodies.ts";
import { aesGcmEnvelope } from "../envelope/aes-gcm.ts";
import { DecodingTurn } from "./decoding-turn.ts";
import type { Evidence, Judgement } from "./evidence.ts";
import { HandBacks } from "./hand-backs.ts";
import { LaneReceiver } from "./lane-receiver.ts";
import { Lease } from "./lease.ts";
import type { MessageSettler } from "./nats-message.ts";
import type { PullChannel } from "./pull-channel.ts";
import type { Settlements } from "./settlements.ts";
import { Unopened } from "./unopened.ts";

const LEASE_MS = 1000;
const MAX_AGE_MS = 60_000;
const KEY = Buffer.alloc(32, 1);
const NEW_KEYS = { current: "new", keys: { new: Buffer.alloc(32, 2) } };

/** A lane whose records are read when the test says so. */
class SlowRecords {
  readonly clock = new ManualClock();
  readonly unopened = new Unopened({ clock: this.clock, logger: silentLogger });
  readonly received: ReplayMessage[] = [];
  readonly handedBack: number[] = [];
  readonly judgements: ((judgement: Judgement) => void)[] = [];
  /** Of whom it was asked, what was written down, and what was decoded, in that order. */
  readonly steps: string[] = [];
  flushed = 0;
  keys: Record<string, Uint8Array> = { old: KEY };
  freed = 0;
  withheld = 0;
  demanded = 0;
  readonly receiver: LaneReceiver;
  readonly source;
  #arrivals = 0;

  constructor() {
    const judge = (id: string) => {
      this.steps.push(`judge ${id}`);
      return new Promise<Judgement>((resolve) => this.judgements.push(resolve));
    };
    const begin = async (_: object, id: string, isSuspect: boolean) => {
      this.steps.push(`begin ${id}${isSuspect ? " as a suspect" : ""}`);
    };
    const end = () => this.steps.push("end");
    const forget = (id: string) => this.steps.push(`forget ${id}`);
    const bodies = new Bodies({
      envelope: aesGcmEnvelope(() => ({ current: "old", keys: this.keys })),
    });
    const read = (...args: Parameters<Bodies["read"]>) => {
      this.steps.push("decode");
      return bodies.read(...args);
    };
    const release = (lease: Lease, delayMs: number) => {
      this.handedBack.push(delayMs);
      lease.free();
    };
    const flush = async () => {
      this.flushed = this.handedBack.length;
    };
    const channel = {
      demand: (messages: number) => {
        this.demanded = messages;
      },
      claim: () => this.demanded > 0 && this.demanded-- > 0,
      withhold: () => this.withheld++,
      wake() {},
    };
    this.receiver = new LaneReceiver({
      lane: "high.B",
      source: { stream: "s", consumer: "c" },
      streamClock: { nowMs: () => this.clock.wallMs(), isTrusted: true },
      logger: silentLogger,
      maxAgeMs: MAX_AGE_MS,
      bodies: { read, fatal: bodies.fatal } as unknown as Bodies,
      evidence: { judge, begin, end, forget } as unknown as Evidence,
      handBacks: new HandBacks(),
      turn: new DecodingTurn(),
      unopened: this.unopened,
      settlements: { release, flush } as unknown as Settlements,
      delays: { add: () => {} } as never,
      hasten: () => 0,
      settler: {} as MessageSettler,
      onStop: () => {},
      makeChannel: () => channel as unknown as PullChannel,
    });
    this.source = this.receiver.open((message) => this.received.push(message));
  }

  arrive(deliveries: number, id = "p", { bytes = 1, bodies = new Bodies(), ageMs = 0 } = {}): void {
    const nowMs = this.clock.wallMs();
    const payload = createPayload({
      id,
      targetCluster: "B",
      operation: {
        kind: "statement",
        query: "INSERT INTO ks.t (id) VALUES (?)",
        params: ["1".repeat(bytes)],
      },
      timestampMicros: 1n,
      writtenAtMs: nowMs,
      enqueuedAtMs: nowMs,
    });
    const reply = `$JS.ACK.s.c.${deliveries}.${++this.#arrivals}.1.${(nowMs - ageMs) * 1_000_000}.0`;
    const { clock } = this;
    const terms = { lane: "high.A", clock, leaseMs: LEASE_MS, onFree: () => this.freed++ } as const;
    const lease = new Lease(reply, terms, nowMs);
    const data = bodies.encode(payload, 1_000_000);
    this.receiver.received({ reply, data, subject: "s" } as Msg, data, lease);
  }
}

let lane: SlowRecords;
beforeEach(() => {
  lane = new SlowRecords();
});

test("a lane has stopped when what it was reading about has been handed back, and the server knows", async () => {
  lane.source.demand(2);
  lane.arrive(2);
  lane.arrive(3);
  let isStopped = false;
  void lane.source.stop().then(() => {
    isStopped = true;
  });
  lane.judgements[0]?.({ record: { attempts: 1 } });
  await settle();
  expect([isStopped, lane.handedBack]).toEqual([false, [0]]);
  lane.judgements[1]?.({ delayMs: 500 });
  await settle();
  expect([isStopped, lane.handedBack, lane.flushed, lane.received]).toEqual([true, [0, 500], 2, []]);
});

test("a lane may be opened anew while its source before still stops, and what that one read about is the new one's", async () => {
  lane.source.demand(1);
  lane.arrive(2);
  const stopped = lane.source.stop();
  const received: ReplayMessage[] = [];
  const next = lane.receiver.open((message) => received.push(message));
  next.demand(1);
  lane.judgements[0]?.({ record: { attempts: 0 } });
  await stopped;
  expect([lane.received.length, received.length, lane.handedBack]).toEqual([0, 1, []]);
  expect(() => lane.receiver.open(() => {})).toThrow("open already");
});

test("a demand is not exceeded by what was being read about when it was made anew", async () => {
  lane.source.demand(2);
  lane.arrive(2);
  lane.arrive(2);
  lane.source.demand(1);
  for (const judged of lane.judgements) judged({ record: { attempts: 0 } });
  await settle();
  expect([lane.received.length, lane.handedBack]).toEqual([1, [0]]);
});

test("a lease begins on arrival: one that is over before the record is read is nobody's business here", async () => {
  lane.source.demand(2);
  lane.arrive(2);
  const untilMs = lane.clock.wallMs() + LEASE_MS;
  await lane.clock.advance(300);
  lane.judgements[0]?.({ record: { attempts: 0 } });
  await settle();
  expect(lane.received[0]?.leaseUntilMs).toBe(untilMs);
  lane.arrive(2);
  await lane.clock.advance(LEASE_MS);
  lane.judgements[1]?.({ record: { attempts: 0 } });
  await settle();
  expect([lane.received.length, lane.handedBack, lane.withheld, lane.freed]).toEqual([1, [], 1, 1]);
});

describe("a large body that was delivered before", () => {
  const BYTES = 100_000;
  const placeOf = (place: number) => `undecodable.${place}-${lane.clock.wallMs()}`;

  test("is decoded when it is written down that it is, one at a time, and then its own record is read", async () => {
    lane.source.demand(2);
    lane.arrive(2, "one", { bytes: BYTES });
    lane.arrive(2, "two", { bytes: BYTES });
    await settle();
    expect(lane.steps).toEqual([`judge ${placeOf(1)}`]);
    lane.judgements[0]?.({ record: { attempts: 0 } });
    await settle();
    const first = [`begin ${placeOf(1)}`, "decode", "end", "judge one.0"];
    expect(lane.steps.splice(1)).toEqual(first);
    lane.judgements[1]?.({ record: { attempts: 3 } });
    await settle();
    expect([lane.received[0]?.attempts, lane.steps.splice(1)]).toEqual([3, [`judge ${placeOf(2)}`]]);
  });

  test("is no suspect any more once it is decoded, and none other is kept waiting by one that cannot be read about", async () => {
    lane.source.demand(2);
    lane.arrive(2, "one", { bytes: BYTES });
    lane.arrive(2, "two", { bytes: BYTES });
    await settle();
    lane.judgements[0]?.({ delayMs: 500 });
    await settle();
    expect([lane.handedBack, lane.withheld]).toEqual([[500], 1]);
    lane.judgements[1]?.({ record: { attempts: 0, deaths: ["pod"] } });
    await settle();
    expect(lane.steps.slice(2)).toEqual([
      `begin ${placeOf(2)} as a suspect`,
      "decode",
      "end",
      `forget ${placeOf(2)}`,
      "judge two.0",
    ]);
  });

  test("is not decoded any more where a process has ended in its turn, and reaches the worker with its bytes", async () => {
    lane.source.demand(1);
    lane.arrive(4, "one", { bytes: BYTES });
    await settle();
    lane.judgements[0]?.({ record: { attempts: 1, deaths: ["pod", "other"] } });
    await settle();
    expect([lane.steps, lane.received.length]).toEqual([[`judge ${placeOf(1)}`], 1]);
    const { content } = lane.received[0] as ReplayMessage;
    expect(content).toMatchObject({ ok: false, error: { code: "HELIX_PAYLOAD_INVALID" } });
    expect(!content.ok && content.raw.length).toBeGreaterThan(BYTES);
  });

  test("is handed back undecoded where the lane was stopped before its turn", async () => {
    lane.source.demand(2);
    lane.arrive(2, "one", { bytes: BYTES });
    lane.arrive(2, "two", { bytes: BYTES });
    await settle();
    const stopped = lane.source.stop();
    lane.judgements[0]?.({ delayMs: 500 });
    await stopped;
    expect([lane.steps, lane.handedBack]).toEqual([[`judge ${placeOf(1)}`], [500, 0]]);
  });
});

test("what is sealed with a key that is not here yet waits in its lane, longer each time, and is delivered when it is", async () => {
  const sealed = new Bodies({ envelope: aesGcmEnvelope(NEW_KEYS) });
  lane.source.demand(1);
  for (const deliveries of [1, 2, 30]) lane.arrive(deliveries, "p", { bodies: sealed });
  const [first, second, last] = lane.handedBack as [number, number, number];
  expect([first, second, last].map((delayMs, at) => delayMs <= ([1000, 2000, 60_000][at] as number))).toEqual(
    [true, true, true],
  );
  expect([first >= 500, second >= 1000, last >= 30_000]).toEqual([true, true, true]);
  expect([lane.received.length, lane.withheld, lane.judgements.length]).toEqual([0, 3, 0]);
  expect(lane.unopened.warning).toContain("the key `new`");
  lane.keys = { old: KEY, ...NEW_KEYS.keys };
  lane.arrive(1, "p", { bodies: sealed });
  expect(lane.received[0]?.content.ok).toBe(true);
  await lane.clock.advance(120_000);
  expect(lane.unopened.warning).toBeUndefined();
});

test("what is sealed with a key that never came is delivered when it is too old, to become a dead letter as it is", () => {
  const sealed = new Bodies({ envelope: aesGcmEnvelope(NEW_KEYS) });
  lane.source.demand(1);
  lane.arrive(1, "p", { bodies: sealed, ageMs: MAX_AGE_MS + 1 });
  const { content } = lane.received[0] as ReplayMessage;
  expect(content).toMatchObject({ ok: false, error: { code: "HELIX_ENVELOPE_KEY_UNKNOWN", keyId: "new" } });
  expect(content.ok || content.raw[0]).toBe(0xc1);
});
