import { systemClock } from "@helix/core";
import { expect, test } from "vitest";
import type { Admin } from "./admin.ts";
import type { DirectGets, Stretch } from "./direct-gets.ts";
import type { MessageQuery, StoredMessage } from "./stored-message.ts";
import { StreamPages } from "./stream-pages.ts";

/** A stream as its leader and a replica have it, and how many messages of the leader were in memory at once. */
class Stream {
  readonly bytes: number;
  readonly leader: readonly number[];
  /** Undefined: there is none to be read from. */
  replica: readonly number[] | undefined;
  asked: MessageQuery[] = [];
  most = 0;
  #underWay = 0;

  constructor(leader: readonly number[], replica?: readonly number[], bytes = 100) {
    this.leader = leader;
    this.replica = replica;
    this.bytes = bytes;
  }

  async message(_: string, query: MessageQuery): Promise<StoredMessage | undefined> {
    this.asked.push(query);
    this.most = Math.max(this.most, ++this.#underWay);
    await Promise.resolve();
    this.#underWay--;
    if (!("seq" in query)) throw new Error("not asked for here");
    const { seq, next_by_subj } = query;
    const found = this.leader.find((one) => (next_by_subj === undefined ? one === seq : one >= seq));
    return found === undefined ? undefined : this.#at(found);
  }

  async read(_: string, { seq, batch }: Stretch): Promise<StoredMessage[] | undefined> {
    return this.replica
      ?.filter((one) => one >= seq)
      .slice(0, Math.min(batch, 10))
      .map((one) => this.#at(one));
  }

  async all(from: number, to: number): Promise<number[]> {
    const pages = new StreamPages(this as unknown as Admin, this as unknown as DirectGets, systemClock);
    const found: number[] = [];
    for await (const { messages } of pages.read("s", from, to)) found.push(...messages.map(({ seq }) => seq));
    return found;
  }

  #at(seq: number): StoredMessage {
    const data = { length: this.bytes } as Buffer;
    return { subject: "a", seq, storedAt: "", storedAtMs: 0, headers: Buffer.alloc(0), data };
  }
}

const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, at) => from + at);

test("a replica that has everything leaves nothing to ask the leader", async () => {
  const stream = new Stream(numbers(1, 100), numbers(1, 100));
  expect(await stream.all(5, 95)).toEqual(numbers(5, 95));
  expect(stream.asked).toEqual([]);
});

test("what a replica does not have yet is read from the leader", async () => {
  const stream = new Stream(numbers(1, 40), numbers(1, 33));
  expect(await stream.all(1, 40)).toEqual(numbers(1, 40));
  expect(stream.asked).toHaveLength(7);
});

test("a replica that stops answering in the middle is left for the leader", async () => {
  const stream = new Stream(numbers(1, 40), numbers(1, 40));
  const seen: number[] = [];
  const pages = new StreamPages(stream as unknown as Admin, stream as unknown as DirectGets, systemClock);
  for await (const { messages } of pages.read("s", 1, 40)) {
    seen.push(...messages.map(({ seq }) => seq));
    stream.replica = undefined;
  }
  expect(seen).toEqual(numbers(1, 40));
});

test("without a replica the leader is asked for many places at once, and gaps are passed over", async () => {
  const there = [...numbers(3, 200), ...numbers(100_000, 100_300), 999_999];
  const stream = new Stream(there);
  expect(await stream.all(1, 999_999)).toEqual(there);
  expect(stream.most).toBe(64);
  expect(stream.asked.length).toBeLessThan(2 * there.length);
});

test("of messages of 1 MB, the leader is asked for four at once", async () => {
  const stream = new Stream(numbers(1, 30), undefined, 1_048_576);
  expect(await stream.all(1, 30)).toEqual(numbers(1, 30));
  stream.most = 0;
  expect(await stream.all(9, 30)).toEqual(numbers(9, 30));
  // The first that are asked for may be of any size.
  expect(stream.most).toBe(8);
  expect(stream.asked).toHaveLength(30 + 22);
});

test("nothing is read where there is nothing", async () => {
  expect(await new Stream([], []).all(1, 0)).toEqual([]);
  expect(await new Stream([], []).all(1, 100)).toEqual([]);
  expect(await new Stream([]).all(1, 100)).toEqual([]);
});
