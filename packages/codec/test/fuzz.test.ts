import { readFileSync } from "node:fs";
import { isHelixError, statementsOf } from "@helix/core";
import { afterAll, describe, expect, it } from "vitest";
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

/** What names may do to a reader: shadow what every object has, stand for another one, or come twice. */
const HARMFUL = [
  "__proto__",
  "constructor",
  "hasOwnProperty",
  "toString",
  "args",
  "query",
  "v",
  "id",
  "timestamp",
  "named_args",
];
const MEANINGS = ["c0", "01", "80", "90", "a178", "81a178a179", "81a7706f6c6c7574656401", "c70014"].map(hex);

/** A sound body with up to three fields more, at either end, or as the fields of its one argument. */
function harmfulNames(random: Random): Buffer {
  const fields = Array.from({ length: 1 + random(3) }, () =>
    Buffer.concat([nameOf(pick(random, HARMFUL), random), pick(random, MEANINGS)]),
  );
  const more = Buffer.concat(fields);
  const inside = Buffer.concat([HEAD, Buffer.of(0x91, 0x80 + fields.length), more, TAIL]);
  if (random(3) === 0) return inside;
  const body = pick(random, SMALL_MAPS);
  const head = mapHead((body[0] as number) - 0x80 + fields.length);
  return Buffer.concat(random(2) === 0 ? [head, more, body.subarray(1)] : [head, body.subarray(1), more]);
}

/** Sound bodies whose first byte is the number of their fields. */
const SMALL_MAPS = SOUND.filter(([head = 0]) => head >= 0x80 && head < 0x90);

function mapHead(fields: number): Buffer {
  return fields < 16 ? Buffer.of(0x80 + fields) : Buffer.of(0xde, 0, fields);
}

/** As a short string, a longer form of one, or bin, which Go reads as a name too. */
function nameOf(name: string, random: Random): Buffer {
  const head = pick(random, [[0xa0 + name.length], [0xd9, name.length], [0xc4, name.length]]);
  return Buffer.concat([Buffer.from(head), Buffer.from(name)]);
}

function hex(text: string): Buffer {
  return Buffer.from(text, "hex");
}

/** What came of an input; anything but the two is a failure of the test. */
function outcomeOf(
  bytes: Uint8Array,
  describeInput: () => string,
  decode = decodePayload,
): "payload" | "refused" {
  try {
    const payload = decode(bytes);
    const isPayload = typeof payload.timestampMicros === "bigint" && statementsOf(payload).every(isStatement);
    if (isPayload) return "payload";
  } catch (error) {
    if (isHelixError(error, "HELIX_PAYLOAD_INVALID")) return "refused";
    throw new Error(`${describeInput()}: ${String(error)}`, { cause: error });
  }
  throw new Error(`${describeInput()}: decoded to something that is no payload`);
}

function isStatement({ query, params }: { query: unknown; params: object }): boolean {
  const prototype = Object.getPrototypeOf(params);
  const isPlain = prototype === Array.prototype || prototype === Object.prototype;
  return typeof query === "string" && isPlain && !Object.hasOwn(params, "__proto__");
}

describe("decodePayload, whatever the bytes, gives a payload or HELIX_PAYLOAD_INVALID", () => {
  const counts: string[] = [];
  const groups = {
    "random bytes": { make: randomBytes, share: 0.15 },
    "damaged bodies": { make: mutated, share: 0.5 },
    "huge lengths": { make: hugeLength, share: 0.15 },
    "deep nesting": { make: nested, share: 0.1 },
    "harmful and repeated names": { make: harmfulNames, share: 0.1 },
  };
  // Where the damage is not so great that nothing behind the structure were ever reached.
  const reachesPayloads = new Set(["damaged bodies", "deep nesting", "harmful and repeated names"]);

  afterAll(() => {
    process.stdout.write(`decodePayload fuzzed with seed ${SEED}: ${counts.join(", ")}\n`);
  });

  it.each(Object.entries(groups))(
    "for %s",
    (group, { make, share }) => {
      const random = seeded(SEED);
      const total = Math.ceil(INPUTS * share);
      const outcomes = { payload: 0, refused: 0 };
      for (let i = 0; i < total; i++) {
        const bytes = make(random);
        outcomes[outcomeOf(bytes, () => `seed ${SEED}, ${group} ${i}: ${bytes.toString("hex")}`)]++;
      }
      counts.push(`${group}: ${total} (${outcomes.payload} payloads)`);
      if (reachesPayloads.has(group)) expect(outcomes.payload).toBeGreaterThan(total / 100);
      expect(outcomes.refused).toBeGreaterThan(total / 100);
      expect(Object.hasOwn(Object.prototype, "polluted")).toBe(false);
    },
    600_000,
  );

  it("for every sound body cut off at every offset", () => {
    let inputs = 0;
    for (const bytes of SOUND) {
      for (let end = 0; end < bytes.length; end++) {
        inputs++;
        // The end of a body is never the end of another one: whatever is cut off is missed.
        if (outcomeOf(bytes.subarray(0, end), () => `cut at ${end}: ${bytes.toString("hex")}`) === "payload")
          throw new Error(`cut at ${end}, and still a payload: ${bytes.toString("hex")}`);
      }
    }
    counts.push(`truncations: ${inputs}`);
    expect(inputs).toBeGreaterThan(10_000);
  });

  it("would notice another error or another value, and say which input it was (control)", () => {
    const outcomeFrom = (decode: () => never) => () =>
      outcomeOf(hex("01"), () => "seed 1, nothing 0: 01", decode);
    const throwing = outcomeFrom(() => {
      throw new TypeError("out of the library");
    });
    expect(throwing).toThrow("seed 1, nothing 0: 01: TypeError: out of the library");
    expect(outcomeFrom(() => ({}) as never)).toThrow("seed 1, nothing 0: 01: decoded to something");
  });
});
