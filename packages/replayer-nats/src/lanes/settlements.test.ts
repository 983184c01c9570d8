import { ManualClock, settle } from "@helix/testkit/manual-clock";
import { errors } from "@nats-io/nats-core";
import { beforeEach, describe, expect, test } from "vitest";
import type { Link, LinkListener } from "../connection/link.ts";
import { Outbox } from "../connection/outbox.ts";
import { Lease } from "./lease.ts";
import { Settlements } from "./settlements.ts";

const LEASE_MS = 1000;

/** A connection that answers a ping when it is told to. */
class SilentConnection {
  readonly clock = new ManualClock();
  readonly sent: string[] = [];
  readonly pings: { answer(): void; fail(): void }[] = [];
  isUp = true;
  freed = 0;
  #listener: LinkListener | undefined;
  readonly settlements: Settlements;

  constructor() {
    const self = this;
    const link = {
      get isUp() {
        return self.isUp;
      },
      up: {
        publish: (reply: string, verb: string) => this.sent.push(`${reply} ${verb}`),
        flush: () =>
          new Promise<void>((resolve, reject) => {
            this.pings.push({ answer: resolve, fail: () => reject(new Error("disconnected")) });
          }),
      },
      listen: (listener: LinkListener) => {
        this.#listener = listener;
        return () => {};
      },
    };
    this.settlements = new Settlements(
      link as unknown as Link,
      new Outbox(link as unknown as Link),
      this.clock,
      LEASE_MS,
    );
  }

  lease(reply: string): Lease {
    const terms = {
      lane: "high.A",
      clock: this.clock,
      leaseMs: LEASE_MS,
      onFree: () => this.freed++,
    } as const;
    return new Lease(reply, terms, this.clock.wallMs());
  }

  change(isUp: boolean): void {
    this.isUp = isUp;
    this.#listener?.onChange?.(isUp);
  }

  refuse(subject: string): void {
    const said = `Permissions Violation for Publish to "${subject}"`;
    this.#listener?.onViolation?.(new errors.PermissionViolationError(said, "publish", subject));
  }

  /** Settles, and says later how that ended. */
  ack(reply: string): { state: string; readonly lease: Lease } {
    const lease = this.lease(reply);
    const acknowledgement = { state: "pending", lease };
    this.settlements.ack(lease, (refusal) => {
      acknowledgement.state = refusal === undefined ? "confirmed" : (refusal as { code: string }).code;
    });
    return acknowledgement;
  }

  async answer(ping: number): Promise<void> {
    this.pings[ping]?.answer();
    await settle();
  }
}

let server: SilentConnection;
beforeEach(() => {
  server = new SilentConnection();
});

describe("a settlement", () => {
  test("is confirmed by the answer to a ping that was sent after it, one for many in 10 ms", async () => {
    const first = server.ack("1");
    const second = server.ack("2");
    expect([server.pings.length, server.freed]).toEqual([0, 2]);
    await server.clock.advance(1);
    expect([server.pings.length, first.state]).toEqual([1, "pending"]);
    await server.answer(0);
    expect([first.state, second.state]).toEqual(["confirmed", "confirmed"]);
    await server.clock.advance(2);
    const third = server.ack("3");
    await server.clock.advance(5);
    const fourth = server.ack("4");
    await server.clock.advance(2);
    expect(server.pings.length).toBe(1);
    await server.clock.advance(1);
    await server.answer(1);
    expect([third.state, fourth.state]).toEqual(["confirmed", "confirmed"]);
    await server.clock.advance(10_000);
    expect([server.pings.length, server.clock.timers]).toEqual([2, 0]);
  });

  test("that the server refuses for want of a right is none, and what it takes beside it is one", async () => {
    const [taken, refused] = [server.ack("$JS.ACK.s.c.1"), server.ack("$JS.ACK.s.c.2")];
    const held = server.lease("$JS.ACK.s.c.3");
    const untilMs = held.untilMs;
    await server.clock.advance(1);
    server.settlements.extend(held);
    server.refuse("$JS.ACK.s.c.2");
    server.refuse("$JS.ACK.s.c.3");
    await server.answer(0);
    await server.clock.advance(10);
    await server.answer(1);
    expect([taken.state, refused.state]).toEqual(["confirmed", "HELIX_QUEUE_UNAUTHORIZED"]);
    expect(held.untilMs).toBe(untilMs);
  });

  test("is not confirmed by the answer to a ping that was sent before it, and waits for nothing after it", async () => {
    const first = server.ack("1");
    server.settlements.hurry();
    const second = server.ack("2");
    server.settlements.hurry();
    expect(server.pings.length).toBe(1);
    await server.answer(0);
    expect([first.state, second.state, server.pings.length]).toEqual(["confirmed", "pending", 2]);
    const third = server.ack("3");
    await server.answer(1);
    expect([second.state, third.state]).toEqual(["confirmed", "pending"]);
  });

  test("does not wait for 10 ms where hundreds wait, with one ping under way", async () => {
    for (let n = 0; n < 399; n++) server.ack(`${n}`);
    expect(server.pings.length).toBe(0);
    for (let n = 0; n < 401; n++) server.ack(`more ${n}`);
    expect(server.pings.length).toBe(1);
    await server.answer(0);
    expect(server.pings.length).toBe(2);
  });

  test("is flushed at once, however much comes after it", async () => {
    server.ack("1");
    let isFlushed = false;
    void server.settlements.flush().then(() => {
      isFlushed = true;
    });
    expect(server.pings.length).toBe(1);
    for (let n = 0; n < 500; n++) server.ack(`${n}`);
    await server.answer(0);
    expect(isFlushed).toBe(true);
  });

  test("is confirmed where it was told in time, however late the answer is heard: nobody else may get it", async () => {
    const told = server.ack("told");
    await server.clock.advance(1);
    await server.clock.advance(LEASE_MS);
    expect([told.lease.isOver, told.state]).toEqual([true, "pending"]);
    await server.answer(0);
    expect(told.state).toBe("confirmed");
  });

  test("is sent again after a reconnect, unless its lease is over by then", async () => {
    const lapsing = server.ack("lapsing");
    await server.clock.advance(50);
    const pinged = server.ack("pinged");
    const extended = server.lease("extended");
    const { untilMs } = extended;
    server.settlements.extend(extended);
    server.change(false);
    server.pings[0]?.fail();
    await server.clock.advance(LEASE_MS - 60);
    server.settlements.release(server.lease("down"), 20);
    pinged.lease.moveTo(server.clock.wallMs() + LEASE_MS);
    await server.clock.advance(20);
    server.sent.length = 0;
    server.change(true);
    expect(server.sent).toEqual(["pinged +ACK", 'down -NAK {"delay":20000000}']);
    expect([server.pings.length, pinged.state]).toEqual([2, "pending"]);
    await server.answer(1);
    expect([pinged.state, lapsing.state]).toEqual(["confirmed", "HELIX_LEASE_LAPSED"]);
    expect(extended.untilMs).toBe(untilMs);
  });

  test("is asked about again, and not in a loop, where a ping fails and the connection stays", async () => {
    const one = server.ack("1");
    server.settlements.hurry();
    server.pings[0]?.fail();
    await settle();
    expect(server.pings.length).toBe(1);
    await server.clock.advance(50);
    await server.answer(1);
    expect(one.state).toBe("confirmed");
  });

  test("that nobody confirmed is rejected when the queue is closed", async () => {
    const one = server.ack("1");
    server.settlements.hurry();
    const two = server.ack("2");
    server.settlements.close();
    await settle();
    expect([one.state, two.state, server.clock.timers]).toEqual([
      "HELIX_QUEUE_CLOSED",
      "HELIX_QUEUE_CLOSED",
      0,
    ]);
  });
});

describe("flush", () => {
  test("resolves at once where nothing is unconfirmed or the connection is down, and when it goes down", async () => {
    await server.settlements.flush();
    server.ack("1");
    const flushed = server.settlements.flush();
    server.change(false);
    await flushed;
    await server.settlements.flush();
    expect(server.pings.length).toBe(1);
  });
});

describe("a lease", () => {
  test("moves by the time at which the extension was sent, once that is confirmed", async () => {
    const lease = server.lease("1");
    const before = lease.untilMs;
    await server.clock.advance(300);
    server.settlements.extend(lease);
    await server.clock.advance(400);
    expect(lease.untilMs).toBe(before);
    await server.answer(0);
    expect(lease.untilMs).toBe(before + 300);
  });

  test("does not move while the connection is away, nor by an extension that was under way when it broke", async () => {
    const lease = server.lease("1");
    const before = lease.untilMs;
    server.settlements.extend(lease);
    server.settlements.hurry();
    server.change(false);
    server.pings[0]?.answer();
    server.settlements.extend(lease);
    server.change(true);
    await server.clock.advance(100);
    for (let ping = 1; ping < server.pings.length; ping++) await server.answer(ping);
    expect([lease.untilMs, server.sent]).toEqual([before, ["1 +WPI"]]);
  });

  test("is over for good when it was given up, and frees what it held once", async () => {
    const lease = server.lease("1");
    server.settlements.extend(lease);
    lease.giveUp();
    lease.giveUp();
    await server.clock.advance(50);
    await server.answer(0);
    expect([lease.isOver, server.freed]).toEqual([true, 1]);
  });
});
