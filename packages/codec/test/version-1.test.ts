import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { decodePayload, encodePayload } from "../src/index.ts";
import { acceptedByGo } from "./go-rules.ts";
import { versionOne, WITH_TABLE_ID } from "./version-1.ts";

/** Written once, by the first release of the format. Lines are added, and never changed: queues hold such bytes. */
const fixtures = new Map(
  readFileSync(new URL("../fixtures/version-1.jsonl", import.meta.url), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { name: string; hex: string })
    .map(({ name, hex }) => [name, Buffer.from(hex, "hex")] as const),
);

describe("the format, version 1", () => {
  const cases = [...versionOne()].map(([name, payload]) => ({ name, payload }));

  it("has a fixture of every kind of payload and value", () => {
    expect([...fixtures.keys()].sort()).toEqual(cases.map(({ name }) => name).sort());
    expect(fixtures.size).toBeGreaterThan(50);
  });

  it.each(cases)("decodes $name as it was written", ({ name, payload }) => {
    const decoded = decodePayload(fixtures.get(name) as Buffer);
    // The same bytes again is the whole meaning; the shape says that nothing was left out on the way.
    expect(encodePayload(decoded)).toEqual(encodePayload(payload));
    expect(decoded).toMatchObject({ ...payload, operation: { kind: payload.operation.kind } });
    expect(Object.keys(decoded).sort()).toEqual(Object.keys(payload).sort());
  });

  const written = cases.filter(({ name }) => name !== WITH_TABLE_ID);
  it.each(written)("still writes $name with the same bytes", ({ name, payload }) => {
    expect(Buffer.from(encodePayload(payload)).toString("hex")).toBe(fixtures.get(name)?.toString("hex"));
  });

  it.each(cases)("writes $name so that the Go decoder takes it", ({ payload }) => {
    expect(acceptedByGo(encodePayload(payload))).toBe(true);
  });
});
