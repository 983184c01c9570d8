import { createPayload, type ReplayMessage } from "@helix/core";
import { describe, expect, it } from "vitest";
import type { HeldMessage } from "./held-message.ts";
import { WaitingRetries } from "./waiting-retries.ts";

let made = 0;
function retry(table: string): HeldMessage {
  const payload = createPayload({
    id: `${table}${made++}`,
    targetCluster: "A",
    operation: { kind: "statement", query: `INSERT INTO ks.${table} (id) VALUES (1)`, params: [] },
    tables: [table],
    timestampMicros: 1n,
  });
  return { message: {} as ReplayMessage, payload, priority: "high", kind: "retry" };
}

function waitingOf(...tables: string[]) {
  const waiting = new WaitingRetries();
  const items = tables.map(retry);
  for (const [arrival, item] of items.entries()) waiting.add({ item, arrival });
  const take = (mayRetry: (table: string) => boolean = () => true) => {
    const first = waiting.first(mayRetry);
    if (first !== undefined) waiting.take(first);
    return first?.item;
  };
  return { waiting, items, take };
}

describe("retries that wait", () => {
  it("go in turns by table, of each in the order in which they came", () => {
    const { items, take, waiting } = waitingOf("a", "a", "a", "b", "c", "b");
    const order = [0, 3, 4, 1, 5, 2].map((index) => items[index]);
    expect(items.map(() => take())).toEqual(order);
    expect([take(), waiting.size]).toEqual([undefined, 0]);
  });

  it("pass by those of a table that may not start, which keeps its turn", () => {
    const { items, take } = waitingOf("a", "b", "b");
    expect(take((table) => table !== "a")).toBe(items[1]);
    expect(take()).toBe(items[0]);
    expect(take()).toBe(items[2]);
  });

  it("lose, where there are too many, the latest of the table that has the most", () => {
    const { items, waiting, take } = waitingOf("a", "b", "a", "a");
    expect([waiting.takeOfCrowd(), waiting.takeOfCrowd()]).toEqual([items[3], items[2]]);
    expect(waiting.size).toBe(2);
    expect([take(), take(), take()]).toEqual([items[0], items[1], undefined]);
    expect(waiting.takeOfCrowd()).toBeUndefined();
  });

  it("leave where they are lost, of each table those at the head", () => {
    const { items, waiting, take } = waitingOf("a", "a", "b", "c");
    const lost = new Set([items[0], items[2]]);
    const left: HeldMessage[] = [];
    waiting.takeLeading(
      (item) => lost.has(item),
      (item) => left.push(item),
    );
    expect(left).toEqual([items[0], items[2]]);
    expect([take(), take(), waiting.size]).toEqual([items[1], items[3], 0]);
  });
});
