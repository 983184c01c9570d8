import { demoStatements, withDriver } from "@helix/testkit";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { describe, expect, inject, test } from "vitest";
import { DEPLOYMENTS, type Deployment } from "../src/args.ts";
import { DemoProcess } from "./demo-process.ts";

const pair = inject("cassandra");

/** The outage is at the network, since these clusters serve other tests as well. */
const SMALL = ["--rows", "500", "--outage", "refuse", "--outage-seconds", "3"];

const start = (deployment: Deployment) => DemoProcess.start(pair, "--deployment", deployment, ...SMALL);

describe.each(DEPLOYMENTS)("the demo with --deployment %s", (deployment) => {
  test("comes to zero differences after an outage, ends with 0 and leaves nothing", async () => {
    await using demo = await start(deployment);
    expect(await demo.ended, demo.output).toBe(0);
    expect(demo.output).toContain("Zero differences: cluster B missed writes");
    expect(demo.broken).toEqual([]);
    expect(demo.figure("queued")).toBeGreaterThan(100);
    expect(demo.figure("replayed")).toBeGreaterThanOrEqual(demo.figure("queued"));
    expect(demo.figure("rows compared (values and WRITETIME)")).toBeGreaterThan(400);
    expect(await demo.remains()).toEqual([]);
    if (deployment === "nats") {
      // How many were under way at that moment is chance; that it died and came back is not.
      expect(demo.output).toMatch(/the application is killed \(SIGKILL\)/);
      expect(demo.figure("calls cut by kill -9, repeated by --resume")).toBeGreaterThanOrEqual(0);
      expect(demo.figure("application killed, serving again after")).toBeGreaterThan(0);
    }
    if (deployment === "service") {
      const shares = [1, 2].map((pod) => demo.figure(`replayed by pod ${pod}`));
      expect((shares[0] ?? 0) + (shares[1] ?? 0)).toBe(demo.figure("replayed"));
      expect(demo.figure("one pod killed, at work again after")).toBeGreaterThan(0);
      expect(demo.figure("NATS killed, other pod at work after")).toBeGreaterThan(0);
    }
  });
});

describe("a promise that is broken on purpose ends the demo with 1, and its line is marked:", () => {
  test("a row that somebody else wrote to one cluster", async () => {
    await using demo = await start("memory");
    await demo.said(/connections to cluster B are refused/);
    await withDriver(pair.B, (driver) =>
      driver.execute(demoStatements.INSERT_ORDER, [0, "somebody else", 1, ""], { prepare: true }),
    );
    expect(await demo.ended, demo.output).toBe(1);
    expect(demo.broken).toEqual(["differences"]);
    expect(demo.output).toContain("NOT as promised");
    expect(demo.output).toContain("somebody else");
  });

  test.each(["nats", "service"] as const)("the queue of --deployment %s is purged", async (deployment) => {
    await using demo = await start(deployment);
    const [, url = ""] = await demo.said(/ --watch --nats (\S+)/);
    await demo.said(/queue \d{2}/);
    const connection = await connect({ servers: url });
    await (await jetstreamManager(connection)).streams.purge("helix-replay");
    await connection.close();
    expect(await demo.ended, demo.output).toBe(1);
    expect(demo.broken).toEqual(["replayed", "queued, but never replayed", "differences"]);
    expect(demo.figure("queued, but never replayed")).toBeGreaterThan(0);
  });
});

describe("the demo leaves no process and no directory", () => {
  test.each([
    ["SIGINT", "nats", /started again with --resume/],
    ["SIGINT", "service", /starting two pods/],
    ["SIGINT", "service", /NATS is killed/],
    ["SIGKILL", "service", /starting two pods/],
    ["SIGKILL", "service", /pod . is killed/],
  ] as const)("after %s with --deployment %s, at %s", async (signal, deployment, moment) => {
    await using demo = await start(deployment);
    await demo.said(moment);
    expect(await demo.remains()).not.toEqual([]);
    demo.signal(signal);
    expect(await demo.ended).toBe(signal === "SIGINT" ? 130 : signal);
  });
});
