import { once } from "node:events";
import { expect, it } from "vitest";
import { ownedPair, startBoth } from "./both.ts";
import type { OwnedNode } from "./cassandra-node.ts";

const never = new AbortController().signal;

function node(name: string, closed: string[]): OwnedNode {
  const close = async () => {
    closed.push(name);
  };
  return { contactPoint: `127.0.0.1:${name}`, close } as OwnedNode;
}

it("closes the node that has started when the other has failed, and tells the failure", async () => {
  const closed: string[] = [];
  const failure = new Error("it did not start");
  const start = async (name: "A" | "B") => {
    if (name === "B") throw failure;
    return node(name, closed);
  };
  await expect(startBoth(start, never)).rejects.toBe(failure);
  expect(closed).toEqual(["A"]);
});

it("gives up the other at once when one has failed", async () => {
  const failure = new Error("it did not start");
  const start = async (name: "A" | "B", signal: AbortSignal) => {
    if (name === "B") throw failure;
    await once(signal, "abort");
    throw new Error("given up");
  };
  await expect(startBoth(start, never)).rejects.toBe(failure);
});

it("closes both, and rejects with the signal's reason, when it is aborted after they have started", async () => {
  const closed: string[] = [];
  const abort = new AbortController();
  const reason = new Error("given up");
  const start = async (name: "A" | "B") => {
    if (name === "B") abort.abort(reason);
    return node(name, closed);
  };
  await expect(startBoth(start, abort.signal)).rejects.toBe(reason);
  expect(closed.sort()).toEqual(["A", "B"]);
});

it("closes a pair once, however often it is asked to", async () => {
  const closed: string[] = [];
  const pair = ownedPair("processes", "Two", { A: node("A", closed), B: node("B", closed) });
  await Promise.all([pair.close(), pair.close(), pair[Symbol.asyncDispose]()]);
  expect(closed.sort()).toEqual(["A", "B"]);
  expect(pair.description).toBe("Two: A at 127.0.0.1:A, B at 127.0.0.1:B");
});
