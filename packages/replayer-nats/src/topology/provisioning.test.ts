import { type HelixError, helixError } from "@helix/core";
import { ManualClock, settle } from "@helix/testkit/manual-clock";
import { beforeEach, expect, test } from "vitest";
import { Provisioning } from "./provisioning.ts";

class Stage {
  readonly clock = new ManualClock();
  readonly log: string[] = [];
  isConnected = true;
  done = 0;
  runs = 0;
  #end: ((error?: unknown) => void) | undefined;
  readonly provisioning: Provisioning;

  constructor() {
    const warn = (_: object, text: string) => this.log.push(text);
    this.provisioning = new Provisioning({
      run: () =>
        new Promise((resolve, reject) => {
          this.runs++;
          this.#end = (error) => (error === undefined ? resolve() : reject(error));
        }),
      isConnected: () => this.isConnected,
      onDone: () => this.done++,
      clock: this.clock,
      logger: { debug() {}, info() {}, warn, error() {} },
    });
  }

  async end(error?: unknown): Promise<void> {
    this.#end?.(error);
    await settle();
  }
}

const away = (): HelixError => helixError("HELIX_QUEUE_UNAVAILABLE", "no leader", { stored: "no" });

let stage: Stage;
beforeEach(() => {
  stage = new Stage();
});

test("everybody who asks at the same time shares one run", async () => {
  const { provisioning } = stage;
  const all = [provisioning.first(), provisioning.again(), provisioning.again()];
  await stage.end();
  await Promise.all(all);
  expect([stage.runs, stage.done, provisioning.hasBeenReady]).toEqual([1, 1, true]);
});

test("who misses something waits for one run, though something else stays as it should not be", async () => {
  const drift = helixError("HELIX_TOPOLOGY_DRIFT", "max_msgs is 7", { differences: [] });
  let isOver = false;
  void stage.provisioning.oneRun().then(() => {
    isOver = true;
  });
  await settle();
  expect([stage.runs, isOver]).toEqual([1, false]);
  await stage.end(drift);
  expect([stage.runs, isOver, stage.provisioning.fault]).toEqual([1, true, drift]);
  await stage.clock.advance(1000);
  expect(stage.runs).toBe(2);
  stage.provisioning.close();
  await stage.end();
});

test("what may pass is tried again until it is done", async () => {
  const first = stage.provisioning.first();
  await stage.end(away());
  await first;
  await stage.end(away());
  expect(stage.provisioning.fault).toMatchObject({ code: "HELIX_QUEUE_UNAVAILABLE" });
  await stage.clock.advance(1000);
  await stage.end();
  expect([stage.runs, stage.provisioning.fault, stage.log.length]).toEqual([3, undefined, 2]);
});

test("what waiting does not help rejects, and is not tried again", async () => {
  const first = stage.provisioning.first();
  const refused = helixError("HELIX_TOPOLOGY_MISSING", "no stream", { missing: [] });
  void stage.end(refused);
  await expect(first).rejects.toBe(refused);
  await stage.clock.advance(60_000);
  expect([stage.runs, stage.clock.timers]).toEqual([1, 0]);
});

test("a connection that is away ends the tries; what is asked later begins them anew", async () => {
  const again = stage.provisioning.again();
  stage.isConnected = false;
  await stage.end(away());
  await stage.clock.advance(1000);
  await again;
  expect(stage.runs).toBe(1);
  stage.isConnected = true;
  void stage.provisioning.again();
  await stage.end();
  expect([stage.runs, stage.done]).toEqual([2, 1]);
});

test("a new connection cuts the pause short, and is no reason to look where everything is there", async () => {
  void stage.provisioning.again();
  await stage.end(away());
  stage.provisioning.connected();
  await settle();
  expect(stage.runs).toBe(2);
  await stage.end();
  stage.provisioning.connected();
  await stage.clock.advance(60_000);
  expect([stage.runs, stage.done, stage.clock.timers]).toEqual([2, 1, 0]);
});

test("nothing runs after a close, and a run under way tells nobody", async () => {
  const again = stage.provisioning.again();
  stage.provisioning.close();
  await stage.end();
  await again;
  await stage.provisioning.again();
  expect([stage.runs, stage.done, stage.provisioning.hasBeenReady]).toEqual([1, 0, false]);
  const failing = new Stage();
  const failed = failing.provisioning.again();
  failing.provisioning.close();
  await failing.end(away());
  await failed;
  expect([failing.log, failing.clock.timers]).toEqual([[], 0]);
});
