import { expect, test } from "vitest";
import { LinkedList, ListNode } from "./linked-list.ts";

class Item extends ListNode<Item> {
  readonly name: string;

  constructor(name: string) {
    super();
    this.name = name;
  }
}

function listOf(...names: string[]) {
  const list = new LinkedList<Item>();
  const items = names.map((name) => new Item(name));
  for (const item of items) list.append(item);
  return { list, items };
}

const namesIn = (items: Iterable<Item>) => [...items].map(({ name }) => name);

test.each([
  ["first", "a", "bc"],
  ["middle", "b", "ac"],
  ["last", "c", "ab"],
])("the %s one leaves, once, and the others stay in their order", (_, leaving, rest) => {
  const { list, items } = listOf("a", "b", "c");
  const item = items.find(({ name }) => name === leaving) ?? expect.unreachable();
  expect(list.delete(item)).toBe(true);
  expect(list.delete(item)).toBe(false);
  list.append(new Item("d"));
  expect(list.size).toBe(3);
  expect(namesIn(list.take()).join("")).toBe(`${rest}d`);
});

test("what has left refers to none of the others", () => {
  const { list, items } = listOf("a", "b", "c");
  for (const item of items) list.delete(item);
  expect(items.every(({ before, after, list }) => !before && !after && !list)).toBe(true);
  expect(list.first).toBeUndefined();
});

test("what stands in another list is not taken out", () => {
  const { items } = listOf("a");
  const { list } = listOf("b");
  expect(list.delete(items[0] ?? expect.unreachable())).toBe(false);
  expect(list.size).toBe(1);
});

test("the first ones are taken as long as they are wanted, and so is what comes meanwhile", () => {
  const { list } = listOf("a", "b", "c");
  expect(namesIn(list.take(({ name }) => name < "c"))).toEqual(["a", "b"]);
  const taken: string[] = [];
  for (const { name } of list.take()) {
    taken.push(name);
    if (name === "c") list.append(new Item("d"));
  }
  expect(taken).toEqual(["c", "d"]);
});

test("all are looked at in their order, though the one that is looked at leaves", () => {
  const { list } = listOf("a", "b", "c");
  const seen: string[] = [];
  for (const item of list) {
    seen.push(item.name);
    if (item.name !== "b") list.delete(item);
  }
  expect([seen, namesIn(list)]).toEqual([["a", "b", "c"], ["b"]]);
});
