import { describe, expect, it } from "vitest";
import { detached } from "./entry.ts";
import { RecordLog } from "./record-log.ts";

function entryOf(sequence: number, size = 200) {
  return {
    sequence,
    attempts: sequence % 7,
    writtenAtMs: 1e12 - sequence,
    bytes: Buffer.alloc(size, sequence),
  };
}

describe("RecordLog", () => {
  it("gives entries back as they were, in order, over many chunks and sizes", () => {
    const log = new RecordLog();
    const sizes = [0, 1, 200, 262_144, 5, 300_000, 131_072];
    for (let round = 0; round < 20; round++) {
      for (const [index, size] of sizes.entries()) log.append(entryOf(round * 10 + index, size));
      for (const [index, size] of sizes.entries()) {
        const { bytes, ...rest } = entryOf(round * 10 + index, size);
        const taken = log.take();
        expect(taken).toMatchObject(rest);
        expect(bytes.equals(taken?.bytes ?? Buffer.alloc(1))).toBe(true);
      }
      expect([log.length, log.take()]).toEqual([0, undefined]);
    }
  });

  it("gives a first error back with its entry alone", () => {
    const log = new RecordLog();
    const firstError = { name: "Error", message: "the first" };
    log.append(entryOf(1));
    log.append({ ...entryOf(2), firstError });
    expect([...log.entries()].map((entry) => entry.firstError)).toEqual([undefined, firstError]);
    expect([log.take()?.firstError, log.take()?.firstError]).toEqual([undefined, firstError]);
    log.append(entryOf(2));
    expect(log.take()?.firstError).toBeUndefined();
  });

  it("knows the oldest write that is still here", () => {
    const log = new RecordLog();
    expect(log.oldestMs()).toBe(Number.POSITIVE_INFINITY);
    for (const writtenAtMs of [30, 10, 20]) log.append({ ...entryOf(1, 150_000), writtenAtMs });
    expect(log.oldestMs()).toBe(10);
    log.take();
    expect(log.oldestMs()).toBe(10);
    log.take();
    expect(log.oldestMs()).toBe(20);
  });

  it("gives out views, which detached makes into copies of their own", () => {
    const log = new RecordLog();
    log.append(entryOf(1));
    const [entry] = [...log.entries()];
    expect(entry?.bytes.buffer.byteLength).toBeGreaterThan(200);
    if (entry !== undefined) expect(detached(entry).bytes.buffer.byteLength).toBe(200);
  });
});
