import { describe, expect, it } from "vitest";
import { BROKEN_CONNECTIONS } from "./broken/connection.ts";
import { BROKEN_DEAD_LETTERS } from "./broken/dead-letters.ts";
import { BROKEN_DELIVERIES } from "./broken/delivery.ts";
import { BROKEN_ENQUEUES } from "./broken/enqueue.ts";
import { BROKEN_FILTERS } from "./broken/letter-filters.ts";
import { BROKEN_ORDERS } from "./broken/orders.ts";
import { BROKEN_OWNERSHIPS } from "./broken/ownership.ts";
import { BROKEN_REDRIVES } from "./broken/redrive.ts";
import { BROKEN_SETTLEMENTS } from "./broken/settlement.ts";
import { BROKEN_SOURCES } from "./broken/sources.ts";
import { BROKEN_TRASHES } from "./broken/trash.ts";
import { MODEL_CAPABILITIES, modelSubject } from "./model/model-subject.ts";
import { runContract } from "./model/run-contract.ts";

const BROKEN = [
  ...BROKEN_ENQUEUES,
  ...BROKEN_SOURCES,
  ...BROKEN_DELIVERIES,
  ...BROKEN_SETTLEMENTS,
  ...BROKEN_OWNERSHIPS,
  ...BROKEN_DEAD_LETTERS,
  ...BROKEN_FILTERS,
  ...BROKEN_REDRIVES,
  ...BROKEN_TRASHES,
  ...BROKEN_ORDERS,
  ...BROKEN_CONNECTIONS,
];

describe("the contract catches a queue that", () => {
  it.each(BROKEN)("$wrong", async ({ caughtBy, ...classes }) => {
    const verdicts = await runContract((clock) => modelSubject(clock, classes), MODEL_CAPABILITIES);
    const failed = verdicts.filter(({ error }) => error !== undefined);
    expect(failed.map(({ title }) => title)).toEqual(caughtBy);
    for (const { error, title } of failed) expect(error).toMatchObject({ name: "ContractViolation", title });
  });
});

describe("the contract", () => {
  it("passes a model queue with every capability, in every case", async () => {
    const verdicts = await runContract((clock) => modelSubject(clock), MODEL_CAPABILITIES);
    expect(verdicts.filter(({ error }) => error !== undefined)).toEqual([]);
  });

  it("has no case that every broken queue passes", async () => {
    const caught = new Set(BROKEN.flatMap(({ caughtBy }) => caughtBy));
    const verdicts = await runContract((clock) => modelSubject(clock), MODEL_CAPABILITIES);
    expect(verdicts.map(({ title }) => title).filter((title) => !caught.has(title))).toEqual([]);
  });
});
