import type { ControlDocument } from "@helix/core";
import { ManualClock } from "@helix/testkit/manual-clock";
import { describe, expect, it } from "vitest";
import type { Admin } from "../connection/admin.ts";
import type { Link, LinkListener } from "../connection/link.ts";
import type { StoredMessage } from "../connection/stored-message.ts";
import { namesOf } from "../topology/names.ts";
import { ControlWatches } from "./control-watches.ts";

type Answer = StoredMessage | undefined | Error;

/** Watches over replicas whose answers the test gives: the next one each time, and the last again and again. */
function setUp(...answers: Answer[]) {
  const clock = new ManualClock();
  const listeners: LinkListener[] = [];
  const around = { isUp: true, asked: 0, answers };
  const link = {
    get isUp() {
      return around.isUp;
    },
    unavailable: () => new Error("down"),
    listen: (listener: LinkListener) => {
      listeners.push(listener);
      return () => {};
    },
  } as unknown as Link;
  const admin = {
    async lastDirect() {
      around.asked++;
      const answer = answers.length > 1 ? answers.shift() : answers[0];
      if (answer instanceof Error) throw answer;
      return answer;
    },
  } as unknown as Admin;
  const names = namesOf({ streamName: "q", subjectPrefix: "q" });
  const watches = new ControlWatches({ link, admin, names, clock });
  const seen: (number | undefined)[] = [];
  const failures: unknown[] = [];
  const watch = () =>
    watches.watch("k", {
      onDocument: (document: ControlDocument | undefined) => seen.push(document?.revision),
      onFailure: (error) => failures.push(error),
    });
  const turn = (isUp: boolean) => {
    around.isUp = isUp;
    for (const { onChange } of listeners) onChange?.(isUp);
  };
  return { clock, around, watches, watch, seen, failures, turn };
}

function message(seq: number, storedAtMs = seq): StoredMessage {
  const storedAt = new Date(storedAtMs).toISOString();
  return { subject: "", seq, storedAt, storedAtMs, headers: Buffer.alloc(0), data: Buffer.from("{}") };
}

describe("a watch over replicas", () => {
  it("does not go back to what one of them has that is behind, nor takes one look for an end", async () => {
    const { clock, watch, seen } = setUp(message(5), message(4), undefined, message(5), message(6));
    watch();
    await clock.advance(3000);
    expect(seen).toEqual([5, 6]);
  });

  it("sees a document of a bucket that was made again, though its place is lower", async () => {
    const { clock, watch, seen } = setUp(message(5), message(1, 9));
    watch();
    await clock.advance(1000);
    expect(seen).toEqual([5, 1]);
  });

  it("believes an end that it has seen twice, within a second", async () => {
    const { clock, watch, seen } = setUp(message(5), undefined);
    watch();
    await clock.advance(1000);
    expect(seen).toEqual([5, undefined]);
  });

  it("tells the state again after a failure, though it is the same", async () => {
    const { clock, watch, seen, failures, turn } = setUp(message(5), new Error("lost"), message(5));
    watch();
    await clock.advance(2000);
    expect([seen, failures.length]).toEqual([[5, 5], 1]);
    turn(false);
    turn(false);
    await clock.advance(2000);
    expect([seen, failures.length]).toEqual([[5, 5], 2]);
    turn(true);
    await clock.advance(0);
    expect(seen).toEqual([5, 5, 5]);
  });

  it("asks nothing while nobody watches or the connection is away, and leaves no timer", async () => {
    const { clock, around, watches, watch, turn } = setUp(message(5));
    const subscription = watch();
    await clock.advance(1000);
    subscription[Symbol.dispose]();
    await clock.advance(1000);
    const { asked } = around;
    await clock.advance(10_000);
    expect([around.asked, clock.timers]).toEqual([asked, 0]);
    watch();
    turn(false);
    await clock.advance(10_000);
    expect(around.asked).toBe(asked);
    turn(true);
    await clock.advance(1000);
    expect(around.asked).toBeGreaterThan(asked);
    watches.close();
    expect(clock.timers).toBe(0);
  });
});
