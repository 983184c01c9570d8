import { MemoryReplayer } from "@helix/replayer-memory";
import { ManualClock } from "@helix/testkit/manual-clock";
import { describe, expect, it } from "vitest";
import { differenceOf } from "../src/difference.ts";
import {
  type ContractCase,
  type ContractOptions,
  ContractViolation,
  type QueueUnderTest,
  replayQueueContract,
} from "../src/index.ts";
import { MODEL_CAPABILITIES } from "./model/model-subject.ts";

const TITLE = "delivers nothing that was not demanded";

async function memory(changes: Partial<QueueUnderTest> = {}): Promise<QueueUnderTest> {
  const queue = new MemoryReplayer();
  return { queue, dispose: () => queue.close(), ...changes };
}

function contract(options: Partial<ContractOptions> = {}): ContractCase[] {
  return replayQueueContract({ create: () => memory(), capabilities: { quietMs: 5 }, ...options });
}

function caseOf(options: Partial<ContractOptions> = {}, title = TITLE): ContractCase {
  const found = contract(options).find((one) => one.title === title);
  if (found === undefined) throw new Error(`there is no case "${title}"`);
  return found;
}

describe("replayQueueContract", () => {
  it("has a title for every case that is like no other, and keeps groups together", () => {
    const all = contract({ capabilities: MODEL_CAPABILITIES });
    expect(new Set(all.map(({ title }) => title)).size).toBe(all.length);
    const groups = all.map(({ group }) => group).filter((group, index, list) => group !== list[index - 1]);
    expect(new Set(groups).size).toBe(groups.length);
  });

  it("leaves out what a queue does not claim to do, and no more", () => {
    const all = contract({ capabilities: MODEL_CAPABILITIES }).length;
    const none = contract().length;
    const facts = Object.entries(MODEL_CAPABILITIES).filter(([fact]) => fact !== "quietMs");
    for (const [fact, value] of facts) {
      const some = contract({ capabilities: { quietMs: 5, [fact]: value } }).length;
      expect([some > none, some < all], fact).toEqual([true, true]);
    }
  });

  it.each<[string, object]>([
    ["create", { create: undefined }],
    ["timeoutMs", { timeoutMs: 0 }],
    ["clock", { clock: {} }],
    ["retries", { retries: 3 }],
    ["durable", { capabilities: { durable: "yes" } }],
    ["leaseMs", { capabilities: { leases: {} } }],
    ["messages", { capabilities: { bounded: { messages: 3 } } }],
    ["quietMs", { capabilities: { quietMs: 100, leases: { leaseMs: 300 } } }],
    ["persistent", { capabilities: { persistent: true } }],
  ])("refuses a wrong %s, naming it", (name, options) => {
    expect(() => contract(options)).toThrow(`\`${name}\``);
  });

  it.each<[string, string]>([
    ["durable", "reopen"],
    ["shared", "otherPod"],
    ["connection", "cut"],
    ["injects", "inject"],
  ])("asks for what `%s` needs, and disposes of the queue all the same", async (fact, hook) => {
    let disposed = 0;
    const create = () => memory({ dispose: async () => void disposed++ });
    const { run } = caseOf({ create, capabilities: { quietMs: 5, [fact]: true } });
    await expect(run()).rejects.toThrow(
      new TypeError(`Expected \`create()\` to give \`${hook}\`, since \`${fact}\` is declared`),
    );
    expect(disposed).toBe(1);
  });

  it("makes a queue for each run, and disposes of it after a success and after a failure", async () => {
    const log: string[] = [];
    const create = async () => {
      log.push("create");
      return memory({ dispose: async () => void log.push("dispose") });
    };
    await caseOf({ create }).run();
    await caseOf(
      { create, capabilities: { quietMs: 5, leases: { leaseMs: 50 } }, timeoutMs: 20 },
      "says how long its leases are, and when each ends",
    )
      .run()
      .catch(() => log.push("failed"));
    expect(log).toEqual(["create", "dispose", "create", "dispose", "failed"]);
  });

  it("passes on what create and dispose reject with, but first what the case found", async () => {
    const failure = new Error("no server");
    await expect(caseOf({ create: () => Promise.reject(failure) }).run()).rejects.toBe(failure);
    const create = () => memory({ dispose: () => Promise.reject(failure) });
    await expect(caseOf({ create }).run()).rejects.toBe(failure);
    const wrong = caseOf(
      { create, capabilities: { quietMs: 5, leases: { leaseMs: 50 } } },
      "says how long its leases are, and when each ends",
    );
    await expect(wrong.run()).rejects.toThrow(ContractViolation);
  });

  it("tells the case, what it expected and what it got", async () => {
    const queue = new MemoryReplayer();
    const create = () => memory({ queue: Object.assign(queue, { depths: async () => [] }) });
    const title = "reports every lane of an empty queue, with nothing in it and no age";
    const error: unknown = await caseOf({ create }, title)
      .run()
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ContractViolation);
    expect(error).toMatchObject({
      title,
      expected: "the lanes to be [ 'high.A', 'high.B', 'low.A', 'low.B' ]",
      got: "[]",
      message: `${title}: expected the lanes to be [ 'high.A', 'high.B', 'low.A', 'low.B' ], got []`,
    });
  });

  it("tells the case of an error that the queue throws, with the error as the cause", async () => {
    const failure = new Error("disk full");
    const queue = Object.assign(new MemoryReplayer(), { enqueue: () => Promise.reject(failure) });
    await expect(caseOf({ create: () => memory({ queue }) }).run()).rejects.toMatchObject({
      name: "ContractViolation",
      message: `${TITLE}: expected all that it calls to work, got Error: disk full`,
      cause: failure,
    });
  });

  it("ends a case that hangs when six times its patience is over, and leaves no timer", async () => {
    const clock = new ManualClock();
    const queue = Object.assign(new MemoryReplayer(), { enqueue: () => new Promise<void>(() => {}) });
    const run = caseOf({ create: () => memory({ queue }), clock, timeoutMs: 100 }).run();
    const outcome = expect(run).rejects.toThrow(
      "expected an end within 600 ms, got something that never settles",
    );
    await clock.advance(600);
    await outcome;
    expect(clock.timers).toBe(0);
  });
});

describe("differenceOf", () => {
  it("is none between what is deeply and strictly equal", () => {
    const make = () => ({ a: [1n, { b: Buffer.from("x") }], c: new Date(0) });
    expect(differenceOf(make(), make(), "it")).toBeUndefined();
  });

  it.each<[string, unknown, unknown, object]>([
    ["inside of objects", { a: { b: 1 } }, { a: { b: 2 } }, { path: "it.a.b", got: 1, expected: 2 }],
    ["inside of lists of objects", [{ a: 1 }], [{ a: 2 }], { path: "it.0.a", got: 1, expected: 2 }],
    ["at a key that is missing", {}, { a: 1 }, { path: "it.a", got: undefined, expected: 1 }],
    ["at a key that is too many", { a: 1 }, {}, { path: "it.a", got: 1, expected: undefined }],
    ["at a whole list of plain values", ["a"], ["b"], { path: "it", got: ["a"], expected: ["b"] }],
    [
      "at an undefined that should not be there",
      { a: undefined },
      {},
      { path: "it", got: { a: undefined }, expected: {} },
    ],
  ])("is found %s", (_, got, expected, difference) => {
    expect(differenceOf(got, expected, "it")).toEqual(difference);
  });
});
