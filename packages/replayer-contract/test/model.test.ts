import { describe, expect, it } from "vitest";
import { MODEL_CAPABILITIES, modelSubject } from "./model/model-subject.ts";
import { runContract } from "./model/run-contract.ts";

describe("a model queue with every capability", () => {
  it("passes every case of the contract, on the helper that turns `receive` into a source", async () => {
    const verdicts = await runContract((clock) => modelSubject(clock), MODEL_CAPABILITIES);
    expect(verdicts.filter(({ error }) => error !== undefined)).toEqual([]);
  });
});
