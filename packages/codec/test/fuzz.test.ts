import { readFileSync } from "node:fs";
import { isHelixError } from "@helix/core";
import { describe, expect, it } from "vitest";
import { decodePayload } from "../src/index.ts";

/** Inputs in all; `HELIX_FUZZ_INPUTS` for a longer night. */
const INPUTS = Number(process.env.HELIX_FUZZ_INPUTS ?? 1_000_000);
/** Printed with every run; `HELIX_FUZZ_SEED` repeats one. */
const SEED = Number(process.env.HELIX_FUZZ_SEED ?? Date.now() % 2 ** 31);

/** Bodies that are sound: what a fault is put into. */
const SOUND = ["go-encoded.jsonl", "go-decoder.jsonl", "version-1.jsonl"]
  .flatMap((file) =>
    readFileSync(new URL(`../fixtures/${file}`, import.meta.url), "utf8")
      .trim()
      .split("\n"),
  )
  .map((line) => JSON.parse(line) as { hex?: string })
  .flatMap(({ hex }) => (hex === undefined ? [] : [Buffer.from(hex, "hex")]))
  .filter((bytes) => bytes.length < 2000 && isSound(bytes));

function isSound(bytes: Uint8Array): boolean {
  try {
    decodePayload(bytes);
    return true;
  } catch {
    return false;
  }
}

/** mulberry32. */
function seeded(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

type Random = ReturnType<typeof seeded>;

/** Bytes that begin something long, and the names that a body knows or must not. */
const HEADS = [0xc4, 0xc5, 0xc6, 0xc7, 0xc8, 0xc9, 0xd4, 0xd9, 0xda, 0xdb, 0xdc, 0xdd, 0xde, 0xdf];
const NAMES = ["__proto__", "constructor", "args", "query", "v", "id", "timestamp", "named_args"].map(
  (name) => Buffer.concat([Buffer.of(0xa0 + name.length), Buffer.from(name)]),
);

const pick = <T>(random: Random, items: readonly T[]): T => items[random(items.length)] as T;

function randomBytes(random: Random): Buffer {
  return Buffer.from(Array.from({ length: random(64) }, () => random(256)));
}

/** One to eight faults: a bit, a byte, a piece taken out, put in twice, or from another body. */
function mutated(random: Random): Buffer {
  let bytes = Buffer.from(pick(random, SOUND));
  for (let faults = 1 + random(8); faults > 0; faults--) {
    const at = random(bytes.length + 1);
    const to = Math.min(bytes.length, at + random(16));
    switch (random(6)) {
      case 0:
        if (at < bytes.length) bytes[at] = (bytes[at] as number) ^ (1 << random(8));
        break;
      case 1:
        if (at < bytes.length) bytes[at] = random(256);
        break;
      case 2:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(to)]);
        break;
      case 3:
        bytes = Buffer.concat([bytes.subarray(0, to), bytes.subarray(at)]);
        break;
      case 4:
        bytes = Buffer.concat([bytes.subarray(0, at), pick(random, NAMES), bytes.subarray(to)]);
        break;
      default:
        bytes = Buffer.concat([
          bytes.subarray(0, at),
          pick(random, SOUND).subarray(at, to),
          bytes.subarray(to),
        ]);
    }
  }
  return bytes;
}

/** A declared length of anything, somewhere in a body: as great as it goes, or a little wrong. */
function hugeLength(random: Random): Buffer {
  const bytes = Buffer.from(pick(random, SOUND));
  const at = random(bytes.length);
  const length = Buffer.from([0xff, 0xff, random(256), random(256)]);
  return Buffer.concat([bytes.subarray(0, at), Buffer.of(pick(random, HEADS)), length, bytes.subarray(at)]);
}

/** What stands before and behind the arguments of a sound body. */
const HEAD = hex("88ae7461726765745f636c7573746572a141a57175657279a171a461726773");
const TAIL = hex(
  "a974696d657374616d7001a87072696f7269747900a869735f6261746368c2aa62617463685f7479706500b062617463685f73746174656d656e747390",
);

/** Lists, maps or extensions inside each other, as the one argument of a body. */
function nested(random: Random): Buffer {
  const open = pick(random, [
    Buffer.of(0x91),
    hex("81a161"),
    hex("c7ff1e91"),
    hex("dd00000001"),
    hex("ddffffffff"),
  ]);
  const inside = Buffer.concat(Array.from({ length: random(300) }, () => open));
  const innermost = random(4) === 0 ? randomBytes(random) : hex("01");
  return Buffer.concat([HEAD, hex("91"), inside, innermost, TAIL]);
}

function hex(text: string): Buffer {
  return Buffer.from(text, "hex");
}

/** What came of an input; anything but the two is a failure of the test. */
function outcomeOf(bytes: Uint8Array, describeInput: () => string): "payload" | "refused" {
  try {
    const payload = decodePayload(bytes);
    if (typeof payload.timestampMicros === "bigint" && payload.operation.kind.length > 0) return "payload";
  } catch (error) {
    if (isHelixError(error, "HELIX_PAYLOAD_INVALID")) return "refused";
    throw new Error(`${describeInput()}: ${String(error)}`, { cause: error });
  }
  throw new Error(`${describeInput()}: decoded to something that is no payload`);
}

describe("decodePayload, whatever the bytes, gives a payload or HELIX_PAYLOAD_INVALID", () => {
  const counts: string[] = [];
  const kinds = {
    "random bytes": randomBytes,
    "damaged bodies": mutated,
    "huge lengths": hugeLength,
    nested,
  };
  const shares = { "random bytes": 0.15, "damaged bodies": 0.6, "huge lengths": 0.15, nested: 0.1 };

  it.each(Object.entries(kinds))(
    "for %s",
    (kind, make) => {
      const random = seeded(SEED);
      const total = Math.ceil(INPUTS * shares[kind as keyof typeof shares]);
      const outcomes = { payload: 0, refused: 0 };
      for (let i = 0; i < total; i++) {
        const bytes = make(random);
        outcomes[outcomeOf(bytes, () => `seed ${SEED}, ${kind} ${i}: ${bytes.toString("hex")}`)]++;
      }
      counts.push(`${kind}: ${total} (${outcomes.payload} payloads)`);
      expect(outcomes.payload + outcomes.refused).toBe(total);
      // The damage is not so great that nothing were ever reached behind the structure.
      if (kind === "damaged bodies" || kind === "nested")
        expect(outcomes.payload).toBeGreaterThan(total / 100);
    },
    300_000,
  );

  it("for every sound body cut off at every offset", () => {
    let inputs = 0;
    for (const bytes of SOUND) {
      for (let end = 0; end < bytes.length; end++) {
        inputs++;
        // The end of a body is never the end of another one: whatever is cut off is missed.
        expect(outcomeOf(bytes.subarray(0, end), () => `cut at ${end}: ${bytes.toString("hex")}`)).toBe(
          "refused",
        );
      }
    }
    counts.push(`truncations: ${inputs}`);
  });

  it("and says how many were tried", () => {
    process.stdout.write(`decodePayload fuzzed with seed ${SEED}: ${counts.join(", ")}\n`);
    expect(counts).toHaveLength(5);
  });
});

describe("the cost of a decode", () => {
  /** A body of about so many bytes: a flat list, the most objects that a byte can make. */
  function bodyOf(size: number, item: string): Buffer {
    const one = hex(item);
    const items = Math.floor(size / one.length);
    const list = Buffer.alloc(5);
    list[0] = 0xdd;
    list.writeUInt32BE(items, 1);
    return Buffer.concat([HEAD, list, Buffer.alloc(items * one.length, one), TAIL]);
  }

  it.each([
    ["numbers", "01"],
    ["short strings", "a161"],
    ["empty lists", "90"],
    ["unset values", "c70015"],
    ["declared lists of many that are not there", "dd7fffffff"],
  ])("is linear in the size of a body of %s", (_kind, item) => {
    const timeOf = (size: number) => {
      const body = bodyOf(size, item);
      const times = Array.from({ length: 7 }, () => {
        const startedAt = performance.now();
        outcomeOf(body, () => `a body of ${size} bytes of ${item}`);
        return performance.now() - startedAt;
      });
      return Math.min(...times);
    };
    timeOf(100_000);
    // Sixteen times the bytes; were it quadratic, 256 times the time.
    expect(timeOf(1_600_000)).toBeLessThan(64 * Math.max(timeOf(100_000), 0.2));
  });

  it("needs no memory for what is declared and not there", () => {
    const claims = ["ddffffffff", "dfffffffff", "dbffffffff", "c6ffffffff", "c9ffffffff05"].map((claim) =>
      Buffer.concat([hex("81a461726773"), hex(claim.repeat(200))]),
    );
    const before = process.memoryUsage();
    for (let i = 0; i < 1000; i++) for (const claim of claims) outcomeOf(claim, () => claim.toString("hex"));
    const after = process.memoryUsage();
    expect(after.heapTotal + after.arrayBuffers - before.heapTotal - before.arrayBuffers).toBeLessThan(
      64 * 2 ** 20,
    );
  });
});
