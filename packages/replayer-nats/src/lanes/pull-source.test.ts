import { silentLogger } from "@helix/core";
import { ManualClock, settle } from "@helix/testkit/manual-clock";
import type { Msg } from "@nats-io/nats-core";
import { beforeEach, describe, expect, test } from "vitest";
import type { Link, LinkListener } from "../connection/link.ts";
import { PullSource } from "./pull-source.ts";

/** A server that answers nothing by itself: what a real one does not show on demand. */
class SilentServer {
  readonly pulls: { batch: number; reply: string }[] = [];
  readonly received: string[] = [];
  readonly unwanted: string[] = [];
  readonly clock = new ManualClock();
  missing = 0;
  #callback: ((error: null, message: Msg) => void) | undefined;
  #listener: LinkListener | undefined;
  readonly source: PullSource;

  constructor(maxHeld = 1000) {
    const connection = {
      publish: (_: string, request: string, { reply }: { reply: string }) => {
        this.pulls.push({ batch: JSON.parse(request).batch as number, reply });
      },
      subscribe: (_: string, { callback }: { callback: (error: null, message: Msg) => void }) => {
        this.#callback = callback;
        let end = () => {};
        const closed = new Promise<void>((resolve) => {
          end = resolve;
        });
        let isClosed = false;
        const close = () => {
          isClosed = true;
          end();
        };
        return { isClosed: () => isClosed, unsubscribe: close, drain: async () => close(), closed };
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
    this.source = new PullSource({
      link: link as unknown as Link,
      clock: this.clock,
      logger: silentLogger,
      requestSubject: "next",
      maxRequestBatch: 100,
      maxHeld,
      maxDemand: 10_000,
      isReady: () => true,
      onMessage: ({ subject }) => this.received.push(subject),
      onUnwanted: ({ subject }) => this.unwanted.push(subject),
      onMissing: async () => {
        this.missing++;
      },
      flush: async () => {},
      onStop: () => {},
    });
  }

  get batches(): number[] {
    return this.pulls.map(({ batch }) => batch);
  }

  deliver(count: number): void {
    for (let n = 0; n < count; n++) this.#callback?.(null, { subject: `lane${n}` } as Msg);
  }

  status(code: number, options: { pull?: number; pending?: number; description?: string } = {}): void {
    const { pull = this.pulls.length - 1, pending, description = "" } = options;
    const headers = { code, description, get: () => (pending === undefined ? "" : String(pending)) };
    const subject = this.pulls[pull]?.reply ?? "";
    this.#callback?.(null, { subject, headers, data: new Uint8Array() } as unknown as Msg);
  }

  reconnect(): void {
    this.#listener?.onChange?.(true);
  }
}

let server: SilentServer;
beforeEach(() => {
  server = new SilentServer();
});

describe("a parked pull", () => {
  test("asks for what is demanded, in requests of the most that one may ask for", () => {
    server.source.demand(250);
    expect(server.batches).toEqual([100, 100, 50]);
  });

  test("is renewed when it has waited its time, for what it was not served", async () => {
    server.source.demand(10);
    server.deliver(3);
    for (let heartbeat = 0; heartbeat < 6; heartbeat++) {
      await server.clock.advance(5000);
      server.status(100);
    }
    server.status(408, { pending: 7 });
    expect(server.batches).toEqual([10, 7]);
  });

  test("that ends at once is not asked for again at once, and ever later", async () => {
    server.source.demand(10);
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
    server.source.demand(10);
    await server.clock.advance(10_900);
    expect(server.batches).toEqual([10]);
    await server.clock.advance(200);
    await settle();
    expect(server.batches).toEqual([10, 10]);
  });

  test("is left alone while its heartbeats come", async () => {
    server.source.demand(10);
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
    server.source.demand(10);
    server.status(code, { description });
    expect(server.missing).toBe(0);
    await server.clock.advance(200);
    await settle();
    expect(server.missing).toBe(1);
    expect(server.batches).toEqual([10, 10]);
  });

  test("is made again after a reconnect, for all that is still demanded", () => {
    server.source.demand(10);
    server.deliver(4);
    server.reconnect();
    expect(server.batches).toEqual([10, 6]);
  });
});

describe("credit", () => {
  test("rises by a further pull, and falls by taking everything back", async () => {
    server.source.demand(10);
    server.source.demand(30);
    expect(server.batches).toEqual([10, 20]);
    server.source.demand(5);
    server.source.demand(30);
    await new Promise((resolve) => setImmediate(resolve));
    expect(server.batches).toEqual([10, 20]);
    server.source.demand(5);
    await new Promise((resolve) => setImmediate(resolve));
    await settle();
    expect(server.batches).toEqual([10, 20, 5]);
  });

  test("is bounded by what may be held, and grows as messages are settled", () => {
    server = new SilentServer(8);
    server.source.demand(100);
    expect(server.batches).toEqual([8]);
    server.deliver(8);
    for (let n = 0; n < 4; n++) server.source.settled();
    expect(server.batches.reduce((sum, batch) => sum + batch, 0)).toBe(12);
  });

  test("that a pull was not told about is bounded by the pulls that can still be open", async () => {
    server.source.demand(100);
    // Of a hundred only forty come, and the end of the pull is lost.
    server.deliver(40);
    for (let seconds = 0; seconds < 45; seconds += 5) {
      await server.clock.advance(5000);
      server.status(100);
    }
    expect(server.batches.slice(0, 2)).toEqual([100, 60]);
  });

  test("that is taken back hands back what arrives too late", async () => {
    server.source.demand(10);
    server.source.demand(0);
    server.deliver(2);
    expect([server.received, server.unwanted]).toEqual([[], ["lane0", "lane1"]]);
    await server.source.stop();
    server.source.demand(10);
    expect(server.batches).toEqual([10]);
  });
});
