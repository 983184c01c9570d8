import { describe, expect, test } from "vitest";
import {
  type ClientEvents,
  EventHub,
  type EventSink,
  type EventSource,
  type QueueEvents,
  type SessionEvents,
} from "./events.ts";

interface Events {
  ping: { n: number };
  pong: Record<never, never>;
}

describe("EventHub", () => {
  test("calls the listeners of a name in the order in which they came", () => {
    const hub = new EventHub<Events>();
    const calls: string[] = [];
    hub.on("ping", ({ n }) => calls.push(`first ${n}`));
    hub.on("ping", ({ n }) => calls.push(`second ${n}`));
    hub.on("pong", () => calls.push("pong"));
    hub.emit("ping", { n: 1 });
    expect(calls).toEqual(["first 1", "second 1"]);
  });

  test("removes exactly the listener whose function was returned, also if it was added twice", () => {
    const hub = new EventHub<Events>();
    let calls = 0;
    const listener = () => {
      calls++;
    };
    const off = hub.on("ping", listener);
    hub.on("ping", listener);
    off();
    off();
    hub.emit("ping", { n: 1 });
    expect(calls).toBe(1);
  });

  test("knows whether anybody listens", () => {
    const hub = new EventHub<Events>();
    const off = hub.on("ping", () => {});
    expect([hub.has("ping"), hub.has("pong")]).toEqual([true, false]);
    off();
    expect(hub.has("ping")).toBe(false);
  });

  test("isolates listeners that throw or reject, and reports them", async () => {
    const reported: string[] = [];
    const hub = new EventHub<Events>((error, name) => {
      reported.push(`${name}: ${(error as Error).message}`);
      throw new Error("a reporter that throws changes nothing either");
    });
    let reached = false;
    hub.on("ping", () => {
      throw new Error("threw");
    });
    hub.on("ping", async () => {
      throw new Error("rejected");
    });
    // biome-ignore lint/suspicious/noThenProperty: what a foreign promise looks like
    hub.on("ping", () => ({ then: (_: unknown, no: (e: Error) => void) => no(new Error("thenable")) }));
    hub.on("ping", () => {
      reached = true;
    });
    hub.emit("ping", { n: 1 });
    expect(reached).toBe(true);
    await new Promise((resolve) => setImmediate(resolve));
    expect(reported).toEqual(["ping: threw", "ping: rejected", "ping: thenable"]);
  });

  test("lets a listener remove itself, or add another, while it is being called", () => {
    const hub = new EventHub<Events>();
    const calls: string[] = [];
    const off = hub.on("ping", () => {
      off();
      calls.push("once");
      hub.on("ping", () => calls.push("added"));
    });
    hub.emit("ping", { n: 1 });
    hub.emit("ping", { n: 2 });
    expect(calls).toEqual(["once", "added"]);
  });

  test("takes for a source of some events one that has more, and not the other way round", () => {
    const all = new EventHub<ClientEvents>();
    const some: EventSource<SessionEvents> = all;
    const calls: unknown[] = [];
    some.on("cluster:connected", ({ cluster }) => calls.push(cluster));
    const sink: EventSink<SessionEvents> = all;
    sink.emit("cluster:connected", { cluster: "A" });
    expect(calls).toEqual(["A"]);
    // @ts-expect-error: sessions alone do not write
    const more: EventSource<ClientEvents> = new EventHub<SessionEvents>();
    // @ts-expect-error: a queue has no session
    new EventHub<QueueEvents>().on("cluster:connected", () => {});
    more.on("write:queued", () => {});
  });

  test("refuses a name that is never told of, where it knows all that are", () => {
    const hub = new EventHub<Events>(() => {}, { ping: true, pong: true });
    for (const name of ["hostUp", "toString", "__proto__"]) {
      expect(() => hub.on(name as never, () => {})).toThrow(
        `Expected \`event\` to be one of ping, pong, got "${name}"`,
      );
    }
    const calls: number[] = [];
    hub.on("ping", ({ n }) => calls.push(n));
    hub.emit("ping", { n: 1 });
    expect(calls).toEqual([1]);
  });

  test("refuses what is not a function", () => {
    expect(() => new EventHub<Events>().on("ping", 5 as never)).toThrow(
      /listener of `ping` to be a function/,
    );
  });
});
