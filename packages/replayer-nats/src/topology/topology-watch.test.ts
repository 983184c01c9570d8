import { helixError, type Logger, silentLogger } from "@helix/core";
import { ManualClock } from "@helix/testkit/manual-clock";
import { expect, it } from "vitest";
import "../errors.ts";
import type { Admin } from "../connection/admin.ts";
import { readTopologyOptions } from "../options.ts";
import { namesOf } from "./names.ts";
import { wantedTopology } from "./topology.ts";
import { TopologyWatch } from "./topology-watch.ts";

it("what cannot be looked at is told when it lasts longer than an election, once, and that it is over", async () => {
  const clock = new ManualClock();
  const lines: string[] = [];
  const at = (level: string) => (_: object, line: string) => void lines.push(`${level} ${line}`);
  const logger: Logger = { ...silentLogger, info: at("info"), warn: at("warn"), error: at("error") };
  const settings = readTopologyOptions({ connect: { servers: "127.0.0.1:1" } });
  const names = namesOf(settings);
  const all = wantedTopology(names, settings, "2.12.8");
  let failure: Error | undefined;
  let next = 0;
  const admin = {
    serverVersion: "2.12.8",
    find: async () => {
      if (failure !== undefined) throw failure;
      return { config: { ...all[next++ % all.length]?.config }, messages: 0 };
    },
  } as unknown as Admin;
  const watch = new TopologyWatch({
    link: { isUp: true, listen: () => () => {} },
    admin,
    names,
    settings,
    onMissing: () => lines.push("missing"),
    onFound: async () => {},
    clock,
    logger,
    random: () => 0.999,
  });
  watch.start();
  await clock.advance(60_000);
  expect([watch.warning, lines]).toEqual([undefined, []]);
  failure = helixError("HELIX_QUEUE_UNAVAILABLE", "no leader", { stored: "no" });
  await clock.advance(60_000);
  expect(watch.warning).toBeUndefined();
  await clock.advance(10_000);
  const text = "the streams of the queue cannot be looked at: no leader";
  expect([watch.warning, lines]).toEqual([text, [`warn ${text}`]]);
  await clock.advance(300_000);
  expect(lines).toHaveLength(1);
  failure = undefined;
  await clock.advance(10_000);
  expect([watch.warning, lines.slice(1)]).toEqual([
    undefined,
    ["info the streams of the queue are as its options say again"],
  ]);
  watch.close();
  expect(clock.timers).toBe(0);
});
