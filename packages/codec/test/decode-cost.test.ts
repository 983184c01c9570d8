import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { isHelixError } from "@helix/core";
import { describe, expect, it } from "vitest";
import { decodePayload } from "../src/index.ts";

const hex = (text: string) => Buffer.from(text, "hex");

/** What stands before and behind the arguments of a sound body. */
const HEAD = hex("88ae7461726765745f636c7573746572a141a57175657279a171a461726773");
const TAIL = hex(
  "a974696d657374616d7001a87072696f7269747900a869735f6261746368c2aa62617463685f7479706500b062617463685f73746174656d656e747390",
);

type BodyOfSize = (size: number) => Buffer;

const bodyOf = (...args: Buffer[]) => Buffer.concat([HEAD, ...args, TAIL]);

/** A first byte and a length of 32 bits. */
function head(first: number, length: number): Buffer {
  const bytes = Buffer.of(first, 0, 0, 0, 0);
  bytes.writeUInt32BE(length, 1);
  return bytes;
}

const list = (count: number, items: Buffer) => Buffer.concat([head(0xdd, count), items]);
const blob = (size: number) => Buffer.concat([head(0xc6, size), Buffer.alloc(size)]);
const extension = (type: number, data: Buffer) =>
  Buffer.concat([head(0xc9, data.length), Buffer.of(type), data]);

/** A list of as many of one item as make up the size. */
function sized(item: string): BodyOfSize {
  const one = hex(item);
  return (size) => {
    const count = Math.floor(size / one.length);
    return list(count, Buffer.alloc(count * one.length, one));
  };
}

/** As many arguments of one item as fill the body. */
const flat =
  (item: string): BodyOfSize =>
  (size) =>
    bodyOf(sized(item)(size));

/** One argument of an extension of ours. */
const one =
  (type: number, data: BodyOfSize): BodyOfSize =>
  (size) =>
    bodyOf(list(1, extension(type, data(size))));

/** Tuples inside each other, each with something before the next, and all of the size in the innermost. */
function tuples(levels: number, before: string): BodyOfSize {
  return (size) => {
    let value = blob(size);
    for (let level = 0; level < levels; level++) value = extension(30, Buffer.concat([hex(before), value]));
    return bodyOf(list(1, value));
  };
}

/** Names or numbers that are all different. */
function distinct(size: number): Buffer {
  const count = 2 * Math.floor(size / 10);
  const items = Buffer.alloc(count * 5);
  for (let index = 0; index < count; index++) {
    items[index * 5] = 0xce;
    items.writeUInt32BE((index * 2_654_435_761) % 2 ** 32, index * 5 + 1);
  }
  return list(count, items);
}

function names(size: number): Buffer {
  const count = Math.floor(size / 10);
  const fields = Array.from(
    { length: count },
    (_, index) => `\xa8${index.toString(36).padStart(8, "_")}\x01`,
  );
  return bodyOf(list(1, Buffer.concat([head(0xdf, count), Buffer.from(fields.join(""), "latin1")])));
}

const zeros: BodyOfSize = (size) => Buffer.alloc(size & ~3, 7);

/** Values of some size: what they weigh is what they are made of. */
const LARGE: Readonly<Record<string, BodyOfSize>> = {
  "a blob": (size) => bodyOf(list(1, blob(size))),
  "a text": (size) => bodyOf(list(1, Buffer.concat([head(0xdb, size), Buffer.alloc(size, "a")]))),
  "a varint": one(24, zeros),
  "a decimal": one(25, zeros),
  "a bigint": one(23, zeros),
  "a vector of floats": one(34, zeros),
  "a Map": one(32, distinct),
  "a Set": one(33, distinct),
  numbers: flat("01"),
  doubles: flat("cb3ff8000000000000"),
  "integers of 64 bits": flat("cf7ffffffffffffff0"),
  texts: flat(`b2${"61".repeat(18)}`),
  UUIDs: flat(`d80a${"11".repeat(16)}`),
  "fields of an object": names,
  "a hundred tuples around a blob": tuples(100, "91"),
};

/** Values of one to three bytes, each of which is an object of its own when it has been read; and how many times the body. */
const TINY: Readonly<Record<string, readonly [body: BodyOfSize, most: number]>> = {
  // What the engine makes of `[]`, `{}` and `new Set()`: 40, 64 and 240 bytes, with their place in the list around them.
  "empty lists": [flat("90"), 48],
  "empty maps": [flat("80"), 72],
  "empty sets": [flat("d42190"), 88],
  "a Set of empty sets": [one(33, sized("d42190")), 96],
  "empty blobs": [flat("c400"), 5],
  "a Set of empty blobs": [one(33, sized("c400")), 72],
  "one-character texts": [flat("a161"), 5],
  "bytes that are no text": [flat("a1ff"), 72],
  "unset values": [flat("c70015"), 5],
  bigints: [flat("d41701"), 16],
};

/** Bodies that are refused, at the last byte or for what is not there. */
const REFUSED: Readonly<Record<string, BodyOfSize>> = {
  "a list with a byte too many behind the body": (size) => Buffer.concat([flat("90")(size), Buffer.of(0xc0)]),
  "blobs, and a byte that MessagePack never uses": (size) =>
    bodyOf(list(2, Buffer.concat([blob(size), hex("c1")]))),
  "lists that declare four billion": (size) =>
    Buffer.concat([HEAD, flat("ddffffffff")(size).subarray(HEAD.length)]),
  "lists inside each other": (size) => bodyOf(Buffer.alloc(size, 0x91), hex("01")),
  "maps that declare four billion": (size) => Buffer.concat([HEAD, Buffer.alloc(size, hex("dfffffffff"))]),
};

function isPayload(bytes: Uint8Array): boolean {
  try {
    decodePayload(bytes);
    return true;
  } catch (error) {
    if (isHelixError(error, "HELIX_PAYLOAD_INVALID")) return false;
    throw error;
  }
}

const collectGarbage = (() => {
  setFlagsFromString("--expose-gc");
  const gc = runInNewContext("gc") as () => void;
  // The memory of Buffers is given back by the collection after the one that finds them unused.
  return () => {
    gc();
    gc();
  };
})();

/** Heap and buffers, and what is garbage since the last collection. */
function memoryInUse(): number {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** How many times its own size a decoded body holds. */
function weightOf(make: BodyOfSize): number {
  const bytes = make(SIZE);
  decodePayload(bytes);
  collectGarbage();
  const before = memoryInUse();
  const payload = decodePayload(bytes);
  collectGarbage();
  const held = memoryInUse() - before;
  expect(payload.operation.kind).toBe("statement");
  return held / bytes.length;
}

const SIZE = 2 ** 20;

describe("what a decode holds in memory", () => {
  it.each(Object.entries(LARGE))("is a few times the size of a body of %s", (_name, make) => {
    expect(weightOf(make)).toBeLessThan(12);
  });

  it.each(Object.entries(TINY))(
    "is what the objects weigh for a body of nothing but %s",
    (_, [make, most]) => {
      expect(weightOf(make)).toBeLessThan(most);
    },
  );

  it.each<[string, number, number]>([
    ["a blob", 0.9, 1.1],
    ["numbers", 7, 9],
  ])("is measured (control): %s", (name, least, most) => {
    const weight = weightOf(LARGE[name] as BodyOfSize);
    expect(weight).toBeGreaterThan(least);
    expect(weight).toBeLessThan(most);
  });
});

describe("what a decode allocates for a body that is refused", () => {
  it.each(Object.entries(REFUSED))("is next to nothing for %s", (_name, make) => {
    const bytes = make(SIZE);
    expect(isPayload(bytes)).toBe(false);
    collectGarbage();
    const before = memoryInUse();
    expect(isPayload(bytes)).toBe(false);
    expect(memoryInUse() - before).toBeLessThan(bytes.length / 4);
  });
});

describe("the time of a decode", () => {
  /** Of the processor, in milliseconds: what else the machine does is not counted. The least of some rounds. */
  function timeOf(bytes: Buffer): number {
    let least = Number.POSITIVE_INFINITY;
    for (let round = 0; round < 5; round++) {
      const before = process.cpuUsage();
      isPayload(bytes);
      const { user, system } = process.cpuUsage(before);
      least = Math.min(least, (user + system) / 1000);
    }
    return least;
  }

  const tiny = Object.entries(TINY).map(([name, [make]]): [string, BodyOfSize] => [name, make]);

  it.each([...Object.entries(LARGE), ...tiny, ...Object.entries(REFUSED)])(
    "is linear in the size of a body of %s",
    { timeout: 30_000 },
    (_name, make) => {
      timeOf(make(SIZE / 64));
      const [short, long] = [timeOf(make(SIZE / 64)), timeOf(make(SIZE))];
      // 64 times the bytes, and somewhat more where the collector has to move them; were it quadratic, 4,096 times the time.
      expect(long).toBeLessThan(512 * Math.max(short, 0.1));
    },
  );

  it.each([
    ["tuples", "91"],
    ["tuples that also hold what is no text", "92a1ff"],
  ])("does not grow with the levels of %s around a value", (_name, before) => {
    const [flatBlob, nestedBlob] = [tuples(1, before)(SIZE), tuples(100, before)(SIZE)];
    timeOf(flatBlob);
    // A hundred levels that each copied what is inside would be a hundred times the time.
    expect(timeOf(nestedBlob)).toBeLessThan(20 * Math.max(timeOf(flatBlob), 0.2));
  });
});
