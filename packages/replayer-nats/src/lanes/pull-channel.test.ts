import { silentLogger } from "@helix/core";
import { ManualClock, settle } from "@helix/testkit/manual-clock";
import type { Msg } from "@nats-io/nats-core";
import { beforeEach, describe, expect, test } from "vitest";
import type { Link, LinkListener } from "../connection/link.ts";
import { Outbox } from "../connection/outbox.ts";
import type { Lease } from "./lease.ts";
import { PullChannel } from "./pull-channel.ts";

const LEASE_MS = 30_000;

/** A server that answers nothing by itself: what a real one does not show on demand. */
class SilentServer {
  readonly pulls: { batch: number; maxBytes?: number; noWait: boolean; reply: string }[] = [];
  readonly received: string[] = [];
  readonly leases: Lease[] = [];
  subscriptions = 0;
  isSubscribed = false;
  /** What arrives waits for its record. */
  isReading = false;
  /** Of each message. */
  bytes = 0;
  readonly unwanted: string[] = [];
  readonly clock = new ManualClock();
  missing = 0;
  /** What becomes of the consumer that is missing. */
  found: Promise<void> = Promise.resolve();
  #callback: ((error: null, message: Msg) => void) | undefined;
  #listener: LinkListener | undefined;
  readonly channel: PullChannel;

  constructor(maxHeld = 1000) {
    const connection = {
      publish: (_: string, request: string, { reply }: { reply: string }) => {
        const { batch, max_bytes: maxBytes, no_wait: noWait = false } = JSON.parse(request);
        this.pulls.push({ batch, maxBytes, noWait, reply });
      },
      subscribe: (_: string, { callback }: { callback: (error: null, message: Msg) => void }) => {
        this.#callback = callback;
        this.subscriptions++;
        this.isSubscribed = true;
        let isClosed = false;
        const unsubscribe = () => {
          isClosed = true;
          this.isSubscribed = false;
        };
        return { isClosed: () => isClosed, unsubscribe };
      },
    };
    const link = {
      isUp: true,
      up: connection,
      inboxPrefix: "_INBOX",
      listen: (listener: LinkListener) => {
        this.#listener ??= listener;
        return () => {};
      },
    };
    this.channel = new PullChannel({
      lane: "high.A",
      link: link as unknown as Link,
      outbox: new Outbox(link as unknown as Link),
      clock: this.clock,
      logger: silentLogger,
      requestSubject: "next",
      maxRequestBatch: 100,
      maxHeld,
      leaseMs: LEASE_MS,
      isReady: () => true,
      onMessage: ({ subject }, _data, lease) => {
        this.leases.push(lease);
        if (!this.isReading) this.read(subject, lease);
      },
      onUnwanted: ({ subject }, lease) => {
        this.unwanted.push(subject);
        lease.free();
      },
      onMissing: async () => {
        this.missing++;
        await this.found;
      },
    });
  }

  /** What is known about it has been read. */
  read(subject: string, lease: Lease): void {
    if (this.channel.claim(this.bytes)) {
      this.received.push(subject);
      return;
    }
    this.unwanted.push(subject);
    lease.free();
  }

  get batches(): number[] {
    return this.pulls.map(({ batch }) => batch);
  }

  deliver(count: number): void {
    for (let n = 0; n < count; n++)
      this.#callback?.(null, { subject: `lane${n}`, data: new Uint8Array(this.bytes) } as Msg);
  }

  status(code: number, options: { pull?: number; pending?: number; description?: string } = {}): void {
    const { pull = this.pulls.length - 1, pending, description = "" } = options;
    const headers = { code, description, get: () => (pending === undefined ? "" : String(pending)) };
    const subject = this.pulls[pull]?.reply ?? "";
    this.#callback?.(null, { subject, headers, data: new Uint8Array() } as unknown as Msg);
  }

  disconnect(): void {
    this.#listener?.onChange?.(false);
  }

  reconnect(): void {
    this.#listener?.onChange?.(true);
  }
}

let server: SilentServer;
beforeEach(() => {
  server = new SilentServer();
});

test("a lane whose consumer nobody makes again pulls at once when it is woken, as when it is opened anew", async () => {
  server.found = new Promise(() => {});
  server.channel.demand(10);
  server.status(503, { pending: 10 });
  await server.clock.advance(60_000);
  expect([server.missing, server.batches]).toEqual([1, [10]]);
  server.channel.wake();
  expect(server.batches).toEqual([10, 10]);
});

describe("a parked pull", () => {
  test("asks for what is demanded, in requests of the most that one may ask for", () => {
    server.channel.demand(250);
    expect(server.batches).toEqual([100, 100, 50]);
  });

  test("is renewed when it has waited its time, for what it was not served", async () => {
    server.channel.demand(10);
    server.deliver(3);
    for (let heartbeat = 0; heartbeat < 6; heartbeat++) {
      await server.clock.advance(5000);
      server.status(100);
    }
    server.status(408, { pending: 7 });
    expect(server.batches).toEqual([10, 7]);
  });

  test("that ends at once is not asked for again at once, and ever later", async () => {
    server.channel.demand(10);
    const delays: number[] = [];
    for (let refusals = 0; refusals < 10; refusals++) {
      server.status(408, { pending: 10 });
      const before = server.pulls.length;
      const startedAt = server.clock.monotonicMs();
      while (server.pulls.length === before) await server.clock.advance(10);
      delays.push(server.clock.monotonicMs() - startedAt);
    }
    expect(delays[0]).toBeGreaterThanOrEqual(50);
    expect(delays[9]).toBeGreaterThanOrEqual(2500);
    expect(Math.max(...delays)).toBeLessThanOrEqual(5010);
  });

  test("of which nothing is heard for two heartbeats and a second is asked for anew", async () => {
    server.channel.demand(10);
    await server.clock.advance(10_900);
    expect(server.batches).toEqual([10]);
    await server.clock.advance(200);
    await settle();
    expect(server.batches).toEqual([10, 10]);
  });

  test("is left alone while its heartbeats come", async () => {
    server.channel.demand(10);
    for (let seconds = 0; seconds < 300; seconds += 5) {
      await server.clock.advance(5000);
      server.status(100);
      if (seconds % 30 === 25) server.status(408, { pending: 10 });
    }
    expect(server.pulls).toHaveLength(11);
  });

  test.each([
    [409, "Consumer Deleted"],
    [503, ""],
  ])("refused with %i %s has somebody look for the consumer before the next", async (code, description) => {
    server.channel.demand(10);
    server.status(code, { description });
    expect(server.missing).toBe(0);
    await server.clock.advance(200);
    await settle();
    expect(server.missing).toBe(1);
    expect(server.batches).toEqual([10, 10]);
  });

  test("is made again after a reconnect, for all that is still demanded", () => {
    server.channel.demand(10);
    server.deliver(4);
    server.reconnect();
    expect(server.batches).toEqual([10, 6]);
  });
});

describe("credit", () => {
  test("rises by a further pull, and is not taken back when the demand falls", async () => {
    server.channel.demand(10);
    server.channel.demand(30);
    expect(server.batches).toEqual([10, 20]);
    server.channel.demand(0);
    server.channel.demand(30);
    await settle();
    expect([server.batches, server.subscriptions, server.isSubscribed]).toEqual([[10, 20], 1, true]);
  });

  test("that is not demanded any more hands back what comes, and is not given again", async () => {
    server.channel.demand(10);
    server.channel.demand(3);
    server.deliver(5);
    expect([server.received, server.unwanted]).toEqual([
      ["lane0", "lane1", "lane2"],
      ["lane3", "lane4"],
    ]);
    await server.clock.advance(2000);
    server.status(408, { pending: 5 });
    await server.clock.advance(60_000);
    expect(server.batches).toEqual([10]);
  });

  test("counts what is under way against a demand that is repeated", () => {
    server.isReading = true;
    server.channel.demand(8);
    server.deliver(8);
    server.channel.demand(8);
    expect(server.batches).toEqual([8]);
    for (const lease of server.leases) server.read("lane", lease);
    expect([server.received.length, server.unwanted.length]).toEqual([8, 0]);
    server.channel.demand(8);
    expect(server.batches).toEqual([8, 8]);
  });

  test("hands back what was under way when nothing is demanded any more, and pulls anew for what was withheld", () => {
    server.isReading = true;
    server.channel.demand(2);
    server.deliver(2);
    server.channel.withhold(0);
    expect(server.batches).toEqual([2, 1]);
    server.channel.demand(0);
    server.read("lane", server.leases[1] as Lease);
    expect([server.received.length, server.unwanted.length]).toEqual([0, 1]);
  });

  test("is bounded by what may be held, and grows as messages are settled", () => {
    server = new SilentServer(8);
    server.channel.demand(100);
    expect(server.batches).toEqual([8]);
    server.deliver(8);
    for (const lease of server.leases.slice(0, 4)) lease.free();
    expect(server.batches.reduce((sum, batch) => sum + batch, 0)).toBe(12);
  });

  test("grows again when leases lapse that nobody has freed, and not before", async () => {
    server = new SilentServer(8);
    server.channel.demand(100);
    server.deliver(8);
    const [kept] = server.leases;
    await server.clock.advance(LEASE_MS - 1000);
    kept?.moveTo(server.clock.wallMs() + LEASE_MS);
    server.status(100);
    expect(server.batches).toEqual([8]);
    await server.clock.advance(1000);
    expect(server.batches).toEqual([8, 7]);
    for (const lease of server.leases) lease.free();
    expect(server.batches).toEqual([8, 7]);
  });

  test("that a pull was not told about is bounded by the pulls that can still be open", async () => {
    server.channel.demand(100);
    // Of a hundred only forty come, and the end of the pull is lost.
    server.deliver(40);
    for (let seconds = 0; seconds < 45; seconds += 5) {
      await server.clock.advance(5000);
      server.status(100);
    }
    expect(server.batches.slice(0, 2)).toEqual([100, 60]);
  });
});

describe("bytes", () => {
  const tooLarge = { description: "Message Size Exceeds MaxBytes" };

  test("are bounded in each pull, by a part of what is wanted and by what a connection bears", () => {
    server.channel.demand(100, 40_000);
    server.channel.demand(200);
    expect(server.pulls).toMatchObject([{ maxBytes: 10_000 }, { maxBytes: 2 ** 21 }]);
  });

  test("that were demanded are not exceeded but by the last message, and nothing is pulled for them any more", () => {
    server.bytes = 600;
    server.channel.demand(10, 1000);
    server.deliver(2);
    server.status(409, { pending: 8, ...tooLarge });
    for (const lease of server.leases) lease.free();
    expect([server.received.length, server.batches]).toEqual([2, [10]]);
    server.channel.demand(10, 1000);
    expect(server.batches).toEqual([10, 10]);
  });

  test("that are under way count, as their records are being read", () => {
    server.bytes = 600;
    server.isReading = true;
    server.channel.demand(10, 1000);
    server.deliver(2);
    server.status(409, { pending: 8, ...tooLarge });
    expect(server.batches).toEqual([10]);
    server.channel.withhold(600);
    expect(server.batches).toEqual([10, 9]);
  });

  test("that were enough end no pull whose messages are overtaken by that word, and nothing is backed off", () => {
    server.channel.demand(10, 40_000);
    server.status(409, { pending: 0, description: "Batch Completed" });
    expect([server.batches, server.clock.timers]).toEqual([[10], 1]);
    server.deliver(10);
    server.channel.demand(10, 40_000);
    expect([server.received.length, server.batches]).toEqual([10, [10, 10]]);
  });

  test("of a message that is larger than a pull may bring are pulled at once and alone, and then as before", () => {
    server.channel.demand(10, 40_000);
    server.status(409, { pending: 10, ...tooLarge });
    expect(server.pulls.map(({ batch, maxBytes }) => [batch, maxBytes])).toEqual([
      [10, 10_000],
      [1, undefined],
    ]);
    server.bytes = 20_000;
    server.deliver(1);
    for (const lease of server.leases) lease.free();
    expect(server.pulls.at(-1)).toMatchObject({ batch: 9, maxBytes: 5000 });
  });

  test("of which a pull asks for any number are not pulled at once again, whatever the server says of them", async () => {
    server.channel.demand(10, 40_000);
    server.status(409, { pending: 10, ...tooLarge });
    server.status(409, { pending: 1, ...tooLarge });
    expect(server.batches).toEqual([10, 1]);
    await server.clock.advance(200);
    expect(server.batches).toEqual([10, 1, 1]);
  });

  test("of a message that does not fit into what is left of a pull are pulled anew, with others", () => {
    server.channel.demand(10, 40_000);
    server.deliver(4);
    server.status(409, { pending: 6, ...tooLarge });
    expect(server.pulls.map(({ batch, maxBytes }) => [batch, maxBytes])).toEqual([
      [10, 10_000],
      [6, 10_000],
    ]);
  });
});

describe("close", () => {
  test("ends the subscription at once where the server owes nothing", async () => {
    server.channel.demand(3);
    server.deliver(3);
    await server.channel.close();
    expect([server.isSubscribed, server.batches]).toEqual([false, [3]]);
    server.channel.demand(3);
    expect(server.batches).toEqual([3]);
  });

  test("hands back what is on its way until the server says that the lane is empty, and what that has overtaken", async () => {
    server.channel.demand(10);
    const closed = server.channel.close();
    expect(server.pulls.at(-1)).toMatchObject({ batch: 1, noWait: true });
    server.deliver(4);
    await settle();
    expect([server.isSubscribed, server.unwanted.length]).toEqual([true, 4]);
    server.status(404);
    await server.clock.advance(49);
    server.deliver(2);
    await server.clock.advance(49);
    expect([server.isSubscribed, server.unwanted.length]).toEqual([true, 6]);
    await server.clock.advance(1);
    await closed;
    expect([server.isSubscribed, server.clock.timers]).toEqual([false, 0]);
  });

  test("waits a quarter of a second at most, and not for a connection that is gone", async () => {
    server.channel.demand(10);
    const closed = server.channel.close();
    await server.clock.advance(250);
    await closed;
    expect(server.isSubscribed).toBe(false);

    server = new SilentServer();
    server.channel.demand(10);
    const cut = server.channel.close();
    server.disconnect();
    await cut;
    expect([server.isSubscribed, server.clock.timers]).toEqual([false, 0]);
  });
});
