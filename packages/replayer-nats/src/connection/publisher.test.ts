import { ManualClock, settle } from "@helix/testkit/manual-clock";
import type { Msg } from "@nats-io/nats-core";
import { errors } from "@nats-io/nats-core";
import { beforeEach, describe, expect, test } from "vitest";
import type { Link, LinkListener } from "./link.ts";
import { Publisher, type PublishFailure } from "./publisher.ts";

const EMPTY = new Uint8Array();

/** A server that answers what a test says, and when. */
class ScriptedServer {
  readonly clock = new ManualClock();
  readonly publisher: Publisher;
  /** What became of each publish, by its number; undefined: nothing yet. */
  readonly outcomes: (string | undefined)[] = [];
  readonly #replies: string[] = [];
  #callback: ((error: null, message: Msg) => void) | undefined;
  #listener: LinkListener | undefined;

  constructor(options: { maxInFlight?: number; maxWaitingBytes?: number } = {}) {
    const connection = {
      publish: (_: string, __: Uint8Array, { reply }: { reply: string }) => this.#replies.push(reply),
      subscribe: (_: string, { callback }: { callback: (error: null, message: Msg) => void }) => {
        this.#callback = callback;
        return { isClosed: () => false, unsubscribe() {} };
      },
    };
    const link = {
      isUp: true,
      up: connection,
      inboxPrefix: "_INBOX",
      listen: (listener: LinkListener) => {
        this.#listener = listener;
        return () => {};
      },
    };
    this.publisher = new Publisher(link as unknown as Link, {
      clock: this.clock,
      publishTimeoutMs: 5000,
      maxInFlight: 256,
      maxWaiting: 10,
      maxWaitingBytes: 2 ** 30,
      ...options,
    });
  }

  get sent(): number {
    return this.#replies.length;
  }

  publish(...subjects: string[]): void {
    for (const subject of subjects) this.publishBytes(subject, 0);
  }

  publishBytes(subject: string, ...sizes: number[]): void {
    for (const size of sizes) {
      const at = this.outcomes.push(undefined) - 1;
      this.publisher.publish(subject, EMPTY, new Uint8Array(size)).then(
        ({ seq, duplicate }) => {
          this.outcomes[at] = `${duplicate ? "duplicate" : "stored"} ${seq}`;
        },
        ({ kind, stored }: PublishFailure) => {
          this.outcomes[at] = `${kind} ${stored}`;
        },
      );
    }
  }

  answer(sent: number, body: unknown, code = 0): void {
    const data =
      body === undefined ? EMPTY : Buffer.from(typeof body === "string" ? body : JSON.stringify(body));
    const headers = code === 0 ? undefined : { code, description: "", get: () => "" };
    this.#callback?.(null, { subject: this.#replies[sent] ?? "", data, headers } as unknown as Msg);
  }

  refuse(subject: string): void {
    this.#listener?.onViolation?.(new errors.PermissionViolationError("no", "publish", subject));
  }

  async until(): Promise<(string | undefined)[]> {
    await settle();
    return this.outcomes;
  }
}

let server: ScriptedServer;
beforeEach(() => {
  server = new ScriptedServer();
});

describe("a refusal names the subject, and", () => {
  test("as many as there are in flight refuse each of them", async () => {
    server.publish("lane", "lane", "other");
    server.refuse("lane");
    expect(await server.until()).toEqual([undefined, undefined, undefined]);
    server.refuse("lane");
    expect(await server.until()).toEqual(["forbidden no", "forbidden no", undefined]);
  });

  test("what was sent before the right was taken away is stored when the server says so", async () => {
    server.publish("lane", "lane");
    server.refuse("lane");
    server.answer(0, { stream: "s", seq: 7 });
    expect(await server.until()).toEqual(["stored 7", "forbidden no"]);
  });

  test("nothing more is sent there until it is known which were refused", async () => {
    server.publish("lane", "lane");
    server.refuse("lane");
    server.publish("lane");
    expect(await server.until()).toEqual([undefined, undefined, "forbidden no"]);
    server.refuse("lane");
    server.publish("lane");
    expect(server.sent).toBe(3);
    server.answer(2, { seq: 1 });
    expect((await server.until())[3]).toBe("stored 1");
  });

  test("what waits for its turn is not sent either", async () => {
    server = new ScriptedServer({ maxInFlight: 2 });
    server.publish("lane", "lane", "lane", "other");
    server.refuse("lane");
    server.answer(0, { seq: 1 });
    expect(await server.until()).toEqual(["stored 1", "forbidden no", undefined, undefined]);
    expect(server.sent).toBe(4);
  });

  test("one of those that were given up may be meant, until a later one is answered", async () => {
    server.publish("lane");
    await server.clock.advance(4000);
    server.publish("lane");
    await server.clock.advance(1500);
    server.refuse("lane");
    expect(await server.until()).toEqual(["timeout maybe", "forbidden maybe"]);
    server.publish("other");
    server.answer(2, { seq: 1 });
    server.publish("lane");
    server.refuse("lane");
    expect(await server.until()).toEqual(["timeout maybe", "forbidden maybe", "stored 1", "forbidden no"]);
  });

  test("those of which none can be told end with their time", async () => {
    server.publish("lane", "lane");
    server.refuse("lane");
    await server.clock.advance(5200);
    expect(await server.until()).toEqual(["timeout maybe", "timeout maybe"]);
    server.publish("lane");
    expect(server.sent).toBe(3);
  });
});

describe("a process that was frozen", () => {
  test("reads what lies in its socket before it gives anything up", async () => {
    server.publish("lane");
    await server.clock.advance(100);
    await server.clock.block(60_000);
    expect(await server.until()).toEqual([undefined]);
    server.answer(0, { seq: 3 });
    expect(await server.until()).toEqual(["stored 3"]);
  });

  test("gives the server the rest of its time", async () => {
    server.publish("lane");
    await server.clock.advance(1000);
    await server.clock.block(60_000);
    await server.clock.advance(3800);
    expect(await server.until()).toEqual([undefined]);
    await server.clock.advance(300);
    expect(await server.until()).toEqual(["timeout maybe"]);
  });

  test("counts how long that was, also before it has looked", async () => {
    server.publish("lane");
    expect(server.publisher.blockedMs).toBe(0);
    await server.clock.block(60_000);
    expect(server.publisher.blockedMs).toBe(59_900);
    server.answer(0, { seq: 3 });
    expect(server.publisher.blockedMs).toBe(59_900);
  });

  test("gives up in the end, though each turn of its event loop takes long", async () => {
    server.publish("lane");
    for (let turn = 0; turn < 60; turn++) await server.clock.block(300);
    expect(await server.until()).toEqual(["timeout maybe"]);
  });
});

test.each([
  ["no JSON", "+OK"],
  ["no object", "null"],
  ["an acknowledgement without its place", { stream: "s" }],
  ["a place that is no number", { seq: "7" }],
  ["an error without its code", { error: { description: "?" } }],
  ["nothing", undefined],
])("an answer that is %s proves nothing", async (_, body) => {
  server.publish("lane");
  server.answer(0, body);
  expect(await server.until()).toEqual(["timeout maybe"]);
});

test("an answer that nobody listens proves that nothing is stored", async () => {
  server.publish("lane");
  server.answer(0, undefined, 503);
  expect(await server.until()).toEqual(["no-responders no"]);
});

describe("bytes", () => {
  const MiB = 2 ** 20;

  test("that are in flight are bounded: the others wait their turn, small ones as well, and what is larger is sent alone", async () => {
    server.publishBytes("lane", 10 * MiB, 10 * MiB, 1, 20 * MiB);
    expect(server.sent).toBe(1);
    server.answer(0, { stream: "s", seq: 1 });
    expect(server.sent).toBe(3);
    server.answer(1, { stream: "s", seq: 2 });
    expect(server.sent).toBe(3);
    server.answer(2, { stream: "s", seq: 3 });
    expect(server.sent).toBe(4);
  });

  test("that wait are bounded, and whoever comes later is told at once that it is too much", async () => {
    server = new ScriptedServer({ maxInFlight: 1, maxWaitingBytes: 100 });
    server.publishBytes("lane", 1000, 60, 60, 40);
    expect(await server.until()).toEqual([undefined, undefined, "overloaded no", undefined]);
    server.answer(0, { stream: "s", seq: 1 });
    server.publishBytes("lane", 60);
    expect(await server.until()).toEqual(["stored 1", undefined, "overloaded no", undefined, undefined]);
  });

  test("of what was given up make room", async () => {
    server.publishBytes("lane", 16 * MiB, 16 * MiB);
    await server.clock.advance(6000);
    expect([server.sent, (await server.until())[0]]).toEqual([2, "timeout maybe"]);
  });
});
