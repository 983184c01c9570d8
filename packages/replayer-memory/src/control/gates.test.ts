import {
  type ClusterId,
  type DocumentListener,
  GATES_KEY,
  type GateChange,
  type Logger,
  orderGate,
  readGates,
  StoredClusterGate,
  silentLogger,
} from "@helix/core";
import { ManualClock, settle } from "@helix/testkit/manual-clock";
import { describe, expect, it } from "vitest";
import { MemoryControlStore } from "./memory-control-store.ts";

function setUp() {
  const clock = new ManualClock();
  const store = new MemoryControlStore({ clock });
  const log: string[] = [];
  const logger: Logger = { ...silentLogger, warn: (_, text) => log.push(text) };
  const changes: string[] = [];
  const gateOf = (options: object = {}) => {
    const gate = new StoredClusterGate({ store, clock, logger, ...options });
    gate.onChange((cluster: ClusterId) => changes.push(`${cluster} ${gate.state(cluster)}`));
    return gate;
  };
  const order = (change: Partial<GateChange>) =>
    orderGate(store, { cluster: "A", state: "paused", reason: "repair", by: "anna", ...change }, { clock });
  return { clock, store, log, changes, gateOf, order };
}

/** A store whose watch the test speaks for. */
function spokenFor() {
  const listeners: DocumentListener[] = [];
  const watch = (_key: string, listener: DocumentListener) => {
    listeners.push(listener);
    return { [Symbol.dispose]() {} };
  };
  const [tell, fail] = [
    (value: unknown, revision = 1) =>
      listeners[0]?.onDocument(
        value === undefined ? undefined : { key: GATES_KEY, revision, storedAtMs: 0, value },
      ),
    (lasts: boolean) => listeners[0]?.onFailure?.(new Error("away"), lasts),
  ];
  return { store: { watch }, tell, fail };
}

const PAUSED = { state: "paused", reason: "repair", by: "anna", sinceMs: 0 };

describe("an order for a gate", () => {
  it("is obeyed by each gate over the store, has a reason for people, and leaves the other cluster alone", async () => {
    const { store, changes, gateOf, order } = setUp();
    const gate = gateOf();
    await gate.known();
    await order({ cluster: "B", state: "drained", reason: "new disks" });
    await order({});
    await settle();
    expect([gate.state("A"), gate.reasonOf("A")]).toEqual(["paused", "paused by anna: repair"]);
    expect([gate.state("B"), gate.reasonOf("B")]).toEqual(["drained", "drained by anna: new disks"]);
    expect(changes).toEqual(["A open", "B open", "B drained", "A paused"]);
    await order({ state: "open", reason: "" });
    await settle();
    expect([gate.state("A"), gate.reasonOf("A"), gate.state("B")]).toEqual(["open", undefined, "drained"]);
    expect(readGates((await store.get(GATES_KEY))?.value)?.A).toMatchObject({ state: "open", by: "anna" });
  });

  it("that has an end opens by itself at that time, by nobody's writing", async () => {
    const { clock, store, changes, gateOf, order } = setUp();
    const gate = gateOf();
    await settle();
    await order({ untilMs: clock.wallMs() + 90_000 });
    await settle();
    const revision = (await store.get(GATES_KEY))?.revision;
    await clock.advance(89_999);
    expect(gate.state("A")).toBe("paused");
    await clock.advance(1);
    expect([gate.state("A"), changes.at(-1)]).toEqual(["open", "A open"]);
    expect((await store.get(GATES_KEY))?.revision).toBe(revision);
    gate.close();
    expect(clock.timers).toBe(0);
  });

  it("to drain is refused while the other cluster is drained, and for a minute after its end", async () => {
    const { clock, order } = setUp();
    await order({ cluster: "B", state: "drained", untilMs: clock.wallMs() + 1000 });
    const refused = { code: "HELIX_GATE_REFUSED", cluster: "A", drained: "B" };
    await expect(order({ state: "drained" })).rejects.toMatchObject(refused);
    await order({ state: "paused" });
    await clock.advance(60_999);
    await expect(order({ state: "drained" })).rejects.toMatchObject(refused);
    await clock.advance(1);
    await order({ state: "drained" });
  });

  it("to drain both at once is refused for one of them", async () => {
    const { order } = setUp();
    const both = (["A", "B"] as const).map((cluster) => order({ cluster, state: "drained" }));
    expect((await Promise.allSettled(both)).map(({ status }) => status).sort()).toEqual([
      "fulfilled",
      "rejected",
    ]);
  });

  it("over a revision that somebody has replaced is refused, and without one it comes after the others", async () => {
    const { order, store } = setUp();
    const revision = await order({});
    await order({ cluster: "B", revision });
    await expect(order({ state: "open", reason: "", revision })).rejects.toMatchObject({
      code: "HELIX_CONTROL_CONFLICT",
    });
    await Promise.all(Array.from({ length: 5 }, (_, n) => order({ cluster: n % 2 ? "A" : "B", by: `${n}` })));
    expect(readGates((await store.get(GATES_KEY))?.value)).toMatchObject({ A: { by: "3" }, B: { by: "4" } });
  });

  it.each<[Partial<GateChange>, RegExp]>([
    [{ cluster: "C" as "A" }, /`cluster` to be "A" or "B"/],
    [{ state: "shut" as "open" }, /`state`/],
    [{ reason: "" }, /`reason` to be a text of 1 to 500 characters/],
    [{ reason: "x".repeat(501) }, /`reason`/],
    [{ by: "" }, /`by`/],
    [{ untilMs: 1 }, /`untilMs` to be a time to come/],
    [{ untilMs: Number.NaN }, /`untilMs` to be milliseconds since 1970/],
    [{ state: "open", untilMs: 4e12 }, /`untilMs` to be a time to come, of a state that is not open/],
  ])("that cannot be is refused: %j", async (change, message) => {
    const { order, store } = setUp();
    await expect(order(change)).rejects.toThrow(message);
    expect(await store.get(GATES_KEY)).toBeUndefined();
  });
});

describe("a gate over a store", () => {
  it("holds back the replay until it knows what was ordered", async () => {
    const { store, tell } = spokenFor();
    const { gateOf, changes } = setUp();
    const gate = gateOf({ store });
    let isKnown = false;
    void gate.known().then(() => (isKnown = true));
    await settle();
    expect([gate.state("A"), gate.reasonOf("A"), isKnown]).toEqual([
      "paused",
      "what was ordered is not known yet",
      false,
    ]);
    tell({ B: PAUSED });
    await settle();
    expect([gate.state("A"), gate.state("B"), isKnown]).toEqual(["open", "paused", true]);
    expect(changes).toEqual(["A open", "B paused"]);
  });

  it("keeps what it knows while the store is away, and says so once", async () => {
    const { store, tell, fail } = spokenFor();
    const { gateOf, log } = setUp();
    const gate = gateOf({ store });
    tell({ A: PAUSED });
    for (const lasts of [false, false, true]) fail(lasts);
    expect([gate.state("A"), gate.state("B"), log.length]).toEqual(["paused", "open", 1]);
    tell({ A: { ...PAUSED, state: "open" } });
    expect(gate.state("A")).toBe("open");
    fail(false);
    expect(log).toEqual(Array(2).fill("the gates cannot be read: the last orders that are known hold"));
  });

  it("is open for whoever has no right to know", async () => {
    const { store, fail } = spokenFor();
    const gate = setUp().gateOf({ store });
    fail(false);
    expect(gate.state("A")).toBe("paused");
    fail(true);
    await gate.known();
    expect(gate.state("A")).toBe("open");
  });

  it.each([
    undefined,
    1,
    [],
    { A: "paused" },
    { A: { ...PAUSED, state: "shut" } },
    { A: { ...PAUSED, reason: 1 } },
    { B: { ...PAUSED, by: "x".repeat(201) } },
    { A: { ...PAUSED, sinceMs: "now" } },
    { A: { ...PAUSED, untilMs: null } },
  ])("takes %j for no gates: what it knew holds, and it says so once", (value) => {
    const { store, tell } = spokenFor();
    const { gateOf, log } = setUp();
    const gate = gateOf({ store });
    tell({ A: PAUSED, newer: true });
    for (const revision of [2, 3]) tell(value === undefined ? null : value, revision);
    expect([gate.state("A"), gate.state("B"), log.length]).toEqual(["paused", "open", 1]);
  });

  it("keeps orders that the store has lost, and who may write puts them back", async () => {
    const { store, gateOf, order, log } = setUp();
    const [app, pod] = [gateOf(), gateOf({ writer: store })];
    await order({});
    await settle();
    await store.delete(GATES_KEY);
    await settle();
    expect([app.state("A"), pod.state("A")]).toEqual(["paused", "paused"]);
    expect(log).toEqual(Array(2).fill("the store has lost the gates: the last orders that are known hold"));
    expect(readGates((await store.get(GATES_KEY))?.value)).toMatchObject({
      A: { state: "paused", by: "anna" },
    });
  });
});
