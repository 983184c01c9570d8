import { EventHub } from "@helix/core";
import { settle } from "@helix/testkit/manual-clock";
import { describe, expect, test } from "vitest";
import { ClusterWatch } from "./cluster-watch.ts";

function setUp() {
  const events = new EventHub();
  const worker = new EventHub();
  let answers = true;
  const probe = () => (answers ? Promise.resolve() : Promise.reject(new Error("no answer")));
  const watch = new ClusterWatch("B", { on: (name, listener) => events.on(name, listener), probe });
  watch.watchWorker(worker);
  const lose = (isGone: boolean) => {
    answers = !isGone;
    events.emit("cluster:disconnected", { cluster: "B", cause: new Error("lost") });
    return settle();
  };
  return { events, worker, watch, lose };
}

describe("a watch over a cluster", () => {
  test("follows its session", async () => {
    const { events, watch, lose } = setUp();
    expect(watch.health).toEqual({ up: false, detail: "not connected yet" });
    events.emit("cluster:connected", { cluster: "A" });
    expect(watch.health.up).toBe(false);
    events.emit("cluster:connected", { cluster: "B" });
    expect(watch.health).toEqual({ up: true });
    await lose(true);
    expect(watch.health).toEqual({ up: false, detail: "lost" });
  });

  test("stays up when a session for a keyspace is lost while the cluster answers", async () => {
    const { events, watch, lose } = setUp();
    events.emit("cluster:connected", { cluster: "B" });
    await lose(false);
    expect(watch.health).toEqual({ up: true });
  });

  test("stays up when a look into an old session fails after a new one is there", async () => {
    const { events, watch, lose } = setUp();
    const looked = lose(true);
    events.emit("cluster:connected", { cluster: "B" });
    await looked;
    expect(watch.health).toEqual({ up: true });
  });

  test("is down while the worker has suspended the replay", () => {
    const { events, worker, watch } = setUp();
    events.emit("cluster:connected", { cluster: "B" });
    worker.emit("cluster:breaker:opened", { cluster: "A", cause: new Error("gone"), retryInMs: 1 });
    expect(watch.health.up).toBe(true);
    worker.emit("cluster:breaker:opened", { cluster: "B", cause: new TypeError("canary"), retryInMs: 1 });
    expect(watch.health).toEqual({ up: false, detail: "replay is suspended (TypeError)" });
    worker.emit("cluster:breaker:closed", { cluster: "B" });
    expect(watch.health).toEqual({ up: true });
  });
});
