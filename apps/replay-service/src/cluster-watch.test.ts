import { EventHub, type SessionEvents, type WorkerEvents } from "@helix/core";
import { toldError } from "@helix/core/internal";
import { describe, expect, test } from "vitest";
import { ClusterWatch } from "./cluster-watch.ts";

function setUp() {
  const executor = new EventHub<SessionEvents>();
  const worker = new EventHub<WorkerEvents>();
  const watch = new ClusterWatch("B", executor);
  watch.watchWorker(worker);
  return { executor, worker, watch };
}

describe("a watch over a cluster", () => {
  test("follows its session", () => {
    const { executor, watch } = setUp();
    expect(watch.health).toEqual({ up: false, detail: "not connected yet" });
    executor.emit("cluster:connected", { cluster: "A" });
    expect(watch.health.up).toBe(false);
    executor.emit("cluster:connected", { cluster: "B" });
    expect(watch.health).toEqual({ up: true });
    executor.emit("cluster:disconnected", { cluster: "B", cause: toldError("lost"), misconfigured: false });
    expect(watch.health).toEqual({ up: false, isAway: true, detail: "lost" });
    executor.emit("cluster:disconnected", { cluster: "B", cause: toldError("wrong"), misconfigured: true });
    expect(watch.health).toEqual({ up: false, isAway: false, detail: "wrong" });
  });

  test.each([
    ["DEPTH_ZERO_SELF_SIGNED_CERT", "self-signed certificate", false],
    ["ERR_TLS_CERT_ALTNAME_INVALID", "Hostname/IP does not match certificate's altnames: …", false],
    ["ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED", "tlsv13 alert certificate required", false],
    ["CERT_HAS_EXPIRED", "certificate has expired", true],
    ["ECONNREFUSED", "connect ECONNREFUSED", true],
  ])("takes %s for an outage only if no setting of the pod cures it", (code, message, isAway) => {
    const { executor, watch } = setUp();
    const cause = Object.assign(new Error(message), { code });
    executor.emit("cluster:disconnected", { cluster: "B", cause, misconfigured: false });
    expect(watch.health).toMatchObject({ up: false, isAway });
  });

  test("is down while the worker has suspended the replay", () => {
    const { executor, worker, watch } = setUp();
    executor.emit("cluster:connected", { cluster: "B" });
    worker.emit("cluster:breaker:opened", { cluster: "A", cause: new Error("gone"), retryInMs: 1 });
    expect(watch.health.up).toBe(true);
    worker.emit("cluster:breaker:opened", { cluster: "B", cause: new TypeError("canary"), retryInMs: 1 });
    expect(watch.health).toEqual({ up: false, isAway: true, detail: "replay is suspended (TypeError)" });
    worker.emit("cluster:breaker:closed", { cluster: "B" });
    expect(watch.health).toEqual({ up: true });
  });
});
