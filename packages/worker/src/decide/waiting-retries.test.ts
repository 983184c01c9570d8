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
  for (const [arrival, item] of items.entries()) waiting.add({ item, arrival, failures: 0 });
  const take = (mayRetry: (table: string) => boolean = () => true) => {
    const first = waiting.first(mayRetry);
    if (first !== undefined) waiting.take(first);
    return first?.item;
  };
  return { waiting, items, take };
}

const none = () => 0;

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
    expect([waiting.takeOfCrowd(none), waiting.takeOfCrowd(none)]).toEqual([items[3], items[2]]);
    expect(waiting.size).toBe(2);
    expect([take(), take(), take()]).toEqual([items[0], items[1], undefined]);
    expect(waiting.takeOfCrowd(none)).toBeUndefined();
  });

  it.each([
    ["before it", ["a", "b"]],
    ["after it", ["b", "a"]],
  ])("lose one of the table that has slots as well, where another's came %s", (_, tables) => {
    const { items, waiting } = waitingOf(...tables);
    expect(waiting.takeOfCrowd((table) => (table === "a" ? 1 : 0))).toBe(items[tables.indexOf("a")]);
  });

  it("lose of a table the one that failed most often, of those the latest", () => {
    const waiting = new WaitingRetries();
    const items = [2, 3, 3, 1].map((failures, arrival) => {
      const item = retry("a");
      waiting.add({ item, arrival, failures });
      return item;
    });
    const lost = items.map(() => waiting.takeOfCrowd(none));
    expect(lost).toEqual([items[2], items[1], items[0], items[3]]);
    expect(waiting.size).toBe(0);
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
